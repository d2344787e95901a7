"""Asks GLM what would be changed next, seldom, and shows of its answers what stands every test.

    switched on? -> a line was left? -> changed just now? -> no pause? -> the hour's questions left?
    -> the one before ended -> prompt -> stream, closed on "none" -> judged -> shown

Invariant: one question is in flight at most, and another begins only when its connection is
closed; the same place of the same text is asked about once. Whatever is not shown has a reason.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Literal

from attrs import define, field, frozen

from glm_lsp.editing.lines import contents
from glm_lsp.errors import GlmError
from glm_lsp.llm.types import TextDelta
from glm_lsp.next_edits.edit_log import EditLog
from glm_lsp.next_edits.judged import Judgement, ShownSite, judge
from glm_lsp.prompts.next_edit import NextEditQuestion, read, render, says_nothing

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from glm_lsp.llm.types import Provider
    from glm_lsp.next_edits.eagerness import Eagerness
    from glm_lsp.next_edits.edit_log import EditedExcerpt
    from glm_lsp.next_edits.waiting_line import WaitingLine
    from glm_lsp.text import Snapshot

Trigger = Literal["lineLeft", "insertLeave", "diagnostics", "asked", "typed"]
"""What made a client ask; while somebody types nothing is asked of a model."""

TRIGGERS: tuple[Trigger, ...] = ("lineLeft", "insertLeave", "diagnostics", "asked", "typed")

_FRESH = 10.0
"""Seconds after a change in which its consequences are asked for."""
_PAUSE, _LONGEST_PAUSE = 5.0, 60.0
"""Seconds without a question after one was refused; twice as many after the next."""
_FAILED = 60.0
_HOUR = 3_600.0


@frozen
class CursorPlace:
    """Where it is asked what would be changed next.

    Attributes:
        line: the cursor's.
        path: how the document is called.
        trigger: what made the client ask.
        problems: what other tools report near the cursor.
        unwanted: lines, before and after, that were taken back or refused.
    """

    snapshot: Snapshot
    line: int
    path: str
    trigger: Trigger
    problems: tuple[str, ...] = ()
    unwanted: Collection[tuple[str, str]] = field(factory=tuple, repr=False)


@frozen
class Foreseen:
    """What was answered at a place, and what of it is shown."""

    place: CursorPlace
    excerpt: EditedExcerpt = field(repr=False)
    answer: str = field(repr=False)
    judgement: Judgement


@define
class _Shown:
    place: CursorPlace
    edit: WaitingLine


class Foresight:
    """What GLM foresees in the documents of one client.

    Attributes:
        silent: why nothing is shown, in a sentence; "" when something is.
        last: the last answer, for who wants to report it.
    """

    def __init__(
        self,
        provider: Provider,
        eagerness: Eagerness,
        now: Callable[[], float],
        *,
        taken: Callable[[], None] = lambda: None,
    ) -> None:
        """Ask `provider`; `taken` is called when an edit that was shown was made."""
        self._provider = provider
        self._eagerness = eagerness
        self._now = now
        self._taken = taken
        self._log = EditLog()
        self._changed_at = float("-inf")
        self._changed_line: tuple[str, int] | None = None
        self._quiet_until = float("-inf")
        self._refused = 0
        self._asked: deque[float] = deque()
        self._task: asyncio.Task[Foreseen | None] | None = None
        self._known: tuple[Snapshot, int, WaitingLine | None] | None = None
        self._shown: _Shown | None = None
        self.silent = "Nothing was asked yet."
        self.last: Foreseen | None = None

    # What happens in the documents.

    def opened(self, snapshot: Snapshot) -> None:
        """Begin with a document."""
        self._log.opened(snapshot.uri, snapshot.text)

    def closed(self, uri: str) -> None:
        """Forget a document."""
        self._log.closed(uri)

    def edited_elsewhere(self, snapshot: Snapshot, path: str) -> None:
        """Take note of what a document says that may be shown beside another."""
        self._log.elsewhere(snapshot.uri, path, snapshot.text)

    def show(self, lines: int, characters: int) -> None:
        """Show so many lines on each side of the cursor, within so many characters."""
        self._log.lines, self._log.characters = lines, characters

    def changed(self, after: Snapshot, line: int) -> None:
        """Take note of a change that ended in a line; what was shown is made, or passed over."""
        self._changed_at = self._now()
        self._changed_line = (after.uri, line)
        shown, self._shown = self._shown, None
        if shown is None:
            return
        wanted, first = shown.edit.after.split("\n"), shown.edit.line
        same = shown.place.snapshot.uri == after.uri
        there = contents(after.text, first, min(first + len(wanted), after.text.line_count))
        self._note(shown, taken=same and there == wanted)

    def refuse(self) -> bool:
        """Take note that what is shown is refused; tell whether something was."""
        shown, self._shown = self._shown, None
        if shown is None:
            return False
        self._refused += 1
        pause = min(_LONGEST_PAUSE, _PAUSE * 2 ** (self._refused - 1))
        self._quiet_until = self._now() + pause
        self._known = None
        self._note(shown, taken=False)
        return True

    def _note(self, shown: _Shown, *, taken: bool) -> None:
        self._eagerness.note(shown.place.snapshot.language, shown.place.trigger, taken=taken)
        if taken:
            self._refused = 0
            self._taken()

    # Asking.

    async def foresee(
        self, place: CursorPlace, model: str, most_in_an_hour: int
    ) -> WaitingLine | None:
        """Return the edit that would be made next; often nothing.

        A newer question takes this one's place, which then foresees nothing.
        """
        known = self._known
        if known is not None and known[0] is place.snapshot and known[1] == place.line:
            return known[2]
        if reason := self._keeps_quiet(place, most_in_an_hour):
            self.silent = reason
            return None
        await self.stop()
        snapshot = place.snapshot
        excerpt = self._log.look(snapshot.uri, place.path, snapshot.text, place.line)
        if excerpt is None:
            self.silent = "Nothing was changed yet."
            return None
        self._asked.append(self._now())
        task = self._task = asyncio.ensure_future(self._ask(place, excerpt, model))
        try:
            found = await asyncio.shield(task)
        except asyncio.CancelledError:
            if self._task is task:  # Whoever asked does not want it any more.
                await self.stop()
                raise
            return None
        if found is None:
            return None
        self.last = found
        edit = found.judgement.edit
        self._known = (snapshot, place.line, edit)
        self.silent = found.judgement.reason
        self._shown = _Shown(place, edit) if edit is not None else None
        return edit

    async def stop(self) -> None:
        """End the question in flight, and wait for its connection to be closed."""
        task, self._task = self._task, None
        if task is not None and not task.done():
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def _keeps_quiet(self, place: CursorPlace, most: int) -> str:
        """Return why nothing is asked at a place; "" when it is."""
        now = self._now()
        while self._asked and now - self._asked[0] > _HOUR:
            self._asked.popleft()
        here = (place.snapshot.uri, place.line)
        if place.trigger == "typed" or (place.trigger == "lineLeft" and self._changed_line == here):
            return "It is asked when you leave the line that you changed."
        if now - self._changed_at > _FRESH:
            return "Nothing was changed in the last ten seconds."
        if now < self._quiet_until:
            return "The last one was refused, or failed: it waits a little."
        if len(self._asked) >= most:
            return f"{most} questions were asked in this hour (`nextEdits.perHour`)."
        return ""

    async def _ask(self, place: CursorPlace, excerpt: EditedExcerpt, model: str) -> Foreseen | None:
        snapshot = place.snapshot
        lines = contents(snapshot.text)
        question = NextEditQuestion(
            path=place.path,
            first=excerpt.first,
            excerpt=excerpt.lines,
            earlier=excerpt.earlier,
            events=tuple(excerpt.events),
            line=place.line,
            cursor=lines[place.line] if place.line < len(lines) else "",
            problems=place.problems,
            documents=(snapshot.uri, *(uri for uri in excerpt.documents if uri != snapshot.uri)),
        )
        answer = ""
        try:
            async with aclosing(self._provider.stream(render(question, model))) as deltas:
                async for delta in deltas:
                    answer += delta.text if isinstance(delta, TextDelta) else ""
                    if says_nothing(answer):
                        break
        except GlmError as error:
            self.silent = str(error)
            self._quiet_until = self._now() + (getattr(error, "retry_after", None) or _FAILED)
            return None
        judged = await asyncio.to_thread(self._judge, answer, place, excerpt, lines)
        return Foreseen(place, excerpt, answer, judged)

    def _judge(
        self, answer: str, place: CursorPlace, excerpt: EditedExcerpt, lines: list[str]
    ) -> Judgement:
        if says_nothing(answer):
            return Judgement(None, "GLM foresees nothing.")
        found = read(answer)
        if found is None:
            return Judgement(None, "GLM did not answer as it was asked.")
        language = place.snapshot.language
        site = ShownSite(
            language=language,
            lines=lines,
            first=excerpt.first,
            end=excerpt.end,
            cursor=place.line,
            events=(*excerpt.earlier, *excerpt.events),
            unwanted=place.unwanted,
            least=self._eagerness.least(language, place.trigger),
        )
        return judge(found, site)

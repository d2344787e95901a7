"""What the other tools say once GLM has changed a document: said, and to be mended at a key.

Invariant: nothing is said by guess, and no model is asked. Only a client that waits until its other
tools have reported on the changed text is asked; where none of them reports, nothing is said.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from glm_lsp.actions.consequences import Consequences, Placed, consequences
from glm_lsp.actions.plan import Task
from glm_lsp.actions.registry import FIX
from glm_lsp.errors import EditError, GlmError
from glm_lsp.lsp.work import other_tools
from glm_lsp.lsp.work.diagnostics import Remembered
from glm_lsp.text import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from glm_lsp.actions.offers import Diagnostic
    from glm_lsp.editing.live.session import EditSession
    from glm_lsp.lsp.documents.mirror import DocumentEvent
    from glm_lsp.lsp.server import Server
    from glm_lsp.lsp.session import ClientSession
    from glm_lsp.lsp.work.changes import Changes, DocumentChange
    from glm_lsp.lsp.work.other_tools import KnownProblems
    from glm_lsp.text import Text

TITLE = "Fix what this broke"


class AfterEdit:
    """Looks after the changes of one client."""

    def __init__(
        self,
        server: Server,
        session: ClientSession,
        changes: Changes,
        run: Callable[[Task], dict[str, str]],
    ) -> None:
        """Have `run` start a job for what the user wants mended."""
        self._server = server
        self._session = session
        self._changes = changes
        self._run = run
        self._offered: dict[str, KnownProblems] = {}
        self._found: dict[str, Remembered] = {}
        server.documents.subscribe(self._follow)
        changes.on_change(self._forget)

    def check(self, job: str, before: KnownProblems | None) -> None:
        """See, in the background, what the other tools say of a job's change."""
        change = self._changes.find(job)
        if change is None or before is None:
            return
        if change.offered:
            self._offered[job] = before
        else:
            self._server.spawn(self._check(change, before))

    def applied(self, job: str) -> None:
        """See what they say of a change that was only offered until now."""
        self.check(job, self._offered.pop(job, None))

    def of(self, uri: str) -> Iterator[tuple[str, list[Diagnostic]]]:
        """Yield the jobs that broke something in a document, and what of it is left."""
        snapshot = self._server.documents.get(uri)
        for job, found in self._found.items():
            if snapshot is not None and (known := found.known(snapshot)):
                yield job, sorted(known, key=lambda problem: problem.span)

    def task(self, job: str) -> Task:
        """Return what mends a job's change.

        Raises:
            GlmError: nothing is known to be broken, or the document must stay on this machine.
        """
        change = self._changes.find(job)
        found = dict(self.of(change.uri)).get(job) if change is not None else None
        if change is None or not found:
            raise EditError("Nothing is known any more that this change broke.")
        snapshot = self._server.documents.opened(change.uri)
        self._session.check(snapshot.uri)
        self._session.check(snapshot.file)
        at = found[0].span.start
        return Task(FIX, snapshot, Span(at, at), diagnostics=tuple(found))

    async def _check(self, change: DocumentChange, before: KnownProblems) -> None:
        answer = await other_tools.ask(self._server, change.uri, settle=True)
        snapshot = self._server.documents.get(change.uri)
        if answer is None or not answer.settled or snapshot is None:
            return
        reported = (await other_tools.reported(self._server, answer, snapshot)).problems
        intended = await asyncio.to_thread(change.applier.session.intended)
        now = self._server.documents.get(change.uri)
        gone = self._changes.find(change.job) is None or change.applier.over
        if now is None or now.text != snapshot.text or gone:
            return  # Who types on, or takes it back, sees for themselves.
        alone = before.settled and intended == str(snapshot.text)
        found = _compare(change, before, reported, snapshot.text, alone=alone)
        if found.problems:
            self._found[change.job] = remembered = Remembered()
            remembered.note(snapshot, found.problems)
            await self._tell(change.job, found)

    async def _tell(self, job: str, found: Consequences) -> None:
        kind = types.MessageType.Warning
        aside = f"{found} “GLM: {TITLE}” is among the code actions there."
        if self._session.extensions.buttons is None:
            self._server.show(aside, kind)
            return
        button: dict[str, Any] = {"title": TITLE, "does": "fix"}
        params = {"type": int(kind), "message": str(found), "actions": [button]}
        try:
            chosen = await self._server.request(types.WINDOW_SHOW_MESSAGE_REQUEST, params)
        except JsonRpcException:  # It shows none after all.
            self._server.show(aside, kind)
            return
        if isinstance(chosen, types.MessageActionItem) and chosen.title == TITLE:
            try:
                self._run(self.task(job))
            except GlmError as error:
                self._server.report(error, asked=True)

    def _follow(self, event: DocumentEvent) -> None:
        for found in self._found.values():
            found.follow(event)

    def _forget(self, _: str) -> None:
        """Forget changes that are kept or taken back."""
        for job in [job for job in self._found if self._changes.find(job) is None]:
            del self._found[job]
        for job in [job for job in self._offered if self._changes.find(job) is None]:
            del self._offered[job]


def _compare(
    change: DocumentChange,
    before: KnownProblems,
    reported: Sequence[Diagnostic],
    text: Text,
    *,
    alone: bool,
) -> Consequences:
    """Compare the problems before and after, each in its place in the document as it is."""
    session, original = change.applier.session, change.task.snapshot.text
    written = _written(session)

    def was(problem: Diagnostic) -> Placed:
        line = session.current_line(original.position(problem.span.start)[0])
        return Placed(problem, line, line is None or line in written)

    def now(problem: Diagnostic) -> Placed:
        line = text.position(problem.span.start)[0]
        return Placed(problem, line, line in written)

    about = change.task.diagnostics if change.task.action.offered == "problem" else ()
    after = [*map(now, reported)]
    if not before.settled:  # What was reported then may have been of an older text.
        return consequences([*map(was, about)], after, after, alone=False)
    return consequences([*map(was, about)], [*map(was, before.problems)], after, alone=alone)


def _written(session: EditSession) -> set[int]:
    """Return the lines that a change wrote, but the user's, and those beside what it removed."""
    lines: set[int] = set()
    for hunk in session.hunks():
        beside = (hunk.first - 1, hunk.first)
        lines.update(range(hunk.first, hunk.end) if hunk.after else beside)
    return lines

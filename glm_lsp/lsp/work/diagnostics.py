"""What other tools report in the open documents, as far as the server can know.

Invariant: a remembered problem stands on lines that nobody changed since the editor showed it.
It moves with the text, and is forgotten with its lines or its document. Only a job asks the
editor, never a listing.

A server of LSP cannot ask its client for diagnostics. So what code action requests carry is
remembered, and our own clients are asked (`other_tools`).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from attrs import evolve

from glm_lsp.lsp.documents.mirror import Changed, Closed
from glm_lsp.lsp.work import other_tools
from glm_lsp.lsp.work.other_tools import MOST_PROBLEMS
from glm_lsp.spans import shift_by
from glm_lsp.text import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from glm_lsp.actions.offers import Diagnostic
    from glm_lsp.lsp.documents.mirror import DocumentEvent
    from glm_lsp.lsp.server import Server
    from glm_lsp.lsp.work.other_tools import Answer
    from glm_lsp.text import Change, Snapshot, Text

_MOST_MOVES = 10_000  # Problems times changes; more would be felt as the user types.


class SeenProblem(NamedTuple):
    """A problem where it is now, and the version of the document that it was shown for."""

    start: int
    end: int
    version: int | None
    problem: Diagnostic

    @property
    def identity(self) -> tuple[int, int, str]:
        """What tells it from others."""
        return self.start, self.end, self.problem.message


class Remembered:
    """The problems that code action requests have shown; `follow` is to hear of documents."""

    def __init__(self) -> None:
        self._seen: dict[str, list[SeenProblem]] = {}

    def note(
        self,
        snapshot: Snapshot,
        problems: Iterable[Diagnostic],
        *,
        replacing: Span | None = None,
    ) -> None:
        """Remember problems; others that overlap with `replacing` are gone."""
        fresh = [SeenProblem(p.span.start, p.span.end, snapshot.version, p) for p in problems]
        known = self._seen.get(snapshot.uri, [])
        if replacing is not None:
            known = [seen for seen in known if not _overlaps(seen, replacing)]
        # A problem that is shown again is the newer one, and the last to be forgotten.
        again = {seen.identity: seen for seen in fresh}
        kept = [seen for seen in known if seen.identity not in again]
        self._seen[snapshot.uri] = [*kept, *again.values()][-MOST_PROBLEMS:]

    def known(self, snapshot: Snapshot, *, shown_for_this: bool = False) -> list[Diagnostic]:
        """Return the problems of a document where they are now, in no order.

        With `shown_for_this` only those that the editor showed for this very version.
        """
        return [
            evolve(seen.problem, span=Span(seen.start, seen.end))
            for seen in self._seen.get(snapshot.uri, ())
            if not shown_for_this or seen.version == snapshot.version
        ]

    def lines(self, snapshot: Snapshot) -> list[int]:
        """Return the line, counted from 1, on which each problem of a document begins."""
        known = self._seen.get(snapshot.uri, ())
        return [snapshot.text.position(seen.start)[0] + 1 for seen in known]

    def follow(self, event: DocumentEvent) -> None:
        """Move with a document's text, and forget what stood on lines that changed."""
        if isinstance(event, Closed):
            self._seen.pop(event.snapshot.uri, None)
        elif isinstance(event, Changed) and (known := self._seen.get(event.before.uri)):
            if len(known) * len(event.changes) > _MOST_MOVES:
                del self._seen[event.before.uri]
            else:
                self._seen[event.before.uri] = moved(known, event.before.text, event.changes)


async def every_problem(
    server: Server, remembered: Remembered, uri: str, answer: Answer | None
) -> tuple[Snapshot, tuple[Diagnostic, ...]]:
    """Return a document and all its problems, by their places; `answer` is what the client says.

    It is complete: what it leaves out and was shown for an older text is gone.

    Raises:
        ReplyError: the document was closed.
    """
    snapshot = server.documents.opened(uri)
    known = remembered.known(snapshot, shown_for_this=answer is not None)

    def together() -> tuple[Diagnostic, ...]:
        told = other_tools.problems_of(server, answer, snapshot) if answer is not None else ()
        unlike = {(p.span, p.message): p for p in (*told, *known)}
        return tuple(sorted(unlike.values(), key=lambda problem: problem.span)[:MOST_PROBLEMS])

    # A thousand problems take longer to read than a keystroke may wait.
    return snapshot, await asyncio.to_thread(together)


def moved(known: Sequence[SeenProblem], text: Text, changes: Sequence[Change]) -> list[SeenProblem]:
    """Return what is left of problems after changes, each where it is then."""
    left = list(known)
    for change in changes:
        shift = shift_by(change, _lost(text, change))
        left = [
            SeenProblem(seen.start + by, seen.end + by, seen.version, seen.problem) if by else seen
            for seen in left
            if (by := shift(seen.start, seen.end)) is not None
        ]
        text = text.replace(change.span, change.text)
    return left


def _lost(text: Text, change: Change) -> Span:
    """Return the span of a text on which a change leaves no problem: the lines it changes.

    Where whole lines come or go between two others, those two are not changed.
    """
    start, end = change.span.start, change.span.end
    first, column = text.position(start)
    last, end_column = text.position(end)
    if column == end_column == 0 and (not change.text or change.text.endswith(("\n", "\r"))):
        return change.span
    # One more than there is where the last line has no end: it is lost to its very end.
    behind = text.line_span(last).end + (last == text.line_count - 1)
    if start == end and change.text.startswith(("\n", "\r")):
        content = text.line(first).rstrip("\r\n")
        if column == len(content):
            return Span(behind, behind)
    return Span(text.line_start(first), behind)


def _overlaps(seen: SeenProblem, span: Span) -> bool:
    """Tell whether a problem and a selection share a character; a cursor is on the next one."""
    start, end = max(seen.start, span.start), min(seen.end, span.end)
    return start < end or (span.start == span.end and seen.start <= span.start < seen.end)

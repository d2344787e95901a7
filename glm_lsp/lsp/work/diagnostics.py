"""What other tools report in the open documents, as far as the server can know.

Invariant: a remembered problem stands on lines that nobody changed since the editor showed it.
It moves with the text, and is forgotten with its lines or its document. Only a job asks the
editor, never a listing.

A server of LSP cannot ask its client for diagnostics. So what code action requests carry is
remembered, and our own clients pass on through `glm/context` what the other tools report,
whether they push it or the client pulls it.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, NamedTuple

from attrs import evolve
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from glm_lsp.actions.offers import Diagnostic
from glm_lsp.characters import beginning
from glm_lsp.lsp.documents.mirror import Changed, Closed
from glm_lsp.lsp.documents.positions import to_span
from glm_lsp.lsp.extension import CONTEXT
from glm_lsp.spans import shift_by
from glm_lsp.text import Span
from glm_lsp.timeout import timeout

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from glm_lsp.lsp.documents.mirror import DocumentEvent
    from glm_lsp.lsp.server import Server
    from glm_lsp.text import Change, Snapshot, Text

logger = logging.getLogger(__name__)

_MOST = 1_000  # Problems of one document; more is no list that anybody works through.
_LONGEST = 1_000  # Characters of a message; what is behind them, nobody reads.
_MOST_MOVES = 10_000  # Problems times changes; more would be felt as the user types.
_ANSWERED_WITHIN = 1.0  # Seconds; then it goes on with what is known.


class _Seen(NamedTuple):
    """A problem where it is now, and the version of the document that it was shown for."""

    start: int
    end: int
    version: int | None
    problem: Diagnostic

    @property
    def identity(self) -> tuple[int, int, str]:
        return self.start, self.end, self.problem.message


class Remembered:
    """The problems that code action requests have shown; `follow` is to hear of documents."""

    def __init__(self) -> None:
        self._seen: dict[str, list[_Seen]] = {}

    def note(
        self,
        snapshot: Snapshot,
        problems: Iterable[Diagnostic],
        *,
        replacing: Span | None = None,
    ) -> None:
        """Remember problems; others that overlap with `replacing` are gone."""
        fresh = [_Seen(p.span.start, p.span.end, snapshot.version, p) for p in problems]
        known = self._seen.get(snapshot.uri, [])
        if replacing is not None:
            known = [seen for seen in known if not _overlaps(seen, replacing)]
        # A problem that is shown again is the newer one, and the last to be forgotten.
        again = {seen.identity: seen for seen in fresh}
        kept = [seen for seen in known if seen.identity not in again]
        self._seen[snapshot.uri] = [*kept, *again.values()][-_MOST:]

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
                self._seen[event.before.uri] = _moved(known, event.before.text, event.changes)


async def every_problem(
    server: Server, remembered: Remembered, uri: str, *, ask: bool
) -> tuple[Snapshot, tuple[Diagnostic, ...]]:
    """Return a document and all its problems, by their places; `ask`: the client can be asked.

    A client's answer is complete: what it leaves out and was shown for an older text is gone.

    Raises:
        ReplyError: the document was closed.
        ConnectionError: the client is gone.
    """
    answer = await _ask(server, uri) if ask else None
    snapshot = server.documents.opened(uri)
    known = remembered.known(snapshot, shown_for_this=answer is not None)

    def together() -> tuple[Diagnostic, ...]:
        told = _read(server, answer or [], snapshot)
        unlike = {(p.span, p.message): p for p in (*told, *known)}
        return tuple(sorted(unlike.values(), key=lambda problem: problem.span)[:_MOST])

    # A thousand problems take longer to read than a keystroke may wait.
    return snapshot, await asyncio.to_thread(together)


def to_diagnostic(diagnostic: types.Diagnostic, snapshot: Snapshot, encoding: str) -> Diagnostic:
    """Convert a diagnostic; what the editor left out becomes the plainest value."""
    return Diagnostic(
        span=to_span(snapshot.text, diagnostic.range, encoding),
        message=_plain(diagnostic.message),
        severity=int(diagnostic.severity or 1),
        source=(diagnostic.source or "")[:_LONGEST],
        code=str(diagnostic.code)[:_LONGEST] if diagnostic.code is not None else "",
    )


def real(diagnostics: Sequence[types.Diagnostic]) -> list[types.Diagnostic]:
    """Leave out hints that mark code as unnecessary: they are drawn faded, not as problems."""
    return [d for d in diagnostics if d.severity != types.DiagnosticSeverity.Hint or not d.tags]


async def _ask(server: Server, uri: str) -> list[Any] | None:
    """Ask the client what the other tools report; None: it did not say."""
    params = {"uri": uri, "positions": []}
    try:
        async with timeout(_ANSWERED_WITHIN):
            answer = await server.request(CONTEXT, params)
    except (JsonRpcException, asyncio.TimeoutError) as error:
        logger.info("The editor does not say what other tools report: %s", type(error).__name__)
        return None
    listed = answer.get("diagnostics") if isinstance(answer, dict) else None
    return listed[:_MOST] if isinstance(listed, list) else None


def _read(server: Server, listed: list[Any], snapshot: Snapshot) -> Iterator[Diagnostic]:
    for raw in listed:
        try:
            for diagnostic in real([server.structure(raw, types.Diagnostic)]):
                yield to_diagnostic(diagnostic, snapshot, server.documents.encoding)
        except Exception as error:  # cattrs raises whatever a hook raises.
            logger.debug("A diagnostic was passed over: %s", type(error).__name__)


def _moved(known: Sequence[_Seen], text: Text, changes: Sequence[Change]) -> list[_Seen]:
    """Return what is left of problems after changes, each where it is then."""
    left = list(known)
    for change in changes:
        shift = shift_by(change, _lost(text, change))
        left = [
            _Seen(seen.start + by, seen.end + by, seen.version, seen.problem) if by else seen
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


def _overlaps(seen: _Seen, span: Span) -> bool:
    """Tell whether a problem and a selection share a character; a cursor is on the next one."""
    start, end = max(seen.start, span.start), min(seen.end, span.end)
    return start < end or (span.start == span.end and seen.start <= span.start < seen.end)


def _plain(message: Any) -> str:
    """Return a message's text; LSP 3.18 allows marked-up content too."""
    if isinstance(message, dict):
        message = message.get("value", "")
    return beginning(str(message), _LONGEST)

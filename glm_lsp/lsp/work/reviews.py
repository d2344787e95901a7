"""What reviews found: published as diagnostics, each until it is dismissed or its code changes.

Invariant: a review begins when a user asks for one, and never by itself. A finding stands where its
code stands; one whose lines have changed is gone, and so are those of a document that is closed.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from attrs import define
from lsprotocol import types

from glm_lsp.actions.findings import CODE, SOURCE, Reviewed, findings
from glm_lsp.actions.offers import short
from glm_lsp.lsp.documents.mirror import Changed, Closed
from glm_lsp.lsp.documents.positions import to_range
from glm_lsp.lsp.work.diagnostics import SeenProblem, moved
from glm_lsp.text import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from glm_lsp.actions.offers import Diagnostic
    from glm_lsp.actions.plan import Plan
    from glm_lsp.lsp.documents.mirror import DocumentEvent
    from glm_lsp.lsp.server import Server
    from glm_lsp.text import Snapshot, Text

    About = dict[str, tuple[Snapshot, Reviewed]]

_SETTLES = 0.3  # Seconds after which findings are told where they have moved to.
DISMISS = "glm.dismiss"


@define
class _Findings:
    """What was found in a text, as that is by now."""

    text: Text
    version: int | None
    known: list[SeenProblem]


class Reviews:
    """The findings of one client's reviews."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._found: dict[str, _Findings] = {}
        self._waiting: dict[str, asyncio.TimerHandle] = {}
        server.documents.subscribe(self._follow)

    def take(self, answer: str, title: str, about: About) -> None:
        """Publish what an answer finds, in place of what was found there before; tell how much.

        `about` names each text as the answer does. A document that has moved on since has what is
        found where that is by now.
        """
        fresh: dict[str, list[Diagnostic]] = {each.uri: [] for each, _ in about.values()}
        for name, problem in findings(answer, {name: r for name, (_, r) in about.items()}):
            fresh[about[name][0].uri].append(problem)
        for snapshot, reviewed in about.values():
            self._put(snapshot, reviewed, fresh[snapshot.uri])
        count = sum(map(len, fresh.values()))
        found = f"{count} finding{'s' if count > 1 else ''}" if count else "nothing was found"
        self._server.show(f"{title}: {found}.")

    def dismiss(self, uri: str, start: int | None = None) -> None:
        """Forget what was found in a document, or only where the code begins at an offset."""
        found = self._found.get(uri)
        if found is not None:
            found.known = [s for s in found.known if start is not None and s.start != start]
            self._publish(uri)

    def near(self, snapshot: Snapshot, first: int, last: int) -> list[types.Diagnostic]:
        """Return what was found on some lines."""
        return [self._told(snapshot.text, seen) for seen in self._on(snapshot, first, last)]

    def nearby(self, snapshot: Snapshot, first: int, last: int) -> Iterator[types.CodeAction]:
        """Yield what dismisses the findings on some lines, and all of the document's."""
        here = self._on(snapshot, first, last)
        for seen in here:
            title = f"GLM: Dismiss “{short(seen.problem.message)}”"
            yield _action(title, {"uri": snapshot.uri, "start": seen.start})
        if here and len(self._found[snapshot.uri].known) > 1:
            yield _action("GLM: Dismiss the review", {"uri": snapshot.uri})

    def _on(self, snapshot: Snapshot, first: int, last: int) -> list[SeenProblem]:
        found = self._found.get(snapshot.uri)
        lines = snapshot.text.position
        return [
            seen
            for seen in (found.known if found is not None else ())
            if lines(seen.start)[0] <= last and first <= lines(seen.end)[0]
        ]

    def _told(self, text: Text, seen: SeenProblem) -> types.Diagnostic:
        return types.Diagnostic(
            to_range(text, Span(seen.start, seen.end), self._server.documents.encoding),
            seen.problem.message,
            severity=types.DiagnosticSeverity(seen.problem.severity),
            source=SOURCE,
            code=CODE,
        )

    def _put(self, snapshot: Snapshot, reviewed: Reviewed, fresh: list[Diagnostic]) -> None:
        now = self._server.documents.get(snapshot.uri)
        seen = [SeenProblem(p.span.start, p.span.end, None, p) for p in fresh]
        text = reviewed.text
        if now is not None and now.text != text:
            # What was typed meanwhile: findings stay where their lines are the same.
            lines = {line: at for at, line in enumerate(now.text.lines())}
            again = (_found_again(each, text, now.text, lines) for each in seen)
            seen = [each for each in again if each is not None]
        known = self._found.get(snapshot.uri)
        kept = [s for s in known.known if not _within(s, known.text, reviewed)] if known else []
        text, version = (now.text, now.version) if now is not None else (text, None)
        self._found[snapshot.uri] = _Findings(text, version, [*kept, *seen])
        self._publish(snapshot.uri)

    def _follow(self, event: DocumentEvent) -> None:
        snapshot = event.after if isinstance(event, Changed) else event.snapshot
        found = self._found.get(snapshot.uri)
        if found is None:
            return
        if isinstance(event, Changed):
            before = len(found.known)
            found.known = moved(found.known, event.before.text, event.changes)
            found.text, found.version = snapshot.text, snapshot.version
            if len(found.known) < before:
                self._publish(snapshot.uri)
            elif snapshot.uri not in self._waiting:
                loop = asyncio.get_running_loop()
                told = loop.call_later(_SETTLES, self._publish, snapshot.uri)
                self._waiting[snapshot.uri] = told
        elif isinstance(event, Closed) or found.text != snapshot.text:
            found.known = []
            self._publish(snapshot.uri)

    def _publish(self, uri: str) -> None:
        if (timer := self._waiting.pop(uri, None)) is not None:
            timer.cancel()
        found = self._found[uri]
        if not found.known:
            del self._found[uri]
        listed = [self._told(found.text, seen) for seen in found.known]
        params = types.PublishDiagnosticsParams(uri, listed, version=found.version)
        self._server.notify(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS, params)


def reviewed(planned: Plan) -> About:
    """Return the lines that the answer to a review may be about; it need not name their text."""
    snapshot, target = planned.task.snapshot, planned.target
    first, last = (snapshot.text.position(at)[0] for at in (target.start, target.end))
    return {"": (snapshot, Reviewed(snapshot.text, first, last))}


def is_finding(diagnostic: types.Diagnostic) -> bool:
    """Tell whether an editor's diagnostic is one of a review."""
    return diagnostic.source == SOURCE and diagnostic.code == CODE


def _found_again(
    seen: SeenProblem, text: Text, now: Text, lines: Mapping[str, int]
) -> SeenProblem | None:
    first, column = text.position(seen.start)
    at = lines.get(text.line(first))
    if at is None:
        return None
    start = now.line_start(at) + column
    end = min(start + seen.end - seen.start, len(now))
    return SeenProblem(start, end, seen.version, seen.problem)


def _within(seen: SeenProblem, text: Text, reviewed: Reviewed) -> bool:
    return reviewed.first <= text.position(seen.start)[0] <= reviewed.last


def _action(title: str, argument: dict[str, object]) -> types.CodeAction:
    command = types.Command(title, DISMISS, arguments=[argument])
    return types.CodeAction(title, kind=types.CodeActionKind.QuickFix, command=command)

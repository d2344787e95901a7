"""What was asked for once, for the document as it is now: what a retry asks.

Invariant: a place that is not in the document any more is left out, never guessed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from glm_lsp.editing.lines import content
from glm_lsp.text import Span

if TYPE_CHECKING:
    from glm_lsp.actions.plan import Task
    from glm_lsp.editing.live.session import EditSession
    from glm_lsp.text import Snapshot, Text


def moved_task(task: Task, snapshot: Snapshot, session: EditSession, hunk: int | None) -> Task:
    """Return a task for the document as it is now: the whole of it, or where one hunk was."""
    text = snapshot.text

    def moved(span: Span) -> Span | None:
        places = [task.snapshot.text.position(at) for at in (span.start, span.end)]
        lines = [session.current_line(line) for line, _ in places]
        start, end = (
            -1 if line is None else text.line_start(line) + column
            for line, (_, column) in zip(lines, places, strict=True)
        )
        return Span(start, end) if 0 <= start <= end <= len(text) else None

    first, end = session.place(hunk)
    lines = Span(text.line_start(first), max(text.line_start(first), _end_of(text, end - 1)))
    diagnostics = tuple(
        evolve(diagnostic, span=span)
        for diagnostic in task.diagnostics
        if (span := moved(diagnostic.span)) is not None
    )
    if hunk is not None:
        near = tuple(d for d in diagnostics if d.span.touches(lines))
        part = not near and bool(text.slice(lines).strip())
        return evolve(task, snapshot=snapshot, selection=lines, diagnostics=near, part=part)
    selection = moved(task.selection) or lines
    return evolve(task, snapshot=snapshot, selection=selection, diagnostics=diagnostics)


def _end_of(text: Text, line: int) -> int:
    """Return the offset at which a line's text ends."""
    return text.line_start(line) + len(content(text.line(line))) if line >= 0 else 0

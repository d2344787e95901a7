"""How a span moves with the changes of its document: the one rule, for all that stays in place.

Invariant: text that a change does not reach keeps its characters, only further down or up;
what a change reaches into is lost, and nobody guesses where it went.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from glm_lsp.text import Change, Span


def shift_by(change: Change, lost: Span | None = None) -> Callable[[int, int], int | None]:
    """Return what tells by how much text moves, given its start and end; None: it is lost.

    `lost` is what the change leaves nothing of: more than the characters that it replaces, where
    a caller thinks in lines. All count code points; numbers rather than spans, because a
    thousand of them move within a keystroke.
    """
    first, last = (change.span.start, change.span.end) if lost is None else (lost.start, lost.end)
    growth = change.growth

    def shift(start: int, end: int) -> int | None:
        if start >= last:
            return growth
        return 0 if start < first and end <= first else None

    return shift

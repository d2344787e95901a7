"""Drop the end of the answer that repeats what follows the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glm_lsp.completion.filters.draft import Draft
    from glm_lsp.completion.place import Place

_LEAST = 3


def apply(draft: Draft, place: Place) -> Draft:
    """Cut at the rest of the cursor's line, or at its beginning when the text ends with it."""
    tail = place.tail.strip()
    first, newline, rest = draft.text.partition("\n")
    if not tail or draft.replaced:
        return draft
    if first.rstrip().endswith(tail) and not newline:
        return draft.with_text(first.rstrip()[: -len(tail)].rstrip(" ") if tail else first)
    if len(tail) >= _LEAST and not _only_closers(tail) and (found := first.find(tail)) >= 0:
        return draft.with_text(first[:found])
    for size in range(min(len(tail), len(first)), _LEAST - 1, -1):
        if first.endswith(tail[:size]) and not newline:
            return draft.with_text(first[:-size])
    return draft.with_text(first + newline + rest)


def _only_closers(tail: str) -> bool:
    return not tail.strip(")]}\"'`;,:> ")

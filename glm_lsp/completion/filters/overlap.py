"""Drop the end of the answer that repeats what follows the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from glm_lsp.completion.types import Draft
    from glm_lsp.context.cursor import CursorContext

_LEAST = 3


def apply(draft: Draft, context: CursorContext) -> Draft:
    """Cut at the rest of the cursor's line, or at its beginning when the text ends with it."""
    tail = context.tail.strip()
    first, newline, _ = draft.text.partition("\n")
    if not tail or newline:
        return draft
    if first.rstrip().endswith(tail):
        return _cut(draft, len(first.rstrip()) - len(tail))
    if len(tail) >= _LEAST and not _only_closers(tail) and (found := first.find(tail)) >= 0:
        return _cut(draft, found)
    for size in range(min(len(tail), len(first)), _LEAST - 1, -1):
        if first.endswith(tail[:size]):
            return _cut(draft, len(first) - size)
    return draft


def _cut(draft: Draft, end: int) -> Draft:
    return attrs.evolve(draft, text=draft.text[:end].rstrip(" "), meets=True)


def _only_closers(tail: str) -> bool:
    return not tail.strip(")]}\"'`;,:> ")

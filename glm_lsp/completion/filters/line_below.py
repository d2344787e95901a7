"""Stop before the line that already stands below the cursor."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glm_lsp.completion.types import Draft
    from glm_lsp.context.cursor import CursorContext

_SIMILAR = 0.9
_LONG_ENOUGH = 10
_TELLING = 3


def apply(draft: Draft, context: CursorContext) -> Draft:
    """Cut where the text arrives at the next line of the document."""
    cut = reached(draft.text, context)
    return draft if cut is None else draft.with_text(draft.text[:cut].rstrip())


def reached(text: str, context: CursorContext) -> int | None:
    """Return where in `text` a copy of the next line of the document starts."""
    below = context.line_below.strip()
    if len(below) < _TELLING or below in ("end", "else", "else:", "pass", "return"):
        return None
    lines = text.split("\n")
    if _same(context.head + lines[0], below):
        return 0
    position = len(lines[0]) + 1
    for line in lines[1:]:
        if _same(line, below):
            return position - 1
        position += len(line) + 1
    return None


def _same(line: str, below: str) -> bool:
    line = line.strip()
    if line == below:
        return True
    if min(len(line), len(below)) < _LONG_ENOUGH or abs(len(line) - len(below)) > len(below) // 10:
        return False
    return SequenceMatcher(None, line, below, autojunk=False).ratio() >= _SIMILAR

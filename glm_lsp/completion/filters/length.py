"""End the completion where the line, the block or the allowed number of lines ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp.completion.extent import Extent, block_end
from glm_lsp.completion.place import indentation

if TYPE_CHECKING:
    from glm_lsp.completion.filters.draft import Draft
    from glm_lsp.completion.place import Place


def apply(draft: Draft, place: Place) -> Draft:
    """Cut after the first line or the block."""
    text = draft.text
    if draft.extent is Extent.LINE:
        if not place.head.strip():
            text = text.lstrip("\n")
        return draft.with_text(text.partition("\n")[0])
    if not place.head.strip():
        text = _from_first_line(text)
    end = block_end(text, place)
    text = text if end is None else text[:end]
    return draft.with_text("\n".join(text.rstrip().split("\n")[: draft.max_lines]))


def is_complete(text: str, draft: Draft, place: Place) -> bool:
    """Tell whether a text that is still growing already holds the whole completion."""
    body = text.lstrip("\n") if not place.head.strip() else text
    if draft.extent is Extent.LINE:
        return "\n" in body
    return block_end(body, place) is not None or body.count("\n") > draft.max_lines


def _from_first_line(text: str) -> str:
    """Drop blank lines before the first one; its indentation stays."""
    lines = text.split("\n")
    while len(lines) > 1 and not lines[0].strip():
        lines.pop(0)
    return "\n".join(lines) if lines[0].strip() else indentation(lines[0])

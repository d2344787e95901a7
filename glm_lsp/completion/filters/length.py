"""End the completion where the line, the block or the allowed number of lines ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp.completion.scope import Extent, block_end

if TYPE_CHECKING:
    from glm_lsp.completion.context import Place
    from glm_lsp.completion.filters.draft import Draft


def apply(draft: Draft, place: Place) -> Draft:
    """Cut after the first line or the block."""
    text = draft.text
    if draft.extent is Extent.LINE:
        return draft.with_text(text.partition("\n")[0])
    end = block_end(text, place)
    text = text if end is None else text[:end]
    return draft.with_text("\n".join(text.rstrip().split("\n")[: draft.max_lines]))


def is_complete(text: str, draft: Draft, place: Place) -> bool:
    """Tell whether a text that is still growing already holds the whole completion."""
    if draft.extent is Extent.LINE:
        return "\n" in text
    return block_end(text, place) is not None or text.count("\n") > draft.max_lines

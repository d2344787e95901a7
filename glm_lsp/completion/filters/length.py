"""End the completion where the line, the block or the allowed number of lines ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp.completion.scope import block_end

if TYPE_CHECKING:
    from glm_lsp.completion.types import Draft
    from glm_lsp.context.cursor import CursorContext


def apply(draft: Draft, context: CursorContext) -> Draft:
    """Cut after the first line or the block."""
    text = draft.text
    if not draft.multiline:
        return draft.with_text(text.partition("\n")[0])
    end = block_end(text, context)
    text = text if end is None else text[:end]
    return draft.with_text("\n".join(text.rstrip().split("\n")[: draft.max_lines]))


def is_complete(text: str, draft: Draft, context: CursorContext) -> bool:
    """Tell whether a text that is still growing already holds the whole completion."""
    if not draft.multiline:
        return "\n" in text
    return block_end(text, context) is not None or text.count("\n") > draft.max_lines

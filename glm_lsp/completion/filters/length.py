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
        return draft.with_text(text[: _line_end(draft)])
    end = block_end(text, context)
    text = text if end is None else text[:end]
    return draft.with_text("\n".join(text.rstrip().split("\n")[: draft.max_lines]))


def is_complete(text: str, draft: Draft, context: CursorContext) -> bool:
    """Tell whether a text that is still growing already holds the whole completion."""
    if not draft.multiline:
        return _line_end(draft.with_text(text)) < len(text)
    return block_end(text, context) is not None or text.count("\n") > draft.max_lines


def _line_end(draft: Draft) -> int:
    """Return where the line ends that was asked for: the cursor's, or the next one after that."""
    start = 0
    if draft.follows and draft.text.startswith("\n"):
        start = len(draft.text) - len(draft.text.lstrip())
    end = draft.text.find("\n", start)
    return len(draft.text) if end < 0 else end

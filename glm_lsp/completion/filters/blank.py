"""Offer no blanks: none at the end, and nothing that consists of hardly more."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glm_lsp.completion.types import Draft
    from glm_lsp.context.cursor import CursorContext


def apply(draft: Draft, context: CursorContext) -> Draft:
    """Cut trailing blanks; drop what is only blank, or only what stands there already."""
    text = draft.text.rstrip()
    if not text or text.strip() == context.tail[: draft.replaced].strip():
        return draft.nothing()
    if len(text.strip()) == 1 and not text.strip().isalnum():
        return draft.nothing()  # Faster typed than looked at.
    follows = context.tail[draft.replaced : draft.replaced + 1]
    if follows.isalnum() or follows in ("_", '"', "'"):
        return draft.with_text(draft.text.rstrip("\n"))  # A blank keeps the two apart.
    return draft.with_text(text)

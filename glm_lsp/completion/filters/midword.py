"""Offer nothing that would run into the word behind the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp.languages.lexer import is_word

if TYPE_CHECKING:
    from glm_lsp.completion.types import Draft
    from glm_lsp.context.cursor import CursorContext


def apply(draft: Draft, context: CursorContext) -> Draft:
    """Drop a text whose last word would merge with the next."""
    text, after = draft.text, context.tail[draft.replaced :]
    if not draft.meets and text and after and is_word(text[-1]) and is_word(after[0]):
        return draft.nothing()
    return draft

"""Offer nothing with characters in it that nobody sees, unless the code around has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp.characters import fresh

if TYPE_CHECKING:
    from glm_lsp.completion.types import Draft
    from glm_lsp.context.cursor import CursorContext


def apply(draft: Draft, context: CursorContext) -> Draft:
    """Drop a draft that hides something: who accepts it with a key could not see it."""
    hidden = fresh(context.before + context.after, draft.text)
    return draft.nothing() if hidden else draft

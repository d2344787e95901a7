"""The order of the filters, and when a stream has said enough.

Invariant: `is_finished` never says so before everything the filters keep has arrived.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from glm_lsp.completion.filters import (
    ORDER,
    closers,
    duplicate_prefix,
    indentation,
    length,
    line_below,
    repetition,
    word_break,
    wrapping,
)
from glm_lsp.prompts.completion import CLOSE

if TYPE_CHECKING:
    from glm_lsp.completion.types import Draft
    from glm_lsp.context.cursor import CursorContext


MOST = 8_000
"""Characters of an answer; one that is longer is no completion."""


class Filter(Protocol):
    """One rule, in a module of its own."""

    def apply(self, draft: Draft, context: CursorContext) -> Draft:
        """Return what the rule leaves of a draft."""
        ...


FILTERS = {name: cast("Filter", import_module(f"{__package__}.{name}")) for name in ORDER}


def run(draft: Draft, context: CursorContext) -> Draft:
    """Turn a model's raw answer into what may be shown; its text is empty when nothing may."""
    if len(draft.text) > MOST:
        return draft.nothing()
    for one in FILTERS.values():
        draft = one.apply(draft, context)
        if not draft.text:
            return draft.nothing()
    return draft


def stable_prefix(draft: Draft, context: CursorContext) -> str:
    """Return how the completion certainly begins, from an answer that is still growing."""
    plain = wrapping.apply(draft, context)
    if wrapping.may_talk(draft, context) or duplicate_prefix.is_half_told(plain.text, context):
        return ""
    text = duplicate_prefix.apply(plain, context).text
    if text == plain.text and duplicate_prefix.may_repeat(text, context):
        return ""
    if word_break.may_follow(text, context):
        return ""
    text = word_break.apply(plain.with_text(text), context).text
    if indentation.is_margin_open(text, context):
        return ""
    text = indentation.apply(plain.with_text(text), context).text
    # Lines further down may still be shifted, once more of them are known.
    known = context.head.strip() and (not draft.multiline or text.count("\n") > 1)
    return text if known else text.partition("\n")[0]


def is_finished(draft: Draft, context: CursorContext) -> bool:
    """Tell whether nothing that may still arrive can be part of the completion."""
    if CLOSE in draft.text or len(draft.text) > MOST:
        return True
    if wrapping.may_announce(draft, context):
        return False
    plain = wrapping.apply(draft, context)
    if duplicate_prefix.is_half_told(plain.text, context):
        return False
    alone = duplicate_prefix.apply(plain, context)
    if alone.text == plain.text and duplicate_prefix.may_repeat(plain.text, context):
        return False
    text = indentation.apply(alone, context).text
    return (
        length.is_complete(text, draft, context)
        or repetition.first_repeat(text.split("\n")) is not None
        or line_below.reached(_whole_lines(text), context) is not None
        or closers.surplus(text, context) is not None
    )


def _whole_lines(text: str) -> str:
    return text[: text.rfind("\n") + 1]

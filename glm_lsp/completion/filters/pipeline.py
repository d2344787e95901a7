"""The order of the filters, and when a stream has said enough.

Invariant: `finished` never says so before everything the filters keep has arrived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp.completion.filters import (
    blank,
    closers,
    continuation,
    duplicate_prefix,
    indentation,
    length,
    line_below,
    midword,
    overlap,
    placeholder,
    repetition,
    wrapping,
)
from glm_lsp.prompts.completion import CLOSE

if TYPE_CHECKING:
    from glm_lsp.completion.context import Place
    from glm_lsp.completion.filters.draft import Draft

STAGES = (
    wrapping,
    duplicate_prefix,
    continuation,
    indentation,
    placeholder,
    length,
    repetition,
    line_below,
    overlap,
    closers,
    midword,
    blank,
)


def run(draft: Draft, place: Place) -> Draft:
    """Turn a model's raw answer into what may be shown; its text is empty when nothing may."""
    for stage in STAGES:
        draft = stage.apply(draft, place)
        if not draft.text:
            return draft.nothing()
    return draft


def opening(draft: Draft, place: Place) -> str:
    """Return how the completion certainly begins, from an answer that is still growing."""
    plain = wrapping.apply(draft, place)
    if wrapping.may_talk(draft, place):
        return ""
    text = duplicate_prefix.apply(plain, place).text
    if text == plain.text and duplicate_prefix.may_echo(text, place):
        return ""
    text = indentation.apply(plain.with_text(text), place).text
    # Lines further down may still be shifted, once more of them are known.
    return text if place.head.strip() else text.partition("\n")[0]


def finished(draft: Draft, place: Place) -> bool:
    """Tell whether nothing that may still arrive can be part of the completion."""
    if CLOSE in draft.text:
        return True
    if wrapping.may_announce(draft, place):
        return False
    plain = wrapping.apply(draft, place)
    text = indentation.apply(duplicate_prefix.apply(plain, place), place).text
    if text == plain.text and duplicate_prefix.may_echo(text, place):
        return False
    return (
        length.is_complete(text, draft, place)
        or repetition.first_repeat(text.split("\n")) is not None
        or line_below.reached(_whole_lines(text), place) is not None
        or closers.surplus(text, place) is not None
    )


def _whole_lines(text: str) -> str:
    return text[: text.rfind("\n") + 1]

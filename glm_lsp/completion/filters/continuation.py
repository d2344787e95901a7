"""Offer nothing in the middle of a line that cannot go on there.

Chat models answer there, too, with a statement of its own or a sentence said to the reader.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glm_lsp.languages import language_named
from glm_lsp.languages.lexer import is_word

if TYPE_CHECKING:
    from glm_lsp.completion.types import Draft
    from glm_lsp.context.cursor import CursorContext

_DECLARATION = re.compile(
    r"(?:def \w+\(|class \w+ ?[:({]|from [\w.]+ import\b|#include\b|async def\b)"
)
_STATEMENT = re.compile(r"(?:import \w|return\b|package \w|print\()")
"""A statement in code, but words in a comment."""
_MAY_PRECEDE = re.compile(
    r"(?:[;:{}>=(]|\b(?:from\s+[\w.]+|async|export|default|else|then|do))\s*\Z"
)
_SENTENCE = re.compile(r"(?:\b[a-z]+[,;]? ){3}")
_CODE = re.compile(r"[(){}\[\]=;<>*&|]")
_ADDRESS = re.compile(
    r"(?:You(?: can|r|'ll)?|To (?:use|create|complete|fix|do|implement)|Here(?:'s| is| are)|Sure"
    r"|This (?:is|code|function|method|will)|The (?:code|above|function|given|following)|Note that"
    r"|In (?:this|the) (?:code|example)|If you|I(?:'ve|'m)?|Let's|However) "
)
_TAG = re.compile(r"\s*(?:[*/#!;%-]+\s*)?[@\\]\w")
"""What a comment says of a parameter or a result, which a sentence describes."""


def apply(draft: Draft, context: CursorContext) -> Draft:
    """Drop a new statement, and a new sentence, behind the beginning of another."""
    head, text = context.head, draft.text
    if not head.strip() or language_named(context.language).prose or text.startswith("\n"):
        return draft
    words = context.is_in_text
    begins = _DECLARATION.match(text) or (not words and _STATEMENT.match(text))
    if begins and not head.endswith(".") and not _MAY_PRECEDE.search(head):
        return draft.nothing()
    if text[:1].isupper() and not _begins_sentence(head):
        first = text.partition("\n")[0]
        within = is_word(head[-1:]) and text[1:2].islower() and not _CODE.search(first)
        if _SENTENCE.search(first) and (within or _ADDRESS.match(text)):
            return draft.nothing()
    return draft


def _begins_sentence(head: str) -> bool:
    """Tell whether a sentence may begin behind what stands before the cursor."""
    said = head.rstrip()
    begun = said.endswith(tuple(".:!?")) or _TAG.match(head) is not None
    return said.endswith(tuple("\"'#*/;%!-")) or (said != head and begun)

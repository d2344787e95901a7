"""Put the blank between two words of prose that a model left out.

The hand rests behind a finished word of a comment, and the answer is the next word: models drop
the blank that comes first. Whether the word goes on instead is told by the words of the file.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glm_lsp.languages.lexer import is_word

if TYPE_CHECKING:
    from glm_lsp.completion.types import Draft
    from glm_lsp.context.cursor import CursorContext

_FIRST = re.compile(r"[^\W\d_]{3,}(?!\w)")  # Fewer letters end words more often than they are one.
_LAST = re.compile(r"(?<!\w)[^\W\d_]{2,40}\Z")
_WORD = re.compile(r"\w+")
_COMPOUND = re.compile(  # English words that are written as one far more often than as two.
    r"without|inside|instead|indeed|online|update|upstream|today|together|whereas|otherwise"
    r"|moreover|nevertheless|out(?:come|line|put|side)|over(?:all|flow|head|load|ride|write)"
    r"|under(?:lying|neath|stand)|(?:there|where)(?:after|fore|upon)|(?:how|what|when|who)ever"
    r"|(?:any|every|no|some)(?:body|how|one|thing|time|times|way|what|where)|cannot|back(?:end|ward)"
    r"|(?:her|him|it|my|one|your)self|(?:our|them)selves"
)
_LONGEST = 40


def apply(draft: Draft, context: CursorContext) -> Draft:
    """Begin with a blank where the word before the cursor and the first one are two."""
    last, first = _LAST.search(context.head[-_LONGEST - 1 :]), _FIRST.match(draft.text)
    if last is None or first is None or not context.is_in_text:
        return draft
    if last.group().lower() == last.group().upper():  # A script that has no blanks.
        return draft
    around = context.before[: len(context.before) - len(last.group())] + "\n" + context.after
    known = {word.lower() for word in _WORD.findall(around)}
    one, two = last.group().lower(), first.group().lower()
    if _COMPOUND.fullmatch(one + two):
        return draft
    if one in known and two in known and one + two not in around.lower():
        return draft.with_text(" " + draft.text)
    return draft


def may_follow(text: str, context: CursorContext) -> bool:
    """Tell whether a text that is still growing may turn out to be a word of its own."""
    begun = is_word(context.head[-1:]) and is_word(text[:1])
    return begun and context.is_in_text and all(map(is_word, text))

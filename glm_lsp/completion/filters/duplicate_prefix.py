"""Drop what the answer repeats of the text before the cursor."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from glm_lsp.completion.lexer import is_word
from glm_lsp.context.cursor import indentation

if TYPE_CHECKING:
    from glm_lsp.completion.types import Draft
    from glm_lsp.context.cursor import CursorContext

_LEAST = 3
_CERTAIN = 12
_FAR_MORE = 4
_FURTHEST = 2_000
_WORD_START = re.compile(r"(?<!\w)\w")
_INDENTATION = re.compile(r"\n[ \t]+")
_TOKEN = re.compile(r"\w+|[^\w\s]+")
_BEGINNING = re.compile(r"\w+|(?<![^\s])[^\w\s]+")
_COMMENT_MARKS = frozenset(["#", "//", "/*", "/**", "--", ";", "%", '"""', "'''", "<!--"])
_WORD = re.compile(r"[^\W\d]\w{2,}")


def apply(draft: Draft, context: CursorContext) -> Draft:
    """Cut the repeated beginning off: whole lines, the cursor's line, or its last word."""
    text, head = draft.text, context.head
    rest = _unrepeated(text, context)
    whole = head + text.partition("\n")[0]
    if rest != text and head.strip() and whole in (*context.above, *context.below):
        return draft  # Such a line stands here already, so it is meant.
    return draft.with_text(rest)


def may_repeat(text: str, context: CursorContext) -> bool:
    """Tell whether all of a text so far may be the beginning of a repetition."""
    bare = _flat(text).lstrip(" \t\n")
    if not bare:
        return False
    if f"\n{bare}" in "\n" + _flat(context.before):
        return True
    starts = (match.start() for match in _WORD_START.finditer(context.head))
    return any(context.head.startswith(bare, start) for start in starts)


def _unrepeated(text: str, context: CursorContext) -> str:
    """Return a text without its beginning that stands before the cursor."""
    if size := _overlap(context.before, text):
        return text[size:]
    head, line, bare = context.head, context.head.strip(), text.lstrip()
    if line and bare.startswith(line) and _is_line_again(line, text, context):
        # Perhaps written with other blanks before it.
        return bare[len(line) :].removeprefix(_end_blanks(head))
    return text


def _is_line_again(line: str, text: str, context: CursorContext) -> bool:
    """Tell whether an answer that begins as the cursor's line does repeats it.

    A beginning of one or two characters may be chance: then it needs the indentation, a blank
    as the line has, or that the file knows its first word, rather than the two run together.
    """
    bare, lead = text.lstrip(), indentation(context.head)
    rest = bare[len(line) :]
    if _end_blanks(context.head) and is_word(line[-1:]) and is_word(rest[:1]):
        return False  # Another word that begins alike.
    if len(line) >= _LEAST or (lead and indentation(text) == lead):
        return True
    if _end_blanks(context.head):
        return rest[:1].isspace()
    alone, joined = _first_token(bare), _first_token(line + bare)
    known = Counter(_BEGINNING.findall(context.before[: -len(line)] + context.after))
    if alone[0].isalnum() and not known[alone] and not known[joined]:
        return True  # Hardly a word begins with the same letters twice.
    if alone in _COMMENT_MARKS and known[alone] == known[joined]:
        return True
    return known[alone] > _FAR_MORE * known[joined]


def _first_token(line: str) -> str:
    token = _TOKEN.match(line)
    return token.group() if token else ""


def _flat(text: str) -> str:
    """Return a text without the indentation of its lines."""
    return _INDENTATION.sub("\n", text)


def _overlap(before: str, text: str) -> int:
    """Measure the longest end of `before` that `text` starts with and that looks repeated."""
    for size in range(min(len(before), len(text), _FURTHEST), _LEAST - 1, -1):
        if before.endswith(text[:size]) and _is_repetition(before, size):
            return size
    return 0


def _is_repetition(before: str, size: int) -> bool:
    repeated = before[-size:]
    if not _WORD.search(repeated):
        return False
    starts_at = len(before) - size
    if starts_at and before[starts_at - 1].isidentifier() and repeated[0].isidentifier():
        return False  # It starts inside a word: chance.
    within = before[before.rfind("\n", 0, starts_at) + 1 : starts_at].strip()
    if within and ("\n" in repeated or not repeated.lstrip()[0].isidentifier()):
        return False  # It starts inside a line, and at no word or goes over the line's end.
    line_head = before[before.rfind("\n", 0, len(before)) + 1 :]
    return size >= _CERTAIN or repeated.strip() == line_head.strip() or _is_word_part(repeated)


def _is_word_part(repeated: str) -> bool:
    return bool(re.fullmatch(r"\w+(?:\.\w+)*[(.\[]?", repeated))


def _end_blanks(head: str) -> str:
    return head[len(head.rstrip()) :]

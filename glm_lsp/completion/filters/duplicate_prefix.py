"""Drop what the answer repeats of the text before the cursor."""

from __future__ import annotations

import re
import string
from typing import TYPE_CHECKING

from glm_lsp.completion.filters import signs
from glm_lsp.context.cursor import indentation
from glm_lsp.languages import language_named
from glm_lsp.languages.lexer import is_word

if TYPE_CHECKING:
    from glm_lsp.completion.types import Draft
    from glm_lsp.context.cursor import CursorContext

_LEAST = 3
_CERTAIN = 12
_FAR_MORE = 4
_SET_OFF = 2  # Blanks before what stands apart in a comment.
_DOUBLED = frozenset("+-&|=:*<>./")  # Signs that are doubled anywhere.
_FURTHEST = 2_000
_LOOKED_AT = 20_000
_WORD_START = re.compile(r"(?<!\w)\w")
_INDENTATION = re.compile(r"\n[ \t]+")
_TOKEN = re.compile(r"[^\w\s]*\w*")
_SIGNS = re.compile(r"(?<=\w)\W+\Z")
_WORD = re.compile(r"[^\W\d]\w{2,}")


def apply(draft: Draft, context: CursorContext) -> Draft:
    """Cut the repeated beginning off: whole lines, the cursor's line, or its last word."""
    text, head = draft.text, context.head
    rest = _unrepeated(text, context)
    if rest is None:
        return draft.nothing()
    if rest != text and head.strip() and _is_meant(text, rest, context):
        return draft
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


def _is_meant(text: str, rest: str, context: CursorContext) -> bool:
    """Tell whether lines that go on like this behind the cursor's beginning stand here already."""
    head, lines = context.head, (*context.above, *context.below)
    if head + text.partition("\n")[0] in lines:
        return True
    begins = _first_token(text)
    comment = begins.startswith(language_named(context.language).line_comments)
    if not begins or (comment and len(_end_blanks(head)) < _SET_OFF):
        return False
    repeated = head + text.removesuffix(rest).rstrip()
    return any(line.startswith(f"{head}{begins} ") and line.startswith(repeated) for line in lines)


def is_half_told(text: str, context: CursorContext) -> bool:
    """Tell whether a text so far ends within the word that tells whether it repeats the line."""
    line, bare = context.head.strip(), text.lstrip()
    return 0 < len(line) < _LEAST and bare.startswith(line) and _first_token(bare) == bare


def _unrepeated(text: str, context: CursorContext) -> str | None:
    """Return a text without its beginning that stands before the cursor; None if none can tell."""
    if size := _overlap(context.before, text):
        return text[size:]
    head, line, bare = context.head, context.head.strip(), text.lstrip()
    if line and bare.startswith(line):
        again = _is_line_again(line, text, context)
        # Perhaps written with other blanks before it.
        rest = bare[len(line) :].removeprefix(_end_blanks(head))
        return None if again is None else rest if again else text
    return text


def _is_line_again(line: str, text: str, context: CursorContext) -> bool | None:
    """Tell whether an answer that begins as the cursor's line does repeats it; None: perhaps.

    A beginning of one or two characters may be chance: then it needs the indentation, a blank
    as the line has, or that the file knows its first word, rather than the two run together.
    """
    bare, lead = text.lstrip(), indentation(context.head)
    rest = bare[len(line) :]
    if lead and indentation(text) == lead and len(line) < _LEAST:
        return True
    if not any(map(is_word, line)) and not _end_blanks(context.head):
        told = signs.is_again(line, bare, context)
        if told is not None:
            return told
    if _end_blanks(context.head) and rest and is_word(line[-1]) == is_word(rest[0]):
        return rest[0].isspace()  # Or another word, or sign, that begins alike.
    if len(line) >= _LEAST and not set(line) - set(rest[:1]):
        return None  # A ruler.
    if len(line) >= _LEAST or (lead and indentation(text) == lead):
        return True
    if _end_blanks(context.head):
        return rest[:1].isspace()
    return _is_told_again(line, _first_token(bare), context)


def _is_told_again(line: str, alone: str, context: CursorContext) -> bool | None:
    """Tell by the file whether a token repeats a line that it begins with, or goes on with it."""
    around = context.before[: -len(line)] + context.after
    record = language_named(context.language)
    marks = (*record.line_comments, *dict(record.block_comments))
    if line + alone in marks and alone not in marks:
        return False
    told = False
    for pattern in (_alone, _like):
        once = len(re.findall(pattern(alone), around))
        twice = len(re.findall(pattern(line + alone), around))
        if once or twice:
            more = _FAR_MORE if is_word(alone[-1]) else len(around)  # Signs are common.
            if twice > (_FAR_MORE if alone in marks else more) * once:
                return False
            if once > more * (twice or line in _DOUBLED):
                return True
            told = told or twice > 0
    if told:
        return None
    if len(line) > 1 or alone in marks or alone.startswith(tuple(dict(record.block_comments))):
        return True
    if line in "([{":
        return False
    if not line.isalnum() or re.search(rf"(?<!\w){re.escape(line + alone[:2])}", around):
        return None
    return True  # Hardly a word begins with the same letter twice.


def _first_token(line: str) -> str:
    token = _TOKEN.match(line)
    return token.group() if token else ""


def _alone(token: str) -> str:
    """Return a pattern of a token that stands by itself."""
    if not is_word(token[-1]):
        return rf"(?<!\S){re.escape(token)}(?!\S)"
    before = r"\w" if is_word(token[0]) else re.escape(token[0])
    return rf"(?<!{before}){re.escape(token)}(?!\w)"


def _like(token: str) -> str:
    """Return a pattern of the signs that a token begins with, before any word; of it, if none."""
    begun = token.rstrip(string.ascii_letters + string.digits + "_")
    return rf"(?<!{re.escape(begun[0])}){re.escape(begun)}\w" if begun else _alone(token)


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
    unit = _unit(repeated)
    if unit != repeated or before.endswith(unit, 0, starts_at):
        return False  # It goes on as the line does: `0, 0, 0`.
    if _says_twice(before, repeated):
        return False
    if starts_at and before[starts_at - 1].isidentifier() and repeated[0].isidentifier():
        return False  # It starts inside a word: chance.
    within = before[before.rfind("\n", 0, starts_at) + 1 : starts_at].strip()
    if within and ("\n" in repeated or not repeated.lstrip()[0].isidentifier()):
        return False  # It starts inside a line, and at no word or goes over the line's end.
    line_head = before[before.rfind("\n", 0, len(before)) + 1 :]
    return size >= _CERTAIN or repeated.strip() == line_head.strip() or _is_word_part(repeated)


def _says_twice(before: str, repeated: str) -> bool:
    """Tell whether a line above that begins with the same word says another one twice like this."""
    above, _, head = before.rpartition("\n")
    first, last = _TOKEN.match(head.lstrip()), _SIGNS.search(repeated)
    if not first or not last or "\n" in repeated:
        return False
    told = (
        rf"^[ \t]*{re.escape(first.group())}\b.{{0,300}}\b(\w{{1,80}}){re.escape(last.group())}\1\b"
    )
    return re.search(told, above[-_LOOKED_AT:], re.MULTILINE) is not None


def _unit(text: str) -> str:
    """Return the least that a text consists of when it is read again and again."""
    return text[: (text + text).find(text, 1)]


def _is_word_part(repeated: str) -> bool:
    return bool(re.fullmatch(r"\w+(?:\.\w+)*[(.\[]?", repeated))


def _end_blanks(head: str) -> str:
    return head[len(head.rstrip()) :]

"""Drop what the answer repeats of the text before the cursor."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glm_lsp.completion.types import Draft
    from glm_lsp.context.cursor import CursorContext

_LEAST = 3
_CERTAIN = 12
_FURTHEST = 2_000
_WORD_START = re.compile(r"(?<!\w)\w")
_INDENTATION = re.compile(r"\n[ \t]+")
_WORD = re.compile(r"[^\W\d]\w{2,}")


def apply(draft: Draft, context: CursorContext) -> Draft:
    """Cut the repeated beginning off: whole lines, the cursor's line, or its last word."""
    text = draft.text
    if size := _overlap(context.before, text):
        return draft.with_text(text[size:])
    head, bare = context.head, text.lstrip()
    if len(head.strip()) >= _LEAST and bare.startswith(head.strip()):
        # The same line, written with other blanks before it.
        return draft.with_text(bare[len(head.strip()) :].removeprefix(_end_blanks(head)))
    return draft


def may_repeat(text: str, context: CursorContext) -> bool:
    """Tell whether all of a text so far may be the beginning of a repetition."""
    bare = _flat(text).lstrip(" \t\n")
    if not bare:
        return False
    if f"\n{bare}" in "\n" + _flat(context.before):
        return True
    starts = (match.start() for match in _WORD_START.finditer(context.head))
    return any(context.head.startswith(bare, start) for start in starts)


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
    line_head = before[before.rfind("\n", 0, len(before)) + 1 :]
    return size >= _CERTAIN or repeated.strip() == line_head.strip() or _is_word_part(repeated)


def _is_word_part(repeated: str) -> bool:
    return bool(re.fullmatch(r"\w+(?:\.\w+)*[(.\[]?", repeated))


def _end_blanks(head: str) -> str:
    return head[len(head.rstrip()) :]

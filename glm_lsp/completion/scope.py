"""How much is to be written at a cursor: the rest of a line, or a block; and where it ends.

Invariant: a completion never leaves the block it was asked in. Blocks are told by
indentation and by what opens and closes them, which works in every language.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING

from glm_lsp.completion.context import width
from glm_lsp.completion.lexer import WRITING

if TYPE_CHECKING:
    from glm_lsp.completion.context import Place

_OPENER = re.compile(r"(?:[:{(\[]|=>|->|\b(?:do|then|else|begin))\s*\Z")
_BRACELESS = frozenset({"lua", "ruby", "shellscript", "bash", "sh", "elixir", "julia"})
_WORD_OPENER = re.compile(r"^\s*(?:(?:local\s+)?function|def|class|module|while|for|if|unless)\b")
_CLOSER = re.compile(r"\s*(?:[)\]}]|(?:end|done|fi|esac)\b)")
_CLOSER_BEGUN = re.compile(r"\s*(?:e|en|end|d|do|don|done|f|fi|es|esa|esac)")
_COMMENT = re.compile(r"\s*(?:#(?!include|define|if|endif)|//|/\*|\*|--|;|%)")


class Extent(Enum):
    """What is asked for."""

    LINE = "line"
    BLOCK = "block"


def extent_at(place: Place) -> Extent:
    """Decide between the rest of the line and a block.

    A block is asked for after something that opens one, and on a blank line whose block is
    still empty, which a comment introduces, or below which nothing of its block follows.
    """
    if place.tail.strip():
        return Extent.LINE
    if place.head.strip():
        return Extent.BLOCK if opens(place.head, place.language) else Extent.LINE
    above = next((line for line in reversed(place.above) if line.strip()), "")
    below = next((line for line in place.below if line.strip()), "")
    if not above:
        return Extent.LINE
    if opens(above, place.language) or _COMMENT.match(above):
        return Extent.BLOCK
    if below and not _CLOSER.match(below) and width(below) >= max(width(place.head), 1):
        return Extent.LINE
    return Extent.BLOCK


def opens(line: str, language: str) -> bool:
    """Tell whether a line opens a block."""
    code = line.rstrip()
    if language in WRITING:
        return False
    if _OPENER.search(code):
        return True
    return language in _BRACELESS and bool(_WORD_OPENER.match(code))


def block_end(text: str, place: Place) -> int | None:
    r"""Find where `text`, inserted at `place`, leaves the block; None while it has not.

    The end is decided by the first character of the line after it, so that a stream can be
    cut there. A closing line (`}`, `end`) on the level of the block's opener belongs to it.
    """
    blank_head = not place.head.strip()
    here = width(place.head)
    inside = here if blank_head else here + 1
    lines = text.split("\n")
    if blank_head and not place.head:
        inside = width(lines[0])
    if not blank_head and lines[0].strip() and not opens(lines[0], place.language):
        # The block was not begun: what was opened goes on, and ends, in its own line.
        return len(lines[0]) if len(lines) > 1 else None
    position = len(lines[0]) + 1
    blank = False
    for number, line in enumerate(lines[1:], start=1):
        is_last = number == len(lines) - 1
        if not line.strip():
            blank = True
            position += len(line) + 1
            continue
        depth = width(line)
        if is_last and _CLOSER_BEGUN.fullmatch(line):
            return None  # The next characters tell whether it closes.
        closes = _CLOSER.match(line) is not None
        if depth < inside:
            if not blank_head and closes and depth >= here and not _stands_below(line, place):
                if opens(line, place.language):
                    position += len(line) + 1
                    continue  # `} else {`
                return None if is_last else position + len(line)
            return position - 1
        if blank and blank_head and depth == inside and not closes:
            return position - 1  # A new paragraph on the level of the first line.
        blank = False
        position += len(line) + 1
    return None


def _stands_below(line: str, place: Place) -> bool:
    below = next((line for line in place.below if line.strip()), "")
    return below.strip() == line.strip() and width(below) == width(line)

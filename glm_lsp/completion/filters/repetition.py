"""Stop a model that turns in circles."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glm_lsp.completion.types import Draft
    from glm_lsp.context.cursor import CursorContext

_LONGEST_BLOCK = 6
_TWICE = 2
_ALIKE, _ALIKE_LINES, _ALIKE_LENGTH = 0.9, 5, 20
_COMPARED = 160  # Characters of a line; comparing takes the square of them.
_LOOKED_AT = 2_000
_TELLING = re.compile(r"\w")
_SHORT, _SHORT_TIMES = 3, 5
_LONG, _LONG_TIMES = 10, 3


def apply(draft: Draft, context: CursorContext) -> Draft:
    """Keep the first of repeated lines and blocks; drop a line that repeats within itself."""
    lines = draft.text.split("\n")
    above = context.above[-1] if context.above and not context.head.strip() else ""
    if above.strip() and first_repeat([above, *lines]) == 1:
        return draft.nothing()
    around = [context.head, *context.above[-3:], *context.below[:3]]
    if loops(context.head + lines[0]) and not any(map(loops, around)):
        return draft.nothing()
    for index in range(1, len(lines)):
        if loops(lines[index]):
            lines = lines[:index]
            break
    size = first_repeat(lines)
    return draft.with_text("\n".join(lines if size is None else lines[:size]))


def first_repeat(lines: list[str]) -> int | None:
    """Return the number of lines up to the end of the first copy of what is repeated.

    One line has to come three times, a block of lines twice.
    """
    plain = [line.strip() for line in lines]
    for start in range(len(plain)):
        if not _TELLING.search(plain[start]):
            continue
        if plain[start : start + 3] == [plain[start]] * 3:
            return start + 1
        if _alike(plain[start : start + _ALIKE_LINES]):
            return start + 1
        for size in range(2, _LONGEST_BLOCK + 1):
            block = plain[start : start + size]
            if block == plain[start + size : start + _TWICE * size] and len("".join(block)) > _LONG:
                return start + size
    return None


def _alike(lines: list[str]) -> bool:
    """Tell whether enough long lines hardly differ from the one before."""
    return (
        len(lines) == _ALIKE_LINES
        and all(len(line) >= _ALIKE_LENGTH for line in lines)
        and all(
            one == other or SequenceMatcher(None, one, other, autojunk=False).ratio() >= _ALIKE
            for one, other in pairwise(line[:_COMPARED] for line in lines)
        )
    )


def loops(line: str) -> bool:
    """Tell whether a line ends in the same few characters again and again."""
    text = line.rstrip()[-_LOOKED_AT:]
    for size in range(_SHORT, len(text) // _LONG_TIMES + 1):
        times = _LONG_TIMES if size >= _LONG else _SHORT_TIMES
        unit = text[-size:]
        if text.endswith(unit, 0, -size) and unit != unit[0] * size and text.endswith(unit * times):
            return True
    return False

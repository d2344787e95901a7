"""The function around a line, told by its indentation, in any language."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glm_lsp.next_edits.patterns import TOKEN

if TYPE_CHECKING:
    from collections.abc import Sequence

_FUNCTION = re.compile(
    r"\b(?:def|fn|func|function|sub|lambda)\b|=>|\)\s*(?:->[^{]*|throws [\w, ]+|const\s*)?\{?\s*\Z"
)


def header(code: Sequence[str], line: int) -> int | None:
    """Return the line of the function around a line; None when it is in none."""
    column = depth(code[line])
    for at in range(line - 1, -1, -1):
        if code[at].strip() and depth(code[at]) < column:
            if _FUNCTION.search(code[at]):
                return at
            column = depth(code[at])
            if not column:
                return None
    return None


def block(code: Sequence[str], at: int) -> tuple[int, int]:
    """Return the lines of the block that a line opens, with that line."""
    column, end = depth(code[at]), at + 1
    while end < len(code) and _belongs(code[end], column):
        end += 1
    return at, end


def depth(line: str) -> int:
    """Return how far in a line stands, in characters."""
    return len(line) - len(line.lstrip())


def has(line: str, name: str) -> bool:
    """Tell whether a name stands in a line as a word of its own."""
    return name in line and any(token == name for token in TOKEN.findall(line))


def is_foreign(code: Sequence[str], line: int, name: str) -> bool:
    """Tell whether a name is a variable of other functions, and none of that around a line."""
    at = header(code, line)
    first, end = (0, len(code)) if at is None else block(code, at)
    if any(has(code[n], name) for n in range(first, end) if n != line):
        return False
    bound = re.compile(rf"\s+{re.escape(name)}\s*(?::[^=]*)?(?::=|=(?!=))")
    inside = [each for each in code if name in each and depth(each) and bound.match(each)]
    outside = (e for e in code if name in e and not depth(e) and not _FUNCTION.search(e))
    return bool(inside) and not any(has(each, name) for each in outside)


def _belongs(line: str, column: int) -> bool:
    return not line.strip() or depth(line) > column or line.lstrip()[:1] in ")]}"

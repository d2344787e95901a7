"""Imports among the lines of an answer.

Invariant: an import is taken whole, over all of its lines, or left where it is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glm_lsp.languages import language_named

if TYPE_CHECKING:
    from collections.abc import Sequence

_GROUPED = re.compile(r'\s*((?:[\w.]+ )?"[^"]+")')


def taken_apart(lines: Sequence[str], language: str) -> tuple[list[str], list[int]]:
    """Return the imports at the left edge, each on one line, and the indices of their lines."""
    known = language_named(language)
    if not known.import_line:
        return [], []
    found: list[str] = []
    taken: list[int] = []
    index = 0
    while index < len(lines):
        line = lines[index]
        if not re.match(known.import_line, line):
            index += 1
            continue
        end = _end(lines, index)
        taken += range(index, end + 1)
        whole = lines[index : end + 1]
        if known.import_group and "(" in line:
            found += [f"import {m.group(1)}" for m in map(_GROUPED.match, whole[1:]) if m]
        else:
            found.append(_joined(whole))
        index = end + 1
    return found, taken


def _end(lines: Sequence[str], start: int) -> int:
    """Return the last line of the import that starts on a line."""
    depth = 0
    for index in range(start, min(start + 60, len(lines))):
        line = lines[index]
        depth += sum(line.count(c) for c in "({[") - sum(line.count(c) for c in ")}]")
        if depth <= 0 and not line.rstrip().endswith("\\"):
            return index
    return start


def _joined(lines: Sequence[str]) -> str:
    text = " ".join(
        line.split("#")[0].strip() if len(lines) > 1 else line.strip() for line in lines
    )
    text = re.sub(r"([({]) ", lambda m: m.group(1) if m.group(1) == "(" else m.group(), text)
    return re.sub(r",? \)", ")", text)

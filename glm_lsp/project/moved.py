"""Definitions of a text that has changed within one function since it was read.

Invariant: what is said of them is what reading anew would say, but for what a function defines for
itself; where a change is of another kind, nothing is said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp.text import common_ends

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glm_lsp.project.definitions import Definition

_LONGEST = 60
"""Lines of a change."""


def moved(
    definitions: Sequence[Definition], before: Sequence[str], after: Sequence[str]
) -> list[Definition] | None:
    """Return the definitions of a text where they stand after a change; None: it is to be read.

    The change is of lines below a function's first one, all of them further to the right than it.
    """
    start, old, new = common_ends(before, after)
    around = max(
        (each for each in definitions if each.line < start), key=lambda d: d.line, default=None
    )
    if around is None or around.kind != "function" or max(old, new) - start > _LONGEST:
        return None
    if any(start <= each.line < old for each in definitions):
        return None
    margin = _indent(before[around.line])
    if any(_indent(line) <= margin for line in (*before[start:old], *after[start:new]) if line):
        return None
    found = []
    for each in definitions:
        line, last = each.line, each.last
        if line >= old:
            line, last = line + new - old, last + new - old
        elif line <= around.line <= last:
            last = max(last + new - old if last >= old else last, new - 1)
        found.append(each if last == each.last else each._replace(line=line, last=last))
    return found


def _indent(line: str) -> int:
    """Return how far a line stands to the right; one of blanks as far as any."""
    return len(line) - len(line.lstrip()) if line.strip() else 1_000

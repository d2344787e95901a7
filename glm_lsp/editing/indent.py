"""Brings the indentation of a reply back to that of the text it replaces.

Models drop the common indentation, lose that of the first line only, or write spaces where
the file has tabs. Invariants: a line's place relative to its neighbours is kept; a reply
indented like the original passes unchanged; blank lines stay blank.
"""

from __future__ import annotations

import re
from itertools import pairwise

_LEAD = re.compile(r"[ \t]*")
_OPENERS = (":", "{", "(", "[", "=>", "->", "then", "do")


class Reindenter:
    """Maps the lines of one reply, in order, to the indentation of the original.

    Args:
        original: the text that the reply replaces.
        before: what stands before it on its first line.
        unit: one level of the file's indentation; read from the original when empty.
    """

    def __init__(self, original: str, *, before: str = "", unit: str = "") -> None:
        lines = [line for line in (before + original).splitlines() if line.strip()]
        self._base = _lead(lines[0]) if lines else _lead(before)
        self._known: dict[str, set[str]] = {}
        for line in lines:
            self._known.setdefault(line.strip(), set()).add(_lead(line))
        self._tabs = unit == "\t" or (not unit and any(line[0] == "\t" for line in lines))
        self._unit = len(unit) if unit.strip("\t") else _unit([_width(_lead(x)) for x in lines])
        self._shift: int | None = None
        self._first: str | None = None
        self._their_unit = 0
        self._scale = 1.0

    def take(self, line: str) -> list[str]:
        """Take the next line, without its end; return the lines that are ready."""
        if not line.strip():
            return [] if self._shift is None else [""]
        if self._shift is not None:
            return [self._placed(line)]
        if self._first is not None:
            first, self._first = self._first, None
            alone = self._only_first_was_stripped(first, line)
            self._shift = 0 if alone else self._shift_of(first)
            return [
                self._base + first.lstrip() if alone else self._placed(first),
                self._placed(line),
            ]
        if not _lead(line) and _width(self._base):
            self._first = line
            return []
        self._shift = self._shift_of(line)
        return [self._placed(line)]

    def rest(self) -> list[str]:
        """Return the line that waits for the one after it, when there is none."""
        if self._first is None:
            return []
        first, self._first = self._first, None
        self._shift = self._shift_of(first)
        return [self._placed(first)]

    def _only_first_was_stripped(self, first: str, second: str) -> bool:
        """Tell whether the second line still has the indentation that the first one lost."""
        base, width = _width(self._base), _width(_lead(second))
        if width == 0:
            return False
        if self._known.get(second.strip()) == {_lead(second)}:
            return True
        unit = self._unit or 4
        opens = first.rstrip().endswith(_OPENERS)
        return width >= base + unit if opens else width == base

    def _shift_of(self, line: str) -> int:
        known = self._known.get(line.strip(), set())
        base = next(iter(known)) if len(known) == 1 else self._base
        return _width(base) - _width(_lead(line))

    def _placed(self, line: str) -> str:
        lead = _lead(line)
        code = line[len(lead) :]
        foreign = bool(lead) and self._tabs != ("\t" in lead)
        width = self._converted(lead) if foreign else _width(lead)
        width = max(0, int(width * self._scale) + (self._shift or 0))
        if not self._shift and width == _width(lead) and self._tabs == ("\t" in lead):
            return line  # Alignment within the indentation stays as it was written.
        return self._spelled(width) + code

    def _converted(self, lead: str) -> int:
        """Return the width of an indentation written in the other style."""
        if not self._tabs:
            return len(lead.expandtabs(self._unit or 4))
        if not self._their_unit:
            self._their_unit = len(lead) if len(lead) in (2, 3, 4, 8) else 4
        levels, rest = divmod(len(lead), self._their_unit)
        return levels * _TAB + rest

    def _spelled(self, width: int) -> str:
        if not self._tabs:
            return " " * width
        tabs, spaces = divmod(width, _TAB)
        return "\t" * tabs + " " * spaces


_TAB = 8


def _lead(line: str) -> str:
    found = _LEAD.match(line)
    return found.group() if found else ""


def _width(lead: str) -> int:
    return len(lead.expandtabs(_TAB))


def _unit(widths: list[int]) -> int:
    """Return the most frequent step inwards, 0 when no line is further in than another."""
    steps = [b - a for a, b in pairwise(widths) if b > a]
    return max(set(steps), key=steps.count) if steps else 0

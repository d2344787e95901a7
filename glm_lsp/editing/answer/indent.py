"""Brings the indentation of a reply back to that of the text it replaces.

Models drop the common indentation, lose that of the first line only, or write spaces where
the file has tabs. Invariants: a line's place relative to its neighbours is kept; a reply
indented like the original passes unchanged; blank lines stay blank.
"""

from __future__ import annotations

from glm_lsp.editing.answer.lines import lead_of, step
from glm_lsp.text import split_lines

_OPENERS = (":", "{", "(", "[", "=>", "->", "then", "do")
_TAB = 8  # Columns of a tab in a file that is indented with tabs: only ratios matter.


class Reindenter:
    """Maps the lines of one reply, in order, to the indentation of the original.

    Args:
        original: the text that the reply replaces.
        unit: one level of the file's indentation; read from the original when empty.
    """

    def __init__(self, original: str, unit: str = "") -> None:
        lines = [line for line in split_lines(original) if line.strip()]
        self._tabs = unit == "\t" or (not unit and any(line[0] == "\t" for line in lines))
        self._base = lead_of(lines[0]) if lines else ""
        self._lines = lines
        steps = _TAB if self._tabs else step(lines)
        self._unit = len(unit) if unit.strip("\t") else steps or 4
        self._their_base = self._their_unit = 0  # Spaces, in a reply to a file that has tabs.
        self._shift: int | None = None  # Columns to add; None until the first line.
        self._first: str | None = None  # It waits for the one after it, with blanks between.
        self._blank = 0

    def take(self, line: str) -> list[str]:
        """Take the next line, without its end; return the lines that are ready."""
        blank = not line or line.isspace()
        if self._shift is not None:
            as_it_is = not self._shift and not self._tabs and "\t" not in line
            return ["" if blank else line if as_it_is else self._placed(line)]
        if blank:
            self._blank += self._first is not None
            return []
        if self._first is not None:
            first, self._first = self._first, None
            alone = self._only_first_was_stripped(first, line)
            self._shift = 0 if alone else self._shift_of(first)
            head = self._base + first if alone else self._placed(first)
            return [head, *[""] * self._blank, self._placed(line)]
        if not lead_of(line) and self._base:
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
        if not lead_of(second):
            return False
        if self._leads(second) == {lead_of(second)}:
            return True
        base, width = _width(self._base), self._columns(lead_of(second))
        opens = first.rstrip().endswith(_OPENERS)
        return width >= base + self._unit if opens else width == base

    def _leads(self, line: str) -> set[str]:
        """Return the indentations with which a line stands in the original."""
        code = line.strip()
        return {lead_of(known) for known in self._lines if known.strip() == code}

    def _shift_of(self, line: str) -> int:
        known = self._leads(line)
        base = next(iter(known)) if len(known) == 1 else self._base
        self._their_base = len(lead_of(line))
        return _width(base) - self._columns(lead_of(line))

    def _placed(self, line: str) -> str:
        lead = lead_of(line)
        if not self._shift and self._tabs == ("\t" in lead):
            return line  # Alignment within the indentation stays as it was written.
        if self._tabs and not self._their_unit and len(lead) > self._their_base:
            self._their_unit = self._spaces_per_level(line)
        columns = max(0, self._columns(lead) + (self._shift or 0))
        return self._spelled(columns) + line[len(lead) :]

    def _columns(self, lead: str) -> int:
        """Return how many of the file's columns an indentation is, in whichever style."""
        if not self._tabs:
            return len(lead.expandtabs(self._unit))
        if "\t" in lead:
            return _width(lead)
        full, rest = divmod(len(lead) - self._their_base, self._their_unit or 4)
        return full * _TAB + rest

    def _spaces_per_level(self, line: str) -> int:
        """Return what the first line that is further in than the one at the base tells."""
        spaces = len(lead_of(line)) - self._their_base
        for lead in self._leads(line):
            levels = (_width(lead) - _width(self._base)) // _TAB
            if levels > 0 and spaces % levels == 0:
                return spaces // levels
        return min(spaces, 4)

    def _spelled(self, columns: int) -> str:
        if not self._tabs:
            return " " * columns
        tabs, spaces = divmod(columns, _TAB)
        return "\t" * tabs + " " * spaces


def _width(lead: str) -> int:
    return len(lead.expandtabs(_TAB))


class Writer:
    """Writes one replacement, line by line."""

    def __init__(self, original: str, newline: str, unit: str = "") -> None:
        core = original.rstrip()
        self._newline = newline
        self._indent = Reindenter(original, unit)
        before = original[: len(original) - len(original.lstrip())] if core else ""
        self._before = before.rstrip(" \t")
        ended = not original or any(end in original[len(core) :] for end in "\r\n")
        self._behind, self._between = (newline, "") if ended else ("", newline)

    def write(self, line: str) -> str:
        """Take the next line, without its end; return what is certain now."""
        text = ""
        for ready in self._indent.take(line):
            if ready:
                text += self._before + ready + self._behind
                self._before = self._between
            else:
                self._before += self._newline
        return text

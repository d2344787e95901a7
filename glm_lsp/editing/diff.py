"""The growing replacement against the original: line edits as soon as they are certain.

Invariants: the edits come in the order of the original, none overlap, and all of them together
turn the original into the replacement. A line that a full diff would keep is not rewritten:
where the replacement leaves out lines of the original, nothing is settled until enough of what
follows has matched that the lines left out are not expected any more. What has no counterpart
in the original is certain at once.

The cost is linear in what arrives: lines are aligned by a bit-parallel table, and only lines
without a partner are compared word by word.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glm_lsp.editing.lcs import ArrivingLcs
from glm_lsp.editing.lines import LineEdit, unified
from glm_lsp.editing.partners import alike, alike_to_any, refine

if TYPE_CHECKING:
    from collections.abc import Sequence

# Over 3,260 functions that changed between releases, these rewrite no line that a full diff
# keeps; half of `_ENOUGH` rewrites 15 of 45,442, and lets the user wait 1 line less of 6.
_LOOK_AHEAD = 12
_ENOUGH = 12
_PATIENCE = 2

_LETTER = re.compile(r"[^\W_]")
_SIX_LETTERS = re.compile(r"(?:[^\W_][\W_]*){6}")


class StreamingDiff:
    """Compares lines with a replacement of theirs that arrives in pieces.

    `first` is the number of the first line in its document, which the edits speak of.
    """

    def __init__(self, original: Sequence[str], first: int = 0) -> None:
        self._old = original
        self._first = first
        self._lcs = ArrivingLcs(original)
        self._settled = 0  # Lines of the original that are dealt with.
        self._waiting: list[str] = []  # Lines of the replacement that are not.
        self._run = 0.0  # How much matched since lines of the original were last skipped.
        self._partial = ""
        self._edits: list[LineEdit] = []  # Certain, and not returned yet.

    def feed(self, text: str) -> list[LineEdit]:
        """Take more of the replacement; return the edits that are certain now."""
        text, held = self._partial + text, ""
        if "\r" in text:
            held = "\r" if text.endswith("\r") else ""  # It may be half of a line end.
            text = unified(text.removesuffix(held))
        *lines, rest = text.split("\n")
        self._partial = rest + held
        for line in lines:
            if not self._skip(line):
                self._take(line)
        return self._certain_edits()

    def finish(self) -> list[LineEdit]:
        """Return all edits that were not certain yet; the replacement ends here."""
        for line in unified(self._partial).split("\n"):
            if not self._skip(line):
                self._take(line)
        self._gaps(self._lcs.pairs() if self._waiting else [])
        self._gap(len(self._old), len(self._waiting))
        return self._certain_edits()

    def _certain_edits(self) -> list[LineEdit]:
        if not self._edits:  # Most often.
            return []
        edits, self._edits = self._edits, []
        return edits

    def _skip(self, line: str) -> bool:
        """Pass over a line that stays as it is; tell whether it does."""
        at = self._settled
        stays = not self._waiting and at < len(self._old) and self._old[at] == line
        self._settled += stays
        return stays

    def _take(self, line: str) -> None:
        self._push(line)
        if self._certain():
            self._gaps(self._lcs.pairs())
            self._realign()
        self._news()

    def _realign(self) -> None:
        """Start the alignment anew with the lines that still wait."""
        waiting, self._waiting = self._waiting, []
        for line in waiting:
            self._push(line)

    def _push(self, line: str) -> None:
        if not self._waiting:
            self._lcs.restart(self._settled)
            self._run = 0.0
        length, reach = self._lcs.length, self._lcs.reach
        self._lcs.push(line)
        self._waiting.append(line)
        if self._lcs.reach == reach + 1 and self._lcs.length == length + 1:
            self._run += self._weight(line)
        elif self._lcs.reach != reach:
            self._run = self._weight(line)

    def _certain(self) -> bool:
        """Tell whether the alignment so far can be relied upon."""
        skipped = self._lcs.reach - self._lcs.length
        if self._lcs.length == 0:
            return False
        return skipped == 0 or self._run >= min(skipped, _ENOUGH)

    def _gaps(self, pairs: list[tuple[int, int]]) -> None:
        """Compare what lies between matching lines, and settle both up to the last one."""
        base, done = self._settled, 0
        for i, j in pairs:
            self._gap(base + i, j - done)
            self._settled = base + i + 1
            self._waiting.pop(0)
            done = j + 1

    def _gap(self, old_end: int, count: int) -> None:
        """Turn old lines up to `old_end` into the next `count` lines."""
        first, self._settled = self._settled, old_end
        new, self._waiting = self._waiting[:count], self._waiting[count:]
        self._edits += refine(self._first + first, self._old[first:old_end], new)

    def _news(self) -> None:
        """Take what is certain of the waiting lines although nothing after them matched yet."""
        while self._waiting:
            if self._is_new(self._waiting[0]):
                self._lcs.drop_first()
                at = self._first + self._settled
                self._edits.append(LineEdit(at, at, (self._waiting.pop(0),)))
            elif self._has_replaced_last():
                self._gap(len(self._old), 1)
                self._realign()
            else:
                return

    def _is_new(self, line: str) -> bool:
        """Tell whether a line resembles nothing in the original."""
        if self._lcs.occurs(line):
            return False
        ahead = self._old[self._settled : self._settled + _LOOK_AHEAD]
        return not alike_to_any(line, ahead)

    def _has_replaced_last(self) -> bool:
        """Tell whether the first waiting line stands for the last one of the original.

        It resembles that line, and the lines since do not bring it unchanged.
        """
        if len(self._waiting) <= _PATIENCE or self._settled != len(self._old) - 1:
            return False
        old = self._old[-1]
        return old not in self._waiting and alike(old, self._waiting[0]) > 0

    def _weight(self, line: str) -> float:
        """Return how much a matching line proves.

        That is hardly anything for a lone brace, and little for one line of many.
        """
        if not _LETTER.search(line):
            return 0.0
        return (1.0 if _SIX_LETTERS.search(line) else 0.5) / self._lcs.count(line)

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
        self._ended = [line + "\n" for line in original]
        self._first = first
        self._lcs = ArrivingLcs(original)
        self._settled = 0  # Lines of the original that are dealt with.
        self._waiting: list[str] = []  # Lines of the replacement that are not.
        self._run = 0.0  # How much matched since lines of the original were last skipped.
        self._partial = ""
        self._edits: list[LineEdit] = []  # Certain, and not returned yet.

    def feed(self, text: str) -> list[LineEdit]:
        """Take more of the replacement; return the edits that are certain now."""
        at = self._settled
        if [text] == self._ended[at : at + 1] and not self._waiting and not self._partial:
            self._settled += 1  # Most often it is a line that stays as it is.
            return []
        text, held = self._partial + text, ""
        if "\r" in text:
            whole = text.rstrip("\r")  # The other half of a line end may come.
            text, held = unified(whole), text[len(whole) :]
        *lines, rest = text.split("\n")
        self._partial = rest + held
        for line in lines:
            self._take(line)
        edits, self._edits = self._edits, []
        return edits

    def finish(self) -> list[LineEdit]:
        """Return all edits that were not certain yet; the replacement ends here."""
        self._partial = unified(self._partial)
        edits = self.feed("\n")
        pairs = self._lcs.pairs() if self._waiting else []
        self._settle([*pairs, (len(self._old) - self._settled, len(self._waiting))])
        return edits + self._edits

    def _take(self, line: str) -> None:
        at = self._settled
        if not self._waiting and self._old[at : at + 1] == [line]:
            self._settled += 1  # It stays as it is.
            return
        self._push(line)
        skipped = self._lcs.reach - self._lcs.length
        if self._lcs.length and self._run >= min(skipped, _ENOUGH):  # It can be relied upon.
            self._settle(self._lcs.pairs())
        self._news()

    def _push(self, line: str) -> None:
        """Align one more line that waits."""
        if not self._waiting:
            self._lcs.restart(self._settled)
            self._run = 0.0
        length, reach = self._lcs.length, self._lcs.reach
        self._lcs.push(line)
        self._waiting.append(line)
        if self._lcs.reach != reach:
            goes_on = self._lcs.reach == reach + 1 and self._lcs.length == length + 1
            self._run = self._run * goes_on + self._weight(line)

    def _settle(self, pairs: list[tuple[int, int]]) -> None:
        """Compare what lies between matching lines, and be done with both up to the last one."""
        base, waiting, done = self._settled, self._waiting, 0
        for i, j in pairs:
            self._replace(base + i, waiting[done:j])
            self._settled, done = base + i + 1, j + 1
        self._align(waiting[done:])

    def _replace(self, old_end: int, new: list[str]) -> None:
        """Turn old lines up to `old_end` into others."""
        first, self._settled = self._settled, old_end
        self._edits += refine(self._first + first, self._old[first:old_end], new)

    def _align(self, lines: list[str]) -> None:
        """Start the alignment anew with the lines that still wait."""
        self._waiting = []
        for line in lines:
            self._push(line)

    def _news(self) -> None:
        """Take what is certain of the waiting lines although nothing after them matched yet."""
        while self._waiting:
            if self._is_new(self._waiting[0]):
                self._lcs.drop_first()
                at = self._first + self._settled
                self._edits.append(LineEdit(at, at, (self._waiting.pop(0),)))
            elif self._has_replaced_last():
                self._replace(len(self._old), self._waiting[:1])
                self._align(self._waiting[1:])
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

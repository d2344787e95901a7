"""The growing replacement against the original: hunks as soon as they are certain.

Invariants: the hunks come in the order of the original, none overlap, and all of them
together turn the original into the replacement. A line that a full diff would keep is not
rewritten: where the replacement leaves out lines of the original, nothing is settled until
enough of what follows has matched that the lines left out are not expected any more. What
has no counterpart in the original is certain at once.

The cost is linear in what arrives: lines are aligned by a bit-parallel table, and only lines
without a partner are compared token by token.
"""

from __future__ import annotations

import re
from itertools import accumulate
from typing import TYPE_CHECKING

from glm_lsp.editing.lcs import ArrivingLcs, common_pairs
from glm_lsp.editing.tokens import Hunk, alike, refine
from glm_lsp.text import Span, split_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Hunk", "StreamingDiff", "apply_hunks", "diff"]

# Over 3,260 functions that changed between releases, these rewrite no line that a full diff
# keeps; half of `_ENOUGH` rewrites 15 of 45,442, and lets the user wait 1 line less of 6.
_LOOK_AHEAD = 12
_ENOUGH = 12
_PATIENCE = 2

_LETTER = re.compile(r"[^\W_]")
_SIX_LETTERS = re.compile(r"(?:[^\W_][\W_]*){6}")


def diff(original: str, replacement: str) -> list[Hunk]:
    """Return the hunks between two finished texts; as many lines as possible stay untouched."""
    old, new = _lines(original), _lines(replacement)
    hunks: list[Hunk] = []
    start = done_old = done_new = 0
    keys = common_pairs([_key(line) for line in old], [_key(line) for line in new])
    for i, j in [*keys, (len(old), len(new))]:
        if i > done_old or j > done_new:
            hunks.extend(refine(start, old[done_old:i], new[done_new:j]))
        start += sum(map(len, old[done_old : i + 1]))
        if i < len(old):
            hunks.extend(_line_end(start, old[i], new[j]))
        done_old, done_new = i + 1, j + 1
    return hunks


def apply_hunks(original: str, hunks: list[Hunk]) -> str:
    """Return the original after its hunks."""
    parts, done = [], 0
    for hunk in hunks:
        parts += [original[done : hunk.span.start], hunk.text]
        done = hunk.span.end
    return "".join(parts) + original[done:]


class StreamingDiff:
    """Compares an original with a replacement that arrives in pieces."""

    def __init__(self, original: str) -> None:
        self._old = _lines(original)
        self._starts = [0, *accumulate(map(len, self._old))]
        self._keys = [_key(line) for line in self._old]
        self._lcs = ArrivingLcs(self._keys)
        self._settled = 0  # Lines of the original that are dealt with.
        self._waiting: list[str] = []  # Lines of the replacement that are not.
        self._run = 0.0  # How much matched since lines of the original were last skipped.
        self._partial = ""

    def feed(self, text: str) -> list[Hunk]:
        """Take more of the replacement; return the hunks that are certain now."""
        hunks: list[Hunk] = []
        if text and not self._partial and text.find("\n") == len(text) - 1 and "\r" not in text:
            # By far the most frequent piece: one line.
            return hunks if self._skip(text) else list(self._take(text))
        self._partial += text
        if "\n" not in text and "\r" not in self._partial:
            return hunks
        *lines, self._partial = split_lines(self._partial)
        if not self._partial and lines and lines[-1].endswith("\r"):
            self._partial = lines.pop()  # The next piece may start with its "\n".
        for line in lines:
            if not self._skip(line):
                hunks += self._take(line)
        return hunks

    def finish(self, text: str = "") -> list[Hunk]:
        """Take the last piece of the replacement; return all hunks that were not certain yet."""
        hunks = self.feed(text)
        for line in _lines(self._partial):
            hunks += self._take(line)
        self._partial = ""
        hunks += self._gaps(self._lcs.pairs() if self._waiting else [])
        hunks += self._gap(len(self._old), len(self._waiting))
        return hunks

    def _skip(self, line: str) -> bool:
        """Pass over a line that stays as it is; tell whether it does."""
        settled = self._settled
        if self._waiting or settled == len(self._old) or self._old[settled] != line:
            return False
        self._settled = settled + 1
        return True

    def _take(self, line: str) -> Iterator[Hunk]:
        if not self._waiting and self._next_is(line):
            self._settled += 1
            yield from _line_end(self._starts[self._settled], self._old[self._settled - 1], line)
            return
        self._push(line)
        if self._certain():
            yield from self._gaps(self._lcs.pairs())
            self._realign()
        yield from self._news()

    def _realign(self) -> None:
        """Start the alignment anew with the lines that still wait."""
        waiting, self._waiting = self._waiting, []
        for line in waiting:
            self._push(line)

    def _next_is(self, line: str) -> bool:
        return self._settled < len(self._old) and self._keys[self._settled] == _key(line)

    def _push(self, line: str) -> None:
        if not self._waiting:
            self._lcs.restart(self._settled)
            self._run = 0.0
        length, reach = self._lcs.length, self._lcs.reach
        self._lcs.push(_key(line))
        self._waiting.append(line)
        if self._lcs.reach == reach + 1 and self._lcs.length == length + 1:
            self._run += _weight(line)
        elif self._lcs.reach != reach:
            self._run = _weight(line)

    def _certain(self) -> bool:
        """Tell whether the alignment so far can be relied upon."""
        skipped = self._lcs.reach - self._lcs.length
        if self._lcs.length == 0:
            return False
        return skipped == 0 or self._run >= min(skipped, _ENOUGH)

    def _gaps(self, pairs: list[tuple[int, int]]) -> Iterator[Hunk]:
        """Yield what lies between matching lines, and settle both sides up to the last one."""
        base, done = self._settled, 0
        for i, j in pairs:
            yield from self._gap(base + i, j - done)
            self._settled = base + i + 1
            line = self._waiting.pop(0)
            yield from _line_end(self._starts[self._settled], self._old[base + i], line)
            done = j + 1

    def _gap(self, old_end: int, count: int) -> Iterator[Hunk]:
        """Yield the hunks that turn old lines up to `old_end` into the next `count` lines."""
        old, new = self._old[self._settled : old_end], self._waiting[:count]
        start = self._starts[self._settled]
        self._settled = old_end
        del self._waiting[:count]
        if old or new:
            yield from refine(start, old, new)

    def _news(self) -> Iterator[Hunk]:
        """Yield what is certain of the waiting lines although nothing after them matched yet."""
        while self._waiting:
            if self._is_new(self._waiting[0]):
                offset = self._starts[self._settled]
                self._lcs.drop_first()
                yield Hunk(Span(offset, offset), self._waiting.pop(0))
            elif self._has_replaced_last():
                yield from self._gap(len(self._old), 1)
                self._realign()
            else:
                return

    def _is_new(self, line: str) -> bool:
        """Tell whether a line resembles nothing in the original."""
        if self._lcs.occurs(_key(line)):
            return False
        ahead = self._old[self._settled : self._settled + _LOOK_AHEAD]
        return not any(alike(old, line) for old in ahead)

    def _has_replaced_last(self) -> bool:
        """Tell whether the first waiting line stands for the last one of the original.

        It resembles that line, and the lines since do not bring it unchanged.
        """
        if len(self._waiting) <= _PATIENCE or self._settled != len(self._old) - 1:
            return False
        old = self._old[-1]
        again = self._keys[-1] in map(_key, self._waiting)
        return not again and alike(old, self._waiting[0]) > 0


def _lines(text: str) -> list[str]:
    lines = split_lines(text)
    if not lines[-1]:
        lines.pop()
    return lines


def _key(line: str) -> str:
    """Return what makes two lines the same: the last line of a text may lack its end."""
    return line.rstrip("\r\n")


def _line_end(end: int, old: str, new: str) -> Iterator[Hunk]:
    """Yield the hunk for the line ends of two lines, the old one of which ends at `end`."""
    if old != new:
        was, is_now = old[len(_key(old)) :], new[len(_key(new)) :]
        yield Hunk(Span(end - len(was), end), is_now)


def _weight(line: str) -> float:
    """Return how much a matching line proves: a lone brace or a blank line hardly anything."""
    if _SIX_LETTERS.search(line):
        return 1.0
    return 0.5 if _LETTER.search(line) else 0.0

"""The longest common subsequence of a fixed sequence and one that is still arriving.

Invariant: after each `push`, `length` and `reach` are exact. One row of the usual table is
one integer (bit i is 0 where the count grows at item i), so a push costs a few machine
instructions per 64 items: linear in practice. The recurrence is Hyyrö's (2004).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp.editing.lines import common_length

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence


class ArrivingLcs:
    """Aligns `items[base:]` with the items pushed since the last `restart`.

    Attributes:
        base: where in the fixed sequence the alignment starts.
        length: how many items match, at most.
        reach: how far into `items[base:]` the shortest stretch goes that allows `length`.
    """

    def __init__(self, items: Sequence[Hashable]) -> None:
        self._count = len(items)
        self._where: dict[Hashable, int] = {}
        for index, item in enumerate(items):
            self._where[item] = self._where.get(item, 0) | (1 << index)
        self.restart(0)

    def restart(self, base: int) -> None:
        """Forget what was pushed and start at `base`."""
        self.base = base
        self._full = (1 << (self._count - base)) - 1
        self._rows = [self._full]
        self.length = 0
        self.reach = 0

    def occurs(self, item: Hashable) -> bool:
        """Tell whether an item occurs in `items[base:]`."""
        return self._where.get(item, 0).bit_length() > self.base

    def count(self, item: Hashable) -> int:
        """Return how often an item occurs in all of the fixed sequence."""
        return self._where.get(item, 0).bit_count()

    def push(self, item: Hashable) -> None:
        """Take the next item of the arriving sequence."""
        row = self._rows[-1]
        both = row & self._where.get(item, 0) >> self.base
        if both:
            row = ((row + both) | (row - both)) & self._full
            grown = self._full ^ row
            self.length = grown.bit_count()
            self.reach = grown.bit_length()
        self._rows.append(row)

    def drop_first(self) -> None:
        """Forget the first item pushed, which must not occur in `items[base:]`."""
        del self._rows[1]

    def pairs(self) -> list[tuple[int, int]]:
        """Return one longest alignment: (index from `base`, index of the push), ascending."""
        rows = self._rows
        old, new = self.reach, len(rows) - 1
        found: list[tuple[int, int]] = []
        while old and new:
            if rows[new] >> (old - 1) & 1:
                old -= 1
            elif rows[new - 1] >> (old - 1) & 1:
                old, new = old - 1, new - 1
                found.append((old, new))
            else:
                new -= 1
        found.reverse()
        return found


def common_pairs(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[tuple[int, int]]:
    """Return one longest alignment of two sequences as ascending pairs of indices."""
    start = common_length(old, new)
    tail = common_length(old[start:][::-1], new[start:][::-1])
    old_end, new_end = len(old) - tail, len(new) - tail
    middle = ArrivingLcs(old[start:old_end])
    for item in new[start:new_end]:
        middle.push(item)
    pairs = [(index, index) for index in range(start)]
    pairs += [(i + start, j + start) for i, j in middle.pairs()]
    pairs += zip(range(old_end, len(old)), range(new_end, len(new)), strict=True)
    return pairs

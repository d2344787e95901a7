"""Small decision trees that say, for many names at once, how likely each is to be used.

Invariant: the trees are data (`trees.json`, written by `tests/bench/context/fit_trees.py`). A set
of names is an integer with a lane of sixteen bits for each, so that a step of a tree costs a few
operations however many names there are; what all trees say of one name fits its lane.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from functools import lru_cache
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Node = Any
"""What a leaf adds, an integer; or a condition's number, the tree where it does not hold, and the
tree where it does."""

_LANE = 2
"""Bytes."""
_MOST_THRESHOLDS = 32
_MORE_THAN = [bytes(number > least for number in range(256)) for least in range(_MOST_THRESHOLDS)]
"""Tables that tell, of bytes, which are greater than 0, than 1 and so on."""
MOST = 0xFFFF
"""What all trees may say of a name together."""


class Trees:
    """Trees whose leaves add up.

    Attributes:
        unit: what one of the leaves' steps is worth, as a logarithm.
        families: the languages whose names they order better than a sum of weights does.
    """

    def __init__(
        self,
        conditions: Mapping[str, Sequence[float]],
        trees: Sequence[Node],
        unit: float,
        families: Sequence[str] = (),
    ) -> None:
        """`conditions` are thresholds by sign: whether a name's value is greater than each.

        They are numbered in their order, each sign's ascending; where a name lacks a sign its value
        is 0.
        """
        self._conditions = conditions
        self._trees = trees
        self.unit = unit
        self.families = frozenset(families)

    def worth(
        self, names: Sequence[str], signs: Mapping[str, Mapping[str, float]]
    ) -> dict[str, float]:
        """Return what the trees say of each name."""
        lane = {name: at for at, name in enumerate(names)}
        holds = list(self._holding(lane, signs))
        every = int.from_bytes(b"\x01\x00" * len(lane), "little")
        total = 0
        waiting: list[tuple[int, Node]] = [(every, tree) for tree in self._trees]
        while waiting:
            some, node = waiting.pop()
            if node.__class__ is int:
                total += some * node
            elif some:
                number, below, above = node
                greater = some & holds[number]
                waiting.append((some ^ greater, below))
                waiting.append((greater, above))
        unit = self.unit
        sums = memoryview(total.to_bytes(_LANE * len(lane), "little"))
        return {
            name: unit * (sums[at] + (sums[at + 1] << 8))
            for name, at in zip(lane, range(0, len(sums), _LANE), strict=True)
        }

    def _holding(
        self, lane: Mapping[str, int], signs: Mapping[str, Mapping[str, float]]
    ) -> Iterator[int]:
        """Yield the names for which each condition holds."""
        nothing: dict[str, float] = {}
        for sign, thresholds in self._conditions.items():
            given = signs.get(sign, nothing)
            absent = bisect_left(thresholds, 0.0)
            above = bytearray(bytes((absent, 0)) * len(lane))  # How many thresholds are exceeded.
            if len(given) > len(lane) // 2:
                values = map(given.get, lane, repeat(0.0))
                above[::_LANE] = bytes(map(bisect_left, repeat(thresholds), values))
            else:
                for name in given.keys() & lane.keys():
                    above[_LANE * lane[name]] = bisect_left(thresholds, given[name])
            for table in _MORE_THAN[: len(thresholds)]:
                yield int.from_bytes(above.translate(table), "little")


@lru_cache(maxsize=1)
def fitted() -> Trees:
    """Return the trees that were fitted on packages."""
    given = json.loads(Path(__file__).with_name("trees.json").read_text("utf-8"))
    return Trees(given["conditions"], given["trees"], given["unit"], given["families"])

"""Inside a block of changed lines: which line became which.

Invariant: applying the edits of `refine` to the old lines gives the new lines. A line becomes
another only when the two have most of their characters in common; otherwise the old one goes
and the new one comes.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from glm_lsp.editing.lines import LineEdit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_WORD = re.compile(r"\w+|\S")
_SIMILAR = 0.5
_WHOLE_TABLE = 1024
_WINDOW = 12


def refine(first: int, old: Sequence[str], new: Sequence[str]) -> Iterator[LineEdit]:
    """Yield the edits that turn lines `old`, the first of them line `first`, into `new`."""
    done_old = done_new = 0
    for i, j in [*_partners(old, new), (len(old), len(new))]:
        if i > done_old or j > done_new:
            yield LineEdit(first + done_old, first + i, tuple(new[done_new:j]))
        if i < len(old) and old[i] != new[j]:
            yield LineEdit(first + i, first + i + 1, (new[j],))
        done_old, done_new = i + 1, j + 1


def alike(old: str, new: str) -> int:
    """Return how many characters two lines share, 0 when they are not alike enough."""
    ours, ours_size = _words(old)
    theirs, theirs_size = _words(new)
    shared = sum(map(len, ours & theirs))
    return shared if 2 * shared >= _SIMILAR * (ours_size + theirs_size) else 0


def alike_to_any(line: str, others: Iterable[str]) -> bool:
    """Tell whether one of some lines is alike to a line."""
    ours, ours_size = _words(line)
    for theirs, theirs_size in map(_words, others):
        shared = sum(map(len, ours & theirs))
        if shared and 2 * shared >= _SIMILAR * (ours_size + theirs_size):
            return True
    return False


@lru_cache(maxsize=4096)
def _words(line: str) -> tuple[frozenset[str], int]:
    words = frozenset(_WORD.findall(line))
    return words, sum(map(len, words))


def _partners(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Return which old line became which new line, ascending in both."""
    if not old or not new:
        return []
    if len(old) == len(new) == 1:
        return [(0, 0)] if alike(old[0], new[0]) else []
    if len(old) * len(new) > _WHOLE_TABLE:
        return _near_partners(old, new)
    return _best_partners(old, new)


def _best_partners(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Pair lines so that they share the most characters in total."""
    best = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    gain = [[alike(a, b) for b in new] for a in old]
    for i in range(len(old) - 1, -1, -1):
        for j in range(len(new) - 1, -1, -1):
            keep = gain[i][j] + best[i + 1][j + 1] if gain[i][j] else 0
            best[i][j] = max(keep, best[i + 1][j], best[i][j + 1])
    pairs: list[tuple[int, int]] = []
    i = j = 0
    while i < len(old) and j < len(new):
        if gain[i][j] and best[i][j] == gain[i][j] + best[i + 1][j + 1]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return pairs


def _near_partners(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Pair each new line with the most similar of the next few old ones: linear."""
    pairs: list[tuple[int, int]] = []
    first = 0
    for j, line in enumerate(new):
        window = range(first, min(first + _WINDOW, len(old)))
        shared, _, i = max(((alike(old[i], line), -i, i) for i in window), default=(0, 0, 0))
        if shared:
            pairs.append((i, j))
            first = i + 1
    return pairs

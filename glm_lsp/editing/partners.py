"""Inside a block of changed lines: which line became which.

Invariant: applying the edits of `refine` to the old lines gives the new lines. A line becomes
another only when the two have most of their characters in common; otherwise the old one goes
and the new one comes.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import repeat
from operator import itemgetter
from typing import TYPE_CHECKING

from glm_lsp.editing.lines import LineEdit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    _Words = tuple[frozenset[str], int]  # With their characters.

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
    return _shared(_words(old), _words(new))


def alike_to_any(line: str, others: Sequence[str]) -> bool:
    """Tell whether one of some lines is alike to a line."""
    return any(map(_shared, repeat(_words(line)), map(_words, others)))


def _shared(ours: _Words, theirs: _Words) -> int:
    shared = sum(map(len, ours[0] & theirs[0]))
    return shared if 2 * shared >= _SIMILAR * (ours[1] + theirs[1]) else 0


@lru_cache(maxsize=4096)
def _words(line: str) -> _Words:
    words = frozenset(_WORD.findall(line))
    return words, sum(map(len, words))


def _partners(old: Sequence[str], new: Sequence[str]) -> Sequence[tuple[int, int]]:
    """Return which old line became which new line, ascending in both.

    One line in place of one is the same edit, whether they are partners or not.
    """
    size = len(old) * len(new)
    if size <= 1:
        return ()
    return _best_partners(old, new) if size <= _WHOLE_TABLE else _near_partners(old, new)


def _best_partners(old: Sequence[str], new: Sequence[str]) -> Sequence[tuple[int, int]]:
    """Pair lines so that they share the most characters in total."""
    nothing: tuple[int, tuple[tuple[int, int], ...]] = (0, ())  # Characters shared, and pairs.
    row = [nothing] * (len(new) + 1)  # The best for the old lines seen, and new ones from each on.
    for i in reversed(range(len(old))):
        below, row = row, [nothing] * (len(new) + 1)
        for j in reversed(range(len(new))):
            shared, (total, pairs) = alike(old[i], new[j]), below[j + 1]
            paired = (shared + total if shared else -1, ((i, j), *pairs))
            row[j] = max(paired, below[j], row[j + 1], key=itemgetter(0))
    return row[0][1]


def _near_partners(old: Sequence[str], new: Sequence[str]) -> Sequence[tuple[int, int]]:
    """Pair each new line with the most similar of the next few old ones: linear."""
    pairs: list[tuple[int, int]] = []
    first = 0
    for j, line in enumerate(new):
        shares = [alike(other, line) for other in old[first : first + _WINDOW]]
        if any(shares):
            first += shares.index(max(shares)) + 1
            pairs.append((first - 1, j))
    return pairs

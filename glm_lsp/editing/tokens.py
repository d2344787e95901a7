"""Differences inside a block of changed lines: which line became which, token by token.

Invariant: applying the hunks of `refine` to the old lines gives the new lines. Two lines
are only compared token by token when they have most of their characters in common;
otherwise the old one goes and the new one comes.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from attrs import field, frozen

from glm_lsp.editing.lcs import common_pairs
from glm_lsp.text import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    _Block = tuple[int, int, int, int]  # Of the old tokens: start, end; of the new: start, end.

_TOKEN = re.compile(r"\w+|[ \t]+|\r\n|.", re.DOTALL)
_SIMILAR = 0.5
_WHOLE_TABLE = 1024
_WINDOW = 12


@frozen
class Hunk:
    """One change: `span` of the original, in code points, becomes `text`."""

    span: Span
    text: str = field(repr=False)

    @property
    def size(self) -> int:
        """The characters it removes and writes."""
        return len(self.span) + len(self.text)


def refine(start: int, old: Sequence[str], new: Sequence[str]) -> Iterator[Hunk]:
    """Yield the hunks that turn lines `old`, the first of them at offset `start`, into `new`."""
    done_old = done_new = 0
    for i, j in [*_partners(old, new), (len(old), len(new))]:
        removed = sum(map(len, old[done_old:i]))
        text = "".join(new[done_new:j])
        if removed or text:
            yield Hunk(Span(start, start + removed), text)
        start += removed
        if i < len(old):
            yield from _within_line(start, old[i], new[j])
            start += len(old[i])
        done_old, done_new = i + 1, j + 1


def alike(old: str, new: str) -> int:
    """Return how many characters two lines share, 0 when they are not alike enough."""
    ours, ours_size = _words(old)
    theirs, theirs_size = _words(new)
    if not ours_size or not theirs_size:
        return 0
    shared = sum(map(len, ours & theirs))
    return shared if 2 * shared >= _SIMILAR * (ours_size + theirs_size) else 0


@lru_cache(maxsize=4096)
def _words(line: str) -> tuple[frozenset[str], int]:
    words = frozenset(token for token in _TOKEN.findall(line) if not token.isspace())
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


def _within_line(start: int, old: str, new: str) -> Iterator[Hunk]:
    """Yield the hunks between two similar lines, the old one at offset `start`."""
    ours, theirs = _TOKEN.findall(old), _TOKEN.findall(new)
    position, done = start, 0
    for i, i_end, j, j_end in _joined(_differing(ours, theirs), ours):
        position += sum(map(len, ours[done:i]))
        removed = sum(map(len, ours[i:i_end]))
        yield Hunk(Span(position, position + removed), "".join(theirs[j:j_end]))
        position, done = position + removed, i_end


def _differing(ours: list[str], theirs: list[str]) -> Iterator[_Block]:
    """Yield the blocks of tokens that have no partner, in order."""
    done_ours = done_theirs = 0
    for i, j in [*common_pairs(ours, theirs), (len(ours), len(theirs))]:
        if i > done_ours or j > done_theirs:
            yield done_ours, i, done_theirs, j
        done_ours, done_theirs = i + 1, j + 1


def _joined(blocks: Iterable[_Block], ours: list[str]) -> list[_Block]:
    """Join blocks with nothing but a blank between them: one change reads better than two."""
    joined: list[_Block] = []
    for i, i_end, j, j_end in blocks:
        if joined and i - joined[-1][1] == 1 and ours[i - 1].isspace():
            joined[-1] = (joined[-1][0], i_end, joined[-1][2], j_end)
        else:
            joined.append((i, i_end, j, j_end))
    return joined

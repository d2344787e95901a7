"""Takes one reported change apart into the strokes that it may be made of.

Editors report an undo, or several edits at once, as one change over all that lies between.
Invariant: applying the strokes gives the change. What stayed in its place is kept out of
them, unless so little stayed that the change is a true replacement.
"""

from __future__ import annotations

from glm_lsp.editing.diff import diff
from glm_lsp.editing.lcs import common_pairs
from glm_lsp.editing.tokens import Hunk
from glm_lsp.text import Span

_MOST = 20_000
_ISLAND = 4


def strokes(removed: str, text: str) -> list[Hunk]:
    """Return the strokes that turn `removed` into `text`, ascending."""
    start, end_removed, end_text = _differing(removed, text)
    old, new = removed[start:end_removed], text[start:end_text]
    if not old and not new:
        return []
    large = max(len(old), len(new)) > _MOST
    found = diff(old, new) if large else _by_character(old, new)
    return [Hunk(Span(h.span.start + start, h.span.end + start), h.text) for h in found]


def _by_character(old: str, new: str) -> list[Hunk]:
    pairs = common_pairs(old, new)
    whole = [Hunk(Span(0, len(old)), new)]
    insertions = len(pairs) == len(old)
    deletions = len(pairs) == len(new)
    if not insertions and not deletions and 2 * len(pairs) < max(len(old), len(new)):
        return whole
    least = 1 if insertions or deletions else _ISLAND
    runs: list[tuple[int, int, int]] = []  # Where a run of pairs starts on each side; length.
    for i, j in pairs:
        if runs and runs[-1][0] + runs[-1][2] == i and runs[-1][1] + runs[-1][2] == j:
            runs[-1] = (*runs[-1][:2], runs[-1][2] + 1)
        else:
            runs.append((i, j, 1))
    found: list[Hunk] = []
    done_old = done_new = 0
    for i, j, length in [*runs, (len(old), len(new), least)]:
        if length < least:
            continue
        if i > done_old or j > done_new:
            found.append(Hunk(Span(done_old, i), new[done_new:j]))
        done_old, done_new = i + length, j + length
    return found


def _differing(old: str, new: str) -> tuple[int, int, int]:
    """Return where two texts begin to differ, and where that ends in each."""
    most = min(len(old), len(new))
    start = 0
    while start < most and old[start] == new[start]:
        start += 1
    end = 0
    while end < most - start and old[-1 - end] == new[-1 - end]:
        end += 1
    return start, len(old) - end, len(new) - end

"""Finds the one run of lines that other lines are about.

Invariant: where two runs would do nearly as well, none is found, unless a problem tells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp.editing.answer.faults import NOWHERE, QUOTE
from glm_lsp.editing.answer.lines import ALIKE, aligned, filled, plain, similarity

if TYPE_CHECKING:
    from collections.abc import Sequence

_CLEAR = 0.15


def spot_of(
    lines: Sequence[str], target: Sequence[str], places: tuple[int, ...], first: int
) -> tuple[int, int] | str | None:
    """Return the one run of the target whose ends are the lines' ends and that is most like them.

    None when there is none, in words when several would do.
    """
    ours = filled(target)
    slack = max(2, len(lines) // 2 + 1)
    found: list[tuple[float, int, int]] = []
    for at, start in enumerate(ours):
        if similarity(target[start], lines[0]) < ALIKE:
            continue
        for end in ours[max(at, at + len(lines) - 1 - slack) : at + len(lines) + slack]:
            if similarity(target[end], lines[-1]) >= ALIKE:
                run = [line for line in target[start : end + 1] if line.strip()]
                found.append((_likeness(run, lines), start, end + 1))
    found.sort(reverse=True)
    best = [one for one in found if one[0] >= found[0][0] - _CLEAR]
    if not best or best[0][0] < ALIKE * len(lines) / 2:
        return None
    if len(best) > 1:
        told = [one for one in best if any(one[1] <= p - first < one[2] for p in places)]
        if len(told) != 1:
            return NOWHERE
        best = told
    _, start, end = best[0]
    if [plain(x) for x in target[start:end] if x.strip()] == [plain(x) for x in lines]:
        return QUOTE
    return start, end


def _likeness(run: Sequence[str], lines: Sequence[str]) -> float:
    """Return how much two runs of lines share, less what each has alone."""
    pairs = aligned(run, lines)
    alone = len(run) - len(pairs)
    return sum(s for _, _, s in pairs) - 0.3 * alone - 0.1 * (len(lines) - len(pairs))

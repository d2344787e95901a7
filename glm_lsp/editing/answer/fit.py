"""Places lines by the lines that they share with the target.

Invariant: a part of the target is replaced only where the answer's first and last lines say
which part, and no other part would do as well.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glm_lsp.editing.answer.around import part_of_around
from glm_lsp.editing.answer.edits import Edit, Placement, over, reindented, settled, whole
from glm_lsp.editing.answer.elision import elisions, fill, is_elision
from glm_lsp.editing.answer.lines import (
    ALIKE,
    aligned,
    closes,
    filled,
    names,
    plain,
    similarity,
    telling,
    trimmed,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glm_lsp.editing.answer.survey import Survey

GAP = (
    "It leaves out code behind a comment or dots, and what belongs there is not clear:"
    " write every line."
)
NOWHERE = (
    "It is not clear which lines of the target it replaces: write the complete new version of the"
    " target, from its first line to its last."
)
TWICE = "It holds several different versions of the target: give one."
QUOTE = "It only repeats lines of the target without a change."
_CLEAR = 0.15
_SHORT = 4


def by_lines(lines: Sequence[str], survey: Survey, *, lone: bool) -> Placement | str:
    """Place lines; return in words for the model why they cannot be placed.

    Args:
        lone: nothing else in the answer may be what was asked for.
    """
    site = survey.site
    part = None if survey.outer else part_of_around(lines, survey)
    if part is not None:
        return part
    lines = trimmed(_without_neighbours(lines, survey))
    if not lines:
        return QUOTE
    gaps = elisions(lines, site.target)
    bare = ["" if i in set(gaps) else line for i, line in enumerate(lines)]
    pairs = aligned(site.target, bare)
    full, ours = filled(bare), filled(site.target)
    if not full or not ours:
        return NOWHERE
    opens = bool(pairs) and pairs[0][:2] == (ours[0], full[0])
    ends = bool(pairs) and pairs[-1][:2] == (ours[-1], full[-1])
    opens = opens or (bool(gaps) and gaps[0] < full[0])
    ends = ends or (bool(gaps) and gaps[-1] > full[-1])
    if gaps and not (opens and ends):
        return _gapped_part(lines, survey, pairs, full)
    if gaps:
        return _filled(lines, survey, 0, len(site.target))
    if not survey.outer and _begins_twice(lines, full, site.target):
        return TWICE
    if opens and ends and len(full) > 1:
        return Placement((whole(site, lines),), whole=True)
    if _rewrites(lines, survey, pairs, full, lone=lone):
        return Placement((whole(site, lines),), whole=True)
    return _part(lines, survey, pairs, full)


def _without_neighbours(lines: Sequence[str], survey: Survey) -> list[str]:
    """Return lines without the file's own that stand above and below the target."""
    site = survey.site
    lines = list(lines)
    full = [i for i in filled(lines) if not is_elision(lines[i])]
    above = [plain(line) for line in site.above if line.strip()]
    below = [plain(line) for line in site.below if line.strip()]
    keys = {i: plain(lines[i]) for i in full}
    start, end = 0, len(lines)
    for count in range(len(full), 0, -1):
        head = [keys[i] for i in full[:count]]
        if above and head[-1] == above[-1] and _is_within(head, above) and _says(head, survey):
            start = full[count - 1] + 1
            break
    for count in range(len(full), 0, -1):
        tail = [keys[i] for i in full[-count:]]
        if below and tail[0] == below[0] and _is_within(tail, below) and full[-count] >= start:
            if _says(tail, survey):
                end = full[-count]
                break
    return lines[start:end]


def _says(keys: list[str], survey: Survey) -> bool:
    """Tell whether lines are the file's and not the target's."""
    return any(key not in survey.own for key in keys)


def _is_within(keys: list[str], others: list[str]) -> bool:
    rest = iter(others)
    return all(key in rest for key in keys)


def _filled(lines: Sequence[str], survey: Survey, start: int, end: int) -> Placement | str:
    """Fill the gaps of lines that replace a run of the target's."""
    site = survey.site
    original = site.target[start:end]
    kept = {
        place - survey.first - start
        for place in site.promise.places
        if 0 <= place - survey.first - start < len(original)
    }
    made = fill(
        settled(reindented(lines, original, site.unit), original),
        original,
        kept,
        strict=not site.promise.frees,
    )
    if made is None:
        return GAP
    return Placement(
        (Edit(start, end, tuple(trimmed(made))),), whole=end - start >= len(filled(site.target))
    )


def _gapped_part(
    lines: Sequence[str], survey: Survey, pairs: list[tuple[int, int, float]], full: list[int]
) -> Placement | str:
    """Fill gaps between lines that are a part of the target."""
    if not pairs or pairs[0][1] > full[0] or pairs[-1][1] < full[-1]:
        return GAP
    start, end = pairs[0][0], pairs[-1][0] + 1
    gaps = elisions(lines, survey.site.target)
    if gaps[0] < full[0]:
        start = 0
    if gaps[-1] > full[-1]:
        end = len(survey.site.target)
    return _filled(lines, survey, start, end)


def _rewrites(
    lines: Sequence[str],
    survey: Survey,
    pairs: list[tuple[int, int, float]],
    full: list[int],
    *,
    lone: bool,
) -> bool:
    """Tell whether lines are a new version of a target that defines nothing."""
    site = survey.site
    if survey.outer or not lone:
        return False
    kin = names("\n".join(lines)) & names(site.original)
    if not kin and len(filled(site.target)) > 1:
        return False
    if len(filled(site.target)) == 1:
        return bool(kin) or not pairs
    if site.promise.careful and not site.promise.part:
        return not pairs and len(filled(site.target)) <= _SHORT
    return _opens_anew(lines[full[0]], site.target)


def _begins_twice(lines: Sequence[str], full: list[int], target: Sequence[str]) -> bool:
    """Tell whether the target as it was is followed by what may be its new version."""
    ours = [plain(target[i]) for i in filled(target)]
    rest = [lines[i] for i in full[len(ours) :]]
    if not rest or [plain(lines[i]) for i in full[: len(ours)]] != ours:
        return False
    alike = any(similarity(line, own) >= ALIKE for line in rest for own in target)
    return alike or _word(rest[0]) in (_word(target[filled(target)[0]]), _last_word(target))


def _last_word(target: Sequence[str]) -> str:
    return _word(target[_last_at_base(target)])


def _opens_anew(line: str, target: Sequence[str]) -> bool:
    """Tell whether a line begins a target anew, and not with a line from within it."""
    word = _word(line)
    same = [i for i in filled(target) if _word(target[i]) == word]
    ours = filled(target)
    return not word or not same or same[0] == ours[0] or same[-1] == _last_at_base(target)


def _word(line: str) -> str:
    found = re.search(r"\w+", line)
    return found.group() if found else ""


def _last_at_base(target: Sequence[str]) -> int:
    """Return the last line of a target that is no deeper than its first, and no bracket."""
    ours = filled(target)
    width = len(target[ours[0]]) - len(target[ours[0]].lstrip())
    return max(
        (
            i
            for i in ours
            if len(target[i]) - len(target[i].lstrip()) <= width and not closes(target[i])
        ),
        default=ours[-1],
    )


def _part(
    lines: Sequence[str],
    survey: Survey,
    pairs: list[tuple[int, int, float]],
    full: list[int],
) -> Placement | str:
    """Replace the part of the target that lines are about."""
    site = survey.site
    if len(full) == 1:
        return _single(lines[full[0]], survey)
    spot = _spot([lines[j] for j in full], site.target, site.promise.places, survey.first)
    if isinstance(spot, str):
        return spot
    if spot is not None:
        return Placement((over(site, spot[0], spot[1], lines),))
    return _beside_anchors(lines, survey, pairs, full)


def _spot(
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


def _beside_anchors(
    lines: Sequence[str],
    survey: Survey,
    pairs: list[tuple[int, int, float]],
    full: list[int],
) -> Placement | str:
    """Place new lines by the lines of the target that they begin or end beside."""
    site = survey.site
    anchors = [(i, j) for i, j, s in pairs if s == 1.0 and telling(lines[j])]
    if not pairs or (not anchors and len(pairs) < len(full)):
        return NOWHERE
    (start, head, _), (last, tail, _) = pairs[0], pairs[-1]
    before, after = [j for j in full if j < head], [j for j in full if j > tail]
    if before and (pairs[0][2] < 1.0 or _takes_place(lines, before, site.target, start - 1)):
        return NOWHERE
    if after and not all(closes(lines[j]) for j in after):
        if pairs[-1][2] < 1.0 or _takes_place(lines, after, site.target, last + 1):
            return NOWHERE
    old = [plain(line) for line in site.target[start : last + 1] if line.strip()]
    if old == [plain(lines[j]) for j in full]:
        return QUOTE
    missing = len(old) - len(pairs)
    if missing > max(2, len(full) - len(pairs) + 1):
        return NOWHERE
    if _fits_elsewhere(lines, full, survey, start):
        return NOWHERE
    return Placement((over(site, start, last + 1, lines),))


def _takes_place(
    lines: Sequence[str], fresh: list[int], target: Sequence[str], neighbour: int
) -> bool:
    """Tell whether new lines at an edge may stand for the target's next line there."""
    if not 0 <= neighbour < len(target):
        return False
    return any(similarity(lines[j], target[neighbour]) > ALIKE / 2 for j in fresh)


def _single(line: str, survey: Survey) -> Placement | str:
    """Replace the one line that is most like this one."""
    site = survey.site
    scores = sorted(
        ((similarity(old, line), i) for i, old in enumerate(site.target) if old.strip()),
        reverse=True,
    )
    best = [(score, i) for score, i in scores if score >= max(ALIKE, scores[0][0] - _CLEAR)]
    if scores and scores[0][0] == 1.0:
        return QUOTE
    if len(best) > 1:
        told = [(s, i) for s, i in best if i + survey.first in site.promise.places]
        best = told if len(told) == 1 else best
    if len(best) != 1 or not telling(line):
        return NOWHERE
    at = best[0][1]
    return Placement((over(site, at, at + 1, [line]),))


def _fits_elsewhere(lines: Sequence[str], full: list[int], survey: Survey, start: int) -> bool:
    """Tell whether lines would do nearly as well in another part of the target."""
    target = [line for line in survey.site.target if line.strip()]
    at = len(filled(survey.site.target[:start]))

    def score(offset: int) -> float:
        return sum(
            similarity(target[offset + k], lines[j])
            for k, j in enumerate(full)
            if offset + k < len(target)
        )

    own = score(at)
    rivals = [k for k in range(len(target)) if k != at and plain(target[k]) == plain(target[at])]
    return any(score(k) >= 0.9 * own for k in rivals)

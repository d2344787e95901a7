"""Places lines by the lines that they share with the target.

Invariant: a part of the target is replaced only where the answer's first and last lines say
which part, and no other part would do as well.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glm_lsp.editing.answer.around import part_of_around, without_neighbours
from glm_lsp.editing.answer.edits import Edit, Placement, over, reindented, settled, whole
from glm_lsp.editing.answer.elision import elisions, fill
from glm_lsp.editing.answer.faults import GAP, NOWHERE, QUOTE, TWICE
from glm_lsp.editing.answer.lines import (
    ALIKE,
    SURE,
    aligned,
    closes,
    filled,
    lead_of,
    names,
    plain,
    similarity,
    telling,
    trimmed,
)
from glm_lsp.editing.answer.spot import spot_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glm_lsp.editing.answer.survey import Survey

_SHORT = 4
_KIN = 0.55
"""Of the names of lines that are replaced by others without a line in common, how many stay."""
_CLEAR = 0.15


def by_lines(lines: Sequence[str], survey: Survey, *, lone: bool) -> Placement | str:
    """Place lines; return in words for the model why they cannot be placed.

    Args:
        lines: those of a passage, cleaned.
        survey: what is known of the file.
        lone: nothing else in the answer may be what was asked for.
    """
    site = survey.site
    part = None if survey.outer else part_of_around(lines, survey)
    if part is not None:
        return part
    lines = trimmed(without_neighbours(lines, survey))
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
        least=ALIKE if site.promise.careful else SURE,
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
    own = names(site.original)
    kin = names("\n".join(lines)) & own
    if len(filled(site.target)) > 1 and len(kin) <= _KIN * len(own) and not site.promise.frees:
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
    fresh = {d.name for d in survey.read(lines) if not d.local} - {d.name for d in survey.inside}
    if fresh and survey.outer:
        return NOWHERE
    if len(full) == 1:
        return _single(lines[full[0]], survey)
    spot = spot_of([lines[j] for j in full], site.target, site.promise.places, survey.first)
    if isinstance(spot, str):
        return spot
    if spot is not None:
        run = list(site.target[spot[0] : spot[1]])
        if _regroups(run, lines, aligned(run, lines), full):
            return NOWHERE
        return Placement((over(site, spot[0], spot[1], lines),))
    return _beside_anchors(lines, survey, pairs, full)


def _regroups(
    old: Sequence[str], new: Sequence[str], pairs: list[tuple[int, int, float]], full: list[int]
) -> bool:
    """Tell whether new lines lose more than they bring, or move lines that stay in or out.

    Lines that only begin such a change look the same as those that are all of it.
    """
    if len(filled(old)) - len(pairs) > len(full) - len(pairs):
        return True
    depths = {
        len(lead_of(old[i])) - len(lead_of(new[j]))
        for at, (i, j, same) in enumerate(pairs)
        if at == 0 or (same == 1.0 and telling(new[j]))
    }
    return len(depths) > 1


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
    after = [] if all(closes(lines[j]) for j in after) else after
    if after and (pairs[-1][2] < 1.0 or _takes_place(lines, after, site.target, last + 1)):
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
    sure = site.promise.careful or best[0][0] >= SURE if best else False
    if len(best) != 1 or not telling(line) or not sure:
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

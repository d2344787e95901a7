"""Places lines by the lines that they share with the target.

Invariant: a part of the target is replaced only where the answer's first and last lines say
which part, no other part would do nearly as well, unless a problem tells, and the part loses
no more than it gains.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glm_lsp.editing.answer.edits import Edit, Placement, filled_up, over, whole
from glm_lsp.editing.answer.elision import Alignment, is_elision
from glm_lsp.editing.answer.faults import GAP, NOWHERE, OUTSIDE, QUOTE, TWICE
from glm_lsp.editing.answer.lines import (
    ALIKE,
    SURE,
    aligned,
    closes,
    filled,
    keys,
    lead_of,
    names,
    plain,
    similarity,
    solid,
    telling,
    trimmed,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glm_lsp.editing.answer.definitions import Survey
    from glm_lsp.editing.answer.lines import Pairs

_KIN = 0.55
"""Of the names of lines that are replaced by others without a line in common, how many stay."""
_CLEAR = 0.15
"""How much better than any other place the right one is."""


def by_lines(lines: Sequence[str], survey: Survey, *, lone: bool) -> Placement | str:
    """Place lines; return in words for the model why they cannot be placed.

    Args:
        lines: those of a passage, cleaned.
        survey: what is known of the file.
        lone: nothing else in the answer may be what was asked for.
    """
    target = survey.site.target
    part = None if survey.outer else part_of_enclosing(lines, survey)
    if part is not None:
        return part
    lines = trimmed(without_neighbours(lines, survey))
    made = Alignment(lines, target)
    full, ours = filled(made.bare), filled(target)
    if not full or not ours:
        return NOWHERE if lines else QUOTE
    if made.gaps:
        return _with_gaps(lines, made, survey)
    if not survey.outer and _begins_twice(lines, target):
        return TWICE
    ends = [pair[:2] for pair in (*made.pairs[:1], *made.pairs[-1:])]
    every = len(full) > 1 and ends == [(ours[0], full[0]), (ours[-1], full[-1])]
    if every or (lone and _rewrites(lines, survey, made.pairs)):
        return Placement((whole(survey.site, lines),), whole=True)
    return _part(lines, survey)


def _with_gaps(lines: Sequence[str], made: Alignment, survey: Survey) -> Placement | str:
    """Fill the gaps of lines that begin and end with gaps, or with lines of the target's."""
    target, full = survey.site.target, filled(made.bare)
    ours = {j: i for i, j, _ in made.pairs}
    start = 0 if made.gaps[0] < full[0] else ours.get(full[0])
    last = len(target) - 1 if made.gaps[-1] > full[-1] else ours.get(full[-1])
    if start is None or last is None:
        return GAP
    run = target[start : last + 1]
    complete = filled_up(lines, run, survey.first + start, survey.site)
    if complete is None:
        return GAP
    every = len(run) >= len(filled(target))
    return Placement((Edit(start, last + 1, tuple(complete)),), whole=every)


def _rewrites(lines: Sequence[str], survey: Survey, pairs: Pairs) -> bool:
    """Tell whether lines are a new version of a target that defines nothing."""
    site = survey.site
    if survey.outer:
        return False
    own, count = names(site.original), len(filled(site.target))
    kin = names("\n".join(lines)) & own
    if count == 1:
        return bool(kin) or not pairs
    if len(kin) <= _KIN * len(own) and not site.promise.frees:
        return False
    if site.promise.careful and not site.promise.part:
        return not pairs and count <= len(lines)
    return _opens_anew(lines[0], site.target)


def _begins_twice(lines: Sequence[str], target: Sequence[str]) -> bool:
    """Tell whether the target as it was is followed by what may be its new version."""
    full, ours = filled(lines), filled(target)
    rest = [lines[i] for i in full[len(ours) :]]
    old = [plain(lines[i]) for i in full[: len(ours)]]
    if not rest or old != [plain(target[i]) for i in ours]:
        return False
    alike = any(similarity(line, own) >= ALIKE for line in rest for own in target)
    return alike or _word(rest[0]) in (_word(target[ours[0]]), _word(_last_at_base(target)))


def _opens_anew(line: str, target: Sequence[str]) -> bool:
    """Tell whether a line begins a target anew, and not with a line from within it."""
    word, own = _word(line), [_word(each) for each in target if each.strip()]
    return word not in own or word in (own[0], _word(_last_at_base(target)))


def _word(line: str) -> str:
    found = re.search(r"\w+", line)
    return found.group() if found else ""


def _last_at_base(target: Sequence[str]) -> str:
    """Return the last line of a target that is no deeper than its first, and no bracket."""
    full = solid(target)
    base = len(lead_of(full[0]))
    outer = [line for line in full if len(lead_of(line)) <= base and not closes(line)]
    return outer[-1] if outer else full[-1]


def _part(lines: Sequence[str], survey: Survey) -> Placement | str:
    """Replace the part of the target that lines are about."""
    site = survey.site
    fresh = {d.name for d in survey.read(lines) if not d.local} - {d.name for d in survey.inside}
    if fresh and survey.outer:
        return NOWHERE
    code = solid(lines)
    spot = _spot(code, survey)
    if spot is None:
        return NOWHERE
    old = solid(site.target[spot[0] : spot[1]])
    if keys(old) == keys(code):
        return QUOTE
    if len(code) > 1 and _regroups(old, code):
        return NOWHERE
    return Placement((over(site, *spot, lines),))


def _spot(code: Sequence[str], survey: Survey) -> tuple[int, int] | None:
    """Return the one run of the target that lines are about; None when others do nearly as well."""
    site = survey.site
    found = _lines_like(code[0], survey) if len(code) == 1 else _runs_like(code, site.target)
    best = [run for score, run in found if score >= found[0][0] - _CLEAR]
    if len(best) > 1:
        places = [place - survey.first for place in site.promise.places]
        best = [run for run in best if any(place in range(*run) for place in places)]
    return best[0] if len(best) == 1 else None


def _lines_like(line: str, survey: Survey) -> list[tuple[float, tuple[int, int]]]:
    """Return the lines of the target that are much like one line, the most alike first."""
    site = survey.site
    least = ALIKE if site.promise.careful else SURE
    scores = [(similarity(own, line), (i, i + 1)) for i, own in enumerate(site.target)]
    return sorted((one for one in scores if telling(line) and one[0] >= least), reverse=True)


def _runs_like(code: Sequence[str], target: Sequence[str]) -> list[tuple[float, tuple[int, int]]]:
    """Return the runs of the target that begin and end like lines, the most alike first."""
    ours = filled(target)
    slack = max(2, len(code) // 2 + 1)
    found: list[tuple[float, tuple[int, int]]] = []
    for at, start in enumerate(ours):
        if similarity(target[start], code[0]) < ALIKE:
            continue
        for end in ours[max(at, at + len(code) - 1 - slack) : at + len(code) + slack]:
            if similarity(target[end], code[-1]) >= ALIKE:
                run = solid(target[start : end + 1])
                pairs = aligned(run, code)
                alone = 0.3 * (len(run) - len(pairs)) + 0.1 * (len(code) - len(pairs))
                found.append((sum(same for _, _, same in pairs) - alone, (start, end + 1)))
    return sorted((one for one in found if one[0] >= ALIKE * len(code) / 2), reverse=True)


def _regroups(old: Sequence[str], new: Sequence[str]) -> bool:
    """Tell whether new lines lose more than they bring, or move lines that stay in or out.

    Lines that only begin such a change look the same as those that are all of it.
    """
    pairs = aligned(old, new)
    if len(old) > len(new):
        return True
    depths = {
        len(lead_of(old[i])) - len(lead_of(new[j]))
        for at, (i, j, same) in enumerate(pairs)
        if at == 0 or (same == 1.0 and telling(new[j]))
    }
    return len(depths) > 1


def part_of_enclosing(lines: Sequence[str], survey: Survey) -> Placement | str | None:
    """Place the part of lines that stands for the target; None when they hold no more than it."""
    site, around = survey.site, survey.around
    if around is None or around.first == survey.first:
        return None
    file = [*site.above, *site.target, *site.below]
    original = file[around.first : around.last + 1]
    heads = [i for i, line in enumerate(lines) if plain(line) == plain(original[0])]
    if not heads:
        return None
    made = filled_up(lines[heads[-1] :], original, around.first, site)
    if made is None or not all(_stands(line, survey) for line in lines[: heads[-1]]):
        return OUTSIDE
    above = keys(file[around.first : survey.first])
    below = keys(file[survey.last + 1 :])
    least = len(keys(file[survey.last + 1 : around.last + 1]))
    full, found = filled(made), keys(made)
    for end in range(len(above) + 1, len(found) - least + 1):
        if found[: len(above)] == above and found[end:] == below[: len(found) - end]:
            middle = made[full[len(above)] : full[end - 1] + 1]
            echo = keys(middle) == keys(site.target)
            edits = () if echo else (whole(site, middle),)
            return Placement(edits, whole=True, echo=echo)
    return OUTSIDE


def _stands(line: str, survey: Survey) -> bool:
    """Tell whether a line is one of the file's, or none of its code."""
    return not line.strip() or is_elision(line) or closes(line) or plain(line) in survey.known


def without_neighbours(lines: Sequence[str], survey: Survey) -> list[str]:
    """Return lines without the file's own that stand above and below the target."""
    full = [i for i in filled(lines) if not is_elision(lines[i])]
    found = keys(lines[i] for i in full)
    head = _repeated(found, keys(survey.site.above), survey.own)
    tail = _repeated(found[head:][::-1], keys(survey.site.below)[::-1], survey.own)
    start = full[head - 1] + 1 if head else 0
    return list(lines[start : full[-tail] if tail else len(lines)])


def _repeated(found: Sequence[str], beside: Sequence[str], own: set[str]) -> int:
    """Return how many keys repeat the lines up to the target, some of which may be left out."""
    for count in range(len(found), 0, -1):
        rest = iter(beside)
        last = found[count - 1] in beside[-1:]
        if last and all(x in rest for x in found[:count]) and not own.issuperset(found[:count]):
            return count
    return 0

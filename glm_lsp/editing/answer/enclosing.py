"""Takes the target out of an answer that repeats what stands around it.

Invariant: what the answer repeats of the definition around the target must be what stands
there; a change outside the target is a fault, since taking only the target's part could break
it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp.editing.answer.edits import Placement, filled_up, whole
from glm_lsp.editing.answer.elision import is_elision
from glm_lsp.editing.answer.faults import OUTSIDE
from glm_lsp.editing.answer.lines import closes, filled, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glm_lsp.editing.answer.survey import Survey


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
    above = len(filled(file[around.first : survey.first]))
    below = len(filled(file[survey.last + 1 : around.last + 1]))
    full, keys = filled(made), [plain(line) for line in made if line.strip()]
    own = [plain(line) for line in file[around.first :] if line.strip()]
    behind = own[above + len(filled(site.target)) :]
    for end in range(above + 1, len(keys) - below + 1):
        if keys[:above] == own[:above] and keys[end:] == behind[: len(keys) - end]:
            middle = made[full[above] : full[end - 1] + 1]
            echo = keys[above:end] == [plain(line) for line in site.target if line.strip()]
            edits = () if echo else (whole(site, middle),)
            return Placement(edits, whole=True, echo=echo)
    return OUTSIDE


def _stands(line: str, survey: Survey) -> bool:
    """Tell whether a line is one of the file's, or none of its code."""
    return not line.strip() or is_elision(line) or closes(line) or plain(line) in survey.known


def without_neighbours(lines: Sequence[str], survey: Survey) -> list[str]:
    """Return lines without the file's own that stand above and below the target."""
    full = [i for i in filled(lines) if not is_elision(lines[i])]
    keys = [plain(lines[i]) for i in full]
    above = [plain(line) for line in survey.site.above if line.strip()]
    below = [plain(line) for line in survey.site.below if line.strip()]
    head = _repeated(keys, above, survey.own)
    tail = _repeated(keys[head:][::-1], below[::-1], survey.own)
    start = full[head - 1] + 1 if head else 0
    return list(lines[start : full[-tail] if tail else len(lines)])


def _repeated(keys: Sequence[str], beside: Sequence[str], own: set[str]) -> int:
    """Return how many keys repeat the lines up to the target, some of which may be left out."""
    for count in range(len(keys), 0, -1):
        rest = iter(beside)
        last = keys[count - 1] in beside[-1:]
        if last and all(key in rest for key in keys[:count]) and not own.issuperset(keys[:count]):
            return count
    return 0

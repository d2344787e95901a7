"""Takes the target out of an answer that holds the whole definition around it.

Invariant: what the answer repeats of the definition must be what stands there; a change
outside the target is a fault, since taking only the target's part could break it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp.editing.answer.edits import Placement, whole
from glm_lsp.editing.answer.elision import is_elision
from glm_lsp.editing.answer.faults import OUTSIDE
from glm_lsp.editing.answer.lines import closes, filled, plain, trimmed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glm_lsp.editing.answer.survey import Survey


def part_of_around(lines: Sequence[str], survey: Survey) -> Placement | str | None:
    """Place the part of lines that stands for the target; None when they hold no more than it."""
    around, site = survey.around, survey.site
    if around is None:
        return None
    file = [*site.above, *site.target, *site.below]
    above = [plain(x) for x in file[around.first : survey.first] if x.strip()]
    below = [plain(x) for x in file[survey.last + 1 :] if x.strip()]
    inside = sum(bool(x.strip()) for x in file[survey.last + 1 : around.last + 1])
    if not above or not (heads := [i for i, x in enumerate(lines) if plain(x) == above[0]]):
        return None
    head = heads[-1]
    if not all(_stands(x, survey) for x in lines[:head]):
        return OUTSIDE
    start = _behind(lines, head, above)
    end = None if start is None else _before(lines, start, below, inside)
    if start is None or end is None:
        return OUTSIDE
    middle = trimmed(lines[start:end])
    if not middle or any(is_elision(x) and plain(x) not in survey.own for x in middle):
        return OUTSIDE
    if [plain(x) for x in middle if x.strip()] == [plain(x) for x in site.target if x.strip()]:
        return Placement((), whole=True, echo=True)
    return Placement((whole(site, middle),), whole=True)


def _stands(line: str, survey: Survey) -> bool:
    """Tell whether a line is one of the file's, or none of its code."""
    return not line.strip() or is_elision(line) or closes(line) or plain(line) in survey.known


def _behind(lines: Sequence[str], start: int, above: Sequence[str]) -> int | None:
    """Return the index behind the lines that repeat what stands above; None if they do not."""
    done, skips = 0, False
    for index in range(start, len(lines)):
        if done == len(above) or not lines[index].strip():
            if done == len(above):
                return index
            continue
        if is_elision(lines[index]) and plain(lines[index]) != above[done]:
            skips = True
            continue
        key = plain(lines[index])
        found = next((i for i in range(done, len(above)) if above[i] == key), None)
        if found is None or (found > done and not skips):
            return index if skips else None
        done, skips = found + 1, False
    return None


def _before(lines: Sequence[str], start: int, below: Sequence[str], inside: int) -> int | None:
    """Return the index at which lines begin to repeat what stands below; None if they do not."""
    for index in range(start, len(lines) + 1):
        if _repeats(lines[index:], below, inside):
            return index
    return None


def _repeats(lines: Sequence[str], below: Sequence[str], inside: int) -> bool:
    """Tell whether lines go on as the file does, at least to the end of the definition."""
    done, skips = 0, False
    for line in lines:
        if not line.strip():
            continue
        if is_elision(line):
            skips = True
            continue
        key = plain(line)
        found = next((i for i in range(done, len(below)) if below[i] == key), None)
        if found is None or (found > done and not skips and done < inside):
            return False
        done, skips = found + 1, False
    return done >= inside or skips


def without_neighbours(lines: Sequence[str], survey: Survey) -> list[str]:
    """Return lines without the file's own that stand above and below the target."""
    site = survey.site
    lines = list(lines)
    full = [i for i in filled(lines) if not is_elision(lines[i])]
    above = [plain(line) for line in site.above if line.strip()]
    below = [plain(line) for line in site.below if line.strip()]
    keys = {i: plain(lines[i]) for i in full}
    start, end = 0, len(lines)
    for count in range(len(full), 0, -1):
        if keys[full[count - 1]] not in above[-1:]:
            continue
        head = [keys[i] for i in full[:count]]
        if _is_within(head, above) and _says(head, survey):
            start = full[count - 1] + 1
            break
    for count in range(len(full), 0, -1):
        if keys[full[-count]] not in below[:1] or full[-count] < start:
            continue
        tail = [keys[i] for i in full[-count:]]
        if _is_within(tail, below) and _says(tail, survey):
            end = full[-count]
            break
    return lines[start:end]


def _says(keys: list[str], survey: Survey) -> bool:
    """Tell whether lines are the file's and not the target's."""
    return any(key not in survey.own for key in keys)


def _is_within(keys: list[str], others: list[str]) -> bool:
    rest = iter(others)
    return all(key in rest for key in keys)

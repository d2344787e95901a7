"""The same lines were turned into the same others, at least twice: wherever else, they wait.

Invariant: what waits says, but for its indentation, exactly what the others said. A place that was
passed over says that the rest are not meant, and one that just became something else does, too.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from glm_lsp.next_edits.patterns import balance, tokens
from glm_lsp.next_edits.repeated import passed_over
from glm_lsp.next_edits.waiting_line import WaitingLine
from glm_lsp.text import common_ends

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from glm_lsp.next_edits.history import ChangedBlock, ChangedLine

_RECENT = 3
_IN_A_ROW = 2
_PASSED = 3
_FEWEST = 3
"""Tokens; lines of fewer must have been changed once more."""
_MOST_PLACES = 400


def identical(
    lines: Sequence[str],
    code: Sequence[str],
    changes: Sequence[ChangedLine],
    blocks: Sequence[ChangedBlock],
    elsewhere: Sequence[ChangedLine] = (),
) -> Iterator[WaitingLine]:
    """Yield the lines that stand where others, that said the same, were changed.

    For `code` and `elsewhere` see `repeated`.
    """
    # By line, the moment; those of other documents have no line here, but a number below 0.
    made: dict[tuple[str, str], dict[int, int]] = defaultdict(dict)
    for number, each in enumerate(elsewhere):
        if each.alone:
            made[_shape((each.before,), (each.after,))][-1 - number] = each.moment
    for each in changes:
        if each.alone:
            made[_shape((each.before,), (each.after,))][each.line] = each.moment
    for block in blocks:
        if block.after and (len(block.before) != 1 or len(block.after) != 1):
            made[_shape(block.before, block.after)][block.line] = block.moment
    moments = sorted({moment for places in made.values() for moment in places.values()})[-_RECENT:]
    for (before, after), places in made.items():
        recent = any(moment in moments for moment in places.values())
        if not recent or not _is_enough(before, after, len(places)):
            continue
        if _is_otherwise(made, before, after):
            continue
        numbers = any(map(str.isdigit, _difference(before, after)))
        for waiting in _waiting(lines, before, after, places):
            if not numbers or code[waiting.line].strip():  # In a comment each is of its own time.
                yield waiting


def _is_otherwise(
    made: Mapping[tuple[str, str], Mapping[int, int]], before: str, after: str
) -> bool:
    """Tell whether one of the last two places that said the same became something else."""
    last = sorted(
        (moment, became)
        for (was, became), places in made.items()
        if was == before
        for moment in places.values()
    )
    return any(became != after for _, became in last[-_IN_A_ROW:])


def _shape(before: Sequence[str], after: Sequence[str]) -> tuple[str, str]:
    """Return lines as they were and are, without the indentation of the first as it was."""
    lead = before[0][: len(before[0]) - len(before[0].lstrip())]
    was, became = ("\n".join(_without(lead, line) for line in each) for each in (before, after))
    return was, became


def _without(lead: str, line: str) -> str:
    return line[len(lead) :] if line.startswith(lead) else line.lstrip()


def _difference(before: str, after: str) -> str:
    start, old_end, new_end = common_ends(before, after)
    return before[start:old_end] + after[start:new_end]


def _is_enough(before: str, after: str, count: int) -> bool:
    words = tokens(before)
    if not any(word.isidentifier() for word in words) or tokens(before) == tokens(after):
        return False
    if "\n" not in before and "\n" not in after and balance(before) != balance(after):
        return False
    return count >= (2 if len(words) >= _FEWEST else 3)


def _waiting(
    lines: Sequence[str], before: str, after: str, made: dict[int, int]
) -> Iterator[WaitingLine]:
    places = list(_places(lines, before.split("\n")))[:_MOST_PLACES]
    here = {line: moment for line, moment in made.items() if line >= 0}
    behind = passed_over((line for line, _ in places), here)
    # Whoever began further down has not seen those above: they say nothing, and are not offered.
    between = range(min(here, default=0), max(here, default=0))
    passed = [line for line in behind if line in between]
    if passed and len(passed) >= len(made) // _PASSED:
        return
    start, old_end, new_end = common_ends(before, after)
    old, new = before[start:old_end].strip(), after[start:new_end].strip()
    height = before.count("\n") + 1
    for line, lead in places:
        if line not in behind:
            says = "\n".join(lines[line : line + height])
            became = "\n".join(lead + each if each else each for each in after.split("\n"))
            yield WaitingLine(line, says, became, old, new, len(made))


def _places(lines: Sequence[str], wanted: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield where lines stand, with the indentation that they have there."""
    first = wanted[0]
    for number in range(len(lines) - len(wanted) + 1):
        line = lines[number]
        if not line.endswith(first) or line.strip() != first.strip():
            continue
        lead = line[: len(line) - len(first)]
        if all(
            lines[number + at] == (lead + each if each else each) for at, each in enumerate(wanted)
        ):
            yield number, lead

"""Pairs what an answer defines with what the target defines.

Invariant: a pair has one name, one kind and no contradicting place; of two versions of one
definition the one that is not the target's own is meant, and two other ones are a fault.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp.editing.answer.faults import TWICE
from glm_lsp.editing.answer.survey import same_kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glm_lsp.editing.answer.survey import Survey
    from glm_lsp.editing.answer.values import Definition


def matched(
    defined: list[Definition], wanted: list[Definition], lines: Sequence[str], survey: Survey
) -> list[tuple[Definition, Definition]] | str:
    """Pair what the target defines with what lines define."""
    pairs: list[tuple[Definition, Definition]] = []
    taken: list[Definition] = []
    for ours in wanted:
        found = [
            d
            for d in defined
            if d.name == ours.name and same_kind(d, ours) and _leads_to(d, ours) and d not in taken
        ]
        if not found:
            continue
        shallow = min(len(d.path) for d in found)
        found = [d for d in found if len(d.path) == shallow]
        alike = sum(o.name == ours.name and o.path == ours.path for o in wanted)
        if len(found) > alike and len(wanted) > 1:
            return TWICE  # What stands between them cannot be told apart.
        if len(found) > alike:
            old = body(survey.site.target, ours, survey.first)
            fresh = [d for d in found if body(lines, d, 0) != old]
            versions = {tuple(body(lines, d, 0)): d for d in fresh}
            if len(versions) > 1:
                return TWICE
            taken += found
            found = list(versions.values()) or found[-1:]
        taken.append(found[0])
        pairs.append((ours, found[0]))
    return pairs


def _leads_to(theirs: Definition, ours: Definition) -> bool:
    """Tell whether the names around one definition are the last ones around the other."""
    count = len(theirs.path)
    if count == 0:
        return True
    path = ours.path[-count:] if count <= len(ours.path) else ()
    return theirs.path == path or theirs.path[-len(ours.path) :] == ours.path != ()


def body(lines: Sequence[str], one: Definition, first: int) -> list[str]:
    """Return the lines of a definition; `first` is the line that `lines` begin with."""
    return [x.strip() for x in lines[one.first - first : one.last - first + 1] if x.strip()]

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


def paired(
    defined: list[Definition], wanted: list[Definition], lines: Sequence[str], survey: Survey
) -> list[tuple[Definition, Definition]] | str:
    """Pair what the target defines with what lines define."""
    pairs: list[tuple[Definition, Definition]] = []
    for ours in wanted:
        taken = [theirs for _, theirs in pairs]
        found = [d for d in defined if d not in taken and _is_version(d, ours)]
        alike = sum(o.name == ours.name and o.path == ours.path for o in wanted)
        if len(found) > alike:
            old = body(survey.site.target, ours, survey.first)
            versions = {tuple(body(lines, d)): d for d in found if body(lines, d) != old}
            # What stands between several definitions cannot be told apart.
            if len(versions) > 1 or len(wanted) > 1:
                return TWICE
            found = list(versions.values()) or found[-1:]
        pairs += [(ours, theirs) for theirs in found[:1]]
    return pairs


def _is_version(theirs: Definition, ours: Definition) -> bool:
    return theirs.name == ours.name and same_kind(theirs, ours) and _leads_to(theirs, ours)


def _leads_to(theirs: Definition, ours: Definition) -> bool:
    """Tell whether the names around one definition are the last ones around the other."""
    count = len(theirs.path)
    if count == 0:
        return True
    path = ours.path[-count:] if count <= len(ours.path) else ()
    return theirs.path == path or theirs.path[-len(ours.path) :] == ours.path != ()


def body(lines: Sequence[str], one: Definition, first: int = 0) -> list[str]:
    """Return the lines of a definition; `first` is the line that `lines` begin with."""
    return [x.strip() for x in lines[one.first - first : one.last - first + 1] if x.strip()]

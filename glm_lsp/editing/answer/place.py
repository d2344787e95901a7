"""Places a passage: by what it defines, and where it defines nothing by its lines.

Invariant: what the passage repeats of the file around the target must say the same as the
file, or the passage is in doubt; what is new and belongs to the target comes along.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import evolve

from glm_lsp.editing.answer.by_definition import Redefinition
from glm_lsp.editing.answer.by_lines import by_lines
from glm_lsp.editing.answer.edits import Edit, Placement, over, reindented, whole
from glm_lsp.editing.answer.elision import elisions
from glm_lsp.editing.answer.faults import NOWHERE, OUTSIDE, QUOTE
from glm_lsp.editing.answer.imports import taken_apart
from glm_lsp.editing.answer.lines import dedented, filled, plain, trimmed
from glm_lsp.editing.answer.pairs import paired
from glm_lsp.editing.answer.patches import apply, parts
from glm_lsp.editing.answer.survey import Survey, attaches, same_kind

if TYPE_CHECKING:
    from collections.abc import Sequence

_RENAMED = "It does not define `{}`, which the target defines: keep its name."
_QUOTED = re.compile(r"\s*(?:\"{3}|'{3}|@)")


def place(lines: Sequence[str], tag: str, survey: Survey, *, lone: bool) -> Placement | str:
    """Place the cleaned lines of a passage; return in words why they cannot be placed."""
    site = survey.site
    patch = parts(lines, tag, site.target)
    if patch is not None:
        return _patched(apply(patch, site), survey) if patch else QUOTE
    if not filled(lines):
        return "It holds no code."
    if _repeats(lines, survey):
        return Placement((), whole=True, echo=True)
    if site.promise.comments_only and all(attaches(x) for x in lines if x.strip()):
        return _comment(lines, survey)
    imports, taken = _imports(dedented(lines), survey)
    rest = [line for i, line in enumerate(dedented(lines)) if i not in taken] if taken else lines
    if not filled(rest):
        return "It holds nothing but imports."
    found = _head(rest, survey) or _by_definitions(rest, survey)
    if found is None:
        found = by_lines(rest, survey, lone=lone)
    return evolve(found, imports=tuple(imports)) if isinstance(found, Placement) else found


def _head(lines: Sequence[str], survey: Survey) -> Placement | None:
    """Place the head of a definition with its documentation, when that is all of an answer."""
    site = survey.site
    code = [plain(x) for x in lines if x.strip() and not attaches(x)]
    if not site.promise.comments_only or len(survey.outer) != 1 or not code:
        return None
    start = survey.outer[0].first - survey.first
    own = [i for i in filled(site.target) if i >= start]
    if len(code) >= len(own) or code != [plain(site.target[i]) for i in own[: len(code)]]:
        return None
    gaps = elisions(lines, site.target)
    head = [line for i, line in enumerate(lines) if i not in gaps]
    return Placement((over(site, start, own[len(code) - 1] + 1, head),))


def _comment(lines: Sequence[str], survey: Survey) -> Placement | str:
    """Put a comment that is all of an answer above the target's definition."""
    if len(survey.outer) != 1 or _QUOTED.match(lines[0]):
        return NOWHERE
    target = survey.site.target
    at = first = survey.outer[0].first - survey.first
    while first > 0 and attaches(target[first - 1]):
        first -= 1
    lead = target[at][: len(target[at]) - len(target[at].lstrip())]
    made = tuple(lead + line if line else "" for line in dedented(lines))
    return Placement((Edit(first, at, made),), whole=True)


def _repeats(lines: Sequence[str], survey: Survey) -> bool:
    """Tell whether lines are the target's, apart from where all of them begin."""
    ours, theirs = survey.site.target, lines
    if [plain(x) for x in theirs if x.strip()] != [plain(x) for x in ours if x.strip()]:
        return False
    made = reindented(theirs, ours, survey.site.unit)
    return [x.rstrip() for x in made if x.strip()] == [x.rstrip() for x in ours if x.strip()]


def _imports(lines: Sequence[str], survey: Survey) -> tuple[list[str], set[int]]:
    """Take apart imports, unless they are what the target is about."""
    language = survey.site.grammar.language
    if taken_apart(dedented(survey.site.target), language)[0]:
        return [], set()
    found, taken = taken_apart(lines, language)
    return found, set(taken)


def _patched(applied: tuple[list[Edit], list[str]] | str, survey: Survey) -> Placement | str:
    if isinstance(applied, str):
        return applied
    edits, added = applied
    imports, taken = taken_apart(added, survey.site.grammar.language)
    if len(taken) < len(added):
        return OUTSIDE
    return Placement(tuple(edits), tuple(imports), whole=not edits, echo=not edits)


def _without_dots(lines: Sequence[str]) -> list[str]:
    """Return lines without the dots at both ends that stand for the rest of the file."""
    full = filled(lines)
    if not all(lines[i].rstrip() in ("...", "…") for i in (full[0], full[-1])):
        return list(lines)
    return trimmed(lines[full[0] + 1 : full[-1]])


def _by_definitions(lines: Sequence[str], survey: Survey) -> Placement | str | None:
    """Place lines by what they define; None when that is nothing of the target's."""
    if not survey.outer:
        return None
    lines = _without_dots(lines)
    for wanted in (survey.outer, survey.members):
        for read in (survey.read, survey.read_in_place):
            defined = read(lines)
            pairs = paired(defined, wanted, lines, survey)
            if isinstance(pairs, str):
                return pairs
            if pairs:
                found = Redefinition(lines, defined, pairs, survey)
                return found.placement() if wanted is survey.outer else found.each()
    return _renamed(lines, survey)


def _renamed(lines: Sequence[str], survey: Survey) -> Placement | str | None:
    """Place lines that define something else instead of the target's one definition."""
    first = survey.outer[0]
    fresh = [d for d in survey.read(lines) if not d.local and (d.path, d.name) not in survey.beside]
    if len(survey.outer) > 1 or not fresh or fresh[0].first > filled(lines)[0]:
        return None
    if fresh[0].path or not same_kind(fresh[0], first):
        return None
    if survey.site.promise.frees:
        return Placement((whole(survey.site, lines),), whole=True)
    return _RENAMED.format(first.name)

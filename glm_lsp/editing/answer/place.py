"""Places a passage: by what it defines, and where it defines nothing by its lines.

Invariant: what the passage repeats of the file around the target must say the same as the
file, or the passage is in doubt; what is new and belongs to the target comes along.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from glm_lsp.editing.answer.by_definition import by_definition, comment_of, head_of
from glm_lsp.editing.answer.by_lines import by_lines
from glm_lsp.editing.answer.definitions import Survey, attaches
from glm_lsp.editing.answer.edits import Edit, Placement, reindented
from glm_lsp.editing.answer.faults import OUTSIDE, QUOTE
from glm_lsp.editing.answer.imports import taken_apart
from glm_lsp.editing.answer.lines import dedented, filled, plain
from glm_lsp.editing.answer.patches import apply, parts

if TYPE_CHECKING:
    from collections.abc import Sequence


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
        return comment_of(lines, survey)
    imports, taken = _imports(dedented(lines), survey)
    rest = [line for i, line in enumerate(dedented(lines)) if i not in taken] if taken else lines
    if not filled(rest):
        return "It holds nothing but imports."
    found = head_of(rest, survey) or by_definition(rest, survey)
    if found is None:
        found = by_lines(rest, survey, lone=lone)
    return evolve(found, imports=tuple(imports)) if isinstance(found, Placement) else found


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

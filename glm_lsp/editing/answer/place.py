"""Places a passage: by what it defines, and where it defines nothing by its lines.

Invariant: what the passage repeats of the file around the target must say the same as the
file, or the passage is in doubt; what is new and belongs to the target comes along.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from glm_lsp.editing.answer.by_definition import by_definition, comment_of
from glm_lsp.editing.answer.by_lines import by_lines
from glm_lsp.editing.answer.edits import Edit, Placement, reindented
from glm_lsp.editing.answer.faults import OUTSIDE, QUOTE
from glm_lsp.editing.answer.imports import taken_apart
from glm_lsp.editing.answer.lines import dedented, filled, keys, solid
from glm_lsp.editing.answer.patches import apply, parts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glm_lsp.editing.answer.definitions import Survey


def place(lines: Sequence[str], tag: str, survey: Survey, *, lone: bool) -> Placement | str:
    """Place the cleaned lines of a passage; return in words why they cannot be placed."""
    site = survey.site
    patch = parts(lines, tag, site.target)
    if patch is not None:
        return _patched(apply(patch, site), survey) if patch else QUOTE
    flat, language = dedented(lines), site.grammar.language
    imports, taken = taken_apart(flat, language)
    if taken_apart(dedented(site.target), language)[0]:
        imports, taken = [], []  # They are what the target is about.
    gone = set(taken)
    rest = [line for i, line in enumerate(flat) if i not in gone] if gone else lines
    if not filled(rest):
        return "It holds no code, or nothing but imports."
    if _repeats(lines, survey):
        return Placement((), whole=True, echo=True)
    found = comment_of(rest, survey) or by_definition(rest, survey)
    if found is None:
        found = by_lines(rest, survey, lone=lone)
    return evolve(found, imports=tuple(imports)) if isinstance(found, Placement) else found


def _repeats(lines: Sequence[str], survey: Survey) -> bool:
    """Tell whether lines are the target's, apart from where all of them begin."""
    ours = survey.site.target
    if keys(lines) != keys(ours):
        return False
    made = solid(reindented(lines, ours, survey.site.unit))
    return [line.rstrip() for line in made] == [line.rstrip() for line in solid(ours)]


def _patched(applied: tuple[list[Edit], list[str]] | str, survey: Survey) -> Placement | str:
    if isinstance(applied, str):
        return applied
    edits, added = applied
    imports, taken = taken_apart(added, survey.site.grammar.language)
    if len(taken) < len(added):
        return OUTSIDE
    return Placement(tuple(edits), tuple(imports), whole=not edits, echo=not edits)

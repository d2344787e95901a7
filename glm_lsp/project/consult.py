"""What an action is shown of its workspace: what the code uses, who uses it, its tests.

Invariant: the same workspace and question give the same excerpts, most wanted first; nothing of a
file that is not in the index. Their characters together are at most what was asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp.project.callers import is_test, users
from glm_lsp.project.excerpts import CONSTRUCTORS, definition_excerpt, user_excerpts
from glm_lsp.project.infer import Inference
from glm_lsp.project.place import here_at
from glm_lsp.project.score import Scorer
from glm_lsp.project.test_style import test_style
from glm_lsp.project.units import Units
from glm_lsp.project.uses import used

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from glm_lsp.languages import Language
    from glm_lsp.project.definitions import Definition
    from glm_lsp.project.index import Index
    from glm_lsp.project.wanted import Excerpt, Wanted
    from glm_lsp.project.workspace import Workspace

_REASONS = {
    "called": "called here",
    "type": "a type named here",
    "named": "named here",
    "alike": "named like what is called here",
}
_MOST_DEFINITIONS, _MOST_CALLERS, _MOST_TESTS, _WHOLE_TEST = 80, 12, 6, 20
_MOST_MEMBERS = 8


def consult(
    workspace: Workspace, path: str, language: Language, text: str, wanted: Wanted
) -> list[Excerpt]:
    """Return what to show beside some lines of a document."""
    belongs = workspace.open(path, language, text)
    name, index = workspace.shown(path), workspace.index(language.family)
    try:
        found: list[Excerpt] = []
        left = wanted.characters
        for excerpt in _excerpts(Units(workspace, index), name, wanted):
            cost = len(excerpt.text) + len(excerpt.path) + 4
            if cost <= left:
                found.append(excerpt)
                left -= cost
        return found
    finally:
        if not belongs:
            workspace.forget(path, language)


def _excerpts(units: Units, name: str, wanted: Wanted) -> Iterator[Excerpt]:
    unit = units.get(name)
    if unit is None:
        return
    index = units.index
    inference = Inference(units)
    here = here_at(name, unit.lines, wanted.first, unit.definitions)
    types = {} if index.family in ("python", "javascript") else Scorer(index, here).types()
    if wanted.style and (style := test_style(units, name)) is not None:
        yield style
    definitions = used(inference, unit, wanted.first, wanted.last, types)[:_MOST_DEFINITIONS]
    for each in definitions:
        excerpt = definition_excerpt(
            units, each.definition, _REASONS[each.how], bodies=wanted.bodies
        )
        if excerpt is not None:
            yield excerpt
    if wanted.callers or wanted.tests:
        changed = _defined(index, name, wanted)
        found = users(units, inference, changed, range(wanted.first, wanted.last + 1))
        if wanted.callers:
            plain = (user for user in found if not is_test(user.path))
            yield from user_excerpts(units, plain, "caller", _MOST_CALLERS)
        if wanted.tests:
            tests = (user for user in found if is_test(user.path))
            yield from user_excerpts(units, tests, "test", _MOST_TESTS, whole=_WHOLE_TEST)


def _defined(index: Index, name: str, wanted: Wanted) -> list[Definition]:
    """Return what the lines define, without what stands within functions."""
    inside = [
        each
        for each in index.definitions(name)
        if wanted.first <= each.line and each.last <= wanted.last
    ]
    found = [each for each in inside if each.kind in ("function", "class")]
    return [_made(index, each) for each in _outer(found)[:_MOST_MEMBERS]]


def _made(index: Index, each: Definition) -> Definition:
    """Return the class in the place of its constructor, which is called by the class's name."""
    if each.name not in CONSTRUCTORS or not each.owner:
        return each
    for owner in index.by_name.get(each.owner, ()):
        if owner.path == each.path and owner.line <= each.line <= owner.last:
            return owner
    return each


def _outer(found: Iterable[Definition]) -> list[Definition]:
    outer: list[Definition] = []
    for each in sorted(found, key=lambda d: (d.line, -d.last)):
        if not any(o.kind == "function" and o.line < each.line <= o.last for o in outer):
            outer.append(each)
    return outer

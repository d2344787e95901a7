"""Who uses what a range defines: the calls, each with the head of the function around it.

Invariant: a use that means another definition is never one of ours; those that cannot be told
come after those that can.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from glm_lsp.project.expressions import CALLS, MEMBERS, callee, last_name, shape

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tree_sitter import Node

    from glm_lsp.project.definitions import Definition
    from glm_lsp.project.infer import Inference
    from glm_lsp.project.units import Unit, Units

_SHORTEST_WORD = 4
"""Characters of a name that the index knows where to find."""
_MOST_TEXTS, _MOST_USERS, _MOST_HITS = 1_500, 60, 40
_MOST_ALIKE = 3
_TEST = re.compile(
    r"(?:^|/)(?:tests?|specs?|__tests__)/|(?:^|/)test_|[_.](?:test|spec)\.|Tests?\.\w+$"
)
_NAME_ENDS = ("identifier", "constant", "name")
_NO_USE = frozenset(
    "import_statement import_from_statement import_specifier export_specifier import_clause"
    " dotted_name comment string string_content string_fragment keyword_argument".split()
)


def is_test(path: str) -> bool:
    """Tell whether a file holds tests, by its name."""
    return _TEST.search(path) is not None


class User(NamedTuple):
    """A line that uses a definition.

    Attributes:
        line: from 0.
        around: the lines of the function around it, first and last; none outside of one.
        sure: it is known to mean the definition.
    """

    path: str
    line: int
    around: tuple[int, int] | None
    name: str
    sure: bool


def users(
    units: Units, inference: Inference, wanted: Sequence[Definition], shown: range
) -> list[User]:
    """Return the lines that use definitions of one file, apart from the lines shown of it."""
    found: list[User] = []
    for each in wanted:
        found += _users(units, inference, each, shown)
    found = list({(user.path, user.line): user for user in found}.values())
    home = wanted[0].path if wanted else ""

    def order(user: User) -> tuple[object, ...]:
        return (not user.sure, is_test(user.path), *_away(user.path, home), user.path, user.line)

    return sorted(found, key=order)


def _away(path: str, home: str) -> tuple[bool, bool]:
    return (path != home, path.rpartition("/")[0] != home.rpartition("/")[0])


def _users(units: Units, inference: Inference, wanted: Definition, shown: range) -> Iterator[User]:
    index = units.index
    paths = {wanted.path: None}
    if len(wanted.name) >= _SHORTEST_WORD:
        paths.update(dict.fromkeys(path for path, _ in index.holding(wanted.name)))
    else:
        paths.update(dict.fromkeys(index.paths()))
    marked = re.compile(rf"(?<![\w$]){re.escape(wanted.name)}(?![\w$])(?!\s?[\"'])")
    hits = files = 0
    whose = {path for path, _ in index.holding(wanted.owner)} if wanted.owner else set()

    def order(path: str) -> tuple[object, ...]:
        away, far = _away(path, wanted.path)
        return (away, path not in whose, far, is_test(path), path)

    for path in sorted(paths, key=order)[:_MOST_TEXTS]:
        text = units.source(path)
        if wanted.name not in text or marked.search(text) is None:
            continue
        if (unit := units.get(path)) is None:
            continue
        files += 1
        for line, content in enumerate(unit.lines):
            for match in marked.finditer(content[:500]):
                if path == wanted.path and line in shown:
                    continue
                sure = _means(inference, unit, unit.at(line, match.start()), wanted)
                if sure is not None:
                    hits += 1
                    yield User(path, line, _around(unit, line, match.start()), wanted.name, sure)
        if hits >= _MOST_HITS or files >= _MOST_USERS:
            return


def _means(inference: Inference, unit: Unit, node: Node | None, wanted: Definition) -> bool | None:
    """Tell whether a name at a node means a definition; None: it does not."""
    if node is None or node.type in _NO_USE or not node.type.endswith(_NAME_ENDS):
        return None
    whole = node
    parent = node.parent
    while parent is not None and parent.type in MEMBERS and last_name(parent) == whole:
        whole, parent = parent, parent.parent
    if parent is None or parent.type in _NO_USE:
        return None
    if parent.child_by_field_name("name") == whole and parent.type not in CALLS:
        return None  # It defines something, and uses nothing.
    if inference.index.family not in ("python", "javascript"):
        return _may_mean(inference, unit, whole, parent, wanted)
    meant = inference.meant(unit, whole)
    if any((d.path, d.line, d.name) == (wanted.path, wanted.line, wanted.name) for d in meant):
        return True
    if meant:
        return False if _inherited(inference, meant, wanted) else None
    what = shape(unit, whole)
    if (
        what is None
        or what.kind != "member"
        or not wanted.owner
        or inference.receivers(unit, whole)
    ):
        return None
    alike = [d for d in inference.index.by_name.get(wanted.name, ()) if d.kind == "function"]
    return False if len(alike) <= _MOST_ALIKE else None


def _may_mean(
    inference: Inference, unit: Unit, node: Node, parent: Node, wanted: Definition
) -> bool | None:
    called = parent.type in CALLS and callee(parent) == node
    found = inference.index.find(wanted.name, unit.path)
    if not called or not found:
        return None
    first = found[0]
    return True if (first.path, first.line) == (wanted.path, wanted.line) else None


def _inherited(inference: Inference, meant: list[Definition], wanted: Definition) -> bool:
    """Tell whether what is meant is what the definition overrides: it may be called then."""
    if not wanted.owner:
        return False
    owners = {d.owner for d in meant}
    return bool(owners & set(inference.index.bases(wanted.owner)))


def _around(unit: Unit, line: int, column: int) -> tuple[int, int] | None:
    node = unit.at(line, column)
    for each in unit.around(node) if node is not None else ():
        if each.child_by_field_name("name") is not None and unit.is_function(each):
            return each.start_point.row, each.end_point.row
    return None

"""What a range of a file uses: the functions that it calls, the types that it names, and the rest.

Invariant: what inference leads to comes alone; only where it leads nowhere is a member looked for
by its name, and then no name that many have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from glm_lsp.project.expressions import CALLS, MEMBERS, NAMES, callee, last_name, shape
from glm_lsp.project.named import NAME
from glm_lsp.project.place import KEYWORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tree_sitter import Node

    from glm_lsp.project.definitions import Definition
    from glm_lsp.project.infer import Inference
    from glm_lsp.project.members import Value
    from glm_lsp.project.units import Unit

_MOST_ALIKE = 3
"""Definitions of a name; one that more have says too little."""
_MOST_USES = 1_500
_FAMILIES = ("python", "javascript")
"""Those of whose imports every name is known."""
_RANKS = {"called": 0, "type": 1, "named": 2}
_TYPE_KINDS = ("type_identifier", "nested_type_identifier", "generic_type")
_IMPORTS = ("import_statement", "import_from_statement", "import_declaration", "use_declaration")


class Need(NamedTuple):
    """A definition that a range uses.

    Attributes:
        how: "called", "type", "named"; "alike" for one that only has the name of what is called.
    """

    definition: Definition
    how: str


def used(
    inference: Inference, unit: Unit, first: int, last: int, types: Mapping[str, str]
) -> list[Need]:
    """Return what the lines use and do not define, most wanted first.

    `types` are the classes of names, for languages whose imports say less.
    """
    finder = _Finder(inference, unit, types)
    found: dict[tuple[str, int, str], Need] = {}
    for how, node in sorted(_uses(unit, first, last), key=lambda each: _RANKS[each[0]]):
        for each in finder.find(how, node):
            definition = each.definition
            own = definition.path == unit.path and first <= definition.line <= last
            if not own:
                key = (definition.path, definition.line, definition.name)
                found.setdefault(key, each)
    order = {"called": 0, "type": 1, "named": 2, "alike": 3}
    return sorted(found.values(), key=lambda each: order[each.how])


def _uses(unit: Unit, first: int, last: int) -> Iterator[tuple[str, Node]]:
    """Yield the expressions of the lines, in order, with how each is used."""
    stack = [unit.root] if unit.root is not None else []
    count = 0
    while stack and count < _MOST_USES:
        node = stack.pop()
        if node.end_point.row < first or node.start_point.row > last or node.type in _IMPORTS:
            continue
        kind = node.type
        taken: Node | None = None
        inside = first <= node.start_point.row <= last
        if kind in CALLS and inside:
            taken = callee(node)
        if taken is not None:
            count += 1
            yield "called", taken
        elif (kind in _TYPE_KINDS and inside) or (kind == "string" and inside and _in_type(node)):
            count += 1
            yield "type", node
        elif (kind in NAMES or kind in MEMBERS) and inside and not _only_names(unit, node):
            count += 1
            yield ("type" if _in_type(node) else "named"), node
        stack.extend(reversed(node.named_children))


def _only_names(unit: Unit, node: Node) -> bool:
    """Tell whether a name is no use: of a parameter, a keyword, a member, a definition."""
    parent = node.parent
    if parent is None or unit.text(node, 100) in KEYWORDS:
        return True
    if parent.type in MEMBERS and last_name(parent) == node:
        return True
    if parent.type in CALLS and callee(parent) == node:
        return True
    named = parent.child_by_field_name("name")
    return named == node and parent.type not in CALLS


def _in_type(node: Node) -> bool:
    parent = node.parent
    for _ in range(5):
        if parent is None:
            return False
        if parent.type in ("type", "type_annotation", "superclasses", "class_heritage"):
            return True
        parent = parent.parent
    return False


class _Finder:
    def __init__(self, inference: Inference, unit: Unit, types: Mapping[str, str]) -> None:
        self._inference = inference
        self._index = inference.index
        self._unit = unit
        self._types = types
        said = self._index.statements(unit.path)
        self._elsewhere = {n for each in said for n in NAME.findall(each)} - unit.bindings.keys()

    def find(self, how: str, node: Node) -> Iterator[Need]:
        """Yield what an expression means."""
        unit, index = self._unit, self._index
        if node.type == "string":
            said = self._inference.typed(unit, node, unit.text(node, 400), 0)
            yield from (Need(each, how) for each in _classes(said))
            return
        if index.family in _FAMILIES:
            meant = self._inference.meant(unit, node)
            for each in meant:
                yield Need(each, how)
            if meant or how != "called":
                return
        name = unit.text(last_name(node) or node, 200)
        if name in KEYWORDS or NAME.fullmatch(name) is None:
            return
        what = shape(unit, node)
        if what is not None and what.kind == "member":
            yield from self._alike(name, node, how)
        elif index.family not in _FAMILIES:
            yield from (Need(each, how) for each in index.find(name, unit.path)[:1])

    def _alike(self, name: str, node: Node, how: str) -> Iterator[Need]:
        """Yield the members that have a name, where it is not known whose is meant."""
        unit, index = self._unit, self._index
        whose, _, _ = unit.text(node, 200).rpartition(name)
        whose = whose.rstrip(".:->?!")
        head = (NAME.findall(whose) or [""])[0]
        receiver = self._types.get(whose, "")
        if index.family not in _FAMILIES:
            found = index.find(name, unit.path, receiver)
            fits = [each for each in found if receiver and each.owner == receiver]
            yield from (Need(each, how) for each in fits[:1] or found[:1])
            return
        if head in self._elsewhere or whose[:1] in ("'", '"', "`", "[", "{"):
            return
        if any(v.kind in ("class", "module") for v in self._inference.receivers(unit, node)):
            return
        found = [each for each in index.find(name, unit.path) if each.kind == "function"]
        if len(found) <= _MOST_ALIKE:
            yield from (Need(each, "alike") for each in found)


def _classes(values: Iterable[Value]) -> Iterator[Definition]:
    """Yield the classes of values and of what they hold."""
    for value in values:
        if value.of is not None:
            yield value.of
        yield from _classes(value.items)

"""What is declared: the values that annotations, assignments and `return` give.

Invariant: what is written comes before what is assigned, and that before what is returned.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from typing import TYPE_CHECKING

from glm_lsp.project.assignments import assignments
from glm_lsp.project.expressions import within
from glm_lsp.project.lookup import Lookup
from glm_lsp.project.members import DEEPEST, Members, Value
from glm_lsp.project.written_types import CLASS_OF, TRANSPARENT, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tree_sitter import Node

    from glm_lsp.project.definitions import Definition
    from glm_lsp.project.units import Unit, Units
    from glm_lsp.project.written_types import Written

_BOUND = re.compile(r"\bbound\s*=\s*[\"']?([\w.]+)|\bTypeVar\(")
_PROPERTY = re.compile(r"@[\w.]*(?:property|reify)\b")
_MOST_RETURNS = 12


class Declared(Members):
    """Reads declarations for one question."""

    def __init__(self, units: Units) -> None:
        super().__init__(units)
        self.lookup = Lookup(units)

    @abstractmethod
    def values(self, unit: Unit, node: Node, depth: int = 0) -> list[Value]:
        """Return what an expression may have for a value."""

    def meaning(self, definitions: Iterable[Definition], depth: int) -> Iterator[Value]:
        """Yield the values that definitions have."""
        for each in definitions:
            if each.kind in ("class", "type"):
                yield Value("class", each)
            elif each.kind == "function":
                yield Value("function", each)
            else:
                yield from self.held(each, depth)

    def typed(self, unit: Unit, node: Node, text: str, depth: int) -> list[Value]:
        """Return what a written type at a node says."""
        if depth > DEEPEST:
            return []
        return [v for each in written(text) for v in self._written(unit, node, each, depth + 1)]

    def _written(self, unit: Unit, node: Node, said: Written, depth: int) -> list[Value]:
        if depth > 2 * DEEPEST:
            return []
        inner = [v for each in said.of for v in self._written(unit, node, each, depth + 1)]
        name = said.name.rpartition(".")[2]
        if name in CLASS_OF:
            return [v._replace(kind="class") if v.kind == "instance" else v for v in inner]
        found: list[Value] = []
        if name == "Self":
            found = self.own_object(unit, node)
        elif name not in TRANSPARENT or not inner:
            for each in self.dotted(unit, node, said.name):
                found += self._instance(each, inner, depth)
        if not found and inner:
            found = inner if name in TRANSPARENT else [Value("items", items=tuple(inner))]
        return [Value("items", items=tuple(found))] if said.many and found else found

    def own_object(self, unit: Unit, node: Node) -> list[Value]:
        """Return an object of the class around a node."""
        owner = next((each for each in unit.around(node) if unit.is_class(each)), None)
        defined = self.class_at(unit, owner) if owner is not None else None
        return [Value("instance", defined)] if defined is not None else []

    def _instance(self, each: Definition, inner: list[Value], depth: int) -> list[Value]:
        """Return an object of a class, or of what an alias stands for."""
        if each.kind in ("class", "type"):
            return [Value("instance", each, (), tuple(inner))]
        unit = self.units.get(each.path) if each.kind in ("variable", "field") else None
        node = next(assignments(unit, each), None) if unit is not None else None
        right = node.child_by_field_name("right") if node is not None else None
        if unit is None or right is None:
            return []
        text = unit.text(right, 400)
        if (bound := _BOUND.search(text)) is not None:
            return self.typed(unit, right, bound[1], depth + 1) if bound[1] else []
        return self.typed(unit, right, text, depth + 1) if text != each.name else []

    def dotted(self, unit: Unit, node: Node, name: str) -> list[Definition]:
        """Return the definitions that a dotted name in a type means."""
        head, *rest = name.split(".")
        meaning = self.lookup.named(unit, node, head)
        definitions, modules = meaning.definitions, meaning.modules
        bound = unit.bindings.get(".".join([head, *rest[:-1]])) if rest else None
        if bound and not bound[0].name:
            modules, rest = bound[0].files, rest[-1:]
        for part in rest:
            if modules:
                found = self.lookup.exported(modules[0], part)
                definitions, modules = found.definitions, found.modules
            else:
                definitions = [d for each in definitions for d in self._inner_class(each, part)]
        return definitions

    def _inner_class(self, owner: Definition, name: str) -> list[Definition]:
        inner = self.index.definitions(owner.path)
        within_it = [d for d in inner if d.name == name and owner.line <= d.line <= owner.last]
        return self.member(owner, name) or within_it

    def is_property(self, each: Definition) -> bool:
        """Tell whether a method is read like a field."""
        unit = self.units.get(each.path)
        node = unit.node(each) if unit is not None else None
        if unit is None or node is None:
            return False
        if node.type == "method_definition":
            return any(child.type == "get" for child in node.children)
        decorated = node.parent
        if decorated is None or decorated.type != "decorated_definition":
            return False
        return _PROPERTY.search(unit.text(decorated, 300).partition("def ")[0]) is not None

    def held(self, each: Definition, depth: int) -> list[Value]:
        """Return the value of a field or a variable."""
        unit = self.units.get(each.path)
        if unit is None or depth > DEEPEST:
            return []
        for node in assignments(unit, each):
            said = node.child_by_field_name("type")
            text = unit.text(said, 400)
            if said is not None and (found := self.typed(unit, node, text, depth + 1)):
                return found
            right = node.child_by_field_name("right") or node.child_by_field_name("value")
            if right is not None and (found := self.values(unit, right, depth + 1)):
                return found
        return []

    def returned(self, each: Definition, depth: int, whose: Sequence[Value] = ()) -> list[Value]:
        """Return what a function returns; `whose` are the objects that it may be called on."""
        unit = self.units.get(each.path)
        node = unit.node(each) if unit is not None else None
        if unit is None or node is None or depth > DEEPEST:
            return []
        function = node if unit.is_function(node) else node.child_by_field_name("value") or node
        said = function.child_by_field_name("return_type") or function.child_by_field_name("result")
        if said is not None:
            text = unit.text(said, 400)
            if whose and re.search(r"\b(?:Self|this)\b", text):
                return [v._replace(kind="instance") for v in whose if v.of is not None]
            return self.typed(unit, said, text, depth + 1)
        body = function.child_by_field_name("body")
        if body is None:
            return []
        if body.type not in ("block", "statement_block"):
            return self.values(unit, body, depth + 1)
        return [v for value in _given(unit, body) for v in self.values(unit, value, depth + 2)]


def _given(unit: Unit, body: Node) -> Iterator[Node]:
    """Yield what a function's body returns, or yields where it is a context."""
    count = 0
    for node in within(unit, body):
        if node.type in ("return_statement", "yield") and node.named_child_count:
            yield node.named_children[0]
            count += 1
            if count >= _MOST_RETURNS:
                return

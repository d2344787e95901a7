"""What an expression is: which class, module or function of the workspace it has for a value.

Invariant: nothing is guessed here: annotations, constructors, inheritance and what functions
return lead to a value, or there is none. Each question takes a bounded number of steps.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from glm_lsp.project.declared import Declared
from glm_lsp.project.expressions import shape
from glm_lsp.project.members import DEEPEST, Value, once

if TYPE_CHECKING:
    from tree_sitter import Node

    from glm_lsp.project.definitions import Definition
    from glm_lsp.project.expressions import Local, Shape
    from glm_lsp.project.lookup import Meaning
    from glm_lsp.project.units import Unit, Units

_TAKES = frozenset("get pop popleft shift at find setdefault popitem __getitem__".split())
_KEEPS = frozenset("values items filter slice copy concat reverse sort keys".split())
_COPIES = ("copy.copy", "copy.deepcopy", "deepcopy", "structuredClone")
_NEXT, _SAME = ("next", "max", "min"), ("list", "tuple", "sorted", "reversed", "iter", "set")
_MOST_STEPS = 6_000
_MOST_VALUES = 6


class Inference(Declared):
    """Infers values for one question."""

    def __init__(self, units: Units) -> None:
        super().__init__(units)
        self._steps = 0
        self._known: dict[tuple[str, int, int], list[Value]] = {}

    def meant(self, unit: Unit, node: Node) -> list[Definition]:
        """Return the definitions that a name, or the last name of an expression, means."""
        what = shape(unit, node)
        if what is None:
            return []
        if what.kind == "name":
            meaning = self.lookup.named(unit, node, what.name)
            if meaning.definitions:
                return meaning.definitions
            values = self.values(unit, node)
            return [v.of for v in values if v.of is not None and v.kind in ("class", "function")]
        if what.kind == "member":
            if found := self._dotted_import(unit, node):
                return found.definitions
            values = self._whose(unit, node, what)
            return once(d for value in values for d in self._members(value, what.name, 0))
        return []

    def receivers(self, unit: Unit, node: Node) -> list[Value]:
        """Return what stands before the last dot of an expression."""
        what = shape(unit, node)
        return self._whose(unit, node, what) if what is not None and what.kind == "member" else []

    def values(self, unit: Unit, node: Node, depth: int = 0) -> list[Value]:
        """Return what an expression may have for a value; nothing when that is not said."""
        key = (unit.path, node.start_byte, node.end_byte)
        if key in self._known:
            return self._known[key]
        self._steps += 1
        if depth > DEEPEST or self._steps > _MOST_STEPS:
            return []
        self._known[key] = []  # It is asked for again on the way to itself.
        what = shape(unit, node)
        found = self._shaped(unit, node, what, depth + 1) if what is not None else []
        self._known[key] = found = list(dict.fromkeys(found))[:_MOST_VALUES]
        return found

    def _shaped(self, unit: Unit, node: Node, what: Shape, depth: int) -> list[Value]:
        kind = what.kind
        if kind == "name":
            return self._name(unit, node, what.name, depth)
        if kind == "self":
            said = self.lookup.named(unit, node, "this").local
            typed = [v for each in said for v in self._local(unit, node, each, depth)]
            return typed or self.own_object(unit, node)
        if kind == "super":
            owners = (v.of for v in self.own_object(unit, node) if v.of is not None)
            return [Value("instance", base) for each in owners for base in self.bases(each)]
        if kind == "typed":
            return self.typed(unit, node, what.name, depth)
        if kind == "member":
            return self._member_values(unit, node, what, depth)
        if kind == "call":
            return self._called(unit, what.of[0], depth)
        inner = [value for each in what.of for value in self._inner(unit, each, kind, depth)]
        if kind == "list":
            return [Value("items", items=tuple(inner[:_MOST_VALUES]))] if inner else []
        if kind == "item":
            return [item for value in inner for item in value.items]
        return inner

    def _inner(self, unit: Unit, node: Node, kind: str, depth: int) -> list[Value]:
        return self.values(unit, node, depth) if kind != "function" else []

    # Names.

    def _name(self, unit: Unit, node: Node, name: str, depth: int) -> list[Value]:
        meaning = self.lookup.named(unit, node, name)
        if meaning.local:
            found = [v for each in meaning.local for v in self._local(unit, node, each, depth)]
            if found:
                return found
        if not meaning.definitions and not meaning.modules:
            return self._first_parameter(unit, node, name)
        return [*self.meaning(meaning.definitions, depth), *_module(meaning.modules)]

    def _local(self, unit: Unit, node: Node, local: Local, depth: int) -> list[Value]:
        if local.kind == "type":
            return self.typed(unit, node, local.text, depth)
        if local.node is None:
            return []
        values = self.values(unit, local.node, depth)
        if local.kind == "item":
            return [item for value in values for item in value.items]
        if local.kind == "member":
            found = (d for value in values for d in self._members(value, local.text, depth))
            return list(self.meaning(found, depth))
        return values

    def _first_parameter(self, unit: Unit, node: Node, name: str) -> list[Value]:
        """Return the object or the class that a method of Python is called on."""
        if self.index.family != "python":
            return []
        around = unit.around(node)
        for function, owner in pairwise(around):
            if not unit.is_function(function) or not unit.is_class(owner):
                continue
            held = function.child_by_field_name("parameters")
            first = held.named_children[0] if held is not None and held.named_child_count else None
            if first is None or unit.text(first, 200) != name:
                continue
            decorated = function.parent
            said = unit.text(decorated, 200) if decorated is not None else ""
            of_class = said.startswith("@classmethod") or name in ("cls", "mcs")
            defined = self.class_at(unit, owner)
            kind = "class" if of_class else "instance"
            return [Value(kind, defined)] if defined is not None else []
        return []

    # Members.

    def _whose(self, unit: Unit, node: Node, what: Shape, depth: int = 0) -> list[Value]:
        return self.values(unit, what.of[0], depth)

    def _member_values(self, unit: Unit, node: Node, what: Shape, depth: int) -> list[Value]:
        if (meaning := self._dotted_import(unit, node)) is not None:
            return [*self.meaning(meaning.definitions, depth), *_module(meaning.modules)]
        function = next((each for each in unit.around(node) if unit.is_function(each)), None)
        given = self.lookup.scope(unit, function) if function is not None else {}
        text = unit.text(node, 200)
        for value in self._whose(unit, node, what, depth):
            if value.kind == "module":
                for path in value.files:
                    found = self.lookup.exported(path, what.name)
                    values = [*self.meaning(found.definitions, depth), *_module(found.modules)]
                    if values:
                        return values
                continue
            members = self._members(value, what.name, depth)
            values = [v for each in members for v in self._member_value(each, depth)]
            if values:
                return values
        return [v for each in given.get(text, ()) for v in self._local(unit, node, each, depth)]

    def _member_value(self, each: Definition, depth: int) -> list[Value]:
        if each.kind == "function" and self.is_property(each):
            return self.returned(each, depth)
        return list(self.meaning([each], depth))

    def _dotted_import(self, unit: Unit, node: Node) -> Meaning | None:
        """Return what `a.b.c` means where `a.b` is imported by that name."""
        head, _, name = unit.text(node, 200).rpartition(".")
        for each in unit.bindings.get(head, ()) if "." in head else ():
            for path in each.files if not each.name else ():
                found = self.lookup.exported(path, name)
                if found.definitions or found.modules:
                    return found
        return None

    def _members(self, value: Value, name: str, depth: int) -> list[Definition]:
        if value.kind == "module":
            for path in value.files:
                if found := self.lookup.exported(path, name).definitions:
                    return found
            return []
        if value.of is None or value.kind not in ("class", "instance"):
            return []
        return self.member(value.of, name, depth)

    def _called(self, unit: Unit, called: Node, depth: int) -> list[Value]:
        found = []
        for value in self.values(unit, called, depth):
            if value.kind == "class" and value.of is not None:
                found.append(Value("instance", value.of, (), value.items))
            elif value.kind == "function" and value.of is not None:
                found += self.returned(value.of, depth, self._whose_self(unit, called, depth))
            elif value.kind == "instance" and value.of is not None:
                for each in self.member(value.of, "__call__", depth):
                    found += self.returned(each, depth)
        return found or self._taken(unit, called, depth)

    def _taken(self, unit: Unit, called: Node, depth: int) -> list[Value]:
        """Return what a call takes out of a collection or makes of it; a copy is what it is of."""
        what = shape(unit, called)
        if what is None:
            return []
        if unit.text(called, 20) in _COPIES:
            return self._first_argument(unit, called, depth)
        if what.kind == "member" and what.name in (*_TAKES, *_KEEPS):
            held = [v for v in self.values(unit, what.of[0], depth) if v.items]
        elif what.kind == "name" and what.name in (*_NEXT, *_SAME):
            held = [v for v in self._first_argument(unit, called, depth) if v.items]
        else:
            return []
        taken = what.name in _TAKES or what.name in _NEXT
        return [item for v in held for item in v.items] if taken else held

    def _first_argument(self, unit: Unit, called: Node, depth: int) -> list[Value]:
        call = called.parent
        given = call.child_by_field_name("arguments") if call is not None else None
        first = given.named_children[:1] if given is not None else []
        return [v for each in first for v in self.values(unit, each, depth)]

    def _whose_self(self, unit: Unit, called: Node, depth: int) -> list[Value]:
        """Return the object that a method is called on: what `Self` may be."""
        what = shape(unit, called)
        if what is None or what.kind != "member":
            return []
        return [v for v in self.values(unit, what.of[0], depth) if v.kind != "module"]


def _module(files: tuple[str, ...]) -> list[Value]:
    return [Value("module", None, files)] if files else []

"""The members of classes and what classes are derived from, each in its own file.

Invariant: a search goes through each class once, nearest first.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tree_sitter import Node

    from glm_lsp.project.definitions import Definition
    from glm_lsp.project.units import Unit, Units

DEEPEST = 12
_MOST_CLASSES = 30


class Value(NamedTuple):
    """What an expression may have for a value.

    Attributes:
        kind: "module", "class", "instance", "function" or "items".
        of: the class or the function.
        files: of a module.
        items: what it holds.
    """

    kind: str
    of: Definition | None = None
    files: tuple[str, ...] = ()
    items: tuple[Value, ...] = ()


class Members(ABC):
    """Looks up members for one question."""

    def __init__(self, units: Units) -> None:
        self.units = units
        self.index = units.index
        self._known_bases: dict[tuple[str, int], list[Definition]] = {}

    @abstractmethod
    def typed(self, unit: Unit, node: Node, text: str, depth: int) -> list[Value]:
        """Return what a written type at a node says."""

    def member(
        self, owner: Definition, name: str, depth: int = 0, seen: set[Definition] | None = None
    ) -> list[Definition]:
        """Return the definition of a member of a class, its own or the nearest base's."""
        seen = seen if seen is not None else set()
        if owner in seen or len(seen) > _MOST_CLASSES or depth > DEEPEST:
            return []
        seen.add(owner)
        own = [each for each in self._own_members(owner) if each.name == name]
        if own:
            functions = [each for each in own if each.kind == "function"]
            return functions or own[:1]
        for base in self.bases(owner, depth + 1):
            if found := self.member(base, name, depth + 1, seen):
                return found
        return []

    def _own_members(self, owner: Definition) -> Iterable[Definition]:
        for each in self.index.members.get(owner.name, ()):
            if each.path == owner.path and owner.line <= each.line <= owner.last:
                yield each

    def bases(self, owner: Definition, depth: int = 0) -> list[Definition]:
        """Return what a class is derived from; of an alias, what it stands for."""
        key = (owner.path, owner.line)
        if key in self._known_bases:
            return self._known_bases[key]
        self._known_bases[key] = []
        unit = self.units.get(owner.path)
        node = unit.node(owner) if unit is not None else None
        if unit is None or node is None:
            return []
        texts = []
        if owner.kind == "type":
            texts.append(unit.text(node.child_by_field_name("value"), 1_000))
        if (held := node.child_by_field_name("superclasses")) is not None:
            texts += [unit.text(e, 400) for e in held.named_children if "keyword" not in e.type]
        for child in node.named_children:
            if child.type == "class_heritage":
                texts += [unit.text(each, 400) for each in child.named_children]
            elif child.type in ("extends_type_clause", "extends_clause"):
                texts.append(unit.text(child, 400))
        found: list[Definition] = []
        for text in texts:
            text = re.sub(r"^(?:extends|implements)\s+", "", text)
            for each in text.split(",") if text[:1] not in "({" else [text]:
                values = self.typed(unit, node, each, depth + 1)
                found += [v.of for v in values if v.of is not None and v.of != owner]
        self._known_bases[key] = found = once(found)
        return found

    def class_at(self, unit: Unit, node: Node) -> Definition | None:
        """Return the definition of the class at a node."""
        name = unit.text(node.child_by_field_name("name"), 400)
        first, last = node.start_point.row, node.end_point.row
        for each in unit.definitions:
            inside = first - 12 <= each.line <= first and last == each.last
            if each.name == name and each.kind == "class" and inside:
                return each
        return None


def once(found: Iterable[Definition]) -> list[Definition]:
    """Return definitions, each once, in order."""
    return list(dict.fromkeys(found))

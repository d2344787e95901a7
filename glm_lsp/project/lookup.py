"""What a name means in a file: its own definitions, its imports, and what other files pass on.

Invariant: a search goes through each file once; it ends, in whatever circles files import.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, NamedTuple

from glm_lsp.project.bindings import bindings
from glm_lsp.project.expressions import locals_of, within
from glm_lsp.project.imports import ALL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tree_sitter import Node

    from glm_lsp.project.bindings import Binding
    from glm_lsp.project.definitions import Definition
    from glm_lsp.project.expressions import Local
    from glm_lsp.project.units import Unit, Units

_MOST_FILES = 400
_DEFAULT = re.compile(
    r"^export default (?:abstract |async |declare )*(?:class |function\*? ?|interface )?([\w$]+)",
    re.MULTILINE,
)
_EXPORTED = re.compile(r"\bexport\s*(?:type\s*)?\{([^{}]*)\}")
_RENAMED = re.compile(r"(?<![\w$])([\w$]+) as ([\w$]+)")


class Meaning(NamedTuple):
    """What a name may mean.

    Attributes:
        definitions: of the workspace.
        modules: the files that it stands for, where it is a module.
        local: what gives it its value in a function; the function it is.
    """

    definitions: list[Definition]
    modules: tuple[str, ...] = ()
    local: tuple[Local, ...] = ()


_NOTHING = Meaning([])


class Lookup:
    """Looks names up for one question."""

    def __init__(self, units: Units) -> None:
        self._units = units
        self._index = units.index
        self._scopes: dict[tuple[str, int, int], _Scope] = {}

    def named(self, unit: Unit, node: Node, name: str) -> Meaning:
        """Return what a name means at a node."""
        for around in unit.around(node):
            if not unit.is_function(around):
                continue
            scope = self._scope(unit, around)
            if name in scope.bindings:
                return self._bound(scope.bindings[name])
            if given := scope.locals.get(name):
                return Meaning([], (), tuple(given))
            if name in scope.locals:
                return _NOTHING
        return self.top(unit, name)

    def top(self, unit: Unit, name: str) -> Meaning:
        """Return what a name means at the top of a file."""
        if own := top_level(unit.definitions, name):
            return Meaning(own)
        if bound := unit.bindings.get(name):
            return self._bound(bound)
        if stars := unit.bindings.get(ALL):
            return self._bound([each._replace(name=name) for each in stars])
        return _NOTHING

    def scope(self, unit: Unit, function: Node) -> dict[str, list[Local]]:
        """Return what gives values to a function's names."""
        return self._scope(unit, function).locals

    def exported(self, path: str, name: str, seen: set[tuple[str, str]] | None = None) -> Meaning:
        """Return what a file means by a name that others import from it."""
        seen = seen if seen is not None else set()
        if (path, name) in seen or len(seen) > _MOST_FILES:
            return _NOTHING
        seen.add((path, name))
        if own := top_level(self._index.definitions(path), name):
            return Meaning(own)
        bound = self._bindings(path)
        if name in bound and (found := self._bound(bound[name], seen)) != _NOTHING:
            return found
        if self._index.family == "javascript" and (other := self._renamed(path, name)):
            return self.exported(path, other, seen)
        if inner := self.submodule(path, name):
            return Meaning([], inner)
        stars = [each._replace(name=name) for each in bound.get(ALL, ())]
        return self._bound(stars, seen)

    def submodule(self, path: str, name: str) -> tuple[str, ...]:
        """Return the file of a module within a package."""
        if not path.endswith("__init__.py"):
            return ()
        whole = posixpath.join(posixpath.dirname(path), name)
        ends = (".py", "/__init__.py", ".pyi")
        return tuple(whole + end for end in ends if whole + end in self._index)[:1]

    def _bound(self, bound: Iterable[Binding], seen: set[tuple[str, str]] | None = None) -> Meaning:
        for each in bound:
            if not each.name:
                if each.files:
                    return Meaning([], each.files)
                continue
            for path in each.files:
                found = self.exported(path, each.name, seen)
                if found.definitions or found.modules:
                    return found
            if each.inner:
                return Meaning([], each.inner)
        return _NOTHING

    def _bindings(self, path: str) -> dict[str, list[Binding]]:
        index = self._index
        if path not in self._known:
            statements = index.statements(path)
            self._known[path] = bindings(index.family, path, statements, index.files)
        return self._known[path]

    @property
    def _known(self) -> dict[str, dict[str, list[Binding]]]:
        return self._units.bindings

    def _renamed(self, path: str, name: str) -> str:
        """Return how a file of JavaScript itself calls what it exports by a name."""
        text = self._units.source(path)
        if name == "default":
            found = _DEFAULT.search(text)
        else:
            lists = (exported[1] for exported in _EXPORTED.finditer(text))
            renamed = (each for names in lists for each in _RENAMED.finditer(names))
            found = next((each for each in renamed if each[2] == name), None)
        return found[1] if found is not None and found[1] != name else ""

    def _scope(self, unit: Unit, function: Node) -> _Scope:
        key = (unit.path, function.start_byte, function.end_byte)
        if key not in self._scopes:
            index = self._index
            body = function.child_by_field_name("body")
            statements = [
                unit.text(each)
                for each in (within(unit, body) if body is not None else ())
                if each.type in ("import_statement", "import_from_statement")
            ]
            plain = [re.sub(r"\s+", " ", each) for each in statements]
            bound = bindings(index.family, unit.path, plain, index.files)
            self._scopes[key] = _Scope(locals_of(unit, function), bound)
        return self._scopes[key]


class _Scope(NamedTuple):
    locals: dict[str, list[Local]]
    bindings: dict[str, list[Binding]]


def top_level(definitions: list[Definition], name: str) -> list[Definition]:
    """Return the definitions of a name that do not stand within a function or a class."""
    found = [each for each in definitions if each.name == name and not each.owner]
    if not found or len(found) == len(definitions):
        return found
    functions = [each for each in definitions if each.kind == "function"]
    return [each for each in found if not any(_holds(other, each) for other in functions)]


def _holds(outer: Definition, inner: Definition) -> bool:
    return outer.line < inner.line and inner.last <= outer.last

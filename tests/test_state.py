"""Where state lives: with owners, one set of them for each client."""

from __future__ import annotations

import ast
import asyncio
import gc
from collections import deque
from pathlib import Path
from types import FunctionType, MappingProxyType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

import attrs

import glm_lsp
from glm_lsp.app import factory

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(glm_lsp.__file__).parent
MODULES = [p for p in sorted(ROOT.rglob("*.py")) if "samples" not in p.parts]

CACHES = {
    "characters.py: _every": "a pattern is compiled once, when it is first needed",
    "languages/lexer.py: _tokens": "the tokens of a text are the same for everybody",
    "context/patterns.py: _compiled": "an expression of a pattern is compiled once",
    "context/syntax.py: _grammar": "a grammar is a library that is loaded once",
    "editing/answer/clean.py: _odd_ones": "the characters of a file are the same for everybody",
    "context/names.py: path_of": "a URI names the same path for everybody",
    "editing/answer/lines.py: _words": "the words of a line are the same for everybody",
    "editing/partners.py: _words": "the words of a line are the same for everybody",
    "lsp/wire/converter.py: _explaining": "it has no state but what it writes for types",
    "markdown/inline.py: _parser": "it has no state but its rules",
    "next_edits/patterns.py: replacements": "what differs in two lines is the same for everybody",
    "project/defined.py: parts_of": "the words of a name are the same for everybody",
    "project/own_text.py: _counted": "the words of some lines are the same for everybody",
    "project/place.py: beside_the_code": "a path says the same to everybody",
    "project/trees.py: fitted": "the trees are a file of the package, read when first needed",
    "secrets/shapes.py: _compiled": "the shapes of keys are compiled once, when first needed",
    "settings/layers.py: _converter": "it has no state but what it writes for types",
}
"""What is remembered in a module: results of functions that depend on nothing else."""

# Whose objects are looked into; what cattrs and lsprotocol know of types is everybody's.
KNOWN = frozenset("glm_lsp pygls builtins collections functools contextlib asyncio".split())

SHARED = "glm_lsp.app._Connector"
"""Holds the embedded model, a whole neural network, and the store of what was used."""


def test_what_modules_remember_is_listed_with_its_reason() -> None:
    """A cache in a module is of a function whose result depends on its arguments alone."""
    found = {
        f"{path.relative_to(ROOT).as_posix()}: {name}"
        for path in MODULES
        for name in _caching(ast.parse(path.read_text("utf-8")))
    }
    assert found == set(CACHES)


def test_two_clients_share_nothing_but_the_way_to_a_model() -> None:
    """Whatever can change and is reached from one client is not reached from another."""

    async def work() -> set[str]:
        build = factory(MappingProxyType({}))
        one, other = _reached(build()), _reached(build())
        return {_name(thing) for key, thing in one.items() if key in other}

    assert asyncio.run(work()) <= {SHARED}


def _called(node: ast.expr) -> str:
    function = node.func if isinstance(node, ast.Call) else node
    return ast.unparse(function).rpartition(".")[2]


def _caching(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        around = node.decorator_list if isinstance(node, ast.FunctionDef) else []
        if {_called(each) for each in around} & {"cache", "lru_cache"}:
            yield getattr(node, "name", "")


def _reached(server: object) -> dict[int, Any]:
    """Return, by identity, what can change and is reached from a server."""
    found: dict[int, Any] = {}
    waiting: deque[Any] = deque([server])
    seen = {id(server)}
    while waiting:
        thing = waiting.popleft()
        if _has_state(thing):
            found[id(thing)] = thing
        for each in _parts(thing) if _name(thing) != SHARED else ():
            if id(each) not in seen:
                seen.add(id(each))
                waiting.append(each)
    return found


def _parts(thing: object) -> list[Any]:
    """Return what a thing refers to; of a function, what it closes over."""
    if isinstance(thing, FunctionType):
        cells = thing.__closure__ or ()
        return [cell.cell_contents for cell in cells if _filled(cell)]
    if isinstance(thing, MethodType):
        return [thing.__self__, thing.__func__]
    foreign = isinstance(thing, ModuleType | type | MappingProxyType | asyncio.AbstractEventLoop)
    known = type(thing).__module__.partition(".")[0] in KNOWN
    return gc.get_referents(thing) if known and not foreign else []


def _filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:
        return False


def _has_state(thing: object) -> bool:
    """Tell whether a thing of ours, or a container, can change."""
    if isinstance(thing, list | dict | set | deque):
        return True
    cls = type(thing)
    ours = cls.__module__.startswith(("glm_lsp", "asyncio"))
    return ours and not _is_frozen(cls)


def _is_frozen(cls: type) -> bool:
    return attrs.has(cls) and cls.__setattr__ is not object.__setattr__


def _name(thing: object) -> str:
    cls = type(thing)
    known = f"{cls.__module__}.{cls.__qualname__}"
    return known if cls.__module__ != "builtins" else f"{known} {str(thing)[:200]}"

"""Which name of a file's imports means which name of which file: aliases, stars, what is passed on.

Invariant: an import leads to files of the index alone; what is not understood binds nothing.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, NamedTuple

from glm_lsp.project.imports import ALL, javascript_files, python_files
from glm_lsp.project.named import NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from glm_lsp.project.imports import Files

_FROM = re.compile(r"from (\.*) ?(\w[\w.]*)? ?import (.*)")
_STRING = re.compile(r"(?:from ?|import ?|require\()[\"']([^\"']+)[\"']")
_AS = re.compile(r"(?:type )?([\w$]+|\*)(?: as ([\w$]+))?$")
_REQUIRED = re.compile(r"(?:const|let|var) (\{[^}]*\}|[\w$]+) ?= ?require\(")
_DEFAULT = "default"


class Binding(NamedTuple):
    """One name that an import gives to a file.

    Attributes:
        local: how the file calls it; `*` for every name of the others.
        files: where it is looked for, the likeliest first.
        name: what it is called there; "" for the file itself.
        inner: what it is where none of these defines it: a module of the package.
    """

    local: str
    files: tuple[str, ...]
    name: str = ""
    inner: tuple[str, ...] = ()


def bindings(
    family: str, path: str, statements: Iterable[str], files: Files
) -> dict[str, list[Binding]]:
    """Return what a file's import statements bind, by the local name."""
    read = {"python": _python, "javascript": _javascript}.get(family)
    found: dict[str, list[Binding]] = {}
    for statement in statements if read is not None else ():
        for each in read(path, statement, files) if read is not None else ():
            if each.files or each.inner:
                found.setdefault(each.local, []).append(each)
    return found


def _python(path: str, statement: str, files: Files) -> Iterator[Binding]:
    here = posixpath.dirname(path)
    said = _FROM.match(statement)
    if said is None:
        for named in statement.removeprefix("import ").split(","):
            module, _, alias = named.strip().partition(" as ")
            there = tuple(python_files(module, None, files))
            yield Binding(alias.strip() or module, there)
        return
    dots, module, listed = said.groups("")
    base = here
    for _ in range(len(dots) - 1):
        base = posixpath.dirname(base)
    start = base if dots else None
    there = tuple(python_files(module, start, files))
    for each in listed.strip().strip("()").split(","):
        name, _, alias = (part.strip() for part in each.strip().partition(" as "))
        if name == ALL:
            yield Binding(ALL, there, ALL)
        elif NAME.fullmatch(name):
            inner = f"{module}.{name}" if module else name
            yield Binding(alias or name, there, name, tuple(python_files(inner, start, files)))


def _javascript(path: str, statement: str, files: Files) -> Iterator[Binding]:
    named = _STRING.search(statement)
    if named is None:
        return
    there = tuple(javascript_files(path, named.group(1), files))
    required = _REQUIRED.match(statement)
    if required is not None:
        what = required.group(1)
        if not what.startswith("{"):
            yield Binding(what, there)
        for each in NAME.findall(what) if what.startswith("{") else ():
            yield Binding(each, there, each)
        return
    passes_on = statement.startswith("export")
    head = statement[: named.start()]
    head = re.sub(r"^(?:import|export)\b ?(?:type\b ?)?", "", head).strip()
    inside = head.partition("{")[2].partition("}")[0]
    for each in inside.split(","):
        if (said := _AS.match(each.strip())) is not None:
            yield Binding(said[2] or said[1], there, said[1])
    for each in (head.partition("{")[0] + head.partition("}")[2]).split(","):
        said = _AS.match(each.strip())
        if said is None:
            continue
        if said[1] != ALL:
            yield Binding(said[1], there, _DEFAULT)
        elif said[2]:
            yield Binding(said[2], there)
        elif passes_on:
            yield Binding(ALL, there, ALL)

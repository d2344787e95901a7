"""Which files of the workspace a file imports, and which names it takes from each.

Invariant: an import leads to files of the index alone; the disk is not asked. What is not
understood leads nowhere.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from glm_lsp.project.named import NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    Found = Iterator[tuple[str, Sequence[str]]]

ALL = "*"
_FROM = re.compile(r"from (\.*) ?(\w[\w.]*)? ?import (.*)")
_STRING = re.compile(r"[\"'<]([^\"'<>]+)[\"'>]")
_MOST = 60


class Files:
    """The paths of an index, found by what imports say of them."""

    def __init__(self) -> None:
        self.paths: dict[str, None] = {}
        self.folders: dict[str, dict[str, None]] = {}
        self.by_stem: dict[str, dict[str, None]] = {}
        self._ends: dict[str, dict[str, None]] = {}

    def add(self, path: str) -> None:
        """Take a path, with `/` between its parts."""
        if path in self.paths:
            return
        self.paths[path] = None
        folder = posixpath.dirname(path)
        if folder not in self.folders:
            self._ends.setdefault(posixpath.basename(folder), {})[folder] = None
        self.folders.setdefault(folder, {})[path] = None
        self.by_stem.setdefault(_stem(path), {})[path] = None

    def remove(self, path: str) -> None:
        """Forget a path."""
        self.paths.pop(path, None)
        self.folders.get(posixpath.dirname(path), {}).pop(path, None)
        self.by_stem.get(_stem(path), {}).pop(path, None)

    def folders_ending(self, end: str) -> list[str]:
        """Return the folders whose path ends so."""
        found = self._ends.get(posixpath.basename(end), ())
        return [each for each in found if f"/{each}".endswith(f"/{end}")]


def imported(
    family: str,
    path: str,
    statements: Iterable[str],
    files: Files,
    defined: Callable[[str], Iterable[str]],
) -> dict[str, set[str]]:
    """Return the files that a file imports, in order, with the names taken from each.

    `defined` returns the files that define a name: for what is passed on by others.
    """
    read = _READERS.get(family, _included)
    found: dict[str, set[str]] = {}
    for there, names in read(path, statements, files, defined):
        if there != path and there in files.paths:
            found.setdefault(there, set()).update(names)
            if len(found) >= _MOST:
                break
    return found


def _python(
    path: str, statements: Iterable[str], files: Files, defined: Callable[[str], Iterable[str]]
) -> Found:
    here = posixpath.dirname(path)
    for statement in statements:
        said = _FROM.match(statement)
        if said is None:
            for module in statement.removeprefix("import ").split(","):
                yield from ((p, ()) for p in python_files(module.split(" as ")[0], "", files))
            continue
        dots, module, listed = said.groups("")
        base = here
        for _ in range(len(dots) - 1):
            base = posixpath.dirname(base)
        names = [each.strip().split(" as ")[0] for each in listed.strip("() ").split(",")]
        names = [name for name in names if name]
        relative = bool(dots)
        for name in names:
            inner = f"{module}.{name}" if module else name
            yield from ((p, ()) for p in python_files(inner, base if relative else None, files))
        for there in python_files(module, base if relative else None, files):
            yield there, names
            if there.endswith("__init__.py"):  # What it passes on is defined elsewhere.
                for name in names:
                    yield from ((p, (name,)) for p in list(defined(name))[:2])


def python_files(module: str, base: str | None, files: Files) -> Iterator[str]:
    """Yield the files that a module's name means, `base` the folder where it is relative to one."""
    parts = module.strip().replace(".", "/")
    for root in [base] if base else ["", "src"]:
        whole = posixpath.join(root, parts) if parts else root
        for ending in (".py", "/__init__.py", ".pyi"):
            if (found := whole.lstrip("/") + ending) in files.paths:
                yield found
                return
    if base is None and parts:  # The package's folder may lie anywhere in the workspace.
        head, _, last = parts.rpartition("/")
        for folder in files.folders_ending(head)[:2] if head else ():
            if (found := f"{folder}/{last}.py") in files.paths:
                yield found
        for folder in files.folders_ending(parts)[:2]:
            if (found := f"{folder}/__init__.py") in files.paths:
                yield found


def _javascript(
    path: str, statements: Iterable[str], files: Files, defined: Callable[[str], Iterable[str]]
) -> Found:
    for statement in statements:
        named = _STRING.search(statement)
        if named is None:
            continue
        brackets = statement.partition("{")[2].partition("}")[0]
        names = NAME.findall(brackets) or NAME.findall(statement.partition(" from ")[0])[1:]
        module = named.group(1)
        if not module.startswith("."):
            for name in names:  # An alias of the workspace's own, or another package.
                yield from ((p, (name,)) for p in list(defined(name))[:1])
            continue
        for each in javascript_files(path, module, files):
            yield each, names
            if "/index." in each:
                for name in names:
                    yield from ((p, (name,)) for p in list(defined(name))[:2])


def javascript_files(path: str, module: str, files: Files) -> Iterator[str]:
    """Yield the file that a module's name means in a file: one, or none.

    A name that is not relative may be an alias of the workspace's own: `@/shapes` or `src/shapes`.
    """
    if module.startswith("."):
        whole = posixpath.normpath(posixpath.join(posixpath.dirname(path), module)).strip("/")
        wholes = ["" if whole == "." else whole]
    else:
        end = module.partition("/")[2]
        wholes = [f"{root}{each}" for each in (module, end) if each for root in ("", "src/")]
    for whole in wholes:
        bare = re.sub(r"\.[cm]?[jt]sx?$", "", whole)
        for each in (whole, *(f"{bare}{end}".lstrip("/") for end in _SCRIPTS)):
            if each in files.paths:
                yield each
                return


_SCRIPTS = (".ts", ".tsx", ".js", ".jsx", ".mjs", ".d.ts", "/index.ts", "/index.tsx", "/index.js")


def _go(path: str, statements: Iterable[str], files: Files, _: object) -> Found:
    here = posixpath.dirname(path)
    for each in files.folders.get(here, ()):
        yield each, (ALL,)
    for statement in statements:
        for module in _STRING.findall(statement):
            parts = module.split("/")
            for start in range(min(len(parts), 6)):
                if folders := files.folders_ending("/".join(parts[start:])):
                    for folder in folders[:1]:
                        yield from ((p, ()) for p in list(files.folders[folder])[:20])
                    break


def _rust(
    path: str, statements: Iterable[str], files: Files, defined: Callable[[str], Iterable[str]]
) -> Found:
    here = posixpath.dirname(path)
    for statement in statements:
        segments = [each for each in NAME.findall(statement) if each not in _RUST_WORDS]
        for segment in segments:
            for there in list(files.by_stem.get(segment, ()))[:3]:
                yield there, segments
            if (inner := f"{here}/{segment}/mod.rs") in files.paths:
                yield inner, segments
        for segment in segments[-6:]:
            yield from ((p, (segment,)) for p in list(defined(segment))[:2])


_RUST_WORDS = frozenset("use pub crate self super mod as std core alloc".split())


def _java(path: str, statements: Iterable[str], files: Files, _: object) -> Found:
    for statement in statements:
        module = re.sub(r"^(?:import|using|use)\s+(?:static\s+)?", "", statement).strip("; ")
        parts = re.split(r"[.\\]", module)
        for name in reversed(parts[-2:]):
            for there in list(files.by_stem.get(name, ()))[:2]:
                yield there, (name, parts[-1])
    for each in list(files.folders.get(posixpath.dirname(path), ()))[:40]:
        yield each, (_stem(each),)


def _included(path: str, statements: Iterable[str], files: Files, _: object) -> Found:
    here = posixpath.dirname(path)
    for statement in statements:
        for module in _STRING.findall(statement):
            whole = posixpath.normpath(posixpath.join(here, module))
            found = [whole] if whole in files.paths else []
            found = found or [
                each
                for each in files.by_stem.get(_stem(module), ())
                if f"/{each}".endswith(f"/{module}")
            ]
            for there in found[:2]:
                yield there, (ALL,)
    for each in files.by_stem.get(_stem(path), ()):  # A header and its source.
        yield each, (ALL,)


_READERS: Mapping[str, Callable[..., Found]] = {
    "python": _python,
    "javascript": _javascript,
    "go": _go,
    "rust": _rust,
    "java": _java,
    "csharp": _java,
    "php": _java,
}


def _stem(path: str) -> str:
    return posixpath.basename(path).partition(".")[0]

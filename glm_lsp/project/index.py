"""The index of a workspace's files of one family of languages, in memory.

Invariant: it holds names, signatures and words, never texts; a file is replaced in time that its
own size bounds.
"""

from __future__ import annotations

import re
from heapq import nlargest
from sys import intern
from typing import TYPE_CHECKING, NamedTuple

from glm_lsp.project.definitions import Definition
from glm_lsp.project.facts import PASSAGE
from glm_lsp.project.imports import Files, imported
from glm_lsp.project.passages import Passages

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glm_lsp.project.facts import Facts

_PART = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_STALE = 200
"""Changes of files after which names are counted anew."""


def parts_of(name: str) -> list[str]:
    """Return the words that a name is made of, in lower case, but for the shortest."""
    return [part.lower() for part in _PART.findall(name) if len(part) > 2]


class _File(NamedTuple):
    """What the index holds of a file."""

    definitions: list[Definition]
    statements: list[str]


class Index:
    """What the files define, how they import one another, and which words stand together.

    Attributes:
        by_name: the definitions of each name.
        by_parameter: the functions that have a parameter of a name.
        members: the definitions within each class, by its name.
        by_part: the names that have a word in them.
        passages: which words stand together.
    """

    def __init__(self, family: str) -> None:
        self.family = family
        self.by_name: dict[str, list[Definition]] = {}
        self.by_parameter: dict[str, list[Definition]] = {}
        self.members: dict[str, list[Definition]] = {}
        self.by_part: dict[str, list[str]] = {}
        self.passages = Passages()
        self.files = Files()
        self._files: dict[str, _File] = {}
        self._changes = self._count = 0
        self._imports: dict[str, dict[str, set[str]]] = {}
        self._classes: dict[str, list[str]] | None = None
        self._popular: list[str] | None = None

    def __len__(self) -> int:
        return len(self._files)

    def __contains__(self, path: str) -> bool:
        return path in self._files

    def definitions(self, path: str) -> list[Definition]:
        """Return what a file defines; nothing of one that is not known."""
        file = self._files.get(path)
        return file.definitions if file is not None else []

    def paths(self) -> Iterable[str]:
        """Return the files' paths."""
        return self._files.keys()

    # Changing.

    def replace(self, path: str, facts: Facts) -> None:
        """Put a file's facts in the place of what was known of it."""
        known = self._files.get(path)
        if known is not None:
            self._forget(path, known)
        definitions = [_kept(each, path) for each in facts.definitions]
        self._files[path] = _File(definitions, facts.imports)
        self.files.add(path)
        for each in definitions:
            self._learn(each)
        self.passages.replace(path, facts.words, facts.passages)
        self._changed(path)

    def remove(self, path: str) -> None:
        """Forget a file."""
        if (known := self._files.pop(path, None)) is not None:
            self._forget(path, known)
            self.passages.remove(path)
            self.files.remove(path)
            self._changed(path)

    def _changed(self, path: str) -> None:
        self._imports.pop(path, None)
        self._changes += 1
        if self._changes % _STALE == 1 or len(self._files) != self._count:
            # Otherwise a little of what these say is old, and does no harm.
            self._classes = self._popular = None
            self._count = len(self._files)

    def _learn(self, each: Definition) -> None:
        if each.name not in self.by_name:
            self.by_name[each.name] = []
            for part in parts_of(each.name):
                self.by_part.setdefault(part, []).append(each.name)
        self.by_name[each.name].append(each)
        for parameter in each.parameters:
            self.by_parameter.setdefault(parameter.lstrip("*"), []).append(each)
        if each.owner:
            self.members.setdefault(each.owner, []).append(each)

    def _forget(self, path: str, known: _File) -> None:
        for name in {each.name for each in known.definitions}:
            if not _drop(self.by_name, name, path):
                for part in parts_of(name):
                    self.by_part[part].remove(name)
        for each in known.definitions:
            for parameter in each.parameters:
                _drop(self.by_parameter, parameter.lstrip("*"), path)
        for owner in {each.owner for each in known.definitions if each.owner}:
            _drop(self.members, owner, path)

    # Asking.

    def imports(self, path: str) -> dict[str, set[str]]:
        """Return the files that a file imports, with the names it takes from each."""
        if path not in self._files:
            return {}
        if path not in self._imports:
            self._imports[path] = imported(
                self.family, path, self._files[path].statements, self.files, self._defining
            )
        return self._imports[path]

    def statements(self, path: str) -> list[str]:
        """Return a file's import statements, each on one line."""
        file = self._files.get(path)
        return file.statements if file is not None else []

    def _defining(self, name: str) -> list[str]:
        return [each.path for each in self.by_name.get(name, ()) if not each.owner]

    def classes_like(self, name: str) -> list[str]:
        """Return classes whose name is, or ends with, what a variable is called."""
        if self._classes is None:
            found: dict[str, list[str]] = {}
            for owner in self.members:
                found.setdefault(owner.lower(), []).insert(0, owner)
                parts = parts_of(owner)
                if parts and parts[-1] != owner.lower():
                    found.setdefault(parts[-1], []).append(owner)
            self._classes = found
        return self._classes.get(name, [])

    def popular(self) -> list[str]:
        """Return the names that most files hold."""
        if self._popular is None:
            self._popular = nlargest(300, self.by_name, key=self.passages.spread)
        return self._popular

    def bases(self, name: str, depth: int = 0) -> list[str]:
        """Return what a class is derived from, near first."""
        found: dict[str, None] = {}
        for each in self.by_name.get(name, ())[:3]:
            for base in each.bases if each.kind == "class" and depth < 4 else ():
                if base != name and base not in found and base in self.members:
                    found[base] = None
                    found.update(dict.fromkeys(self.bases(base, depth + 1)))
        return list(found)[:12]

    # For actions.

    def find(self, name: str, path: str, receiver: str = "") -> list[Definition]:
        """Return the definitions that a name in a file may mean, the likeliest first.

        `receiver` is the class of what stands before its dot, where that is known.
        """
        given = self.imports(path)
        owners = {receiver, *self.bases(receiver)} if receiver else set()
        folder = path.rpartition("/")[0]

        def likeliness(each: Definition) -> tuple[bool, ...]:
            names = given.get(each.path, ())
            return (
                each.owner in owners,
                bool(owners) == bool(each.owner),
                each.path == path,
                each.name in names or each.owner in names or "*" in names,
                each.path in given,
                each.path.rpartition("/")[0] == folder,
            )

        return sorted(self.by_name.get(name, ()), key=likeliness, reverse=True)

    def holding(self, name: str) -> list[tuple[str, int]]:
        """Return where a name stands: files, and the first lines of the passages that hold it."""
        return [(path, at * PASSAGE) for path, at in self.passages.holding(name)]


def _kept(each: Definition, path: str) -> Definition:
    """Return a definition of a file; of equal texts all are one in memory."""
    name, kind, owner, line, last, signature, parameters, is_a, bases, doc, _ = each
    name = intern(name)
    return Definition(
        name,
        intern(kind),
        intern(owner),
        line,
        last,
        name if signature == name else signature,
        tuple(map(intern, parameters)) if parameters else (),
        intern(is_a),
        tuple(map(intern, bases)) if bases else (),
        doc,
        path,
    )


def _drop(table: dict[str, list[Definition]], name: str, path: str) -> bool:
    """Take a file's definitions out of a list; tell whether others are left."""
    found = table.get(name)
    if found is None:
        return False
    rest = [each for each in found if each.path != path]
    if rest:
        table[name] = rest
    else:
        del table[name]
    return bool(rest)

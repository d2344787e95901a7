"""The index of a workspace's files of one family of languages, in memory.

Invariant: it holds names, signatures and words, never texts; a file is replaced in time that its
own size bounds.
"""

from __future__ import annotations

import math
from heapq import nlargest
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from glm_lsp.project.around import signs_around
from glm_lsp.project.defined import Defined, parts_of
from glm_lsp.project.facts import PASSAGE
from glm_lsp.project.imports import Files, imported
from glm_lsp.project.passages import Passages

if TYPE_CHECKING:
    from array import array
    from collections.abc import Container, Iterable, Iterator, Sequence

    from glm_lsp.project.defined import File
    from glm_lsp.project.definitions import Definition
    from glm_lsp.project.facts import Facts
    from glm_lsp.project.rows import Outline
    from glm_lsp.project.settled import KeptParts

_STALE = 200
"""Changes of files after which names are counted anew."""
_UNLIKE, _FEWEST_UNLIKE = 0.05, 20
_NEVER_KEPT = 1_000_000
_MOST_KEPT = 4
"""Files of which more is kept: those that are asked about."""
_MOST_NATURES = 8_000


class Nature(NamedTuple):
    """What a name is, wherever the cursor is.

    Attributes:
        kind: of its first definition; "" for none.
        many: the logarithm of one more than how many definitions it has.
        rarity: how much it says.
        spread: how many files hold it.
    """

    kind: str
    many: float
    rarity: float
    spread: int


class Index:
    """What the files define, how they import one another, and which words stand together.

    Attributes:
        by_name: the definitions of each name.
        by_parameter: the functions that have a parameter of a name.
        members: the definitions within each class, by its name.
        passages: which words stand together.
    """

    def __init__(self, family: str) -> None:
        self.family = family
        self._defined = Defined()
        self.by_name = self._defined.by_name
        self.by_parameter = self._defined.by_parameter
        self.members = self._defined.members
        self.passages = Passages()
        self.files = Files()
        self._files: dict[str, File] = {}
        self._listed: dict[str, list[Definition]] = {}
        self._changes = self._count = 0
        self._unlike = _NEVER_KEPT
        self._imports: dict[str, tuple[str, dict[str, set[str]]]] = {}
        self._classes: dict[str, list[str]] | None = None
        self._popular: list[str] | None = None
        self._own_changes: dict[str, int] = {}
        self._around: dict[str, tuple[tuple[str, int], dict[str, dict[str, float]]]] = {}
        self._natures: dict[str, Nature] = {}

    def __len__(self) -> int:
        return len(self._files)

    def __contains__(self, path: str) -> bool:
        return path in self._files

    def definitions(self, path: str) -> list[Definition]:
        """Return what a file defines; nothing of one that is not known."""
        file = self._files.get(path)
        if path not in self._listed and file is not None:
            return _keep(self._listed, path, self._defined.of(file))
        return self._listed.get(path, [])

    def outline(self, path: str) -> list[Outline]:
        """Return what a file defines in short; nothing of one that is not known."""
        file = self._files.get(path)
        return self._defined.outline(file) if file is not None else []

    def paths(self) -> Iterable[str]:
        """Return the files' paths."""
        return self._files.keys()

    # Changing.

    def replace(self, path: str, facts: Facts, key: bytes = b"") -> None:
        """Put a file's facts in the place of what was known of it; `key` is its text's."""
        known = self._files.get(path)
        if known is not None:
            self._lose(known)
        self._files[path] = self._defined.add(path, key, facts)
        self.files.add(path)
        self.passages.replace(path, facts.words, facts.held)
        self._changed(path)

    def remove(self, path: str) -> None:
        """Forget a file."""
        if (known := self._files.pop(path, None)) is not None:
            self._lose(known)
            self.passages.remove(path)
            self.files.remove(path)
            self._changed(path)

    def _lose(self, known: File) -> None:
        for name, *_ in self._defined.outline(known):
            self._natures.pop(name, None)
        self._defined.remove(known)

    # Between starts.

    @property
    def unlike_kept(self) -> bool:
        """Whether it is worth to be written again: by how much it is not what was written."""
        return self._unlike > max(_FEWEST_UNLIKE, _UNLIKE * len(self._files))

    def parts(self) -> list[Sequence[bytes | array[int]]]:
        """Return what `restored` makes it of again."""
        self._unlike = 0
        return [*self._defined.parts(), *self.passages.parts()]

    @classmethod
    def restored(cls, family: str, source: KeptParts) -> Index:
        """Return the index of some parts, without files: each is to be confirmed."""
        index = cls(family)
        index._defined.restore(source)
        index.passages.restore(source)
        index._unlike = 0
        return index

    def confirm(self, path: str, key: bytes) -> bool:
        """Know a file again if its text has the key of the one that was read; tell whether."""
        if path in self._files or (file := self._defined.confirm(path, key)) is None:
            return False
        self._files[path] = file
        self.files.add(path)
        self.passages.confirm(path)
        return True

    def drop_unsure(self) -> None:
        """Forget the files that nobody confirmed."""
        self._unlike += self._defined.drop_unsure()
        self.passages.drop_unsure()

    def _changed(self, path: str) -> None:
        self._listed.pop(path, None)
        self._changes += 1
        self._own_changes[path] = self._own_changes.get(path, 0) + 1
        self._unlike += 1
        if self._changes % _STALE == 1 or len(self._files) != self._count:
            # Otherwise a little of what these say is old, and does no harm.
            self._classes = self._popular = None
            self._natures.clear()
            self._count = len(self._files)

    # Asking.

    def imports(self, path: str) -> dict[str, set[str]]:
        """Return the files that a file imports, with the names it takes from each."""
        if path not in self._files:
            return {}
        statements = self._files[path].statements
        kept = self._imports.get(path)
        if kept is None or kept[0] != statements:
            given = (path, self.statements(path), self.files, self._defining)
            kept = self._imports[path] = (statements, imported(self.family, *given))
        return kept[1]

    def statements(self, path: str) -> list[str]:
        """Return a file's import statements, each on one line."""
        file = self._files.get(path)
        return file.statements.split("\n") if file is not None and file.statements else []

    def known(self, names: Iterable[str], others: Container[str]) -> list[str]:
        """Return those of names that a definition has, or a parameter, or had not long ago.

        `others` are known besides.
        """
        defined, parameters = self.by_name.lists.numbers, self.by_parameter.lists.numbers
        return [n for n in names if n in defined or n in parameters or n in others]

    def around(self, path: str) -> dict[str, dict[str, float]]:
        """Return the signs of what a file imports, and of what stands in its folder."""
        file = self._files.get(path)
        now = (file.statements if file is not None else "", self._elsewhere(path))
        kept = self._around.get(path)
        if kept is None or kept[0] != now:
            self._imports.pop(path, None)
            kept = _keep(self._around, path, (now, signs_around(self, path)))
        return kept[1]

    def nature(self, name: str) -> Nature:
        """Return what a name is; how often it stands may be what it was some changes ago."""
        found = self._natures.get(name)
        if found is None:
            kind, count = self.by_name.kinds(name)
            passages = self.passages
            said = (math.log(1 + count), passages.rarity(name) / 6, passages.spread(name))
            if len(self._natures) > _MOST_NATURES:
                self._natures.clear()
            found = self._natures[name] = Nature(kind, *said)
        return found

    def _elsewhere(self, path: str) -> int:
        """Return how often another file was changed."""
        return self._changes - self._own_changes.get(path, 0)

    def with_part(self, part: str) -> Iterator[str]:
        """Return the names that have a word in them."""
        words = self.by_name.lists.words
        return map(words.__getitem__, self._defined.by_part.of(part))

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
            self._popular = nlargest(300, self.by_name.lists.words, key=self.passages.spread)
        return self._popular

    def bases(self, name: str, depth: int = 0) -> list[str]:
        """Return what a class is derived from, near first."""
        found: dict[str, None] = {}
        for each in self.by_name.first(name, 3):
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


_Value = TypeVar("_Value")


def _keep(kept: dict[str, _Value], path: str, value: _Value) -> _Value:
    """Keep a value for a file, and those of a few others."""
    kept.pop(path, None)
    if len(kept) >= _MOST_KEPT:
        kept.pop(next(iter(kept)))
    kept[path] = value
    return value

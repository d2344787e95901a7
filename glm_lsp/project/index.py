"""The index of a workspace's files of one family of languages, in memory.

Invariant: it holds names, signatures and words, never texts; a file is replaced in time that its
own size bounds. What was replaced stays in the lists of passages until it is a quarter of them,
and is never found.
"""

from __future__ import annotations

import math
import re
import sys
from array import array
from collections import defaultdict
from heapq import nlargest
from operator import itemgetter
from typing import TYPE_CHECKING

from glm_lsp.project.imports import Files, imported

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from glm_lsp.project.definitions import Definition
    from glm_lsp.project.facts import Facts

_PART = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_TOO_COMMON = 0.25
_MOST_STEPS = 8_000
"""Of a search, each a passage that holds a word: some milliseconds."""
_DEAD = 0.25
_STALE = 200
"""Changes of files after which names are counted anew."""


def parts_of(name: str) -> list[str]:
    """Return the words that a name is made of, in lower case, but for the shortest."""
    return [part.lower() for part in _PART.findall(name) if len(part) > 2]


class _File:
    """What the index holds of a file."""

    __slots__ = ("definitions", "passages", "statements", "words")

    def __init__(self, definitions: list[Definition], statements: list[str]) -> None:
        self.definitions = definitions
        self.statements = statements
        self.passages = range(0)
        self.words: array[int] = array("I")


class Index:
    """What the files define, how they import one another, and which words stand together.

    Attributes:
        by_name: the definitions of each name.
        by_parameter: the functions that have a parameter of a name.
        members: the definitions within each class, by its name.
        by_part: the names that have a word in them.
    """

    def __init__(self, family: str) -> None:
        self.family = family
        self.by_name: dict[str, list[Definition]] = {}
        self.by_parameter: dict[str, list[Definition]] = {}
        self.members: dict[str, list[Definition]] = {}
        self.by_part: dict[str, set[str]] = defaultdict(set)
        self.files = Files()
        self._files: dict[str, _File] = {}
        self._numbers: dict[str, int] = {}
        self._words: list[str] = []
        self._holding: list[array[int]] = []
        self._in_files = array("I")
        self._passages: list[array[int] | None] = []
        self._path_of: list[str] = []
        self._dead = self._changes = self._count = 0
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
        file = self._files[path] = _File(definitions, facts.imports)
        self.files.add(path)
        for each in definitions:
            self._learn(each)
        numbers = [self._number(word) for word in facts.words]
        file.words = array("I", numbers)
        for number in numbers:
            self._in_files[number] += 1
        first = len(self._passages)
        for passage in facts.passages:
            here = len(self._passages)
            held = array("I", [numbers[local] for local in passage])
            self._passages.append(held)
            self._path_of.append(path)
            for number in held:
                self._holding[number].append(here)
        file.passages = range(first, len(self._passages))
        self._changed(path)

    def remove(self, path: str) -> None:
        """Forget a file."""
        if (known := self._files.pop(path, None)) is not None:
            self._forget(path, known)
            self.files.remove(path)
            self._changed(path)

    def _changed(self, path: str) -> None:
        self._imports.pop(path, None)
        self._changes += 1
        if self._changes % _STALE == 1 or len(self._files) != self._count:
            # Otherwise a little of what these say is old, and does no harm.
            self._classes = self._popular = None
            self._count = len(self._files)
        if self._dead > 2_000 and self._dead > _DEAD * len(self._passages):
            self._compact()

    def _number(self, word: str) -> int:
        number = self._numbers.get(word)
        if number is None:
            number = self._numbers[word] = len(self._words)
            self._words.append(word)
            self._holding.append(array("I"))
            self._in_files.append(0)
        return number

    def _learn(self, each: Definition) -> None:
        if each.name not in self.by_name:
            self.by_name[each.name] = []
            for part in parts_of(each.name):
                self.by_part[part].add(each.name)
        self.by_name[each.name].append(each)
        for parameter in each.parameters:
            self.by_parameter.setdefault(parameter.lstrip("*"), []).append(each)
        if each.owner:
            self.members.setdefault(each.owner, []).append(each)

    def _forget(self, path: str, known: _File) -> None:
        for name in {each.name for each in known.definitions}:
            if not _drop(self.by_name, name, path):
                for part in parts_of(name):
                    self.by_part[part].discard(name)
        for each in known.definitions:
            for parameter in each.parameters:
                _drop(self.by_parameter, parameter.lstrip("*"), path)
        for owner in {each.owner for each in known.definitions if each.owner}:
            _drop(self.members, owner, path)
        for number in known.words:
            self._in_files[number] -= 1
        for number in known.passages:
            self._passages[number] = None
        self._dead += len(known.passages)

    def _compact(self) -> None:
        """Number the passages anew, without those that are gone."""
        held, of = self._passages, self._path_of
        self._passages, self._path_of, self._dead = [], [], 0
        self._holding = [array("I") for _ in self._words]
        for path, file in self._files.items():
            first = len(self._passages)
            for number in file.passages:
                passage = held[number]
                if passage is None or of[number] != path:
                    continue
                for word in passage:
                    self._holding[word].append(len(self._passages))
                self._passages.append(passage)
                self._path_of.append(path)
            file.passages = range(first, len(self._passages))

    # Asking.

    def rarity(self, word: str) -> float:
        """Return how much a word says: the less, the more passages hold it."""
        number = self._numbers.get(word)
        count = len(self._holding[number]) if number is not None else 0
        total = max(1, len(self._passages))
        return math.log(1 + (total - count + 0.5) / (count + 0.5))

    def spread(self, word: str) -> int:
        """Return how many files hold a word."""
        number = self._numbers.get(word)
        return self._in_files[number] if number is not None else 0

    def alike(self, wanted: Mapping[str, float], path: str, most: int) -> list[tuple[float, int]]:
        """Return the passages of other files that hold most of the wanted words, best first.

        Each is a score and a number for `words`.
        """
        every = max(1, len(self._passages))
        lists = []
        for word, weight in wanted.items():
            number = self._numbers.get(word)
            if number is not None and 0 < len(self._holding[number]) <= every * _TOO_COMMON:
                lists.append((self.rarity(word) * weight, self._holding[number]))
        lists.sort(key=itemgetter(0), reverse=True)
        scores: dict[int, float] = {}
        steps = 0
        for worth, holding in lists:
            steps += len(holding)
            if steps > _MOST_STEPS:
                break
            for passage in holding:
                scores[passage] = scores.get(passage, 0.0) + worth
        own = self._files[path].passages if path in self._files else range(0)
        passages = self._passages
        found: list[tuple[float, int]] = []
        for number, score in nlargest(most + len(own) + 20, scores.items(), key=itemgetter(1)):
            held = passages[number]
            if held is not None and number not in own:
                found.append((score / (0.5 + 0.5 * len(held) / 40) ** 0.5, number))
        found.sort(reverse=True)
        return found[:most]

    def words(self, passage: int) -> list[str]:
        """Return the words of a passage."""
        words = self._words
        return [words[number] for number in self._passages[passage] or ()]

    def passages(self, path: str) -> range:
        """Return the numbers of a file's passages, from its top."""
        return self._files[path].passages if path in self._files else range(0)

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
            self._popular = nlargest(300, self.by_name, key=self.spread)
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
        number = self._numbers.get(name)
        found = []
        for passage in self._holding[number] if number is not None else ():
            if self._passages[passage] is not None:
                path = self._path_of[passage]
                found.append((path, (passage - self._files[path].passages.start) * 20))
        return found


def _kept(each: Definition, path: str) -> Definition:
    """Return a definition of a file; of equal names all are one in memory."""
    parameters = tuple(map(sys.intern, each.parameters))
    name, owner, is_a = map(sys.intern, (each.name, each.owner, each.type))
    return each._replace(path=path, name=name, owner=owner, type=is_a, parameters=parameters)


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

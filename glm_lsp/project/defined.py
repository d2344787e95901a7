"""What files define, found by names: rows of text that become definitions when they are asked for.

Invariant: a definition is listed by its file's number and its place there. What was replaced stays
listed until it is a quarter of all, and is never found.
"""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Mapping
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING

from glm_lsp.project.lists import Lists
from glm_lsp.project.rows import definition_of, kind_of, outline_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from glm_lsp.project.definitions import Definition
    from glm_lsp.project.facts import Facts
    from glm_lsp.project.rows import Outline
    from glm_lsp.project.settled import KeptParts

_PLACE, _PLACES = 16, 0xFFFF
"""Bits that say where a definition stands in its file."""
_DEAD, _FEWEST_DEAD, _MOST_NUMBERS = 0.25, 2_000, 60_000
_MOST_MADE = 4_096
"""Definitions that are kept as objects."""
_PART = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")


@lru_cache(maxsize=8_192)
def parts_of(name: str) -> tuple[str, ...]:
    """Return the words that a name is made of, in lower case, but for the shortest."""
    return tuple(part.lower() for part in _PART.findall(name) if len(part) > 2)


class File:
    """What is kept of a file.

    Attributes:
        key: the hash of the text that it was read from.
        rows: its definitions.
        statements: its imports, a line each.
    """

    __slots__ = ("_ends", "key", "number", "path", "rows", "statements")

    def __init__(self, path: str, number: int, key: bytes, rows: bytes, statements: str) -> None:
        self.path = path
        self.number = number
        self.key = key
        self.rows = rows
        self.statements = statements
        self._ends: array[int] | None = None

    @property
    def count(self) -> int:
        """How many definitions it has."""
        return self.rows.count(b"\n") + 1 if self.rows else 0

    def row(self, at: int) -> bytes:
        """Return one of its rows."""
        if self._ends is None:
            lengths = (len(row) + 1 for row in self.rows.split(b"\n"))
            self._ends = array("I", accumulate(lengths))
        return self.rows[self._ends[at - 1] if at else 0 : self._ends[at] - 1]


class Table(Mapping[str, "list[Definition]"]):
    """The definitions under each word: their name, a parameter's, or their owner's."""

    def __init__(self, defined: Defined) -> None:
        self._defined = defined
        self.lists = Lists()

    def _listed(self, word: str) -> list[int]:
        files = self._defined.files
        return [each for each in self.lists.of(word) if files[each >> _PLACE] is not None]

    def __getitem__(self, word: str) -> list[Definition]:
        if found := self._listed(word):
            return list(map(self._defined.made, found))
        raise KeyError(word)

    def first(self, word: str, most: int) -> list[Definition]:
        """Return the first definitions under a word."""
        return list(map(self._defined.made, self._listed(word)[:most]))

    def kinds(self, word: str) -> tuple[str, int]:
        """Return the kind of the first definition under a word, "" for none; how many there are."""
        found = self._listed(word)
        return (self._defined.kind(found[0]), len(found)) if found else ("", 0)

    def __contains__(self, word: object) -> bool:
        files = self._defined.files
        if not isinstance(word, str):
            return False
        return any(files[each >> _PLACE] is not None for each in self.lists.of(word))

    def __iter__(self) -> Iterator[str]:
        return (word for word in self.lists.words if word in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Defined:
    """What files define.

    Attributes:
        files: by their numbers; None where one is gone.
        by_name: the definitions of each name.
        by_parameter: the functions that have a parameter of a name.
        members: the definitions within each class, by its name.
        by_part: the numbers of names that have a word in them.
    """

    def __init__(self) -> None:
        self.files: list[File | None] = []
        self.by_name = Table(self)
        self.by_parameter = Table(self)
        self.members = Table(self)
        self.by_part = Lists()
        self._made: dict[int, Definition] = {}
        self._dead = 0
        self._unsure: dict[str, File] = {}

    def made(self, listed: int) -> Definition:
        """Return a definition that is listed, of a file that is not gone."""
        found = self._made.get(listed)
        if found is None:
            file = self.files[listed >> _PLACE]
            assert file is not None  # noqa: S101  # Who asks has looked.
            found = definition_of(file.row(listed & _PLACES).decode(), file.path)
            if len(self._made) >= _MOST_MADE:
                self._made.clear()
            self._made[listed] = found
        return found

    def kind(self, listed: int) -> str:
        """Return the kind of a definition that is listed, of a file that is not gone."""
        found = self._made.get(listed)
        if found is not None:
            return found.kind
        file = self.files[listed >> _PLACE]
        return kind_of(file.row(listed & _PLACES)) if file is not None else ""

    def of(self, file: File) -> list[Definition]:
        """Return all that a file defines, in order."""
        base = file.number << _PLACE
        return [self.made(base + at) for at in range(file.count)]

    def outline(self, file: File) -> list[Outline]:
        """Return what a file defines, in short."""
        return [outline_of(row) for row in file.rows.split(b"\n") if row]

    def add(self, path: str, key: bytes, facts: Facts) -> File:
        """Take what a file defines."""
        file = File(path, len(self.files), key, facts.rows, facts.statements)
        self.files.append(file)
        names, part = self.by_name.lists, self.by_part
        for listed, row in enumerate(facts.rows.split(b"\n"), file.number << _PLACE):
            if not row:
                continue
            name, _, owner, parameters = outline_of(row)
            known = len(names.words)
            names.add(name, listed)
            if len(names.words) > known:
                part.extend(map(part.number, parts_of(name)), known)
            for parameter in parameters:
                self.by_parameter.lists.add(parameter.lstrip("*"), listed)
            if owner:
                self.members.lists.add(owner, listed)
        much = self._dead > max(_FEWEST_DEAD, _DEAD * len(names))
        if (much or len(self.files) > _MOST_NUMBERS) and not self._unsure:
            self._compact()
        for lists in self._lists():
            if lists.unsettled:
                lists.settle()
        return file

    def remove(self, file: File) -> None:
        """Forget what a file defines."""
        self.files[file.number] = None
        self._dead += file.count
        for listed in range(file.number << _PLACE, (file.number << _PLACE) + file.count):
            self._made.pop(listed, None)

    def _compact(self) -> None:
        """Number the files anew, without those that are gone."""
        kept = [file for file in self.files if file is not None]
        anew = [-1] * len(self.files)
        for number, file in enumerate(kept):
            anew[file.number], file.number = number, number

        def numbered(listed: Sequence[int]) -> Iterable[int]:
            return [
                (anew[each >> _PLACE] << _PLACE) + (each & _PLACES)
                for each in listed
                if anew[each >> _PLACE] >= 0
            ]

        for table in (self.by_name, self.by_parameter, self.members):
            table.lists.settle(numbered)
        self.files = list(kept)
        self._dead = 0
        self._made.clear()

    # Between starts.

    def parts(self) -> list[Sequence[bytes | array[int]]]:
        """Return what `restore` makes it of again."""
        if None in self.files:
            self._compact()
        files = [file for file in self.files if file is not None]
        said = [(f.path, f.key.hex(), len(f.rows), len(f.statements.encode())) for f in files]
        parts: list[Sequence[bytes | array[int]]] = [[json.dumps(said).encode()]]
        parts.append([file.rows for file in files])
        parts.append([file.statements.encode() for file in files])
        for lists in self._lists():
            parts += lists.parts()
        return parts

    def restore(self, source: KeptParts) -> None:
        """Take what `parts` gave, all of it unsure."""
        said = json.loads(source.part())
        source.begin()
        rows = [source.piece(size) for _, _, size, _ in said]
        source.begin()
        for number, (path, key, _, size) in enumerate(said):
            lines = source.piece(size).decode()
            self._unsure[path] = File(path, number, bytes.fromhex(key), rows[number], lines)
        self.files = [None] * len(said)
        made = [Lists.of_parts(source) for _ in range(4)]
        self.by_name.lists, self.by_parameter.lists, self.members.lists, self.by_part = made

    def _lists(self) -> tuple[Lists, ...]:
        tables = (self.by_name, self.by_parameter, self.members)
        return (*(table.lists for table in tables), self.by_part)

    def confirm(self, path: str, key: bytes) -> File | None:
        """Return a file that was unsure, where its text is the same; it is known from now on."""
        file = self._unsure.get(path)
        if file is None or file.key != key:
            return None
        del self._unsure[path]
        self.files[file.number] = file
        return file

    def drop_unsure(self) -> int:
        """Forget what nothing spoke for; return how many files it was."""
        count = len(self._unsure)
        self._dead += sum(file.count for file in self._unsure.values())
        self._unsure.clear()
        return count

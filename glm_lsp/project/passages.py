"""Which words stand together: the passages of an index's files, found by their words.

Invariant: a file's passages are numbered in a row. What was replaced stays in the lists of
words until it is a quarter of them, and is never found.
"""

from __future__ import annotations

import json
import math
from array import array
from collections import defaultdict
from itertools import repeat
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING

from glm_lsp.project.lists import Lists

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from glm_lsp.project.settled import KeptParts

_TOO_COMMON = 0.25
_MOST_STEPS = 8_000
"""Of a search, each a passage that holds a word: some milliseconds."""
_DEAD, _FEWEST_DEAD = 0.25, 2_000


class _File:
    """A file's words, each once, and for each of its passages the places in them."""

    __slots__ = ("first", "held", "path", "words")

    def __init__(self, path: str, words: array[int], held: array[int], first: int) -> None:
        """`held` is as in `Facts`; `first` is the number of the first passage."""
        self.path = path
        self.words = words
        self.held = held
        self.first = first

    def __len__(self) -> int:
        return self.held[0]

    @property
    def passages(self) -> range:
        """The numbers of its passages."""
        return range(self.first, self.first + self.held[0])

    def passage(self, at: int) -> array[int]:
        """Return the places in `words` of what the passage holds, in order."""
        held = self.held
        base = 1 + held[0]
        return held[base + (held[at] if at else 0) : base + held[at + 1]]

    def size(self, at: int) -> int:
        """Return how many words a passage holds."""
        return self.held[at + 1] - (self.held[at] if at else 0)


class Passages:
    """The words of files, in passages of some lines."""

    def __init__(self) -> None:
        self._lists = Lists()  # Passages by their words.
        self._in_files = array("I")
        self._files: dict[str, _File] = {}
        self._of: list[_File | None] = []
        self._dead = 0
        self._unsure: dict[str, _File] = {}

    def __len__(self) -> int:
        return len(self._of)

    def replace(self, path: str, words: Sequence[str], held: array[int]) -> None:
        """Put a file's words, and the places of those of each passage, for what was known.

        `held` is as in `Facts`.
        """
        self.remove(path)
        numbers = array("I", map(self._lists.number, words))
        counts = self._in_files
        if (more := len(self._lists.words) - len(counts)) > 0:
            counts.extend(repeat(0, more))
        for number in numbers:
            counts[number] += 1
        file = self._files[path] = _File(path, numbers, held, len(self._of))
        for at in range(len(file)):
            listed = map(numbers.__getitem__, file.passage(at))
            self._lists.extend(listed, file.first + at)
        self._of += [file] * len(file)
        much = self._dead > max(_FEWEST_DEAD, _DEAD * len(self._of))
        if much and not self._unsure:
            self._compact()
        elif self._lists.unsettled:
            self._lists.settle()

    def remove(self, path: str) -> None:
        """Forget a file."""
        file = self._files.pop(path, None)
        if file is None:
            return
        for number in file.words:
            self._in_files[number] -= 1
        for at in file.passages:
            self._of[at] = None
        self._dead += len(file)

    def _compact(self) -> None:
        """Number the passages anew, without those that are gone."""
        anew: list[int] = []
        kept: list[_File | None] = []
        for file in self._of:
            anew.append(len(kept) if file is not None else -1)
            if file is not None:
                kept.append(file)
        for path in self._files:
            file = self._files[path]
            file.first = anew[file.first] if len(file) else 0

        def numbered(passages: Sequence[int]) -> Iterable[int]:
            return [number for number in map(anew.__getitem__, passages) if number >= 0]

        self._lists.settle(numbered)
        self._of, self._dead = kept, 0

    # Between starts.

    def parts(self) -> list[Sequence[bytes | array[int]]]:
        """Return what `restore` makes it of again."""
        if self._dead:
            self._compact()
        files = sorted(self._files.values(), key=attrgetter("first"))
        said = [(file.path, len(file.words), len(file.held)) for file in files]
        parts: list[Sequence[bytes | array[int]]] = [[json.dumps(said).encode()]]
        parts.append([file.words for file in files])
        parts.append([file.held for file in files])
        return [*parts, [self._in_files[:]], *self._lists.parts()]

    def restore(self, source: KeptParts) -> None:
        """Take what `parts` gave, all of it unsure."""
        said = json.loads(source.part())
        source.begin()
        words = [source.numbers("I", count) for _, count, _ in said]
        source.begin()
        first = 0
        for own, (path, _, count) in zip(words, said, strict=True):
            file = self._unsure[path] = _File(path, own, source.numbers("H", count), first)
            first += len(file)
        self._of = [None] * first
        self._in_files = source.all_numbers("I")
        self._lists = Lists.of_parts(source)

    def confirm(self, path: str) -> None:
        """Know a file again that was unsure."""
        file = self._files[path] = self._unsure.pop(path)
        self._of[file.first : file.first + len(file)] = [file] * len(file)

    def drop_unsure(self) -> None:
        """Forget what nothing spoke for."""
        for file in self._unsure.values():
            self._dead += len(file)
            for number in file.words:
                self._in_files[number] -= 1
        self._unsure.clear()

    # Asking.

    def rarity(self, word: str) -> float:
        """Return how much a word says: the less, the more passages hold it."""
        return self._rarity_of(self._count(word))

    def _rarity_of(self, count: int) -> float:
        return math.log(1 + (max(1, len(self._of)) - count + 0.5) / (count + 0.5))

    def rarities(self, words: Iterable[str]) -> dict[str, float]:
        """Return the rarity of each word."""
        by_count: dict[int, float] = {}
        found = {}
        for word in words:
            count = self._count(word)
            rarity = by_count.get(count)
            if rarity is None:
                rarity = by_count[count] = self._rarity_of(count)
            found[word] = rarity
        return found

    def spread(self, word: str) -> int:
        """Return how many files hold a word."""
        number = self._lists.numbers.get(word)
        return self._in_files[number] if number is not None else 0

    def _count(self, word: str) -> int:
        number = self._lists.numbers.get(word)
        return self._lists.count(number) if number is not None else 0

    def alike(self, wanted: Mapping[str, float], path: str, most: int) -> list[tuple[float, int]]:
        """Return the passages of other files that hold most of the wanted words, best first.

        Each is a score and a number for `words`.
        """
        total = max(1, len(self._of))
        lists = []
        for word, weight in wanted.items():
            count = self._count(word)
            if 0 < count <= total * _TOO_COMMON:
                lists.append((self._rarity_of(count) * weight, word, count))
        lists.sort(key=itemgetter(0), reverse=True)
        scores: defaultdict[int, float] = defaultdict(float)
        steps = 0
        for worth, word, count in lists:
            steps += count
            if steps > _MOST_STEPS:
                break
            for passage in self._lists.of(word):
                scores[passage] += worth
        own = self.of(path)
        found: list[tuple[float, int]] = []
        for number, score in _best(scores, most + len(own) + 20):
            file = self._of[number]
            if file is not None and number not in own:
                size = file.size(number - file.first)
                found.append((score / (0.5 + 0.5 * size / 40) ** 0.5, number))
        found.sort(reverse=True)
        return found[:most]

    def words(self, passage: int) -> list[str]:
        """Return the words of a passage, in order."""
        file, words = self._of[passage], self._lists.words
        if file is None:
            return []
        own = file.words
        return [words[own[place]] for place in file.passage(passage - file.first)]

    def of(self, path: str) -> range:
        """Return the numbers of a file's passages, from its top."""
        file = self._files.get(path)
        return file.passages if file is not None else range(0)

    def holding(self, word: str) -> Iterator[tuple[str, int]]:
        """Yield where a word stands: files, and which of their passages."""
        for number in self._lists.of(word):
            if (file := self._of[number]) is not None:
                yield file.path, number - file.first

    def path_of(self, passage: int) -> str:
        """Return the file of a passage; "" when it is gone."""
        file = self._of[passage]
        return file.path if file is not None else ""


def _best(scores: Mapping[int, float], most: int) -> list[tuple[int, float]]:
    """Return the best of scores, and those that equal the last of them."""
    if len(scores) <= most:
        return list(scores.items())
    least = sorted(scores.values())[-most]
    return [each for each in scores.items() if each[1] >= least]

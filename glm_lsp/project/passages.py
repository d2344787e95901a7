"""Which words stand together: the passages of an index's files, found by their words.

Invariant: a file's passages are numbered in a row. What was replaced stays in the lists of
words until it is a quarter of them, and is never found.
"""

from __future__ import annotations

import math
from array import array
from collections import defaultdict
from heapq import nlargest
from operator import itemgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_TOO_COMMON = 0.25
_MOST_STEPS = 8_000
"""Of a search, each a passage that holds a word: some milliseconds."""
_DEAD, _FEWEST_DEAD = 0.25, 2_000
_NONE = 0xFFFFFFFF


class _File:
    """A file's words, each once, and for each of its passages the places in them."""

    __slots__ = ("ends", "first", "held", "path", "words")

    def __init__(self, path: str, words: array[int], passages: Sequence[Sequence[int]]) -> None:
        self.path = path
        self.words = words
        self.held = array("H" if len(words) < 0x10000 else "I")
        self.ends = array("I")
        self.first = 0
        for passage in passages:
            self.held.extend(passage)
            self.ends.append(len(self.held))

    def passage(self, at: int) -> array[int]:
        """Return the places in `words` of what the passage holds, in order."""
        return self.held[self.ends[at - 1] if at else 0 : self.ends[at]]


class Passages:
    """The words of files, in passages of some lines."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._words: list[str] = []
        self._only = array("I")  # The passage of a word that only one holds.
        self._holding: list[array[int] | None] = []
        self._in_files = array("I")
        self._files: dict[str, _File] = {}
        self._of: list[_File | None] = []
        self._dead = 0

    def __len__(self) -> int:
        return len(self._of)

    def replace(self, path: str, words: Sequence[str], passages: Sequence[Sequence[int]]) -> None:
        """Put a file's words, and the places of those of each passage, for what was known."""
        self.remove(path)
        for word in words:
            if word not in self._numbers:
                self._number(word)
        numbers = array("I", map(self._numbers.__getitem__, words))
        file = self._files[path] = _File(path, numbers, passages)
        counts = self._in_files
        for number in numbers:
            counts[number] += 1
        self._hold(file)
        self._of += [file] * len(file.ends)
        if self._dead > _FEWEST_DEAD and self._dead > _DEAD * len(self._of):
            self._compact()

    def remove(self, path: str) -> None:
        """Forget a file."""
        file = self._files.pop(path, None)
        if file is None:
            return
        for number in file.words:
            self._in_files[number] -= 1
        for at in range(file.first, file.first + len(file.ends)):
            self._of[at] = None
        self._dead += len(file.ends)

    def _number(self, word: str) -> None:
        self._numbers[word] = len(self._words)
        self._words.append(word)
        self._only.append(_NONE)
        self._holding.append(None)
        self._in_files.append(0)

    def _hold(self, file: _File) -> None:
        """Number a file's passages, and list them under their words."""
        file.first = first = len(self._of)
        only, holding, numbers = self._only, self._holding, file.words
        start = 0
        for at, end in enumerate(file.ends, first):
            for number in map(numbers.__getitem__, file.held[start:end]):
                if (held := holding[number]) is not None:
                    held.append(at)
                elif only[number] == _NONE:
                    only[number] = at
                else:
                    holding[number] = array("I", (only[number], at))
            start = end

    def _compact(self) -> None:
        """Number the passages anew, without those that are gone."""
        self._of, self._dead = [], 0
        self._holding = [None] * len(self._words)
        self._only = array("I", [_NONE]) * len(self._words)
        for file in self._files.values():
            self._hold(file)
            self._of += [file] * len(file.ends)

    # Asking.

    def _of_word(self, word: str) -> Sequence[int]:
        """Return the passages that hold a word, with some that are gone."""
        number = self._numbers.get(word)
        return self._of_number(number) if number is not None else ()

    def _of_number(self, number: int) -> Sequence[int]:
        held = self._holding[number]
        if held is not None:
            return held
        only = self._only[number]
        return (only,) if only != _NONE else ()

    def rarity(self, word: str) -> float:
        """Return how much a word says: the less, the more passages hold it."""
        return self._rarity_of(len(self._of_word(word)))

    def _rarity_of(self, count: int) -> float:
        return math.log(1 + (max(1, len(self._of)) - count + 0.5) / (count + 0.5))

    def rarities(self, words: Iterable[str]) -> dict[str, float]:
        """Return the rarity of each word."""
        by_count: dict[int, float] = {}
        found = {}
        for word in words:
            count = len(self._of_word(word))
            rarity = by_count.get(count)
            if rarity is None:
                rarity = by_count[count] = self._rarity_of(count)
            found[word] = rarity
        return found

    def spread(self, word: str) -> int:
        """Return how many files hold a word."""
        number = self._numbers.get(word)
        return self._in_files[number] if number is not None else 0

    def alike(self, wanted: Mapping[str, float], path: str, most: int) -> list[tuple[float, int]]:
        """Return the passages of other files that hold most of the wanted words, best first.

        Each is a score and a number for `words`.
        """
        total = max(1, len(self._of))
        lists = []
        for word, weight in wanted.items():
            held = self._of_word(word)
            if 0 < len(held) <= total * _TOO_COMMON:
                lists.append((self.rarity(word) * weight, held))
        lists.sort(key=itemgetter(0), reverse=True)
        scores: defaultdict[int, float] = defaultdict(float)
        steps = 0
        for worth, held in lists:
            steps += len(held)
            if steps > _MOST_STEPS:
                break
            for passage in held:
                scores[passage] += worth
        own = len(self.of(path))
        found: list[tuple[float, int]] = []
        for number, score in nlargest(most + own + 20, scores.items(), key=itemgetter(1)):
            file = self._of[number]
            if file is not None and file.path != path:
                at = number - file.first
                size = file.ends[at] - (file.ends[at - 1] if at else 0)
                found.append((score / (0.5 + 0.5 * size / 40) ** 0.5, number))
        found.sort(reverse=True)
        return found[:most]

    def words(self, passage: int) -> list[str]:
        """Return the words of a passage, in order."""
        file, words = self._of[passage], self._words
        if file is None:
            return []
        return [words[file.words[place]] for place in file.passage(passage - file.first)]

    def of(self, path: str) -> range:
        """Return the numbers of a file's passages, from its top."""
        file = self._files.get(path)
        return range(file.first, file.first + len(file.ends)) if file is not None else range(0)

    def holding(self, word: str) -> Iterator[tuple[str, int]]:
        """Yield where a word stands: files, and which of their passages."""
        for number in self._of_word(word):
            if (file := self._of[number]) is not None:
                yield file.path, number - file.first

    def path_of(self, passage: int) -> str:
        """Return the file of a passage; "" when it is gone."""
        file = self._of[passage]
        return file.path if file is not None else ""

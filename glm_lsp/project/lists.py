"""Numbers listed under words: nearly all in one array, and what came since in small ones.

Invariant: a word keeps its number. What is listed is only taken out when all is settled anew: who
asks knows which numbers are of something that has gone.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from glm_lsp.project.settled import KeptParts

_FEWEST = 60_000
"""Numbers that wait at the least before all are settled, in some ten milliseconds."""


class Lists:
    """Lists of numbers.

    Attributes:
        numbers: each word's own number.
        words: the words, by their numbers.
    """

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.words: list[str] = []
        self._starts = array("I", (0,))
        self._listed = array("I")
        self._later: dict[int, int | array[int]] = {}  # An array for more than one.
        self._waiting = 0

    def __len__(self) -> int:
        """Return how many numbers are listed, those of what has gone among them."""
        return len(self._listed) + self._waiting

    @property
    def unsettled(self) -> bool:
        """Whether so much waits that it should be settled."""
        return self._waiting > max(_FEWEST, len(self._listed) // 2)

    def number(self, word: str) -> int:
        """Return a word's own number; it has one from now on."""
        number = self.numbers.get(word)
        if number is None:
            number = self.numbers[word] = len(self.words)
            self.words.append(word)
        return number

    def add(self, word: str, listed: int) -> None:
        """List a number under a word."""
        self.extend((self.number(word),), listed)

    def extend(self, numbers: Iterable[int], listed: int) -> None:
        """List a number under several words, which are given by their own."""
        later, waiting = self._later, 0
        for number in numbers:
            waiting += 1
            held = later.get(number)
            if held is None:
                later[number] = listed
            elif held.__class__ is int:
                later[number] = array("I", (held, listed))
            else:
                held.append(listed)  # type: ignore[union-attr]
        self._waiting += waiting

    def of(self, word: str) -> Sequence[int]:
        """Return what is listed under a word, in the order in which it came."""
        number = self.numbers.get(word)
        return self.under(number) if number is not None else ()

    def under(self, number: int) -> Sequence[int]:
        """Return what is listed under the word of a number."""
        later = self._later.get(number)
        if number + 1 < len(self._starts):
            start, end = self._starts[number], self._starts[number + 1]
            if later is None:
                return self._listed[start:end]
            if start < end:
                more = array("I", (later,)) if isinstance(later, int) else later
                return self._listed[start:end] + more
        if later is None:
            return ()
        return (later,) if isinstance(later, int) else later

    def count(self, number: int) -> int:
        """Return how many numbers are listed under the word of a number."""
        later = self._later.get(number)
        more = 0 if later is None else 1 if isinstance(later, int) else len(later)
        if number + 1 < len(self._starts):
            return self._starts[number + 1] - self._starts[number] + more
        return more

    def settle(self, anew: Callable[[Sequence[int]], Iterable[int]] | None = None) -> None:
        """Bring all into one array; `anew` says what becomes of a list."""
        starts, listed = array("I", (0,)), array("I")
        for number in range(len(self.words)):
            held = self.under(number)
            listed.extend(anew(held) if anew is not None else held)
            starts.append(len(listed))
        self._starts, self._listed = starts, listed
        self._later, self._waiting = {}, 0

    # Between starts.

    def parts(self) -> list[Sequence[bytes | array[int]]]:
        """Settle, and return what `of_parts` makes the lists of again."""
        if self._waiting or len(self._starts) <= len(self.words):
            self.settle()
        return [["\n".join(self.words).encode()], [self._starts], [self._listed]]

    @classmethod
    def of_parts(cls, source: KeptParts) -> Lists:
        """Return the lists of which the next parts are."""
        lists = cls()
        words = source.part()
        lists.words = words.decode().split("\n") if words else []
        lists.numbers = dict(zip(lists.words, range(len(lists.words)), strict=True))
        lists._starts, lists._listed = source.all_numbers("I"), source.all_numbers("I")
        return lists

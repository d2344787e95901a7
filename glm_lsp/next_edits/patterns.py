"""What a changed line says of others: the same few tokens changed between the same neighbours.

Invariant: a replacement that is applied to the line it comes from gives the line that it became.
Blanks between tokens are those of the line that is changed.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from functools import lru_cache
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

TOKEN = re.compile(r"[^\W\d]\w*|\d[\w.]*|[^\w\s]")
_NAME = re.compile(r"[^\W\d]\w*")
_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")

_MOST_TOKENS = 8
_MOST_IN_A_LINE = 2
_NEIGHBOURS = 3
_START, _END = "\0start", "\0end"


@frozen
class Replacement:
    """Tokens that became others.

    Attributes:
        left, right: the tokens next to them, the line's start and end included.
        old, new: what they were, and what they are.
        spelled: what stands between the neighbours now, blanks included.
    """

    left: tuple[str, ...]
    old: tuple[str, ...]
    new: tuple[str, ...]
    right: tuple[str, ...]
    spelled: str

    @property
    def is_name(self) -> bool:
        """Whether one name became another."""
        return len(self.old) == len(self.new) == 1 and is_name(self.old[0]) and is_name(self.new[0])

    def near(self, neighbours: int) -> Replacement:
        """Return it with so many neighbours on each side."""
        left, right = self.left[-neighbours:], self.right[:neighbours]
        if "=" in left:  # What the value is given to says nothing of it.
            left = left[len(left) - left[::-1].index("=") - 1 :]
        return Replacement(left, self.old, self.new, right, self.spelled)


def tokens(line: str) -> tuple[str, ...]:
    """Return the tokens of a line, without blanks."""
    return tuple(TOKEN.findall(line))


def is_name(token: str) -> bool:
    """Tell whether a token may be a name."""
    return _NAME.fullmatch(token) is not None


@lru_cache(maxsize=1024)
def replacements(before: str, after: str) -> tuple[Replacement, ...]:
    """Return what was replaced in a line; nothing when it became quite another one."""
    old, new = tokens(before), tokens(after)
    spans = [match.span() for match in TOKEN.finditer(after)]
    found: list[Replacement] = []
    padded_old = (*[_START] * _NEIGHBOURS, *old, *[_END] * _NEIGHBOURS)
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        if max(i2 - i1, j2 - j1) > _MOST_TOKENS:
            return ()
        left = padded_old[i1 : i1 + _NEIGHBOURS]
        right = padded_old[i2 + _NEIGHBOURS : i2 + 2 * _NEIGHBOURS]
        start, end = _gap(spans, j1, j2)
        spelled = after[start:end]
        found.append(Replacement(left, old[i1:i2], new[j1:j2], right, spelled))
    return tuple(found) if len(found) <= _MOST_IN_A_LINE else ()


def renamed(before: str, after: str) -> tuple[str, str] | None:
    """Return which name became which, when that is all that changed in a line."""
    old, new = tokens(before), tokens(after)
    if len(old) != len(new):
        return None
    changed = {(a, b) for a, b in zip(old, new, strict=True) if a != b}
    if len(changed) != 1:
        return None
    ((was, became),) = changed
    return (was, became) if is_name(was) and is_name(became) else None


def are_akin(one: str, other: str) -> bool:
    """Tell whether two names have a word in common, or most letters."""
    if _parts(one) & _parts(other):
        return True
    return SequenceMatcher(None, one.lower(), other.lower()).ratio() >= 0.6


def _parts(name: str) -> set[str]:
    return {part.lower() for part in _PART.findall(name)}


def applied(line: str, pattern: Sequence[Replacement]) -> str | None:
    """Return a line with a pattern's replacements, each in its place behind the one before.

    None where one has no place, or where a bracket or a quote would be left without its other.
    """
    spans = [match.span() for match in TOKEN.finditer(line)]
    words = tuple(line[start:end] for start, end in spans)
    done: list[str] = []
    at = column = 0
    for each in pattern:
        found = _found(words, each, at)
        if found is None:
            return None
        start, end = _gap(spans, found, found + len(each.old))
        done += [line[column:start], each.spelled]
        at, column = found + len(each.old), end
    result = "".join([*done, line[column:]])
    return result if balance(result) == balance(line) else None


def _found(words: tuple[str, ...], wanted: Replacement, first: int) -> int | None:
    """Return the index from which a replacement's old tokens stand between its neighbours."""
    size = len(wanted.left)
    padded = (*[_START] * size, *words, *[_END] * len(wanted.right))
    whole = (*wanted.left, *wanted.old, *wanted.right)
    starts = range(first, len(padded) - len(whole) + 1)
    return next((at for at in starts if padded[at : at + len(whole)] == whole), None)


def balance(line: str) -> tuple[int, ...]:
    """Return how many brackets and quotes of a line have no other, by their kinds."""
    brackets = (line.count(a) - line.count(b) for a, b in ("()", "[]", "{}"))
    return (*brackets, *(line.count(quote) % 2 for quote in "\"'`"))


def _gap(spans: Sequence[tuple[int, int]], first: int, end: int) -> tuple[int, int]:
    """Return the columns between the neighbours of some tokens; indentation stays outside."""
    if not spans:
        return 0, 0
    start = spans[first - 1][1] if first else spans[0][0]
    return start, spans[end][0] if end < len(spans) else spans[-1][1]

r"""Lines as placing compares them: without ends, indentation or spacing.

Invariant: a line ends at `\n`, `\r\n` or `\r` and nowhere else.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from glm_lsp.editing.lcs import common_pairs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_END = re.compile(r"\r\n|\r|\n")
_TOKEN = re.compile(r"\w+|[^\w\s]")
_LETTERS = re.compile(r"(?:[^\W_][\W_]*){3}")
_CLOSER = re.compile(r"[\s)\]};,]*(?:(?:end|fi|done|esac)[\s)\]};,]*)?\Z")
_MOST = 2_500
"""Of a block of unequal lines, the products up to which every pair of lines is compared."""

_KEYWORDS = frozenset(
    """
    and as assert async await auto break case catch char class const continue def default defer
    del do elif else end enum except export extends extern final finally float fn for from func
    function global go if impl implements import in inline int interface is lambda let long loop
    match module mut nil none not null of or package pass private protected pub public raise
    range return self short signed sizeof static struct super switch then this throw try type
    typedef typeof union unsigned until use using var void while with yield None True False true
    false
    """.split()
)
_LONG = 200
"""Characters more than which a line must have to be known at once to be another one."""

Pairs = list[tuple[int, int, float]]
"""Which old line became which new one, ascending, and how alike the two are."""

ALIKE = 0.5
SURE = 0.7
"""How alike a line is that another one replaces, where more than a line may be replaced."""


def cut(text: str) -> list[str]:
    """Return the lines of a text without their ends; a last line end makes no empty line."""
    lines = _END.split(text)
    if lines and not lines[-1]:
        lines.pop()
    return lines


def unix(text: str) -> str:
    r"""Return a text with line ends that are `\n`, a byte order mark left out."""
    if "\r" in text:
        text = _END.sub("\n", text)
    return text.removeprefix("\ufeff")


def plain(line: str) -> str:
    """Return a line without any white space, by which lines are compared."""
    return "".join(line.split()).removeprefix("\ufeff")


def telling(line: str) -> bool:
    """Tell whether a line says more than a bracket or a keyword."""
    return _LETTERS.search(line) is not None


def closes(line: str) -> bool:
    """Tell whether a line does nothing but end a block."""
    return bool(line.strip()) and _CLOSER.match(line) is not None


def filled(lines: Sequence[str]) -> list[int]:
    """Return which lines are not blank."""
    return [index for index, line in enumerate(lines) if line.strip()]


def solid(lines: Iterable[str]) -> list[str]:
    """Return the lines that are not blank."""
    return [line for line in lines if line.strip()]


def keys(lines: Iterable[str]) -> list[str]:
    """Return the lines that are not blank without any white space."""
    return [plain(line) for line in lines if line.strip()]


def trimmed(lines: Sequence[str]) -> list[str]:
    """Return lines without the blank ones at both ends."""
    kept = filled(lines)
    return list(lines[kept[0] : kept[-1] + 1]) if kept else []


def lead_of(line: str) -> str:
    """Return a line's indentation."""
    return line[: len(line) - len(line.lstrip(" \t"))]


def dedented(lines: Sequence[str]) -> list[str]:
    """Return lines without the indentation that all of them have."""
    leads = [lead_of(line) for line in lines if line.strip()]
    common = min(leads, key=len, default="")
    if not common or not all(lead.startswith(common) for lead in leads):
        return list(lines)
    return [line[len(common) :] if line.strip() else "" for line in lines]


def step(lines: Sequence[str]) -> int:
    """Return the most frequent step inwards, in spaces; 0 when there is none."""
    widths = [len(line) - len(line.lstrip(" ")) for line in lines if line.strip()]
    steps = [b - a for a, b in pairwise(widths) if b > a]
    return max(set(steps), key=steps.count) if steps else 0


def similarity(one: str, other: str) -> float:
    """Return how much two lines share, from 0 to 1; 1 for the same apart from spacing."""
    if max(len(one), len(other)) > 4 * min(len(one), len(other)) + _LONG:
        return 0.0
    if plain(one) == plain(other):
        return 1.0
    ours, ours_size = _words(one)
    theirs, theirs_size = _words(other)
    if not ours_size or not theirs_size:
        return 0.0
    shared = sum(len(word) * min(count, theirs.get(word, 0)) for word, count in ours.items())
    return 2 * shared / (ours_size + theirs_size) * 0.99


@lru_cache(maxsize=4096)
def _words(line: str) -> tuple[dict[str, int], int]:
    words: dict[str, int] = {}
    for word in _TOKEN.findall(line):
        words[word] = words.get(word, 0) + 1
    return words, sum(len(word) * count for word, count in words.items())


def names(text: str) -> set[str]:
    """Return the words of a text that may be names, those of any language's own left out."""
    words = re.findall(r"[^\W\d]\w*", text)
    return {word for word in words if len(word) > 1} - _KEYWORDS


def aligned(old: Sequence[str], new: Sequence[str]) -> Pairs:
    """Return which old line became which new one, ascending, and how alike the two are.

    Equal lines come first; between them, lines are partners that are alike enough. Blank
    lines have no partner.
    """
    ours, theirs = filled(old), filled(new)
    equal = common_pairs([plain(old[i]) for i in ours], [plain(new[j]) for j in theirs])
    found: Pairs = []
    done_old = done_new = 0
    for i, j in [*equal, (len(ours), len(theirs))]:
        found += _partners(old, new, ours[done_old:i], theirs[done_new:j])
        if i < len(ours):
            found.append((ours[i], theirs[j], 1.0))
        done_old, done_new = i + 1, j + 1
    return found


def _partners(old: Sequence[str], new: Sequence[str], ours: list[int], theirs: list[int]) -> Pairs:
    """Pair lines that are alike so that they share the most in total."""
    if len(ours) * len(theirs) > _MOST:
        return []
    below: list[_Best] = [_Best()] * (len(theirs) + 1)
    for i in reversed(ours):
        row = [_Best()] * (len(theirs) + 1)
        for at in range(len(theirs) - 1, -1, -1):
            row[at] = max(below[at], row[at + 1], key=lambda best: best.score)
            same = similarity(old[i], new[theirs[at]])
            if same >= ALIKE and same + below[at + 1].score >= row[at].score:
                pair = (i, theirs[at], same)
                row[at] = _Best(same + below[at + 1].score, pair, below[at + 1])
        below = row
    found: Pairs = []
    best: _Best | None = below[0]
    while best is not None and best.pair is not None:
        found.append(best.pair)
        best = best.rest
    return found


class _Best(NamedTuple):
    """The pairs that share the most from two lines on, as a chain."""

    score: float = 0.0
    pair: tuple[int, int, float] | None = None
    rest: _Best | None = None

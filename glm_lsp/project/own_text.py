"""Signs of a document's own words: how often they stand in it, and how near to what is alike.

Invariant: the same lines give the same signs; while one types, passages above the cursor keep their
beginnings and those below it their ends, so that most are not looked through again.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING

from glm_lsp.project.facts import PASSAGE, WORD

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_MOST_LINES = 6_000


@lru_cache(maxsize=512)
def _counted(passage: str) -> dict[str, float]:
    """Return the words of a passage, each with one and the logarithm of how often it stands there.

    It is not to be changed.
    """
    return {word: 1 + math.log(n) for word, n in Counter(WORD.findall(passage)).items()}


def _passages(lines: Sequence[str], line: int) -> Iterator[str]:
    most = min(len(lines), _MOST_LINES)
    above = min(line, most) // PASSAGE * PASSAGE
    for start in range(0, above, PASSAGE):
        yield "\n".join(lines[start : start + PASSAGE])
    end = most
    while end > above:
        start = max(above, end - PASSAGE)
        yield "\n".join(lines[start:end])
        end = start


def signs_of(
    lines: Sequence[str], line: int, rarity: Mapping[str, float]
) -> tuple[dict[str, float], dict[str, float]]:
    """Return how often each word stands in a text, and how near to passages like that of a line.

    `rarity` are the words around the line, with what each says.
    """
    everywhere = Counter(WORD.findall("\n".join(lines[:_MOST_LINES])))
    found: dict[str, float] = defaultdict(float)
    total = 0.0
    for passage in _passages(lines, line):
        counts = _counted(passage)
        score = sum([rarity[word] for word in counts if word in rarity])
        if score:
            total += score
            for word, count in counts.items():
                found[word] += score * count
    often = {word: math.log(1 + count) for word, count in everywhere.items()}
    total = total or 1.0
    return often, {word: value / total for word, value in found.items()}

"""Lines that stand for code left out, and the code that they stand for.

Invariant: a gap is filled with the original's own lines, in their order, or not at all.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

from attrs import frozen

from glm_lsp.editing.answer.lines import ALIKE, aligned, filled, plain, similarity, telling

if TYPE_CHECKING:
    from collections.abc import Sequence


_COMMENT = re.compile(r"\s*(?:#+|//+|/\*+|\*+(?!/)|--+|<!--|;+|%+|\{/\*|\"{3}|'{3})")
_BARE = re.compile(
    r"[\[(<{]?\s*(?:(?:\.{3}|…)[^=;]*|(?:[A-Za-z][A-Za-z ]*)?(?:\.{3}|…+)\s*(?:[\])>}]\s*)?)\Z"
)
_DOTS = re.compile(r"\.{3}|…")
_THINGS = (
    r"(?:code|function|method|class|file|implementation|logic|body|lines?|methods|functions|parts?"
    r"|statements?|fields|imports|definitions|content|module)"
)
_BEFORE_DOTS = re.compile(
    r"\b(?:rest|remain\w*|existing|unchanged|other|same|previous|omitted|code|keep|as before"
    r"|original|body|logic|implementation)\b",
    re.IGNORECASE,
)
_BEHIND_DOTS = re.compile(rf"{_BEFORE_DOTS.pattern}|\b(?:here|continues?)\b", re.IGNORECASE)
_LEFT_OUT = re.compile(
    rf"\b(?:rest|remainder) of (?:the |your |this |its )?(?:\w+ )?{_THINGS}\b"
    rf"|^\W*(?:the )?(?:rest|remaining|other|existing|previous) {_THINGS}?\b.*"
    r"\b(?:unchanged|the same|as before|as is|untouched|omitted|here)\W*$"
    r"|^\W*(?:the )?rest (?:is |stays |remains? )?(?:unchanged|the same|as before|as is)\b"
    rf"|^\W*{_THINGS} (?:remains?|stays?|is|are) (?:unchanged|the same|as before|omitted)\W*$"
    r"|^\W*(?:remains?|stays?) (?:unchanged|the same)\W*$"
    r"|^\W*(?:unchanged|same as (?:before|above|original)|no changes?(?: here)?|as before"
    r"|omitted|snip(?:ped)?)\W*$"
    r"|\b(?:existing|unchanged|previous) code(?: here| above| below| continues)?\W*$"
    r"|^\W*(?:keep|leave) (?:the |your |all )?(?:rest|existing|other|remaining|everything)\b",
    re.IGNORECASE,
)
_LEFT_OUT_IN_CHINESE = re.compile(
    r"^\W*(?:其余|剩余|剩下|其他|其它|后面|前面|后续|以下|以上|上面|下面|原有|原来|原始|已有|现有"
    r"|此处|这里|中间|保留|保持)(?:的|部分|代码|逻辑|内容|方法|函数|实现|原|都|均|省略|不变|与|和|以|"
    r"之前|相同|一样|保持|无需|修改|未|改变|变|动|样|同|上|下|文|\W)*$"
    r"|^\W*(?:(?:代码|内容|部分)?(?:省略|不变|保持不变|保持原样|未改动|未修改|同上|同前|略))\W*$"
)
_LIKE = 0.34
_CLOSE = 0.15
_MOST = 200
"""Characters of a line that stands for others."""


def is_elision(line: str) -> bool:
    """Tell whether a line stands for code left out."""
    if len(line) > _MOST:
        return False
    words = _comment(line)
    if words is None:
        bare = line.strip()
        if bare in ("...", "…", "……"):
            return True
        if "..." not in bare and "…" not in bare:  # By far most lines.
            return False
        return _BARE.match(bare) is not None and _says_so(bare)
    return _says_so(words) or _LEFT_OUT_IN_CHINESE.search(words) is not None


def _comment(line: str) -> str | None:
    """Return what a comment says, without its marks; None when a line is none."""
    opening = _COMMENT.match(line)
    if opening is None:
        return None
    words = line[opening.end() :].strip()
    if words.endswith(("*/", "*/}")):
        return words.removesuffix("}")[:-1].rstrip("*").rstrip()
    return words[:-3].rstrip() if words.endswith(("-->", '"""', "'''")) else words


def _says_so(words: str) -> bool:
    """Tell whether words are dots alone, or dots and words that say what they stand for."""
    dots = list(_DOTS.finditer(words))
    if dots and (
        re.search(r"\w", words) is None
        or _BEHIND_DOTS.search(words, dots[0].end())
        or _BEFORE_DOTS.search(words[: max(words.rfind("..."), words.rfind("…"))])
    ):
        return True
    return _LEFT_OUT.search(words) is not None


def elisions(lines: Sequence[str], original: Sequence[str]) -> list[int]:
    """Return which lines stand for code left out, and are not the original's own."""
    own = {plain(line) for line in original}
    return [i for i, line in enumerate(lines) if is_elision(line) and plain(line) not in own]


def fill(
    lines: Sequence[str],
    original: Sequence[str],
    kept: set[int],
    *,
    strict: bool = True,
    least: float = ALIKE,
) -> list[str] | None:
    """Return lines with their gaps filled from the original; None where that is not clear.

    Args:
        lines: an answer's, indented like the original.
        original: the lines that they replace.
        kept: the original's lines that must not come back as they were, when anything new
            stands beside the gap.
        strict: a line that is missing where no gap is was forgotten, not removed.
        least: how alike a changed line between two gaps must be to the one that it was.
    """
    made = Alignment(lines, original)
    stretches = made.stretches()
    clear = all(made.is_clear(one, kept, strict=strict) for one in stretches)
    if made.repeats() or not clear or made.floats(stretches, kept, least):
        return None
    filling = {gap: original[one.low : one.high] for one in stretches for gap in one.gaps}
    return [part for i, line in enumerate(lines) for part in _put(line, filling.get(i))]


@frozen
class _Stretch:
    """What lies between two neighbouring pairs of lines.

    Attributes:
        low, high: the original's lines.
        gaps, fresh: the answer's lines that stand for code left out, and the other ones.
        missing: the original's lines that are not blank.
        inner: it has a pair at both ends.
    """

    low: int
    high: int
    gaps: tuple[int, ...]
    fresh: tuple[int, ...]
    missing: tuple[int, ...]
    inner: bool


class Alignment:
    """Lines of an answer beside the original's, those that stand for code left out apart.

    Attributes:
        gaps: which lines stand for code left out.
        bare: the lines, blank where gaps are.
        pairs: which line of the original became which of the answer's.
    """

    def __init__(self, lines: Sequence[str], original: Sequence[str]) -> None:
        self.original = original
        self.gaps = elisions(lines, original)
        gaps = set(self.gaps)
        self.bare = ["" if i in gaps else line for i, line in enumerate(lines)]
        self.pairs = aligned(original, self.bare)

    def stretches(self) -> list[_Stretch]:
        """Return what lies before, between and behind the pairs."""
        ends = [(-1, -1), *(pair[:2] for pair in self.pairs)]
        ends.append((len(self.original), len(self.bare)))
        return [
            _Stretch(
                low + 1,
                high,
                gaps=tuple(gap for gap in self.gaps if left < gap < right),
                fresh=tuple(j for j in range(left + 1, right) if self.bare[j].strip()),
                missing=tuple(i for i in range(low + 1, high) if self.original[i].strip()),
                inner=left >= 0 and right < len(self.bare),
            )
            for (low, left), (high, right) in pairwise(ends)
        ]

    def repeats(self) -> bool:
        """Tell whether a telling line of the original's stands more often than there."""
        there = Counter(map(plain, self.original))
        found = Counter(plain(line) for line in self.bare if telling(line))
        return any(0 < there[key] < count for key, count in found.items())

    def is_clear(self, one: _Stretch, kept: set[int], *, strict: bool) -> bool:
        """Tell whether it is certain what a stretch leaves out."""
        spared = bool(kept.intersection(one.missing))
        if not one.gaps:
            return spared or not (strict and one.inner) or len(one.missing) <= len(one.fresh)
        if len(one.gaps) > 1:
            return not one.missing
        return not one.fresh or not (spared or self._replaces(one))

    def _replaces(self, one: _Stretch) -> bool:
        """Tell whether new lines beside a gap may stand for some of what it leaves out."""
        ahead = [j for j in one.fresh if j < one.gaps[0]]
        behind = one.fresh[len(ahead) :]
        near = [(j, i) for j in ahead for i in one.missing[: len(ahead) + 1]]
        near += [(j, i) for j in behind for i in one.missing[-1 - len(behind) :]]
        pairs = ((self.bare[j], self.original[i]) for j, i in near)
        return any(similarity(a, b) >= _LIKE or _subject(a) == _subject(b) != "" for a, b in pairs)

    def floats(self, stretches: Sequence[_Stretch], kept: set[int], least: float) -> bool:
        """Tell whether a changed line between gaps may be another one of the original's."""
        for (before, after), (at, j, same) in zip(pairwise(stretches), self.pairs, strict=True):
            if same == 1.0 or not (before.gaps and after.gaps):
                continue
            others = [*range(before.low, before.high), *range(after.low, after.high)]
            line = self.bare[j]
            rivals = [k for k in others if similarity(self.original[k], line) >= same - _CLOSE]
            told = at in kept and not kept.intersection(rivals)
            if same < least or (rivals and not told):
                return True
        return False


def _put(line: str, gap: Sequence[str] | None) -> Sequence[str]:
    if gap is None or (not filled(gap) and not re.search(r"\.{3}|…", line)):
        return [line]  # Where nothing is missing, it is a comment like any other.
    return gap


def _subject(line: str) -> str:
    """Return the name that a line sets, "" for none."""
    set_ = re.match(r"\s*(?:(?:let|const|var|auto|int|mut)\s+)*([\w.]+)\s*[-+*/:]?=(?!=)", line)
    return set_.group(1) if set_ else ""

"""What other language servers say of the names that code uses, beside what our index says.

Invariant: where they say which of several definitions is meant, no other one is shown; what they
say comes first. The same words give the same excerpts.
"""

from __future__ import annotations

import re
from textwrap import dedent
from typing import TYPE_CHECKING, NamedTuple

from glm_lsp.characters import without
from glm_lsp.editing.lines import content

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glm_lsp.project.wanted import Excerpt
    from glm_lsp.text import Text

REASON = "says your language server"

_MOST_LINES = 20
"""Lines of a definition."""
_LONGEST, _LONGEST_SIGNATURE = 2_500, 600
_FENCE = re.compile(r"^(`{3,20}|~{3,20})[^\n]*\n(.*?)^\1", re.MULTILINE | re.DOTALL)
_OWNER = re.compile(r"^[\w.$]+: ")
_RECEIVER = re.compile(r"^\s*func\s*\([^)]*\)\s*")
_BEHIND_NAME = re.compile(r"[(=:{<\[;]")
_WORD = re.compile(r"[\w$]+")


class Told(NamedTuple):
    """What was said of one name.

    Attributes:
        excerpts: none where nothing of it may be shown.
        sure: it is said of every place at which the name is used.
    """

    name: str
    excerpts: tuple[Excerpt, ...]
    sure: bool = True


def merged(shown: Sequence[Excerpt], told: Sequence[Told]) -> tuple[Excerpt, ...]:
    """Return what to show, most wanted first: what was told, and the index's that agrees."""
    sure = {each.name: each.excerpts for each in told if each.sure}
    kept: list[Excerpt] = []
    for excerpt in shown:
        meant = sure.get(_defined(excerpt)) if excerpt.part == "definition" else None
        if meant is None or any(_same(excerpt, other) for other in meant):
            kept.append(excerpt)
    fresh = (excerpt for each in told for excerpt in each.excerpts)
    news = [each for each in fresh if not any(_same(each, other) for other in kept)]
    return (*dict.fromkeys(news), *kept)


def definition_at(text: Text, first: int, last: int) -> tuple[int, str] | None:
    """Return the last line and the text of a definition that begins at a line; None for none.

    A language server may say no more than where the name stands: then what is indented below it
    belongs to it.
    """
    if first >= text.line_count or not text.line(first).strip():
        return None
    depth = _depth(text.line(first))
    end = min(max(first, last), text.line_count - 1)
    if end == first:
        while end + 1 < text.line_count and end - first < _MOST_LINES:
            below = content(text.line(end + 1))
            closes = below.strip()[:1] in ("}", ")", "]") and _depth(below) == depth
            if below.strip() and _depth(below) <= depth and not closes:
                break
            end += 1
            if closes and "{" not in below:
                break
    end = min(end, first + _MOST_LINES - 1)
    while end > first and not text.line(end).strip():
        end -= 1
    lines = [content(text.line(line)) for line in range(first, end + 1)]
    shown = dedent("\n".join(lines))
    return (end, shown) if len(shown) <= _LONGEST else (first, lines[0].strip()[:_LONGEST])


def signature_of(hover: str) -> str:
    """Return the signature in a hover: the first block of code in it, or its first line; "".

    It is foreign text: what nobody sees is taken out of it.
    """
    found = _FENCE.search(hover)
    words = found[2].strip("\n") if found else next(iter(hover.strip().splitlines()), "")
    lines = without(words).rstrip().splitlines()
    return "\n".join(lines[:_MOST_LINES])[:_LONGEST_SIGNATURE].rstrip()


def _same(one: Excerpt, other: Excerpt) -> bool:
    """Tell whether two excerpts are of the same lines."""
    return one.uri == other.uri and one.line <= other.last and other.line <= one.last


def _defined(excerpt: Excerpt) -> str:
    """Return the name that an excerpt of the index defines; "" where that is not plain."""
    for line in _heads(excerpt.text):
        head = _BEHIND_NAME.split(_RECEIVER.sub("", _OWNER.sub("", line)), maxsplit=1)[0]
        words = _WORD.findall(head)
        return words[-1] if words else ""
    return ""


def _heads(text: str) -> Iterator[str]:
    return (line for line in text.splitlines()[:6] if line.strip() and line.lstrip()[0] not in "@#")


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())

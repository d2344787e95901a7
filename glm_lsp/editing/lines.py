r"""Texts as lines without their ends, and what becomes of some of them.

Invariant: a text is its lines joined by line ends, so that `"a\n"` has two, of which the last
is empty. The ends themselves are the document's: nothing here brings or changes one.
"""

from __future__ import annotations

from itertools import compress, count
from operator import ne
from typing import TYPE_CHECKING

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from glm_lsp.text import Change, Text


@frozen
class LineEdit:
    """Lines `first` to `end` (exclusive) of a text become `lines`."""

    first: int
    end: int
    lines: tuple[str, ...] = field(repr=False)

    def divided(self) -> Iterable[LineEdit]:
        """Return the least edits that can be done for themselves: an insertion's lines are such."""
        if self.end > self.first or len(self.lines) == 1:
            return (self,)
        return (LineEdit(self.first, self.first, (line,)) for line in self.lines)


def line_edit(text: Text, change: Change) -> LineEdit | None:
    """Return what a change anywhere in a text means in whole lines; None when it is nothing."""
    first, start = text.position(change.span.start)
    last, end = text.position(change.span.end)
    old = contents(text, first, last + 1)
    new = unified(old[0][:start] + change.text + old[-1][end:]).split("\n")
    head = common_length(old, new)
    tail = common_length(old[head:][::-1], new[head:][::-1])
    edit = LineEdit(first + head, last + 1 - tail, tuple(new[head : len(new) - tail]))
    return edit if edit.lines or edit.end > edit.first else None


def contents(text: Text, first: int = 0, end: int | None = None) -> list[str]:
    """Return lines `first` to `end` (exclusive; default: all) of a text, without their ends."""
    return [content(line) for line in text.lines(first, end)]


def content(line: str) -> str:
    """Return a line without its line end."""
    return line.rstrip("\r\n")


def common_length(one: Sequence[object], other: Sequence[object]) -> int:
    """Return how many items two sequences have in common at their start."""
    return next(compress(count(), map(ne, one, other)), min(len(one), len(other)))


def unified(text: str) -> str:
    r"""Return a text whose line ends are all `\n`."""
    return text if "\r" not in text else text.replace("\r\n", "\n").replace("\r", "\n")

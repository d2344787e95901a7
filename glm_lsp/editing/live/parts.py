r"""What a change consists of: parts, which are whole lines, and the hunks they make up.

Invariants: a part replaces, inserts or removes whole lines; the parts of one replacement come
in the order of the original and do not overlap. Lines are held without their line ends, which
are the document's: every line but its last has one.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate, groupby
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from glm_lsp.editing.diff import StreamingDiff

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from glm_lsp.editing.tokens import Hunk as Change
    from glm_lsp.text import Text


@frozen
class LineEdit:
    """Lines `first` to `end` (exclusive) of a document become `lines`.

    `fine` says the same of one line that becomes another, by columns: (start, end, text),
    ascending, in code points of the old line.
    """

    first: int
    end: int
    lines: tuple[str, ...] = field(repr=False)
    fine: tuple[tuple[int, int, str], ...] = field(default=(), repr=False)


@define(eq=False)
class Part:
    """One line edit of a change.

    Attributes:
        number: how many came before it.
        growth: by how many characters it makes the text grow.
        made: our edit has brought it into the document, and none has taken it back.
        edited: the user wrote something else in place of some of its lines.
    """

    number: int
    edit: LineEdit
    hunk: Hunk = field(repr=False)
    growth: int
    made: bool = False
    edited: bool = False


@define(eq=False)
class Hunk:
    """Parts that no unchanged line divides.

    Attributes:
        number: what it is called by within its change.
        open: more parts may come.
        withdrawn: it is to be taken back.
        kept: it is the user's from now on.
    """

    number: int
    parts: list[Part] = field(factory=list, repr=False)
    open: bool = True
    withdrawn: bool = False
    kept: bool = False

    @property
    def complete(self) -> bool:
        """Whether all of it has come, and is in the document unless the user took it out."""
        return not self.open and all(part.made for part in self.parts)


class LineDiff:
    """Turns a replacement that arrives in pieces into line edits, each as soon as it is certain.

    `original` are the lines it replaces, the first of them line `first` of its document.
    """

    def __init__(self, original: Sequence[str], first: int) -> None:
        self._original = original
        self._first = first
        self._starts = [0, *accumulate(len(line) + 1 for line in original)]
        self._diff = StreamingDiff("".join(f"{line}\n" for line in original))
        self._held = ""  # A carriage return that may be half of a line end.

    def feed(self, text: str) -> list[LineEdit]:
        """Take the next piece of the replacement."""
        text = self._held + text
        self._held = "\r" if text.endswith("\r") else ""
        return self._line_edits(self._diff.feed(_unified(text.removesuffix(self._held))))

    def finish(self) -> list[LineEdit]:
        """Return what was not certain yet; the replacement ends here, without a line end."""
        return self._line_edits(self._diff.finish(_unified(self._held) + "\n"))

    def _line_edits(self, changes: list[Change]) -> list[LineEdit]:
        edits: list[LineEdit] = []
        if not changes:
            return edits
        for line, group in groupby(changes, self._line_within):
            if line is None:
                edits += map(self._whole_lines, group)
            else:
                edits.append(self._within_line(line, group))
        return edits

    def _line_within(self, change: Change) -> int | None:
        """Return the line that a change is within; None when it is of whole lines."""
        line, end = self._line_at(change.span.start), self._line_at(change.span.end)
        edges = (self._starts[line], self._starts[end]) == (change.span.start, change.span.end)
        return None if edges and change.text[-1:] in ("", "\n") else line

    def _whole_lines(self, change: Change) -> LineEdit:
        first, end = self._line_at(change.span.start), self._line_at(change.span.end)
        lines = tuple(change.text.split("\n")[:-1])
        return LineEdit(self._first + first, self._first + end, lines)

    def _within_line(self, line: int, changes: Iterable[Change]) -> LineEdit:
        start = self._starts[line]
        fine = tuple((c.span.start - start, c.span.end - start, c.text) for c in changes)
        new, old = "", self._original[line]
        for first, end, text in reversed(fine):
            new, old = text + old[end:] + new, old[:first]
        return LineEdit(self._first + line, self._first + line + 1, (old + new,), fine)

    def _line_at(self, offset: int) -> int:
        return bisect_right(self._starts, offset) - 1


def divided(edit: LineEdit) -> list[LineEdit]:
    """Return an edit in the least parts that can be done for themselves: lines of an insertion."""
    if edit.end > edit.first:
        return [edit]
    return [LineEdit(edit.first, edit.first, (line,)) for line in edit.lines]


def line_edit(text: Text, change: Change) -> LineEdit | None:
    """Return what a change anywhere in a text means in whole lines; None when it is nothing."""
    first, start = text.position(change.span.start)
    last, end = text.position(change.span.end)
    old = [content(line) for line in text.lines(first, last + 1)]
    new = _unified(old[0][:start] + change.text + old[-1][end:]).split("\n")
    head = common_length(old, new)
    tail = common_length(old[head:][::-1], new[head:][::-1])
    edit = LineEdit(first + head, last + 1 - tail, tuple(new[head : len(new) - tail]))
    return edit if edit.lines or edit.end > edit.first else None


def common_length(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many items two sequences have in common at their start."""
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count


def content(line: str) -> str:
    """Return a line without its line end."""
    return line.rstrip("\r\n")


def _unified(text: str) -> str:
    return text if "\r" not in text else text.replace("\r\n", "\n").replace("\r", "\n")

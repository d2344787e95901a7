"""What the user changed in one document since it was opened, as lines that became others.

Invariant: outside of the regions the document and its baseline are the same lines, in the same
order; a region whose lines are those of the baseline again is no change any more. Regions are few:
the oldest become part of the baseline.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from attrs import define, evolve, frozen

from glm_lsp.editing.lines import common_length, contents
from glm_lsp.editing.partners import refine
from glm_lsp.text import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glm_lsp.text import Change, Text

_MOST_REGIONS = 60
_MOST_LINES = 60
"""Lines of a region in which it is asked which line became which; in longer ones none did."""


@frozen
class ChangedLine:
    """A line that the user turned into another.

    Attributes:
        line: its number in the document as it is.
        before, after: what it said, and what it says, without line end.
        moment: when it was changed last; a later change has a greater one.
        alone: no line came or went beside it.
    """

    line: int
    before: str
    after: str
    moment: int
    alone: bool = True


@frozen
class ChangedBlock:
    """Neighbouring lines that the user turned into others, of which there may be more or fewer.

    Attributes:
        line: the number of the first in the document as it is.
        before, after: what they said, and what they say, without line ends.
        moment: when they were changed last.
    """

    line: int
    before: tuple[str, ...]
    after: tuple[str, ...]
    moment: int


@frozen
class _Pair:
    offset: int
    before: str
    after: str
    alone: bool


@define
class _Region:
    """Lines `base_first` to `base_end` of the baseline are lines `first` to `end` now.

    `pairs` says which line became which, once it was asked, each by its distance from `first`;
    `block` the lines that differ, as they were and are, and how far below `first` they begin.
    """

    base_first: int
    base_end: int
    first: int
    end: int
    moment: int
    pairs: tuple[_Pair, ...] | None = None
    block: tuple[tuple[str, ...], tuple[str, ...], int] | None = None

    @property
    def growth(self) -> int:
        return self.end - self.first - (self.base_end - self.base_first)


class DocumentHistory:
    """The changes of one document."""

    def __init__(self, text: Text, moments: Iterator[int] | None = None) -> None:
        """Begin with a text; `moments` counts the changes of all documents of an editor."""
        self.text = text
        self._baseline = text
        self._regions: list[_Region] = []
        self._moments = moments if moments is not None else count(1)
        self._moment = 0
        self._latest = range(0)  # The lines that the last change wrote.
        self._known: tuple[ChangedLine, ...] | None = None
        self._seen: set[tuple[str, str]] = set()
        self._taken_back: set[tuple[str, str]] = set()

    def changed(self, after: Text, changes: Sequence[Change]) -> None:
        """Follow the document; each change is in the coordinates left by the one before."""
        self._moment = next(self._moments)
        text = self.text
        for index, change in enumerate(changes):
            first, _ = text.position(change.span.start)
            last, column = text.position(change.span.end)
            whole = column == 0 and last > first and change.text.endswith("\n")
            text = after if index == len(changes) - 1 else text.replace(change.span, change.text)
            end, _ = text.position(change.span.start + len(change.text))
            self._note(first, last + (not whole), end + (not whole))
        self.text = after
        self._known = None
        if len(self._regions) > _MOST_REGIONS:
            self._forget(min(self._regions, key=lambda region: region.moment))

    def line_changes(self) -> tuple[ChangedLine, ...]:
        """Return the lines that became others, from the top down."""
        if self._known is None:
            self._known = tuple(each for r in self._regions for each in self._changes_of(r))
            pairs = {(each.before, each.after) for each in self._known}
            pairs |= {("\n".join(b.before), "\n".join(b.after)) for b in self.blocks()}
            self._taken_back = (self._taken_back | self._seen) - pairs
            self._seen |= pairs
        return self._known

    def blocks(self) -> Iterator[ChangedBlock]:
        """Yield the neighbouring lines that became others, from the top down; none only added."""
        for region in self._regions:
            old, new, head = self._contents(region)
            if old and max(len(old), len(new)) <= _MOST_LINES:
                yield ChangedBlock(region.first + head, old, new, region.moment)

    def taken_back(self) -> frozenset[tuple[str, str]]:
        """Return what lines had become that are not so any more: before, and after."""
        self.line_changes()
        return frozenset(self._taken_back)

    def _note(self, first: int, end: int, new_end: int) -> None:
        """Note that lines `first` to `end` (exclusive) became lines `first` to `new_end`."""
        above = [region for region in self._regions if region.end < first]
        below = [region for region in self._regions if region.first > end]
        touched = self._regions[len(above) : len(self._regions) - len(below)]
        grown, written = new_end - end, range(first, new_end)
        if touched:
            top, bottom = touched[0], touched[-1]
            base_first = top.base_first - max(0, top.first - first)
            base_end = bottom.base_end + max(0, end - bottom.end)
            first, end = min(first, top.first), max(end, bottom.end)
        else:
            shift = sum(region.growth for region in above)
            base_first, base_end = first - shift, end - shift
        for each in below:
            each.first += grown
            each.end += grown
        self._latest = written
        region = _Region(base_first, base_end, first, end + grown, self._moment)
        self._regions = [*above, region, *below]

    def _changes_of(self, region: _Region) -> Iterator[ChangedLine]:
        if region.pairs is None:
            region.pairs = tuple(self._pairs(region))
        for pair in region.pairs:
            line = region.first + pair.offset
            # Of neighbours that make one region, the one that was not changed last is older.
            older = region.moment == self._moment and line not in self._latest
            moment = region.moment - older
            yield ChangedLine(line, pair.before, pair.after, moment, pair.alone)

    def _contents(self, region: _Region) -> tuple[tuple[str, ...], tuple[str, ...], int]:
        """Return the lines that differ, as they were and are, and how many above them do not."""
        if region.block is None:
            old = contents(self._baseline, region.base_first, region.base_end)
            new = contents(self.text, region.first, region.end)
            head = common_length(old, new)
            tail = common_length(old[head:][::-1], new[head:][::-1])
            old, new = old[head : len(old) - tail], new[head : len(new) - tail]
            region.block = (tuple(old), tuple(new), head)
        return region.block

    def _pairs(self, region: _Region) -> Iterator[_Pair]:
        old, new, head = self._contents(region)
        if len(old) > _MOST_LINES or len(new) > _MOST_LINES:
            return
        grown = 0
        for edit in refine(head, old, new):
            offset = edit.first + grown
            grown += len(edit.lines) - (edit.end - edit.first)
            if edit.end - edit.first == len(edit.lines) == 1:
                before = old[edit.first - head]
                yield _Pair(offset, before, edit.lines[0], len(old) == len(new))

    def _forget(self, region: _Region) -> None:
        """Make a region part of the baseline."""
        base = self._baseline
        start, end = _start(base, region.base_first), _start(base, region.base_end)
        now = self.text.slice(Span(_start(self.text, region.first), _start(self.text, region.end)))
        self._baseline = base.replace(Span(start, end), now)
        at = self._regions.index(region)
        self._regions = [
            *self._regions[:at],
            *(
                evolve(
                    each,
                    base_first=each.base_first + region.growth,
                    base_end=each.base_end + region.growth,
                )
                for each in self._regions[at + 1 :]
            ),
        ]


def _start(text: Text, line: int) -> int:
    return text.line_start(line) if line < text.line_count else len(text)

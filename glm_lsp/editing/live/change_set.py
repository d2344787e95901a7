"""What is wanted of a live document, and how far it is: the hunks of one change of GLM's.

Invariants:
- The live pieces are the lines of the mirror.
- A hunk of which the user touched a line before it was complete is taken back, as far as the
  user left it alone (`left_out`); the rest goes on.
- `edits` leads to the text with all hunks, after `withdraw` to the text without
  them; where it leads, a second look finds nothing to do.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from attrs import field, frozen

from glm_lsp.editing.lines import contents
from glm_lsp.editing.live.parts import Hunk, Part
from glm_lsp.editing.live.piece_table import PieceTable
from glm_lsp.editing.live.steps import changes, steps, touched_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from glm_lsp.editing.lines import LineEdit
    from glm_lsp.editing.live.piece_table import Piece
    from glm_lsp.editing.live.steps import Step
    from glm_lsp.text import Change, Snapshot, Text


@frozen
class HunkState:
    """A hunk that is in the document, or is offered.

    Attributes:
        number: what it is called by.
        first, end: the document's lines that it wrote, or would replace; `end` is exclusive.
        before, after: the lines that it replaces, and those it writes.
    """

    number: int
    first: int
    end: int
    before: tuple[str, ...] = field(repr=False)
    after: tuple[str, ...] = field(repr=False)


class ChangeSet:
    """The hunks of one change, in lines of the snapshot it was made for.

    Attributes:
        text: the document as last seen.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.text = snapshot.text
        self._snapshot = snapshot
        self._newline = snapshot.newline
        self._table = PieceTable(snapshot.text)
        self._parts: list[Part] = []
        self._hunks: list[Hunk] = []
        self._end = -1  # Where the hunk ends that is still open; -1 when none is.

    # What is wanted.

    def add(self, edits: Iterable[LineEdit], *, apart: bool = False) -> None:
        """Take line edits; those that follow one another directly become one hunk.

        `apart` are edits elsewhere, out of order: each is a hunk of its own.

        Raises:
            ValueError: an edit overlaps another one.
        """
        for edit in chain.from_iterable(edit.divided() for edit in edits):
            if apart or edit.first != self._end:
                self.close()
                self._hunks.append(Hunk(len(self._hunks), open=not apart))
            hunk = self._hunks[-1]
            part = Part(edit, hunk, edit.end - edit.first == len(edit.lines) == 1)
            hunk.parts.append(part)
            self._parts.append(part)
            self._table.add(part)
            self._end = edit.end

    def close(self) -> None:
        """Note that no more line edits come."""
        self._end = -1
        for hunk in self._hunks[-1:]:
            hunk.open = False

    def withdraw(self, hunk: int | None = None) -> None:
        """Turn round, as a whole or one hunk: `edits` then leads back, around the user's text."""
        for each in self._chosen(hunk):
            if not each.kept:
                each.withdrawn = True
        self.close()
        self._table.unsettle()

    def keep(self, hunk: int) -> None:
        """Leave a hunk as it is, from now on."""
        self._hunks[hunk].kept = True

    # What it comes to.

    @property
    def withdrawn(self) -> bool:
        """Whether nothing of the change is wanted any more."""
        return {hunk.withdrawn or hunk.kept for hunk in self._hunks} == {True}

    @property
    def undone(self) -> bool:
        """Whether the user took all out again that our edits had brought in."""
        made = {part.edited for part in self._parts if part.made}
        return made == {False} and not self.in_effect

    @property
    def in_effect(self) -> bool:
        """Whether anything in the document is as it is because of GLM."""
        return any(piece.in_effect for piece in self._table.pieces)

    @property
    def part_count(self) -> int:
        """How many parts the change has."""
        return len(self._parts)

    @property
    def misplaced(self) -> bool:
        """Whether an edit of ours that landed elsewhere has not been put right yet."""
        stray = [piece for piece in self._table.pieces if piece.part is None and piece.turned]
        return not all(piece.gone for piece in stray)

    @property
    def lost(self) -> bool:
        """Whether the mirror is not what the pieces say, so that nothing may be done any more."""
        return self._table.line_count != self.text.line_count

    def left_out(self) -> list[int]:
        """Return the lines (0-based) at which the user's hand kept a hunk from being done.

        It may have left the hunk alone since: what was not done is left out all the same. Of a
        hunk that was taken back: from being taken back whole.
        """
        self._table.unsettle()
        touched = touched_parts(self._table)
        stayed = {part.hunk for part in touched if part.made and part.hunk.withdrawn}
        undone = [hunk for hunk in self._hunks if not hunk.complete]
        missing = {hunk for hunk in self._blocked(touched).union(undone) if not hunk.withdrawn}
        places = self._places()
        return sorted({places[hunk][0] for hunk in stayed | missing if not hunk.kept})

    def hunks(self) -> list[HunkState]:
        """Return the hunks in the document that are not kept; those it would get before."""
        places = self._places()
        shown = {piece.hunk for piece in self._table.pieces if piece.in_effect}
        if not any(hunk.made for hunk in self._hunks):
            shown.update(self._hunks)
        return [
            HunkState(hunk.number, *places[hunk], tuple(self._before(hunk)), tuple(hunk.after))
            for hunk in self._hunks
            if hunk in shown and not hunk.kept
        ]

    def place(self, hunk: int | None = None) -> tuple[int, int]:
        """Return the document's lines from the first to behind the last of a hunk, or of all."""
        places = self._places()
        first, end = zip(*map(places.__getitem__, self._chosen(hunk)), strict=True)
        return min(first), max(end)

    def current_line(self, line: int) -> int | None:
        """Return where a line of the snapshot is in the document; None when it is not there."""
        self._table.unsettle()
        there = (
            first + line - piece.first
            for piece, first, _ in self._table.placed()
            if piece.live and line in piece.place
        )
        return next(there, None)

    def intended(self) -> str:
        """Return the snapshot's text with the whole change, and nothing of the user's."""
        table, text = PieceTable(self._snapshot.text), self._snapshot.text
        for part in self._parts:
            table.add(part)
        todo = steps(table, lambda piece: (piece.owner == "glm") == (piece.part is not None))
        return str(text.apply(changes(table, text, todo, self._newline)[::-1]))

    def without_change(self) -> str:
        """Return the document as it would be if the change were taken back."""
        self._table.unsettle()
        wanted = _wish(touched_parts(self._table), self._hunks)
        return str(self._after(self.text, steps(self._table, wanted)))

    def edits(self) -> list[Change]:
        """Return what is to be done: ascending and disjoint, all in coordinates of `text`."""
        return changes(self._table, self.text, self._todo(), self._newline)

    # The pieces.

    def _todo(self) -> list[Step]:
        touched = touched_parts(self._table)
        wanted = _wish(touched, self._blocked(touched))
        self._table.settle(wanted)
        return steps(self._table, wanted)

    def _blocked(self, touched: set[Part]) -> set[Hunk]:
        """Return the hunks that must not go in: those touched before they were complete.

        Where one of them and another hunk move a line, neither goes: no line may get lost.
        """
        blocked = {part.hunk for part in touched if not part.hunk.complete}
        if not blocked:
            return blocked
        written, removed = self._lines_of(blocked)
        moves = ((hunk, *self._lines_of([hunk])) for hunk in self._hunks)
        return blocked | {hunk for hunk, new, old in moves if new & removed or old & written}

    def _chosen(self, hunk: int | None) -> list[Hunk]:
        return self._hunks if hunk is None else [self._hunks[hunk]]

    def _before(self, hunk: Hunk) -> list[str]:
        """Return the lines that a hunk replaces."""
        return contents(self._snapshot.text, hunk.parts[0].edit.first, hunk.parts[-1].edit.end)

    def _lines_of(self, hunks: Iterable[Hunk]) -> tuple[set[str], set[str]]:
        """Return the lines that hunks write, and those they replace, as far as they are telling."""
        written = {_telling(line) for hunk in hunks for line in hunk.after}
        removed = {_telling(line) for hunk in hunks for line in self._before(hunk)}
        return written - {""}, removed - {""}

    def _after(self, text: Text, todo: Sequence[Step]) -> Text:
        return text.apply(changes(self._table, text, todo, self._newline)[::-1])

    def _places(self) -> dict[Hunk, tuple[int, int]]:
        """Return the lines of the document from the first to the last line of each hunk."""
        places: dict[Hunk, tuple[int, int]] = {}
        self._table.unsettle()
        for piece, first, end in self._table.placed():
            if piece.part is not None:
                hunk = piece.part.hunk
                places[hunk] = (places.get(hunk, (first, end))[0], end)
        return places


def _telling(line: str) -> str:
    """Return what a line can be told by, without its indentation; "" when it says nothing."""
    return line.strip() if any(map(str.isalnum, line)) else ""


def _wish(touched: set[Part], out: Collection[Hunk]) -> Callable[[Piece], bool]:
    """Return what tells whether a piece is wanted in the document, when some hunks stay `out`."""

    def wanted(piece: Piece) -> bool:
        part = piece.part
        if part is None:
            return piece.owner != "glm" and not piece.gone
        hunk = part.hunk
        if piece.carried:
            return piece.live and (part not in touched or hunk.complete)
        if part in touched or hunk.kept:
            return piece.live
        return (hunk.withdrawn or hunk in out) != (piece.owner == "glm")

    return wanted

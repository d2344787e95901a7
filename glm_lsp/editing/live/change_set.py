"""What is wanted of a live document, and how far it is: the hunks of one change of GLM's.

Invariants:
- The live pieces are the lines of the mirror.
- A hunk of which the user touched a line before it was complete is taken back, as far as the
  user left it alone (`left_out`); the rest goes on.
- `edits` leads to the text with all hunks, after `withdraw` to the text without
  them; where it leads, a second look finds nothing to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

from glm_lsp.editing.lines import contents
from glm_lsp.editing.live.parts import Hunk, Part, divided
from glm_lsp.editing.live.piece_table import Owner, PieceTable
from glm_lsp.editing.live.steps import changes, steps, touched_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

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

    # What is wanted.

    def add(self, edits: Iterable[LineEdit], *, apart: bool = False) -> None:
        """Take line edits; those that follow one another directly become one hunk.

        `apart` are edits elsewhere, out of order: each is a hunk of its own.

        Raises:
            ValueError: an edit overlaps another one.
        """
        for edit in divided(edits):
            last = self._hunks[-1] if self._hunks else None
            if apart or last is None or last.parts[-1].edit.end != edit.first or not last.open:
                self.close()
                self._hunks.append(Hunk(len(self._hunks), open=not apart))
            part = Part(len(self._parts), edit, self._hunks[-1])
            part.hunk.parts.append(part)
            self._parts.append(part)
            self._table.add(part)

    def close(self) -> None:
        """Note that no more line edits come."""
        if self._hunks:
            self._hunks[-1].open = False

    def withdraw(self, hunk: int | None = None) -> None:
        """Turn round, as a whole or one hunk: `edits` then leads back, around the user's text."""
        for each in self._hunks:
            if hunk in (None, each.number) and not each.kept:
                each.withdrawn, each.open = True, False
        self._table.disturbed()

    def keep(self, hunk: int) -> None:
        """Leave a hunk as it is, from now on."""
        self._hunks[hunk].kept = True

    # What it comes to.

    @property
    def withdrawn(self) -> bool:
        """Whether nothing of the change is wanted any more."""
        return all(hunk.withdrawn or hunk.kept for hunk in self._hunks) and bool(self._hunks)

    @property
    def undone(self) -> bool:
        """Whether the user took all out again that our edits had brought in."""
        made = any(part.made for part in self._parts)
        edited = any(part.made and part.edited for part in self._parts)
        return made and not edited and not self.in_effect

    @property
    def in_effect(self) -> bool:
        """Whether anything in the document is as it is because of GLM."""
        return any(map(in_effect, self._table.pieces))

    @property
    def part_count(self) -> int:
        """How many parts the change has."""
        return len(self._parts)

    @property
    def misplaced(self) -> bool:
        """Whether an edit of ours that landed elsewhere has not been put right yet."""
        return any(
            piece.part is None and piece.live == (piece.owner is Owner.GLM) and not piece.gone
            for piece in self._table.pieces
        )

    @property
    def lost(self) -> bool:
        """Whether the mirror is not what the pieces say, so that nothing may be done any more."""
        return self._table.line_count != self.text.line_count

    def left_out(self) -> list[int]:
        """Return the lines (0-based) at which the user's hand kept a hunk from being done.

        Of a hunk that was taken back: from being taken back whole.
        """
        self._table.disturbed()
        touched = touched_parts(self._table)
        hunks = {part.hunk for part in touched if part.hunk.withdrawn and part.made}
        hunks |= {hunk for hunk in self._blocked(touched) if not hunk.withdrawn}
        places = self._places()
        return sorted({places[hunk][0] for hunk in hunks if not hunk.kept})

    def hunks(self) -> list[HunkState]:
        """Return the hunks in the document that are not kept; those it would get before."""
        places = self._places()
        there = {p.part.hunk for p in self._table.pieces if p.part and in_effect(p)}
        shown = there or (set() if any(part.made for part in self._parts) else set(places))
        return [
            HunkState(hunk.number, *places[hunk], tuple(self._before(hunk)), tuple(hunk.after))
            for hunk in self._hunks
            if hunk in shown and not hunk.kept
        ]

    def place(self, hunk: int | None = None) -> tuple[int, int]:
        """Return the document's lines from the first to behind the last of a hunk, or of all."""
        places = [at for each, at in self._places().items() if hunk in (None, each.number)]
        return min(first for first, _ in places), max(end for _, end in places)

    def current_line(self, line: int) -> int | None:
        """Return where a line of the snapshot is in the document; None when it is not there."""
        at = 0
        for piece in self._table.pieces:
            if not piece.live:
                continue
            if piece.owner is Owner.ORIGINAL and piece.first <= line < piece.first + piece.count:
                return at + line - piece.first
            at += piece.count
        return None

    def intended(self) -> str:
        """Return the snapshot's text with the whole change, and nothing of the user's."""
        table, text = PieceTable(self._snapshot.text), self._snapshot.text
        for part in self._parts:
            table.add(part)
        todo = steps(table, lambda piece: (piece.owner is Owner.GLM) == (piece.part is not None))
        newline = self._newline
        return str(text.apply(changes(table, text, todo, newline)[::-1]))

    def without_change(self) -> str:
        """Return the document as it would be if the change were taken back."""
        self._table.disturbed()
        wanted = _wish(touched_parts(self._table), lambda _: False)
        return str(self._after(self.text, steps(self._table, wanted)))

    def edits(self) -> list[Change]:
        """Return what is to be done: ascending and disjoint, all in coordinates of `text`."""
        return changes(self._table, self.text, self._todo(), self._newline)

    # The pieces.

    def _todo(self) -> list[Step]:
        touched = touched_parts(self._table)
        blocked = self._blocked(touched)
        self._table.settle(blocked)
        wanted = _wish(touched, lambda hunk: not hunk.withdrawn and hunk not in blocked)
        return steps(self._table, wanted)

    def _blocked(self, touched: set[Part]) -> set[Hunk]:
        """Return the hunks that must not go in: those touched before they were complete.

        Where one of them and another hunk move a line, neither goes: no line may get lost.
        """
        blocked = {hunk for hunk in {part.hunk for part in touched} if not hunk.complete}
        if blocked:
            written = _telling(line for hunk in blocked for line in hunk.after)
            removed = _telling(line for hunk in blocked for line in self._before(hunk))
            blocked |= {
                hunk
                for hunk in self._hunks
                if _telling(hunk.after) & removed or _telling(self._before(hunk)) & written
            }
        return blocked

    def _before(self, hunk: Hunk) -> list[str]:
        """Return the lines that a hunk replaces."""
        return contents(self._snapshot.text, hunk.parts[0].edit.first, hunk.parts[-1].edit.end)

    def _after(self, text: Text, todo: Sequence[Step]) -> Text:
        return text.apply(changes(self._table, text, todo, self._newline)[::-1])

    def _places(self) -> dict[Hunk, tuple[int, int]]:
        """Return the lines of the document from the first to the last line of each hunk."""
        places: dict[Hunk, tuple[int, int]] = {}
        line = 0
        for piece in self._table.pieces:
            end = line + piece.count * piece.live
            if piece.part is not None:
                hunk = piece.part.hunk
                places[hunk] = (places.get(hunk, (line, end))[0], end)
            line = end
        return places


def _telling(lines: Iterable[str]) -> set[str]:
    """Return those of some lines that can be told by what they say, without their indentation."""
    return {line.strip() for line in lines if any(map(str.isalnum, line))}


def _wish(touched: set[Part], goes_in: Callable[[Hunk], bool]) -> Callable[[Piece], bool]:
    """Return what tells whether a piece is wanted in the document, when hunks go in as told."""

    def wanted(piece: Piece) -> bool:
        part = piece.part
        if part is None:
            return piece.owner is not Owner.GLM and not piece.gone
        if piece.carried:
            return piece.live and (part not in touched or part.hunk.complete)
        if part in touched or part.hunk.kept:
            return piece.live
        return goes_in(part.hunk) == (piece.owner is Owner.GLM)

    return wanted


def in_effect(piece: Piece) -> bool:
    """Tell whether a piece is there, or not there, because of GLM."""
    part = piece.part
    if part is None or not part.made or piece.carried:
        return False
    return piece.live if piece.owner is Owner.GLM else not piece.live and not piece.gone

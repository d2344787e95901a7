"""The lines of a document in pieces: each with one owner, in the document or out of it.

Invariants: pieces are only cut and inserted, never reordered, and those of the snapshot are
never dropped, so that each knows its place even while its lines are not in the document. The
live ones, one after the other, are the document's lines.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING, Literal

from attrs import define, field

from glm_lsp.editing.lines import contents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from glm_lsp.editing.live.parts import Hunk, Part
    from glm_lsp.text import Text

Owner = Literal["original", "glm", "user"]
"""Whose lines they are."""


@define(eq=False)
class Piece:
    """Lines that stand together.

    Attributes:
        first: the first of them in the snapshot (the original's).
        lines: their contents (GLM's; the user's only once an edit of ours took them away).
        part: the part that writes them, or removes them.
        live: they are in the document.
        gone: the user took them out.
        carried: the user's hand brought them here, but did not write them.
        sent: the edit in flight takes them out, or brings them in.
    """

    owner: Owner
    count: int
    first: int = 0
    lines: tuple[str, ...] = field(default=(), repr=False)
    part: Part | None = field(default=None, repr=False)
    live: bool = True
    gone: bool = False
    carried: bool = False
    sent: bool = False

    @property
    def place(self) -> range:
        """Which lines of the snapshot they are, or between which they go; -1 for nowhere."""
        if self.owner == "original":
            return range(self.first, self.first + self.count)
        at = -1 if self.part is None else self.part.edit.end
        return range(at, at)

    @property
    def hunk(self) -> Hunk | None:
        """The hunk that it belongs to."""
        return self.part.hunk if self.part is not None else None

    @property
    def turned(self) -> bool:
        """Whether it is as a change has it: GLM's lines are there, or others are not."""
        return self.live == (self.owner == "glm")

    @property
    def in_effect(self) -> bool:
        """Whether it is there, or not there, because of GLM."""
        brought = self.part is not None and self.part.made and not self.carried
        return brought and self.turned and not self.gone

    @property
    def stands(self) -> bool:
        """Whether neighbours may count on it: it is there, or we took it out ourselves.

        What landed here by mistake does not.
        """
        if self.owner == "glm":
            return self.live and self.part is not None
        return not self.gone


class PieceTable:
    """The pieces of one document, in their order.

    Attributes:
        pieces: between two without lines, one at each end.
        settled: nothing is left to be done before this index, at which this line starts.
        quiet: nobody but us has changed anything yet.
    """

    def __init__(self, original: Text) -> None:
        self._original = original
        count = original.line_count
        whole = Piece("original", count)
        self.pieces: list[Piece] = [Piece("original", 0), whole, Piece("original", 0, count)]
        self.quiet = True
        self.unsettle()

    @property
    def line_count(self) -> int:
        """How many lines the document has."""
        return sum(piece.count for piece in self.pieces if piece.live)

    def contents(self, piece: Piece) -> list[str]:
        """Return a piece's lines; the user's live ones are not known."""
        if piece.owner == "original":
            return contents(self._original, piece.first, piece.first + piece.count)
        return list(piece.lines)

    def placed(self) -> Iterator[tuple[Piece, int, int]]:
        """Yield the pieces, each with the document's lines that it takes up; the end is exclusive.

        Those that are settled are left out.
        """
        index, line = self.settled
        for piece in self.pieces[index:]:
            start, line = line, line + piece.count * piece.live
            yield piece, start, line

    def unsettle(self) -> None:
        """Forget shortcuts: everything has to be looked at again."""
        self.settled = (1, 0)
        self._recent = (1, 0)  # An index, before which this many lines of the snapshot are.

    def disturbed(self) -> None:
        """Take note that somebody else changes pieces, at any place."""
        self.quiet = False
        self.unsettle()

    def settle(self, wanted: Callable[[Piece], bool]) -> None:
        """Pass over the first pieces that need not be looked at until `unsettle`.

        They are as `wanted`, and their hunks, if any, complete.
        """
        index, line = self.settled
        for piece in self.pieces[index:-1]:
            part = piece.part
            if piece.live != wanted(piece) or (part is not None and not part.hunk.complete):
                break
            index += 1
            line += piece.count * piece.live
            if part is not None and piece.stands:
                self.settled = (index, line)

    def cut(self, index: int, count: int) -> None:
        """Cut the piece at `index` in two after `count` lines, unless it has no more."""
        left = self.pieces[index]
        more = left.count - count
        if more > 0:
            first, lines = left.first + count, left.lines[count:]
            marks = (left.part, left.live, left.gone, left.carried, left.sent)
            self.pieces.insert(index + 1, Piece(left.owner, more, first, lines, *marks))
            left.count, left.lines = count, left.lines[:count]

    def between(self, first: int, end: int) -> tuple[int, int]:
        """Return the indices of the pieces that lines `first` to `end` of the document are.

        Pieces are cut there; those that are not in the document lie behind the second index.
        """
        counts = [piece.count * piece.live for piece in self.pieces]
        ends = [*accumulate(counts)]
        last, index = bisect_left(ends, end), bisect_left(ends, first)
        self.cut(last, end - ends[last] + counts[last])
        more = len(self.pieces)
        self.cut(index, first - ends[index] + counts[index])
        return index + 1, last + 1 + len(self.pieces) - more

    def add(self, part: Part) -> None:
        """Give a part the lines it removes, and put those it writes behind them.

        Raises:
            ValueError: another part removes one of the lines.
        """
        edit = part.edit
        if edit.first <= self._recent[1] and part is part.hunk.parts[0]:
            self.unsettle()  # It is one elsewhere, out of order.
        index = self._behind_hunk(part.hunk, self._behind(edit.first))
        self._recent = (index, edit.first)
        last = self._behind(edit.end)
        for piece in self.pieces[index:last]:
            if piece.owner == "original":
                if piece.part is not None:
                    raise ValueError(f"edits overlap at line {piece.first}")
                piece.part = part
        if edit.lines:
            written = Piece("glm", len(edit.lines), lines=edit.lines, part=part, live=False)
            self.pieces.insert(last, written)
            last += 1
        self._recent = (last, edit.end)

    def _behind(self, line: int) -> int:
        """Return the index behind the snapshot's lines up to `line`, or what came last there."""
        index, known = self._recent
        while known < line:
            if self.pieces[index].owner == "original":
                self.cut(index, line - known)
                known += self.pieces[index].count
            index += 1
        return index

    def _behind_hunk(self, hunk: Hunk, index: int) -> int:
        """Return the index at which more of a hunk goes: its lines stay together."""
        for at in range(index, len(self.pieces)):
            piece = self.pieces[at]
            if piece.owner == "original":
                break
            if piece.hunk is hunk:
                index = at + 1
        return index

"""The lines of a document in pieces: each with one owner, in the document or out of it.

Invariants: pieces are only cut and inserted, never reordered, and those of the snapshot are
never dropped, so that each knows its place even while its lines are not in the document. The
live ones, one after the other, are the document's lines.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from attrs import define, field

from glm_lsp.editing.lines import contents

if TYPE_CHECKING:
    from glm_lsp.editing.live.parts import Hunk, Part
    from glm_lsp.text import Text


_NONE = range(-1, -1)


class Owner(Enum):
    """Whose lines they are."""

    ORIGINAL = 1
    GLM = 2
    USER = 3


@define(eq=False)
class Piece:
    """Lines that stand together.

    Attributes:
        first: the first of them in the snapshot (ORIGINAL).
        lines: their contents (GLM; the user's only once an edit of ours took them away).
        part: the part that writes them (GLM) or removes them (ORIGINAL).
        live: they are in the document.
        gone: the user took them out.
        carried: the user's hand brought them here, but did not write them (GLM).
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
    def original(self) -> range:
        """Which lines of the snapshot they are; none, and nowhere, when they are others."""
        return range(self.first, self.first + self.count) if self.owner is Owner.ORIGINAL else _NONE

    @property
    def stands(self) -> bool:
        """Whether neighbours may count on it: it is there, or we took it out ourselves."""
        if self.owner is Owner.GLM and self.part is None:
            return False  # It landed here by mistake.
        return self.live or (self.owner is not Owner.GLM and not self.gone)


class PieceTable:
    """The pieces of one document, in their order.

    Attributes:
        settled: nothing is left to be done before this index, at which this line starts.
        quiet: nobody but us has changed anything yet.
    """

    def __init__(self, original: Text) -> None:
        self._original = original
        self.pieces: list[Piece] = [Piece(Owner.ORIGINAL, original.line_count)]
        self._added: tuple[int, Piece] | None = None
        self.disturbed()
        self.quiet = True

    @property
    def original_count(self) -> int:
        """How many lines the snapshot has."""
        return self._original.line_count

    @property
    def line_count(self) -> int:
        """How many lines the document has."""
        return sum(piece.count for piece in self.pieces if piece.live)

    def contents(self, piece: Piece) -> list[str]:
        """Return a piece's lines; the user's live ones are not known."""
        if piece.owner is Owner.ORIGINAL:
            return contents(self._original, piece.first, piece.first + piece.count)
        return list(piece.lines)

    def disturbed(self) -> None:
        """Forget shortcuts: pieces changed at any place."""
        self.quiet = False
        self.settled = (0, 0)
        self._recent = (0, 0)  # An index, and the line of the snapshot looked for there.

    def cut(self, index: int, count: int) -> None:
        """Cut the piece at `index` in two after `count` lines, unless it has no more."""
        left = self.pieces[index]
        if 0 < count < left.count:
            first, lines = left.first + count, left.lines[count:]
            marks = (left.part, left.live, left.gone, left.carried, left.sent)
            rest = Piece(left.owner, left.count - count, first, lines, *marks)
            left.count, left.lines = count, left.lines[:count]
            self.pieces.insert(index + 1, rest)

    def at_line(self, line: int) -> int:
        """Return the index behind the live piece that ends where a line of the document starts."""
        index = at = 0
        while line > 0:
            if self.pieces[at].live:
                self.cut(at, line)
                line -= self.pieces[at].count
                index = at + 1
            at += 1
        return index

    def behind_original(self, line: int) -> int:
        """Return the index behind the snapshot's lines up to `line`; a piece is cut there."""
        if not line:
            return 0
        index, known = self._recent
        if line < known:
            index = 0
        piece = self.pieces[index]
        while piece.owner is not Owner.ORIGINAL or piece.first + piece.count < line:
            index += 1
            piece = self.pieces[index]
        self.cut(index, line - piece.first)
        self._recent = (index, line)
        return index + 1

    def add(self, part: Part) -> None:
        """Give a part the lines it removes, and put those it writes behind them.

        Raises:
            ValueError: another part removes one of the lines.
        """
        edit = part.edit
        index = self._behind_hunk(part)
        if index <= self.settled[0]:
            self.settled = (0, 0)
        if edit.end > edit.first:
            last = self.behind_original(edit.end)
            for piece in self.pieces[index:last]:
                if piece.owner is not Owner.ORIGINAL:
                    continue
                if piece.part is not None:
                    raise ValueError(f"edits overlap at line {piece.first}")
                piece.part = part
            index = last
        if edit.lines:
            written = Piece(Owner.GLM, len(edit.lines), lines=edit.lines, part=part, live=False)
            self.pieces.insert(index, written)
            self._added = (index, written)

    def gap(self, index: int) -> range:
        """Return the indices from `index` on of pieces that are not in the document."""
        end = index
        while end < len(self.pieces) and not self.pieces[end].live:
            end += 1
        return range(index, end)

    def unsettled(self) -> list[Piece]:
        """Return the pieces that are still to be looked at."""
        return self.pieces[self.settled[0] :]

    def settle(self, blocked: set[Hunk]) -> None:
        """Pass over the parts that are done, which need not be looked at until `disturbed`.

        Those of `blocked` hunks are not: they are to be taken back.
        """
        index, line = self.settled
        complete: dict[Hunk, bool] = {}
        for piece in self.unsettled():
            if not _is_settled(piece, blocked, complete):
                return
            line += piece.count * piece.live
            index += 1
            if piece.part is not None:
                self.settled = (index, line)

    def _behind_hunk(self, part: Part) -> int:
        """Return the index at which a part goes: its hunk's lines stay together."""
        index = self.behind_original(part.edit.first)
        if (added := self._behind_added(part)) is not None:
            index = max(index, added)
        for at in range(index, len(self.pieces)):
            piece = self.pieces[at]
            if piece.owner is Owner.ORIGINAL:
                break
            if piece.part is not None and piece.part.hunk is part.hunk:
                index = at + 1
        return index

    def _behind_added(self, part: Part) -> int | None:
        """Return the index behind what was added last, if a part goes on where that is."""
        if self._added is None:
            return None
        at, piece = self._added
        if at >= len(self.pieces) or self.pieces[at] is not piece or piece.part is None:
            return None
        goes_on = piece.part.hunk is part.hunk and piece.part.edit.end == part.edit.first
        return at + 1 if goes_on else None


def _is_settled(piece: Piece, blocked: set[Hunk], complete: dict[Hunk, bool]) -> bool:
    made = piece.live == (piece.owner is Owner.GLM)
    if piece.part is None:
        return not made or piece.gone
    hunk = piece.part.hunk
    if not made or hunk.withdrawn or hunk in blocked:
        return False
    if hunk not in complete:
        complete[hunk] = hunk.complete
    return complete[hunk]

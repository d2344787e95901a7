"""What of a document is whose, and what each piece of it is to become.

Invariant: whatever was done, sent or refused, `steps` leads from the document as it is to the
document as it is wanted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp.editing.pieces import Owner, Piece, Pieces, Step
from glm_lsp.text import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glm_lsp.editing.tokens import Hunk

_FEW = 8


class Ledger:
    """The pieces of one document and the hunks of one change.

    Attributes:
        pieces: the document.
        waiting: the hunks whose original text the user touched before they were made.
        withdrawn: no hunk is wanted any more.
        refused: the user took back a whole hunk.
        landings: the hunks that each edit sent brought into the document, or took out again.
    """

    def __init__(self, text: str) -> None:
        self.pieces = Pieces(text)
        self.waiting: set[int] = set()
        self.withdrawn = False
        self.refused = False
        self.landings: list[set[int]] = []
        self._count = 0
        self._released = 0

    def add(self, hunk: Hunk, offset: int) -> None:
        """Take a hunk; `offset` is where its text starts in the original document.

        Raises:
            ValueError: it overlaps another one.
        """
        number, self._count = self._count, self._count + 1
        span = hunk.span
        if offset:
            span = Span(span.start + offset, span.end + offset)
        first, end = self.pieces.cover(span, number)
        if hunk.text:
            piece = Piece(hunk.text, 0, len(hunk.text), Owner.GLM, number, live=False)
            self.pieces.list.insert(end, piece)
            end += 1
        if self.is_touched(self.pieces.list[first:end], number):
            self.waiting.add(number)

    def release(self, hold_back: int) -> None:
        """Want all hunks but the last `hold_back`."""
        self._released = max(self._released, self._count - hold_back)

    def steps(self) -> list[Step]:
        """Return what is to be done now."""
        return self.pieces.steps(self._wanted_now, self._is_settled)

    def text(self, *, withdrawn: bool) -> str:
        """Return the document with all hunks, or with none, and the user's text in both."""
        return "".join(p.text for p in self.pieces.list if _wanted(p, made=not withdrawn))

    def is_released(self, hunk: int) -> bool:
        """Tell whether a hunk is wanted now."""
        return 0 <= hunk < self._released and hunk not in self.waiting and not self.withdrawn

    def is_touched(self, group: Sequence[Piece], hunk: int) -> bool:
        """Tell whether the user changed what a hunk, not in the document yet, would replace."""
        if any(p.owner is Owner.GLM and p.live and p.hunk == hunk for p in group):
            return False
        original = [p for p in group if p.owner is Owner.ORIGINAL and p.hunk == hunk]
        if not original or not any(p.live or p.gone for p in original):
            return False
        if all(p.gone for p in original):
            return any(p.owner is Owner.GLM and p.hunk == hunk for p in group)
        first, last = group.index(original[0]), group.index(original[-1])
        inside = group[first : last + 1]
        return any(p.gone for p in original) or any(
            p.owner is Owner.USER and p.live for p in inside
        )

    def undoable(self, made: set[int]) -> list[set[int]]:
        """Return which of the hunks `made` an undo may take back together: the latest first."""
        together: set[int] = set()
        found = [made]
        for landing in self.landings[: -1 - _FEW : -1]:
            together = together | (landing & made)
            found.append(together)
        found += [{hunk} for hunk in sorted(made)[-_FEW:]]
        return [hunks for n, hunks in enumerate(found) if hunks and hunks not in found[:n]]

    def _wanted_now(self, piece: Piece) -> bool:
        return _wanted(piece, made=self.is_released(piece.hunk))

    def _is_settled(self, piece: Piece) -> bool:
        return piece.sent is None and (piece.hunk < 0 or self.is_released(piece.hunk))


def _wanted(piece: Piece, *, made: bool) -> bool:
    """Tell whether a piece is wanted in the document when its hunk is, or is not."""
    if piece.gone or piece.owner is Owner.USER:
        return not piece.gone
    inside = made and piece.hunk >= 0
    return inside if piece.owner is Owner.GLM else not inside

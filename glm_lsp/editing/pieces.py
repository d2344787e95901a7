"""The pieces of a document: each with one owner, in the document or out of it.

Invariant: pieces are only ever cut and inserted, never reordered, so that every piece knows
its place even while its text is not in the document.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from glm_lsp.text import Change, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Owner(Enum):
    """Whose text it is."""

    ORIGINAL = 1
    GLM = 2
    USER = 3


@define(eq=False)
class Piece:
    """A stretch `source[start:end]` with one owner.

    Attributes:
        hunk: the hunk that writes this text (GLM) or removes it (ORIGINAL); -1 for none.
        live: it is in the document now.
        gone: nobody wants it back: the user took it out, or it came by mistake.
        sent: what `live` will be when the editor has done what it was sent; else None.
    """

    source: str = field(repr=False)
    start: int
    end: int
    owner: Owner
    hunk: int = -1
    live: bool = True
    gone: bool = False
    sent: bool | None = None

    @property
    def text(self) -> str:
        """The characters."""
        return self.source[self.start : self.end]

    def __len__(self) -> int:
        return self.end - self.start


@frozen
class Step:
    """One edit, and the pieces that come or go by it."""

    change: Change
    pieces: tuple[Piece, ...] = field(repr=False)


class Pieces:
    """The list, and where each piece is in the document."""

    def __init__(self, text: str) -> None:
        self.list: list[Piece] = [Piece(text, 0, len(text), Owner.ORIGINAL)]
        self.sent: list[Piece] = []  # Those that the edit in flight brings or takes.
        self.quiet = True  # Nothing was `disturbed` since this was last set.
        self._tidy = (0, 0)  # Before this index, at this offset, nothing is left to do.
        self._latest = (0, 0)  # `cover` looks from this index for original offsets from here on.

    def disturbed(self) -> None:
        """Forget shortcuts: pieces changed at any place."""
        self.quiet = False
        self._tidy = (0, 0)
        self._latest = (0, 0)

    def cut(self, index: int, length: int) -> None:
        """Cut the piece at `index` in two after `length` characters."""
        left = self.list[index]
        right = Piece(
            left.source,
            left.start + length,
            left.end,
            left.owner,
            left.hunk,
            left.live,
            left.gone,
            left.sent,
        )
        left.end = right.start
        if right.sent is not None:
            self.sent.append(right)
        self.list.insert(index + 1, right)

    def at(self, offset: int) -> int:
        """Return the index right after the last live piece that ends at a live offset.

        A piece that the offset divides is cut.
        """
        position = index = 0
        while position < offset:
            piece = self.list[index]
            if piece.live:
                if position + len(piece) > offset:
                    self.cut(index, offset - position)
                position += len(piece)
            index += 1
        return index

    def around(self, index: int) -> Iterator[Piece]:
        """Yield the neighbours of a piece up to the nearest live one on each side, included."""
        for side in (range(index - 1, -1, -1), range(index + 1, len(self.list))):
            for other in side:
                yield self.list[other]
                if self.list[other].live:
                    break

    def group(self, hunks: set[int], extra: set[int]) -> tuple[int, int]:
        """Return where the pieces of hunks start and end, with adjacent pieces of ids `extra`."""
        indices = [index for index, piece in enumerate(self.list) if piece.hunk in hunks]
        if not indices:
            return 0, 0
        first, end = indices[0], indices[-1] + 1
        while first and id(self.list[first - 1]) in extra:
            first -= 1
        while end < len(self.list) and id(self.list[end]) in extra:
            end += 1
        return first, end

    def cover(self, span: Span, hunk: int) -> tuple[int, int]:
        """Give the original text of a span to a hunk; return where its pieces start and end.

        Raises:
            ValueError: another hunk has some of it.
        """
        index = self._original_at(span.start)
        self._latest = (index, span.start)
        if index < self._tidy[0]:
            self._tidy = (0, 0)
        if not span:
            while index and self.list[index - 1].owner is Owner.USER:
                index -= 1
            return index, index
        first = index
        while True:
            piece = self.list[index]
            if piece.owner is Owner.ORIGINAL:
                if piece.start >= span.end:
                    break
                if piece.hunk >= 0:
                    raise ValueError(f"hunks overlap at {span}")
                if piece.end > span.end:
                    self.cut(index, span.end - piece.start)
                piece.hunk = hunk
                if piece.end == span.end:
                    index += 1
                    break
            index += 1
        return first, index

    def _original_at(self, offset: int) -> int:
        """Return the index of the first original piece from `offset` on; cut there if needed."""
        index, known = self._latest
        if offset < known:
            index = 0
        while index < len(self.list):
            piece = self.list[index]
            if piece.owner is Owner.ORIGINAL:
                if piece.start >= offset and len(piece):
                    break
                if piece.end > offset:
                    self.cut(index, offset - piece.start)
            index += 1
        return index

    def steps(
        self, target: Callable[[Piece], bool], settled: Callable[[Piece], bool] | None = None
    ) -> list[Step]:
        """Return the edits that make each piece as live as `target` says.

        They are ascending, do not touch one another, and are all in the coordinates of the
        document as it is. `settled` tells which pieces need not be looked at again until
        `disturbed`; without it all are.
        """
        found: list[Step] = []
        changing: list[Piece] = []
        first, position = self._tidy
        start = position
        for index in range(first, len(self.list)):
            piece = self.list[index]
            if piece.live != target(piece):
                settled = None
                if not changing:
                    start = position
                changing.append(piece)
            else:
                if settled and not settled(piece):
                    settled = None
                if piece.live and changing:
                    found.append(_step(start, position, changing))
                    changing = []
                if piece.live and settled and piece.hunk >= 0:
                    self._tidy = (index + 1, position + len(piece))
            if piece.live:
                position += len(piece)
        if changing:
            found.append(_step(start, position, changing))
        return found

    def live_text(self) -> str:
        """Return the document as the pieces have it."""
        return "".join(piece.text for piece in self.list if piece.live)

    def walk(self) -> Iterator[tuple[int, Piece]]:
        """Yield each piece with its live offset."""
        position = 0
        for piece in self.list:
            yield position, piece
            if piece.live:
                position += len(piece)


def _step(start: int, end: int, pieces: list[Piece]) -> Step:
    text = "".join(piece.text for piece in pieces if not piece.live)
    return Step(Change(Span(start, end), text), tuple(pieces))

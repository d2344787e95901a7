"""What is to be done: the difference between what is in the document and what is wanted.

Invariant: no step takes out or brings in a line of a part that the user touched.
"""

from __future__ import annotations

from itertools import accumulate, chain
from typing import TYPE_CHECKING

from attrs import define, field

from glm_lsp.editing.lines import common_length, content
from glm_lsp.text import Change, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glm_lsp.editing.live.parts import Part
    from glm_lsp.editing.live.piece_table import Piece, PieceTable
    from glm_lsp.text import Text


@define
class Step:
    """Pieces to be turned round, and where: in place of lines `first` to `end` (exclusive).

    Attributes:
        line: the one part that they belong to, if it makes one line another.
    """

    first: int
    end: int
    line: Part | None
    pieces: list[Piece] = field(factory=list)


def touched_parts(table: PieceTable) -> set[Part]:
    """Return the parts whose lines, or whose place, the user changed.

    A part's place is changed when the lines that it removes do not stand together any more,
    or when something came between the two lines that an insertion stands between.
    """
    if table.quiet:
        return set()
    index, _ = table.settled
    pieces = table.pieces[index:]
    above = accumulate(pieces, _nearest, initial=table.pieces[index - 1])
    below = [*accumulate(pieces[::-1], _nearest)][::-1]
    around = zip(pieces, above, [*below[1:], below[-1]], strict=False)
    touched = {p.part for p, a, b in around if p.part and (p.gone or not _has_place(p, a, b))}
    # A whole hunk that the user edits is the user's: half of it would be neither's.
    return touched.union(*(part.hunk.parts for part in touched if part.hunk.complete))


def _nearest(last: Piece, piece: Piece) -> Piece:
    return piece if piece.stands else last


def _has_place(piece: Piece, above: Piece, below: Piece) -> bool:
    """Tell whether a part's piece stands between the lines that it came or comes between."""
    part = piece.part
    if part is None or piece.live != (piece.owner == "original"):
        return True  # It is there, or it is out, and need not be anywhere else.
    first, end = part.edit.first, part.edit.end
    if piece.owner == "original":
        return piece.first in (first, above.place.stop)
    own = above.owner == "glm" and above.hunk is part.hunk
    return end > first or own or above.place.stop == first == below.place.start


def steps(table: PieceTable, wanted: Callable[[Piece], bool]) -> list[Step]:
    """Return what makes each piece as live as `wanted` says; ascending and disjoint.

    Neighbours are turned round in one step; only a line that becomes another is one of its own.
    """
    found: list[Step] = []
    step = None  # The last, until a line follows that stays.
    index, end = table.settled
    for piece in table.pieces[index:-1]:
        first, end = end, end + piece.count * piece.live
        if piece.live != wanted(piece):
            line = piece.part if piece.part is not None and piece.part.is_line else None
            if step is None or step.line is not line:
                step = Step(first, first, line)
                found.append(step)
            step.end = end
            step.pieces.append(piece)
        elif piece.live:
            step = None
    return found


def changes(table: PieceTable, text: Text, todo: Sequence[Step], newline: str) -> list[Change]:
    """Return steps as changes, all in coordinates of `text`, the document as it is."""
    found: list[Change] = []
    for step in todo:
        coming = (table.contents(piece) for piece in step.pieces if not piece.live)
        change = _change(text, step, [*chain.from_iterable(coming)], newline)
        if found and found[-1].span.end == change.span.start:
            last = found.pop()
            span = Span(last.span.start, change.span.end)
            change = Change(span, last.text + change.text)
        found.append(change)
    if found and found[-1].span.end > len(text):
        found.append(_at_end(text, found.pop(), newline))
    return found


def _change(text: Text, step: Step, lines: Sequence[str], newline: str) -> Change:
    """Return the change that puts `lines` in a step's place, as if the last line had an end."""
    start = _start(text, step.first)
    if step.end - step.first == len(lines) == 1:
        old, new = content(text.line(step.first)), lines[0]
        head = common_length(old, new)
        tail = common_length(old[head:][::-1], new[head:][::-1])
        return Change(Span(start + head, start + len(old) - tail), new[head : len(new) - tail])
    span = Span(start, _start(text, step.end))
    return Change(span, "".join([line + newline for line in lines]))


def _start(text: Text, line: int) -> int:
    return text.line_start(line) if line < text.line_count else len(text) + 1


def _at_end(text: Text, change: Change, newline: str) -> Change:
    """Return a change of whole lines up to the text's end, whose last line has no end."""
    start, new = min(change.span.start, len(text)), change.text.removesuffix(newline)
    if change.span.start > len(text):
        new = newline + new  # Behind the last line.
    elif not change.text and start:
        line, _ = text.position(start - 1)
        start = text.line_start(line) + len(content(text.line(line)))
    return Change(Span(start, len(text)), new)

"""Moves the pieces with what the user does: by line, and by the user's hand alone.

Invariant: a line that the user changed, joined, split or moved is the user's afterwards; a
line that comes back as it was, where it was, is again what it was.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from attrs import frozen

from glm_lsp.editing.lcs import common_pairs
from glm_lsp.editing.lines import common_length, contents
from glm_lsp.editing.live.piece_table import Owner, Piece

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glm_lsp.editing.live.parts import Part
    from glm_lsp.editing.live.piece_table import PieceTable
    from glm_lsp.text import Change, Text

_MOST_COMPARED = 200
"""Lines. What is longer is not compared line by line: no report may hold up the event loop."""


@frozen
class LineChange:
    """Lines `first` to `end` (exclusive) of one text are lines `start` to `stop` of the next."""

    first: int
    end: int
    start: int
    stop: int


def line_changes(before: Text, after: Text, change: Change) -> list[LineChange]:
    """Return what one change means in lines, the last first; lines that stay are not in it."""
    first, _ = before.position(change.span.start)
    last, _ = before.position(change.span.end)
    grown = after.line_count - before.line_count
    whole = LineChange(first, last + 1, first, last + 1 + grown)
    if min(whole.end - first, whole.stop - first) > _MOST_COMPARED:
        return [whole]
    middle = _trimmed(before, after, whole)
    sizes = (middle.end - middle.first, middle.stop - middle.start)
    if not all(sizes) or max(sizes) > _MOST_COMPARED:
        return [middle] if any(sizes) else []
    return list(_apart(before, after, middle))[::-1]


def follow(table: PieceTable, before: Text, after: Text, change: LineChange) -> None:
    """Let pieces follow a change of the user's that leads from one text to another."""
    table.disturbed()
    index = table.at_line(change.first)
    behind, rewrites = _remove(table, index, before, change)
    count = change.stop - change.start
    if not count or _brings_back(table, index, after, change, rewrites):
        return
    for piece in table.pieces[index:behind]:
        if piece.part is not None:
            piece.part.edited = True
    if behind == index:
        behind = _behind_own(table, index)
    more = change.end - change.first < count <= _MOST_COMPARED
    lines = contents(after, change.start, change.stop) if more else []
    groups = groupby(lines, lambda line: _written_by(table, line))
    brought = [_brought(tuple(group), part) for part, group in groups]
    table.pieces[behind:behind] = brought or [Piece(Owner.USER, count)]


def _brought(lines: tuple[str, ...], part: Part | None) -> Piece:
    """Return lines that the user's hand brought, and some part wrote, if any."""
    if part is None:
        return Piece(Owner.USER, len(lines))
    return Piece(Owner.GLM, len(lines), lines=lines, part=part, carried=True)


def _written_by(table: PieceTable, line: str) -> Part | None:
    """Return the part of an unfinished hunk that writes a line, if the line can be told by it.

    Lines that the user moves or copies, or cuts off from what he typed above them, must not
    stay when the rest of their hunk has to go.
    """
    if not any(map(str.isalnum, line)):
        return None
    return next((p.part for p in table.pieces if line in p.lines and _is_unfinished(p)), None)


def _is_unfinished(piece: Piece) -> bool:
    return piece.part is not None and not piece.part.hunk.complete


def displace(table: PieceTable, before: Text, change: LineChange) -> None:
    """Let pieces follow an edit of ours that landed at a wrong place: it is to be put right."""
    table.disturbed()
    index = table.at_line(change.first)
    left, line = change.end - change.first, change.first
    while left:
        piece = table.pieces[index]
        if piece.live:
            table.cut(index, left)
            if piece.owner is Owner.USER:
                piece.lines = tuple(contents(before, line, line + piece.count))
            piece.live = False
            left, line = left - piece.count, line + piece.count
        index += 1
    if change.stop > change.start:
        table.pieces.insert(index, Piece(Owner.GLM, change.stop - change.start))


def _trimmed(before: Text, after: Text, change: LineChange) -> LineChange:
    """Leave out the lines at both ends that are the same."""
    first, end, start, stop = change.first, change.end, change.start, change.stop
    last = end == before.line_count and contents(before, end - 1) == contents(after, stop - 1)
    end, stop = end - last, stop - last  # The last line stays the last, whatever it is like.
    most = min(end - first, stop - start)
    head = common_length(
        contents(before, first, first + most), contents(after, start, start + most)
    )
    most -= head
    tail = common_length(
        contents(before, end - most, end)[::-1], contents(after, stop - most, stop)[::-1]
    )
    return LineChange(first + head, end - tail, start + head, stop - tail)


def _apart(before: Text, after: Text, change: LineChange) -> Iterator[LineChange]:
    """Yield the changes between the lines that two stretches have in common."""
    old = contents(before, change.first, change.end)
    new = contents(after, change.start, change.stop)
    first = start = 0
    for i, j in [*common_pairs(old, new), (len(old), len(new))]:
        # As many lines in place of as many: each is the one before it, changed.
        steps = i - first if i - first == j - start else min(1, i - first + j - start)
        for step in range(steps):
            last = step == steps - 1
            yield LineChange(
                change.first + first + step,
                change.first + (i if last else first + step + 1),
                change.start + start + step,
                change.start + (j if last else start + step + 1),
            )
        first, start = i + 1, j + 1


def _remove(table: PieceTable, index: int, before: Text, change: LineChange) -> tuple[int, bool]:
    """Take lines out of the document by the user's hand.

    Returns the index behind them, and whether the user's own were among them. Of the user's
    lines those are known again later that went as such; what he retypes is forgotten.
    """
    behind, rewrites, line = index, False, change.first
    while line < change.end:
        piece = table.pieces[index]
        if piece.live:
            table.cut(index, change.end - line)
            line += piece.count
            if piece.owner is Owner.USER and change.stop > change.start:
                del table.pieces[index]
                behind, rewrites = index, True
                continue
            if piece.owner is Owner.USER:
                piece.lines = tuple(contents(before, line - piece.count, line))
            piece.live, piece.gone = False, True
            behind = index + 1
        index += 1
    return behind, rewrites


def _brings_back(
    table: PieceTable, index: int, after: Text, change: LineChange, rewrites: bool
) -> bool:
    """Let lines that were in a gap before return as what they were; tell whether they did.

    A line of the user's that becomes like one that GLM removed is no such return (`rewrites`).
    """
    gap = [table.pieces[at] for at in table.gap(index)]
    if not gap:
        return False
    # What the user took away, whosever it was; or what GLM did.
    removed = [piece for piece in gap if piece.owner is Owner.ORIGINAL and not rewrites]
    for known in ([piece for piece in gap if piece.gone], removed):
        pieces = _standing_for(after, change, known, table)
        for piece in pieces:
            piece.live, piece.gone = True, False
            if piece.part is not None:
                piece.part.edited = False
        if pieces:
            return True
    return False


def _standing_for(
    after: Text, change: LineChange, pieces: list[Piece], table: PieceTable
) -> list[Piece]:
    """Return those of some pieces whose lines, in their order, are those that a change brings."""
    if change.stop - change.start > _MOST_COMPARED:
        return []
    lines = contents(after, change.start, change.stop)
    chosen = []
    for piece in pieces:
        if piece.count <= len(lines) and table.contents(piece) == lines[: piece.count]:
            chosen.append(piece)
            lines = lines[piece.count :]
    return chosen if not lines else []


def _behind_own(table: PieceTable, index: int) -> int:
    """Return the index behind what waits to follow the line before, in the same hunk."""
    part = table.pieces[index - 1].part if index else None
    for at in table.gap(index):
        piece = table.pieces[at]
        waits = piece.owner is Owner.GLM or piece.part is part
        if part is None or piece.part is None or piece.part.hunk is not part.hunk or not waits:
            break
        index = at + 1
    return index

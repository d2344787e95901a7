"""Moves the pieces with what the user does: by line, and by the user's hand alone.

Invariant: a line that the user changed, joined, split or moved is the user's afterwards; a
line that comes back as it was, where it was, is again what it was.
"""

from __future__ import annotations

from itertools import groupby, takewhile
from typing import TYPE_CHECKING

from attrs import frozen

from glm_lsp.editing.lcs import common_pairs
from glm_lsp.editing.lines import common_length, contents
from glm_lsp.editing.live.piece_table import Piece

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
    if max(middle.end - middle.first, middle.stop - middle.start) > _MOST_COMPARED:
        return [middle]
    return list(_apart(before, after, middle))[::-1]


def follow(table: PieceTable, before: Text, after: Text, change: LineChange) -> None:
    """Let pieces follow a change of the user's that leads from one text to another."""
    index, behind, taken = _take_out(table, change)
    for piece in taken:
        piece.gone = True
    count = change.stop - change.start
    if not count:
        _remember(taken, before, change)
        return
    # Of the user's lines those are known again later that went as such; not what he retypes.
    retyped = {piece for piece in taken if piece.owner == "user"}
    stay = [piece for piece in table.pieces[index:behind] if piece not in retyped]
    table.pieces[index:behind] = stay
    if _brings_back(table, index, after, change, rewrites=bool(retyped)):
        return
    for piece in stay:
        if piece.part is not None:
            piece.part.edited = True
    behind = index + len(stay) if stay else _behind_own(table, index)
    more = change.end - change.first < count <= _MOST_COMPARED
    brought = _brought(table, after, change) if more else [Piece("user", count)]
    table.pieces[behind:behind] = brought


def displace(table: PieceTable, before: Text, change: LineChange) -> None:
    """Let pieces follow an edit of ours that landed at a wrong place: it is to be put right."""
    _, behind, taken = _take_out(table, change)
    _remember(taken, before, change)
    if change.stop > change.start:
        table.pieces.insert(behind, Piece("glm", change.stop - change.start))


def _take_out(table: PieceTable, change: LineChange) -> tuple[int, int, list[Piece]]:
    """Take lines out of the document; return the indices of what was there, and the pieces."""
    table.disturbed()
    index, behind = table.between(change.first, change.end)
    taken = [piece for piece in table.pieces[index:behind] if piece.live]
    for piece in taken:
        piece.live = False
    return index, behind, taken


def _remember(taken: list[Piece], before: Text, change: LineChange) -> None:
    """Keep the user's lines among those that were taken out."""
    lines = contents(before, change.first, change.end)
    at = 0
    for piece in taken:
        if piece.owner == "user":
            piece.lines = tuple(lines[at : at + piece.count])
        at += piece.count


def _brought(table: PieceTable, after: Text, change: LineChange) -> list[Piece]:
    """Return the lines that the user's hand brought: his own, and those that GLM wrote.

    Lines of an unfinished hunk that he moves or copies, or cuts off from what he typed above
    them, must not stay when the rest of their hunk has to go; if they can be told at all.
    """
    known = {
        line: piece.part
        for piece in reversed(table.pieces)
        if piece.part is not None and not piece.part.hunk.complete
        for line in piece.lines
        if any(map(str.isalnum, line))
    }
    groups = groupby(contents(after, change.start, change.stop), known.get)
    return [_piece_of(tuple(lines), part) for part, lines in groups]


def _piece_of(lines: tuple[str, ...], part: Part | None) -> Piece:
    if part is None:
        return Piece("user", len(lines))
    return Piece("glm", len(lines), lines=lines, part=part, carried=True)


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
    done_old = done_new = 0
    for i, j in [*common_pairs(old, new), (len(old), len(new))]:
        most = max(i - done_old, j - done_new)
        # As many lines in place of as many: each is the one before it, changed.
        size = 1 if i - done_old == j - done_new else most
        for at in range(0, most, size):
            first, start = change.first + done_old + at, change.start + done_new + at
            end, stop = min(first + size, change.first + i), min(start + size, change.start + j)
            yield LineChange(first, end, start, stop)
        done_old, done_new = i + 1, j + 1


def _brings_back(
    table: PieceTable, index: int, after: Text, change: LineChange, *, rewrites: bool
) -> bool:
    """Let lines that were in a gap before return as what they were; tell whether they did.

    These are what the user took away, whosever it was; or what GLM did. A line of the user's
    that becomes like one that GLM removed is no such return (`rewrites`).
    """
    if change.stop - change.start > _MOST_COMPARED:
        return False
    lines = contents(after, change.start, change.stop)
    gap = [*takewhile(lambda piece: not piece.live, table.pieces[index:])]
    known = [piece for piece in gap if piece.owner == "original"] if not rewrites else []
    back = _standing_for(table, lines, [piece for piece in gap if piece.gone])
    back = back or _standing_for(table, lines, known)
    for piece in back:
        piece.live, piece.gone = True, False
        if piece.part is not None:
            piece.part.edited = False
    return bool(back)


def _standing_for(table: PieceTable, lines: list[str], pieces: list[Piece]) -> list[Piece]:
    """Return those of some pieces that some lines are, in their order and altogether."""
    chosen = []
    for piece in pieces:
        if piece.count <= len(lines) and table.contents(piece) == lines[: piece.count]:
            chosen.append(piece)
            lines = lines[piece.count :]
    return [] if lines else chosen


def _behind_own(table: PieceTable, index: int) -> int:
    """Return the index behind what waits to follow the line before, in the same hunk."""
    above = table.pieces[index - 1]

    def waits(piece: Piece) -> bool:
        own = piece.owner == "glm" or piece.part is above.part
        return own and piece.hunk is above.hunk and not piece.live

    return index + len([*takewhile(waits, table.pieces[index:])]) * (above.part is not None)

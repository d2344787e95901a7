"""What is to be done: the difference between what is in the document and what is wanted.

Invariant: no step takes out or brings in a line of a part that the user touched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from attrs import define, field

from glm_lsp.editing.lines import content
from glm_lsp.editing.live.piece_table import Owner, Piece
from glm_lsp.text import Change, Span, common_ends

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glm_lsp.editing.live.parts import Hunk, Part
    from glm_lsp.editing.live.piece_table import PieceTable
    from glm_lsp.text import Text


@define
class Step:
    """Pieces to be turned round, and where: in place of lines `first` to `end` (exclusive)."""

    first: int
    end: int
    pieces: list[Piece] = field(factory=list)


def touched_parts(table: PieceTable) -> set[Part]:
    """Return the parts whose lines, or whose place, the user changed.

    A part's place is changed when the lines that it removes do not stand together any more,
    or when something came between the two lines that an insertion stands between.
    """
    touched: set[Part] = set()
    if table.quiet:
        return touched
    waiting: list[Part] = []  # Insertions, for which the next line decides.
    first, _ = table.settled
    before = table.pieces[first - 1] if first else None
    for piece in table.unsettled():
        part = piece.part
        if part is not None and (piece.gone or _is_divided(piece, part, before)):
            touched.add(part)
        if piece.stands:
            touched.update(each for each in waiting if not _has_place(each, before, piece))
            waiting, before = [], piece
        elif part is not None and part.edit.first == part.edit.end:
            waiting.append(part)
    end = Piece(Owner.ORIGINAL, 0, table.original_count)
    touched.update(each for each in waiting if not _has_place(each, before, end))
    # A whole hunk that the user edits is the user's: half of it would be neither's.
    hunks = {part.hunk for part in touched}
    return touched.union(*(hunk.parts for hunk in hunks if hunk.complete))


def steps(table: PieceTable, wanted: Callable[[Piece], bool]) -> list[Step]:
    """Return what makes each piece as live as `wanted` says; ascending and disjoint.

    Neighbours are turned round in one step; only a line that becomes another is one of its own.
    """
    found: list[Step] = []
    _, line = table.settled
    key: Part | Literal["several", ""] = ""  # What the last step turns; "" when it is over.
    for piece in table.unsettled():
        end = line + piece.count * piece.live
        if piece.live != wanted(piece):
            last, key = key, _line_part(piece) or "several"
            if key is not last:
                found.append(Step(line, line))
            found[-1].end = end
            found[-1].pieces.append(piece)
        elif piece.live:
            key = ""
        line = end
    return found


def changes(table: PieceTable, text: Text, todo: Sequence[Step], newline: str) -> list[Change]:
    """Return steps as changes, all in coordinates of `text`, the document as it is."""
    found: list[Change] = []
    for step in todo:
        lines = [line for p in step.pieces if not p.live for line in table.contents(p)]
        change = _within_line(text, step, lines) or _whole_lines(text, step, lines, newline)
        if found and found[-1].span.end == change.span.start:
            last = found.pop()
            span = Span(last.span.start, change.span.end)
            change = Change(span, last.text + change.text)
        found.append(change)
    return found


def _is_divided(piece: Piece, part: Part, before: Piece | None) -> bool:
    """Tell whether lines that are to be removed do not follow the part's lines before them."""
    continues = piece.owner is Owner.ORIGINAL and piece.live and piece.first > part.edit.first
    return continues and (before is None or before.part is not part)


def _has_place(part: Part, before: Piece | None, behind: Piece) -> bool:
    """Tell whether the lines that an insertion stands between are neighbours.

    What GLM wrote for the same hunk may stand for either.
    """
    place = part.edit.first
    above = before.original.stop if before is not None else 0
    if before is not None and before.owner is Owner.GLM and _is_of(before, part.hunk):
        return True
    return above == place and (_is_of(behind, part.hunk) or behind.original.start == place)


def _is_of(piece: Piece, hunk: Hunk) -> bool:
    return piece.part is not None and piece.part.hunk is hunk


def _line_part(piece: Piece) -> Part | None:
    """Return the part that a piece belongs to, if it makes one line another."""
    edit = piece.part.edit if piece.part is not None else None
    is_line = edit is not None and edit.end - edit.first == len(edit.lines) == 1
    return piece.part if is_line else None


def _within_line(text: Text, step: Step, lines: Sequence[str]) -> Change | None:
    """Return what differs between a line and the one it becomes; None when it is more lines."""
    if not step.end - step.first == len(lines) == 1:
        return None
    at = text.line_start(step.first)
    start, old_end, new_end = common_ends(content(text.line(step.first)), lines[0])
    return Change(Span(at + start, at + old_end), lines[0][start:new_end])


def _whole_lines(text: Text, step: Step, lines: Sequence[str], newline: str) -> Change:
    """Return the change that puts `lines` in a step's place; a text's last line has no end."""
    if step.end < text.line_count:
        span = Span(text.line_start(step.first), text.line_start(step.end))
        return Change(span, "".join(line + newline for line in lines))
    if step.first == 0:
        return Change(Span(0, len(text)), newline.join(lines))
    last = text.line_span(step.first - 1)
    start = last.start + len(content(text.line(step.first - 1)))
    return Change(Span(start, len(text)), "".join(newline + line for line in lines))

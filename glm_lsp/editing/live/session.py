"""One change of GLM's in a live document: what is whose, and what is still to be done.

Invariants:
- The live pieces are the lines of the mirror.
- A line the user typed or changed leaves the document only by the user's own hand, and no
  edit of ours touches it.
- A hunk of which the user touched a line before it was complete is taken back, as far as the
  user left it alone (`left_out`); the rest goes on.
- `edits` leads to the text with all released hunks, after `withdraw` to the text without
  them; where it leads, a second look finds nothing to do.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, Literal

from attrs import field, frozen

from glm_lsp.editing.lines import content, contents
from glm_lsp.editing.live.parts import Hunk, Part, divided
from glm_lsp.editing.live.piece_table import Owner, PieceTable
from glm_lsp.editing.live.rebase import displace, follow, line_changes
from glm_lsp.editing.live.steps import changes, steps, touched_parts
from glm_lsp.text import Change, Span, common_ends

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from glm_lsp.editing.lines import LineEdit
    from glm_lsp.editing.live.piece_table import Piece
    from glm_lsp.editing.live.steps import Step
    from glm_lsp.text import Snapshot, Text

    Locate = Callable[[Text, int, Text], int]

_MOST_CHANGES = 16
"""A report of more changes than this is read as one: no report may hold up the event loop."""


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


@frozen
class _Report:
    after: Text
    changes: Sequence[Change]
    version: int | None


class EditSession:
    """The change of one job in one document.

    Line edits are in lines of the snapshot the session started from; edits are in offsets of
    `text`, the document as last seen. `locate` tells where an editor that ignores versions
    puts an offset of one text in another: at the same line and column, as it counts them.

    Attributes:
        text: the document as last seen.
        landed: how many edits were seen in the document.
    """

    def __init__(self, snapshot: Snapshot, locate: Locate | None = None) -> None:
        self.text = snapshot.text
        self.landed = 0
        self._snapshot = snapshot
        self._locate = locate or _same_place
        self._table = PieceTable(snapshot.text)
        self._parts: list[Part] = []
        self._hunks: list[Hunk] = []
        self._released = 0
        self._sent: tuple[Text, list[Change]] | None = None  # To what text, and what.
        self._waits: Literal["answer", "report"] | None = None  # For what of the edit in flight.
        self._until: int | None = None  # The version that holds the edit in flight.
        self._reports: list[_Report] = []  # Not read yet.

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
            part = Part(len(self._parts), edit, self._hunks[-1], self._growth(edit))
            part.hunk.parts.append(part)
            self._parts.append(part)
            self._table.add(part)

    def close(self) -> None:
        """Note that no more line edits come."""
        if self._hunks:
            self._hunks[-1].open = False

    def release(self) -> None:
        """Allow all parts so far to go into the document."""
        self._released = len(self._parts)

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
        return any(map(_in_effect, self._table.pieces))

    @property
    def part_count(self) -> int:
        """How many parts the change has."""
        return len(self._parts)

    @property
    def in_flight(self) -> bool:
        """Whether something was sent and has not been seen in the document yet."""
        return self._sent is not None

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
        """Return the hunks that are in the document; those it would get while nothing is."""
        places = self._places()
        there = {p.part.hunk for p in self._table.pieces if p.part and _in_effect(p)}
        shown = there or (set() if any(part.made for part in self._parts) else set(places))
        return [self._state(hunk, *places[hunk]) for hunk in self._hunks if hunk in shown]

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
        newline = self._snapshot.newline
        return str(text.apply(changes(table, text, todo, newline)[::-1]))

    def without_change(self) -> str:
        """Return the document as it would be if the change were taken back."""
        self._table.disturbed()
        touched = touched_parts(self._table)
        todo = steps(self._table, lambda piece: _wanted(piece, touched, lambda _: False))
        return str(self._after(self.text, todo))

    # The conversation with the editor.

    def edits(self) -> list[Change]:
        """Return what is to be done: ascending and disjoint, all in coordinates of `text`."""
        return changes(self._table, self.text, self._todo(), self._snapshot.newline)

    def send(self, *, awaited: bool = False) -> list[Change]:
        """Return `edits`, and count on seeing them in the document.

        With `awaited`, `answered` is to be called when the editor has answered; until then,
        what it reports waits, for only the answer tells what may be in it.
        """
        todo = self._todo()
        for step in todo:
            for piece in step.pieces:
                piece.sent = True
        sent = changes(self._table, self.text, todo, self._snapshot.newline)
        self._sent = (self.text, sent) if sent else None
        self._waits = "answer" if awaited else None
        return sent

    def answered(self, accepted: bool | None, version: int | None = None) -> None:
        """Take note of the editor's answer to what it was sent last; None for no answer.

        `version` is the document's that holds exactly the edit, if the editor says so: what is
        reported up to it is the edit, whether in one report or in several.
        """
        if self._sent is None:
            return
        self._waits, self._until = "report", version
        if accepted is False:
            self._waits = None
            self._forget()
        self._read_reports()

    def dropped(self) -> None:
        """Take note that nothing more is to be expected of what the editor was sent last."""
        self._waits = None
        self._read_reports()
        self._forget()

    def _forget(self) -> None:
        self._sent = self._until = None
        for piece in self._table.unsettled():
            piece.sent = False

    def catch_up(self, text: Text) -> None:
        """Follow a document that moved on unseen."""
        if text != self.text:
            self._follow(text, [_one_change(self.text, text)])

    def observe(self, after: Text, reported: Sequence[Change], version: int | None = None) -> None:
        """Follow the document: know our edit when it is there, and move with what is the user's.

        Args:
            after: the document after the changes.
            reported: the changes, each in the coordinates left by the one before.
            version: the document's after the changes.
        """
        self._reports.append(_Report(after, reported, version))
        self._read_reports()

    def _read_reports(self) -> None:
        """Read what may be read: not while an answer, or what it speaks of, is yet to come."""
        if self._waits == "answer" or (self._waits == "report" and not self._holding_edit()):
            return
        self._waits = None
        while self._reports:
            count = self._holding_edit() or 1
            reports, self._reports = self._reports[:count], self._reports[count:]
            self._until = None
            self._follow(reports[-1].after, [each for r in reports for each in r.changes])

    def _holding_edit(self) -> int:
        """Return how many of the reports it takes to see the edit in flight; 0: it is not there."""
        if self._sent is None:
            return 0
        if self._until is not None:
            seen = [report.version or 0 for report in self._reports]
            return max(1, bisect_right(seen, self._until)) if seen[-1:] >= [self._until] else 0
        ours = self._ours(self.text)
        counts = (n for n, report in enumerate(self._reports, start=1) if report.after in ours)
        return next(counts, 0)

    def _ours(self, text: Text) -> tuple[Text, Text | None]:
        """Return a text with the edit in flight, in its place and as meant for another version."""
        ours = self._after(text, steps(self._table, lambda piece: piece.live != piece.sent))
        return ours, self._displaced(text)

    def _follow(self, after: Text, reported: Sequence[Change]) -> None:
        if self._sent == (self.text, list(reported[::-1])):  # By far the most frequent report.
            self._land()
            self.text = after
            return
        if len(reported) > _MOST_CHANGES:
            reported = [_covering(reported, after)]
        texts = list(accumulate(reported[:-1], lambda t, c: t.apply([c]), initial=self.text))
        texts.append(after)
        at = 0
        while at < len(reported):
            at += self._take(texts[at:], reported[at])
        self.text = after

    def _take(self, texts: Sequence[Text], change: Change) -> int:
        """Take the first of the changes between texts for whose it is; return how many it was."""
        before, after = texts[0], texts[1]
        if self._sent is not None:
            ours, displaced = self._ours(before)
            for count, text in enumerate(texts[1:], start=1):
                if text in (ours, displaced):
                    self._land() if text == ours else self._displace(before, text)
                    return count
            if len(texts) == 2 and _extent(ours, after) < _extent(before, after):
                self._land()  # The report holds what the user did as well.
                before, change = ours, _one_change(ours, after)
        if change.growth == self._growth_back() and self._is_undo(before, after):
            return 1
        for each in line_changes(before, after, change):
            follow(self._table, after, each)
        return 1

    def _growth_back(self) -> int:
        """Return by how many characters the text grows when all that was made is undone."""
        return -sum(part.growth for part in self._parts if part.made)

    def _is_undo(self, before: Text, after: Text) -> bool:
        """Follow an undo of all that was made; equal lines hide which of them came back."""
        table = self._table
        table.disturbed()
        back = steps(table, lambda piece: piece.live != _in_effect(piece))
        if not back or self._after(before, back) != after:
            return False
        for piece in (piece for step in back for piece in step.pieces):
            piece.live, piece.gone = not piece.live, piece.live
        return True

    def _land(self) -> None:
        """Take note that the edit in flight is in the document."""
        self._sent = None
        self.landed += 1
        for piece in self._table.unsettled():
            if piece.sent:
                piece.sent, piece.live = False, not piece.live
                if piece.part is not None and (piece.lines or not piece.part.edit.lines):
                    piece.part.made = piece.live == (piece.owner is Owner.GLM)

    def _displaced(self, text: Text) -> Text | None:
        """Return the text with what is in flight at the lines and columns of another version."""
        base, sent = self._sent or (text, [])
        if base is text:
            return None
        places = [
            (self._locate(base, c.span.start, text), self._locate(base, c.span.end, text))
            for c in sent
        ]
        moved = [Change(Span(a, max(a, b)), c.text) for (a, b), c in zip(places, sent, strict=True)]
        return text.apply(moved[::-1])

    def _displace(self, before: Text, after: Text) -> None:
        """Take note that the edit in flight landed at a wrong place."""
        self.dropped()
        for each in line_changes(before, after, _one_change(before, after)):
            displace(self._table, before, each)

    # The pieces.

    def _todo(self) -> list[Step]:
        touched = touched_parts(self._table)
        blocked = self._blocked(touched)

        def goes_in(part: Part) -> bool:
            hunk = part.hunk
            return part.number < self._released and not hunk.withdrawn and hunk not in blocked

        todo = steps(self._table, lambda piece: _wanted(piece, touched, goes_in))
        self._table.settle()
        return todo

    def _blocked(self, touched: set[Part]) -> set[Hunk]:
        """Return the hunks that must not go in: those touched before they were complete.

        Where one of them and another hunk move a line, neither goes: no line may get lost.
        """
        blocked = {part.hunk for part in touched if not part.hunk.complete}
        if not blocked:
            return blocked
        written, removed = self._lines(blocked)
        for hunk in self._hunks:
            brings, takes = self._lines({hunk})
            if brings & removed or takes & written:
                blocked.add(hunk)
        return blocked

    def _growth(self, edit: LineEdit) -> int:
        """Return by how many characters an edit makes the text grow."""
        text, newline = self._snapshot.text, self._snapshot.newline
        old = sum(map(len, contents(text, edit.first, edit.end)))
        new = sum(map(len, edit.lines))
        return new - old + len(newline) * (len(edit.lines) - (edit.end - edit.first))

    def _lines(self, hunks: set[Hunk]) -> tuple[set[str], set[str]]:
        """Return the lines that hunks write and those they remove, but for trivial ones."""
        edits = [part.edit for hunk in hunks for part in hunk.parts]
        written = [line for edit in edits for line in edit.lines]
        removed = [line for e in edits for line in self._snapshot.text.lines(e.first, e.end)]
        both = ({line.strip() for line in lines} for lines in (written, removed))
        one, other = ({line for line in lines if any(map(str.isalnum, line))} for lines in both)
        return one, other

    def _after(self, text: Text, todo: Sequence[Step]) -> Text:
        return text.apply(changes(self._table, text, todo, self._snapshot.newline)[::-1])

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

    def _state(self, hunk: Hunk, first: int, end: int) -> HunkState:
        start, stop = hunk.parts[0].edit.first, hunk.parts[-1].edit.end
        before = tuple(contents(self._snapshot.text, start, stop))
        after = tuple(line for part in hunk.parts for line in part.edit.lines)
        return HunkState(hunk.number, first, end, before, after)


def _wanted(piece: Piece, touched: set[Part], goes_in: Callable[[Part], bool]) -> bool:
    """Tell whether a piece is wanted in the document, when parts go in or not as told."""
    part = piece.part
    if part is None:
        return piece.owner is not Owner.GLM and not piece.gone
    if part in touched or part.hunk.kept:
        return piece.live
    return goes_in(part) == (piece.owner is Owner.GLM)


def _in_effect(piece: Piece) -> bool:
    """Tell whether a piece is there, or not there, because of GLM."""
    part = piece.part
    if part is None or not part.made:
        return False
    return piece.live if piece.owner is Owner.GLM else not piece.live and not piece.gone


def _same_place(base: Text, offset: int, text: Text) -> int:
    """Return the offset at the same line and column, in code points, of another text."""
    line, column = base.position(offset)
    if line >= text.line_count:
        return len(text)
    return text.line_start(line) + min(column, len(content(text.line(line))))


def _one_change(before: Text, after: Text) -> Change:
    start, old_end, new_end = common_ends(str(before), str(after))
    return Change(Span(start, old_end), after.slice(Span(start, new_end)))


def _covering(changes: Sequence[Change], after: Text) -> Change:
    """Return one change from the first to the last place that several touch."""
    start, grown = changes[0].span.start, 0
    end = start  # In the text after the changes so far.
    for change in changes:
        start = min(start, change.span.start)
        end = max(end, change.span.end) + change.growth
        grown += change.growth
    return Change(Span(start, end - grown), after.slice(Span(start, end)))


def _extent(one: Text, other: Text) -> int:
    """Return how many lines differ between two texts."""
    differing = line_changes(one, other, _one_change(one, other))
    return sum(each.end - each.first + each.stop - each.start for each in differing)

"""One change of GLM's in a live document, and the conversation with the editor about it.

Invariants:
- An edit counts as made when the document is, to the letter, what the edit makes of it. An
  editor that acknowledges says after which version that is.
- What else is reported is the user's: a line that they typed or changed leaves the document
  only by their own hand, and no edit of ours touches it.
"""

from __future__ import annotations

from itertools import accumulate, chain
from typing import TYPE_CHECKING, Literal, NamedTuple

from glm_lsp.editing.lines import content
from glm_lsp.editing.live.change_set import ChangeSet
from glm_lsp.editing.live.rebase import displace, follow, line_changes
from glm_lsp.editing.live.steps import changes, steps
from glm_lsp.text import Change, Span, common_ends

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glm_lsp.text import Snapshot, Text

    Locate = Callable[[Text, int, Text], int]

_MOST_CHANGES = 48
"""A report of more changes than this is read as one: no report may hold up the event loop."""


class _Report(NamedTuple):
    after: Text
    changes: Sequence[Change]
    version: int


class EditSession(ChangeSet):
    """The change of one job in one document.

    Edits are in offsets of `text`. `locate` tells where an editor that ignores versions puts an
    offset of one text in another: at the same line and column, as it counts them.

    Attributes:
        landed: how many edits were seen in the document.
    """

    def __init__(self, snapshot: Snapshot, locate: Locate | None = None) -> None:
        super().__init__(snapshot)
        self.landed = 0
        self._growth = 0  # By how many characters our edits made the text longer.
        self._locate = locate or _same_place
        self._sent: tuple[Text, list[Change]] | None = None  # To what text, and what.
        self._waits: Literal["answer", "report"] | None = None  # For what of the edit in flight.
        self._until: int | None = None  # The version that holds the edit in flight.
        self._reports: list[_Report] = []  # Not read yet.

    @property
    def in_flight(self) -> bool:
        """Whether something was sent and has not been seen in the document yet."""
        return self._sent is not None

    def send(self, *, awaited: bool = False) -> list[Change]:
        """Return `edits`, and count on seeing them in the document.

        With `awaited`, `answered` is to be called when the editor has answered; until then,
        what it reports waits, for only the answer tells what may be in it.
        """
        todo = self._todo()
        for step in todo:
            for piece in step.pieces:
                piece.sent = True
        sent = changes(self._table, self.text, todo, self._newline)
        self._sent = (self.text, sent) if sent else None
        self._waits = "answer" if awaited else None
        return sent

    def answered(self, accepted: bool | None, version: int | None = None) -> None:
        """Take note of the editor's answer to what it was sent last; None for no answer.

        `version` is the document's that holds exactly the edit, if the editor says so: what is
        reported up to it is the edit, whether in one report or in several.
        """
        self._waits, self._until = "report", version
        if accepted is False or self._sent is None:
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
        for piece in self._table.pieces[self._table.settled[0] : -1]:
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
        self._reports.append(_Report(after, reported, version or 0))
        if self._waits != "answer":
            self._read_reports()

    def _read_reports(self) -> None:
        """Read what may be read: not while an answer, or what it speaks of, is yet to come."""
        while count := self._readable():
            reports, self._reports = self._reports[:count], self._reports[count:]
            self._waits = self._until = None
            changes = [*chain.from_iterable(report.changes for report in reports)]
            self._follow(reports[-1].after, changes)

    def _readable(self) -> int:
        """Return how many reports to read now: those that hold the edit in flight, else one."""
        reports = enumerate(self._reports, start=1)
        otherwise = min(len(self._reports), self._waits is None)
        if self._sent is None:
            return otherwise
        if self._until is not None:
            until = self._until
            return next((count for count, each in reports if each.version >= until), otherwise)
        ours = self._ours(self.text)
        return next((count for count, each in reports if each.after in ours), otherwise)

    def _ours(self, text: Text) -> tuple[Text, Text | None]:
        """Return a text with the edit in flight, in its place and as meant for another version."""
        ours = self._after(text, steps(self._table, lambda piece: piece.live != piece.sent))
        return ours, self._displaced(text)

    def _follow(self, after: Text, reported: Sequence[Change]) -> None:
        if self._sent == (self.text, list(reported[::-1])):  # By far the most frequent report.
            self._land(self.text, after)
            self.text = after
            return
        if self._sent is None:
            reported = _runs(reported)
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
                if text == ours:
                    self._land(before, ours)
                    return count
                if text == displaced:
                    self._displace(before, text)
                    return count
            if len(texts) == 2 and _extent(ours, after) < _extent(before, after):
                self._land(before, ours)  # The report holds what the user did as well.
                before, change = ours, _one_change(ours, after)
        if change.growth == -self._growth and self._is_undo(before, after):
            return 1
        for each in line_changes(before, after, change):
            follow(self._table, before, after, each)
        return 1

    def _is_undo(self, before: Text, after: Text) -> bool:
        """Follow an undo of all that was made; equal lines hide which of them came back."""
        table = self._table
        table.disturbed()
        back = steps(table, lambda piece: piece.live != piece.in_effect)
        if not back or self._after(before, back) != after:
            return False
        for step in back:
            for piece in step.pieces:
                piece.live, piece.gone = not piece.live, piece.live
        return True

    def _land(self, before: Text, after: Text) -> None:
        """Take note that the edit in flight is in the document."""
        self._growth += len(after) - len(before)
        self._sent = None
        self.landed += 1
        for piece in self._table.pieces[self._table.settled[0] : -1]:
            if piece.sent:
                piece.sent, piece.live = False, not piece.live
                if piece.part is not None and (piece.lines or not piece.part.edit.lines):
                    piece.part.note(piece.turned)

    def _displaced(self, text: Text) -> Text | None:
        """Return the text with what is in flight at the lines and columns of another version."""
        base, sent = self._sent or (text, [])
        if base is text:
            return None
        moved = []
        for change in sent[::-1]:
            start = self._locate(base, change.span.start, text)
            end = self._locate(base, change.span.end, text)
            moved.append(Change(Span(start, max(start, end)), change.text))
        return text.apply(moved)

    def _displace(self, before: Text, after: Text) -> None:
        """Take note that the edit in flight landed at a wrong place."""
        self.dropped()
        for each in line_changes(before, after, _one_change(before, after)):
            displace(self._table, before, each)


def _same_place(base: Text, offset: int, text: Text) -> int:
    """Return the offset at the same line and column, in code points, of another text."""
    line, column = base.position(offset)
    if line >= text.line_count:
        return len(text)
    return text.line_start(line) + min(column, len(content(text.line(line))))


def _one_change(before: Text, after: Text) -> Change:
    start, old_end, new_end = common_ends(str(before), str(after))
    return Change(Span(start, old_end), after.slice(Span(start, new_end)))


def _runs(changes: Sequence[Change]) -> list[Change]:
    """Return changes with each run of typed characters as one."""
    runs = [*changes[:1]]
    for change in changes[1:]:
        last = runs[-1]
        if not change.span and change.span.start == last.span.start + len(last.text):
            runs[-1] = Change(last.span, last.text + change.text)
        else:
            runs.append(change)
    return runs


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

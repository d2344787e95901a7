"""One change of GLM's in a live document: what is whose, and what is still to be done.

The document is kept as a list of pieces: text that was there, text GLM wrote and text the
user typed. A piece stays in the list when its text leaves the document, so a change can be
taken back long after it was made.

Invariants:
- The live pieces, joined, are the text of the mirror.
- The user's text leaves the document only by the user's own hand, and comes back if one of
  our edits removed it.
- `edits` leads to the text with all released hunks, after `withdraw` to the text without
  any; the user's text is in both. A hunk whose original text the user touched first waits
  (`conflicts`): the user's text wins.
- A user who takes back a whole hunk, by undo or by hand, refuses the change (`refused`).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from attrs import Factory, define

from glm_lsp.editing.echo import Sent, leading_additions, same_effect, same_words
from glm_lsp.editing.pieces import Owner, Piece, Pieces, Step
from glm_lsp.editing.strokes import strokes
from glm_lsp.text import Change, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from glm_lsp.editing.tokens import Hunk
    from glm_lsp.text import Snapshot, Text


_FEW = 8


class EditSession:
    """The change of one job in one document.

    Hunks are in the coordinates of the snapshot the session started from; edits are in those
    of `text`, the document as last seen.

    Attributes:
        text: the document as last seen.
        refused: the user took back a whole hunk.
        applied: how many edits the editor is known to have made.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.text = snapshot.text
        self.refused = False
        self.applied = 0
        self._pieces = Pieces(str(snapshot.text))
        self._count = 0
        self._released = 0
        self._withdrawn = False
        self._waiting: set[int] = set()
        self._echoes: list[Sent] = []
        self._flying: list[Step] = []  # What was sent, as long as nothing else has happened.

    # What is to be done.

    def add(self, hunks: Iterable[Hunk], offset: int = 0) -> None:
        """Take hunks; `offset` is where their text starts in the snapshot.

        Raises:
            ValueError: a hunk overlaps another one.
        """
        for hunk in hunks:
            number, self._count = self._count, self._count + 1
            span = hunk.span
            if offset:
                span = Span(span.start + offset, span.end + offset)
            first, end = self._pieces.cover(span, number)
            if hunk.text:
                piece = Piece(hunk.text, 0, len(hunk.text), Owner.GLM, number, live=False)
                self._pieces.list.insert(end, piece)
                end += 1
            if self._is_touched(self._pieces.list[first:end], number):
                self._waiting.add(number)

    def release(self, hold_back: int = 0) -> None:
        """Allow all hunks but the last `hold_back` to go into the document."""
        self._released = max(self._released, self._count - hold_back)

    def withdraw(self) -> None:
        """Turn round: from now on `edits` leads back to the original with the user's text."""
        self._withdrawn = True
        self._pieces.disturbed()

    @property
    def withdrawn(self) -> bool:
        """Whether the change is being taken back, or has been."""
        return self._withdrawn

    @property
    def conflicts(self) -> frozenset[int]:
        """The hunks that wait because the user touched the text they would change."""
        return frozenset() if self._withdrawn else frozenset(self._waiting)

    def edits(self) -> list[Change]:
        """Return what is to be done: ascending and disjoint, all in coordinates of `text`."""
        return [step.change for step in self._steps()]

    def with_change(self) -> str:
        """Return the text that the document will have once all hunks are in it."""
        return "".join(p.text for p in self._pieces.list if self._wanted(p, withdrawn=False))

    def without_change(self) -> str:
        """Return the text that the document has once the change is taken back."""
        return "".join(p.text for p in self._pieces.list if self._wanted(p, withdrawn=True))

    def intended(self) -> str:
        """Return the snapshot's text with all hunks, and nothing of the user's."""
        kept = []
        for piece in self._pieces.list:
            mine = piece.owner is Owner.GLM and piece.hunk >= 0
            if mine or (piece.owner is Owner.ORIGINAL and piece.hunk < 0):
                kept.append(piece.text)
        return "".join(kept)

    @property
    def span(self) -> Span | None:
        """The stretch of `text` from the first hunk to the last; None when there is none."""
        ends: list[int] = []
        for position, piece in self._pieces.walk():
            if piece.hunk >= 0:
                ends += [position, position + (len(piece) if piece.live else 0)]
        return Span(min(ends), max(ends)) if ends else None

    # What the editor was sent, and what became of it.

    @property
    def in_flight(self) -> bool:
        """Whether something was sent and has not been seen in the document yet."""
        return any(piece.sent is not None for piece in self._pieces.sent)

    def send(self) -> list[Change]:
        """Return `edits`, and count on seeing them in the document."""
        steps = self._steps()
        for step in steps:
            for piece in step.pieces:
                piece.sent = not piece.live
        self._pieces.sent = [piece for step in steps for piece in step.pieces]
        changes = [step.change for step in steps]
        self._echoes.append(Sent(self.text, changes))
        self._flying, self._pieces.quiet = steps, True
        return list(changes)

    def dropped(self) -> None:
        """Take note that the editor did not do what it was sent last."""
        for piece in self._pieces.sent:
            piece.sent = None
        self._pieces.sent = []
        self._flying = []

    def observe(self, after: Text, changes: Sequence[Change]) -> None:
        """Follow the document: tell our edits from the user's, and move with the user's.

        Args:
            after: the document after the changes.
            changes: each in the coordinates left by the one before.
        """
        if self._flying and self._pieces.quiet:  # Mostly it is just what was sent.
            flying = self._flying[::-1]
            if list(changes) == [step.change for step in flying]:
                for step in flying:
                    self._confirm(step)
                self.text = after
                return
        mark = _Mark()
        done = 0
        while done < len(changes):
            taken = self._take_echo(changes[done:]) or self._take_undo(changes[done:])
            if not taken:
                change = self._without_undo(self._without_echo(changes[done]))
                self._absorb(change, mark)
                if done + 1 < len(changes):
                    self.text = self.text.replace(change.span, change.text)
            if done + taken < len(changes):  # Else `after` is the text.
                for change in changes[done : done + taken]:
                    self.text = self.text.replace(change.span, change.text)
            done += taken or 1
        if mark.fresh or mark.removed:
            self._settle_user(mark)
        self.text = after

    def resume(self, text: Text) -> None:
        """Follow a document whose changes were not seen: it was closed and opened again."""
        if text != self.text:
            self.observe(text, [Change(Span(0, len(self.text)), str(text))])

    # Our own edits.

    def _steps(self) -> list[Step]:
        return self._pieces.steps(self._wanted_now, self._is_settled)

    def _wanted_now(self, piece: Piece) -> bool:
        return self._wanted(piece, withdrawn=self._withdrawn, held=True)

    def _wanted(self, piece: Piece, *, withdrawn: bool, held: bool = False) -> bool:
        if piece.gone:
            return False
        if piece.owner is Owner.USER:
            return True
        inside = piece.hunk >= 0 and not withdrawn
        if held and (piece.hunk >= self._released or piece.hunk in self._waiting):
            inside = False
        return inside if piece.owner is Owner.GLM else not inside

    def _is_settled(self, piece: Piece) -> bool:
        return piece.sent is None and (
            piece.hunk < 0 or (piece.hunk < self._released and piece.hunk not in self._waiting)
        )

    def _take_echo(self, changes: Sequence[Change]) -> int:
        """Recognise our own edits at the head of `changes`; return how many changes they are."""
        if not self._echoes:
            return 0
        expected = self._expected()
        for step in expected:
            if same_effect(self.text, changes[:1], [step.change]):
                self._confirm(step)
                return 1
        if len(expected) > 1:
            ours = [step.change for step in reversed(expected)]
            for count in range(1, 1 + leading_additions(changes)):
                if same_effect(self.text, changes[:count], ours):
                    for step in expected:
                        self._confirm(step)
                    return count
        for sent in self._echoes:
            if sent.takes(self.text, changes[0]):
                self._stray(changes[0])
                return 1
        for step in expected:
            if same_words(step.change, changes[0]):
                self._confirm(step, actual=changes[0].text)
                return 1
        return 0

    def _expected(self) -> list[Step]:
        """Return what the editor may do now because it was sent."""
        if self._flying and self._pieces.quiet:
            return self._flying
        if self.in_flight:
            return self._pieces.steps(lambda p: p.live if p.sent is None else p.sent)
        return self._steps()  # Dropped, it seemed; an editor may still be late.

    def _without_echo(self, change: Change) -> Change:
        """Take our own edits out of a change that also holds some of the user's.

        It is taken for theirs and ours when it is then the smaller change.
        """
        if not self._echoes:
            return change
        inside = self._expected()  # One edit is made as a whole or not at all.
        if not inside or len(change.span) + len(change.text) < 2:
            return change
        rest = self._explained(change, inside)
        if rest is None:
            return change
        for step in inside:
            self._confirm(step)
        return rest

    def _without_undo(self, change: Change) -> Change:
        """Take the undoing of hunks out of a change that also holds something else."""
        if len(change.span) + len(change.text) < 2:
            return change
        made = {piece.hunk for piece in self._pieces.list if self._is_made(piece)}
        for hunks in [made, *({hunk} for hunk in sorted(made)[-_FEW:])] if made else []:
            self._pieces.disturbed()
            steps = self._pieces.steps(partial(_without, hunks))
            near = steps and change.span.touches(Span(*_ends(steps)))
            rest = self._explained(change, steps) if near else None
            if rest is not None:
                self._take_back(steps)
                return rest
        return change

    def _explained(self, change: Change, steps: Sequence[Step]) -> Change | None:
        """Return what is left of a change once steps are taken out of it.

        None when they hardly make it smaller: then they are no part of it. Otherwise the
        text moves on by the steps.
        """
        text = self.text
        wide = _widened(text, change, Span(*_ends(steps)))
        for step in reversed(steps):
            text = text.replace(step.change.span, step.change.text)
        end = wide.span.end + len(text) - len(self.text)
        rest = Change(Span(wide.span.start, end), wide.text)
        ours = sum(_effort(self.text, step.change) for step in steps)
        if _effort(text, rest) + ours / 2 > _effort(self.text, wide):
            return None
        self._pieces.disturbed()
        self.text = text
        return rest

    def _confirm(self, step: Step, actual: str | None = None) -> None:
        """Note that a step was made, with other blanks than ours if `actual` is given."""
        written = [piece for piece in step.pieces if not piece.live]
        for piece in step.pieces:
            piece.live = not piece.live
            piece.sent = None
        if actual is not None and written:
            written[0].source, written[0].start, written[0].end = actual, 0, len(actual)
            for piece in written[1:]:
                piece.start = piece.end
        self.applied += 1
        if self._flying and step is self._flying[-1]:
            self._flying.pop()  # The others are before it: they stay where they are.
        else:
            self._flying = []
        if not self.in_flight:
            del self._echoes[:-1]  # What was sent earlier can no longer come.
            self._echoes[-1:] = []

    def _stray(self, change: Change) -> None:
        """Note that an edit of ours landed where the text had moved on."""
        self._pieces.disturbed()
        first = self._pieces.at(change.span.start)
        end = self._pieces.at(change.span.end)
        for piece in self._pieces.list[first:end]:
            piece.live = False
        if change.text:
            text = change.text
            stray = Piece(text, 0, len(text), Owner.GLM, gone=True)
            self._pieces.list.insert(first, stray)

    # The user's edits.

    def _absorb(self, change: Change, mark: _Mark) -> None:
        """Map a change of the user's onto the pieces.

        One that replaces text, such as an undo, is first taken apart: what it leaves as it
        was keeps its owner.
        """
        if change.span and change.text:
            start = change.span.start
            parts = strokes(self.text.slice(change.span), change.text)
            for part in reversed(parts):
                span = Span(start + part.span.start, start + part.span.end)
                self._replace(Change(span, part.text), mark)
        elif change.span or change.text:
            self._replace(change, mark)

    def _replace(self, change: Change, mark: _Mark) -> None:
        self._pieces.disturbed()
        first = self._pieces.at(change.span.start)
        end = self._pieces.at(change.span.end) if change.span else first
        pieces = self._pieces.list
        for piece in pieces[first:end]:
            if piece.live:
                piece.live, piece.gone = False, True
                mark.removed.append(piece)
        if not change.text or self._revive(first, change.text, mark):
            return
        before = pieces[first - 1] if first else None
        if before and before.owner is Owner.USER and (first == len(pieces) or pieces[first].live):
            before.source, before.start = before.text + change.text, 0
            before.end = len(before.source)
        else:
            piece = Piece(change.text, 0, len(change.text), Owner.USER)
            pieces.insert(first, piece)
            mark.fresh.append(piece)

    def _revive(self, index: int, text: str, mark: _Mark) -> bool:
        """Recognise the original text coming back where the user had taken it out."""
        run: list[Piece] = []
        for piece in self._pieces.list[index:]:
            if piece.live:
                return False
            mine = piece.owner is Owner.ORIGINAL and piece.gone
            run = [*run, piece] if mine and not self._is_in(piece.hunk) else []
            while run and not text.startswith("".join(p.text for p in run)):
                del run[0]
            if run and sum(map(len, run)) == len(text):
                for piece in run:
                    piece.live, piece.gone = True, False
                mark.removed += run
                return True
        return False

    def _is_in(self, hunk: int) -> bool:
        return 0 <= hunk < self._released and hunk not in self._waiting and not self._withdrawn

    def _take_undo(self, changes: Sequence[Change]) -> int:
        """Recognise that hunks are taken back exactly; return how many changes that is."""
        growth: dict[int, int] = {}  # Of the document, if a hunk that is in it is taken back.
        for piece in self._pieces.list:
            if self._is_made(piece):
                sign = -1 if piece.live else 1
                growth[piece.hunk] = growth.get(piece.hunk, 0) + sign * len(piece)
        if not growth:
            return 0
        self._pieces.disturbed()
        total = 0
        for count, change in enumerate(changes, start=1):
            total += change.growth
            alone = [{hunk} for hunk, one in growth.items() if one == total]
            for hunks in [*alone, set(growth)]:
                if sum(growth[hunk] for hunk in hunks) != total:
                    continue
                steps = self._pieces.steps(partial(_without, hunks))
                ours = [step.change for step in reversed(steps)]
                if same_effect(self.text, changes[:count], ours):
                    self._take_back(steps)
                    return count
        return 0

    def _is_made(self, piece: Piece) -> bool:
        """Tell whether a piece shows that its hunk is in the document."""
        if piece.hunk < 0:
            return False
        return piece.live if piece.owner is Owner.GLM else not piece.live and not piece.gone

    def _take_back(self, steps: Sequence[Step]) -> None:
        for step in steps:
            for piece in step.pieces:
                piece.live = not piece.live
                piece.gone = piece.owner is Owner.GLM
                piece.sent = None
        self._pieces.disturbed()
        self.refused = True

    def _settle_user(self, mark: _Mark) -> None:
        """Draw the conclusions from what the user did in one notification."""
        pieces = self._pieces.list
        touched = {piece.hunk for piece in mark.removed}
        fresh = set(map(id, mark.fresh))
        for index, piece in enumerate(pieces):
            if id(piece) in fresh:
                touched.update(p.hunk for p in self._pieces.around(index))
        touched.discard(-1)
        for hunk in sorted(touched):
            self._look_for_undo(*self._pieces.group({hunk}, fresh), fresh)
        if touched:
            self._look_for_undo(*self._pieces.group(touched, fresh), fresh)
            self._let_go_of_overwritten(touched, mark)
        for hunk in touched | self._waiting:
            first, end = self._pieces.group({hunk}, set())
            if self._is_touched(pieces[first:end], hunk):
                self._waiting.add(hunk)
            else:
                self._waiting.discard(hunk)
        self._pieces.list = [p for p in pieces if p.owner is not Owner.USER or not p.gone]
        self._pieces.disturbed()

    def _look_for_undo(self, first: int, end: int, fresh: set[int]) -> None:
        """Give a stretch back to its owners when the user made it what it was before GLM."""
        group = self._pieces.list[first:end]
        written = [p for p in group if p.owner is Owner.GLM and (p.live or p.gone)]
        taken = [p for p in group if p.owner is Owner.ORIGINAL and not p.live and not p.gone]
        if not written and not taken:
            return
        live = "".join(p.text for p in group if p.live)
        back = "".join(
            p.text
            for p in group
            if (p.owner is Owner.ORIGINAL and not p.gone)
            or (p.owner is Owner.USER and p.live and id(p) not in fresh)
        )
        if live != back:
            return
        for piece in group:
            piece.sent = None
            if piece.owner is Owner.ORIGINAL:
                piece.live = not piece.gone
            elif piece.owner is Owner.GLM or id(piece) in fresh:
                piece.live, piece.gone = False, True
        self.refused = True

    def _let_go_of_overwritten(self, touched: set[int], mark: _Mark) -> None:
        """Do not bring back what GLM replaced where the user has put something else since."""
        if not any(piece.live for piece in mark.fresh):
            return
        removed = {id(piece) for piece in mark.removed}
        for hunk in touched:
            group = [piece for piece in self._pieces.list if piece.hunk == hunk]
            written = [piece for piece in group if piece.owner is Owner.GLM]
            if written and all(id(piece) in removed for piece in written):
                for piece in group:
                    if not piece.live:
                        piece.gone = True

    def _is_touched(self, group: Sequence[Piece], hunk: int) -> bool:
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


def _without(hunks: set[int], piece: Piece) -> bool:
    """Tell whether a piece is live once some hunks are taken back."""
    if piece.hunk not in hunks:
        return piece.live
    return piece.owner is Owner.ORIGINAL and not piece.gone


def _ends(steps: Sequence[Step]) -> tuple[int, int]:
    return steps[0].change.span.start, steps[-1].change.span.end


def _widened(text: Text, change: Change, other: Span) -> Change:
    """Return the same change with a span that covers another one."""
    start = min(change.span.start, other.start)
    end = max(change.span.end, other.end)
    head = text.slice(Span(start, change.span.start))
    tail = text.slice(Span(change.span.end, end))
    return Change(Span(start, end), head + change.text + tail)


def _effort(text: Text, change: Change) -> int:
    """Return how much a change really removes and writes."""
    return sum(hunk.size for hunk in strokes(text.slice(change.span), change.text))


@define
class _Mark:
    """What the user did in one notification: pieces that came, and that left or came back."""

    fresh: list[Piece] = Factory(list)
    removed: list[Piece] = Factory(list)

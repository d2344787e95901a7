"""What the editor was sent, and what of it is in the document by now.

Invariants: an edit counts as made when it is seen, not when it is answered. It is recognised
whatever form the editor gives it, also late, also where the text had moved on: then it is
put right by the next edit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp.editing.echo import Sent, leading_additions, same_effect, same_words
from glm_lsp.editing.pieces import Owner, Piece, Step
from glm_lsp.editing.reading import Way

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glm_lsp.editing.echo import Locate
    from glm_lsp.editing.ledger import Ledger
    from glm_lsp.text import Change, Text


class Flight:
    """The edit in flight, and those before it that were never seen.

    Attributes:
        landed: how many edits the editor is known to have made.
        awaited: an answer of the editor is to come; until then, what it reports may hold the
            edit or not.
    """

    def __init__(self, ledger: Ledger, locate: Locate) -> None:
        self.landed = 0
        self.awaited = False
        self._accepted: bool | None = None  # What the editor answered to what was sent last.
        self._locate = locate
        self._ledger = ledger
        self._echoes: list[Sent] = []
        self._steps: list[Step] = []  # What was sent, as long as nothing else has happened.

    @property
    def in_flight(self) -> bool:
        """Whether something was sent and has not been seen in the document yet."""
        return any(piece.sent is not None for piece in self._ledger.pieces.sent)

    def send(self, text: Text, *, awaited: bool) -> list[Change]:
        """Return what is to be done to `text`, and count on seeing it in the document."""
        self.awaited, self._accepted = awaited, None
        self._ledger.landings.append(set())
        steps = self._ledger.steps()
        for step in steps:
            for piece in step.pieces:
                piece.sent = not piece.live
        self._ledger.pieces.sent = [piece for step in steps for piece in step.pieces]
        changes = [step.change for step in steps]
        del self._echoes[:-1]  # Editors take one after the other: older ones came or never will.
        self._echoes.append(Sent(text, changes, self._locate))
        self._steps, self._ledger.pieces.quiet = steps, True
        return list(changes)

    def answered(self, accepted: bool | None) -> None:
        """Take note of the editor's answer to what it was sent last; None for none in time."""
        self.awaited, self._accepted = False, accepted
        if accepted is False and self._echoes:
            self._echoes[-1].edits.clear()  # It landed nowhere.

    def dropped(self) -> None:
        """Take note that the editor did not do what it was sent last."""
        for piece in self._ledger.pieces.sent:
            piece.sent = None
        self._ledger.pieces.sent = []
        self._steps = []

    def is_all(self, changes: Sequence[Change]) -> bool:
        """Recognise what was sent, reported as it was sent: what editors mostly do."""
        if not self._steps or not self._ledger.pieces.quiet:
            return False
        steps = self._steps[::-1]
        if list(changes) != [step.change for step in steps]:
            return False
        for step in steps:
            self._confirm(step)
        return True

    def take(self, text: Text, changes: Sequence[Change]) -> int:
        """Recognise our own edits at the head of `changes`; return how many changes they are."""
        if not self._echoes:
            return 0
        expected = self._expected()
        for step in expected:
            if same_effect(text, changes[:1], [step.change]):
                self._confirm(step)
                return 1
        if len(expected) > 1:
            ours = [step.change for step in reversed(expected)]
            for count in range(1, 1 + leading_additions(changes)):
                if same_effect(text, changes[:count], ours):
                    for step in expected:
                        self._confirm(step)
                    return count
        for sent in self._echoes:
            if sent.takes(text, changes[0]):
                self._stray(changes[0])
                return 1
        for step in expected:
            if same_words(step.change, changes[0]):
                self._confirm(step, actual=changes[0].text)
                return 1
        return 0

    def ways(self, text: Text, actions: int | None) -> list[Way]:
        """Return how a change may hold the edit in flight: as a whole, and nothing else of it."""
        if not self._echoes or self._accepted is False:
            return []
        found = []
        last = self._echoes[-1]
        if steps := self._expected():
            # An editor that heeds versions makes it first of all, or not at all; and if it
            # counts but one action, this edit is all: that would be recognised.
            expected = self.in_flight and text is last.base and actions != 1
            found.append(Way(steps, expected, self._take))
        if text is not last.base:
            strays = [Step(change, ()) for change in last.located(text)]
            ends = [0, *(step.change.span.end for step in strays)]
            if strays and all(e <= s.change.span.start for e, s in zip(ends, strays, strict=False)):
                found.append(Way(strays, expected=False, take=self._take_strays))
        return found

    def _expected(self) -> list[Step]:
        """Return what the editor may do now because it was sent."""
        if self._steps and self._ledger.pieces.quiet:
            return self._steps
        if self.in_flight:
            return self._ledger.pieces.steps(lambda p: p.live if p.sent is None else p.sent)
        return self._ledger.steps()  # Dropped, it seemed; an editor may still be late.

    def _take(self, steps: Sequence[Step]) -> None:
        for step in steps:
            self._confirm(step)
        self._ledger.pieces.disturbed()

    def _take_strays(self, steps: Sequence[Step]) -> None:
        for step in reversed(steps):
            self._stray(step.change)
        self._echoes.pop()

    def _confirm(self, step: Step, actual: str | None = None) -> None:
        """Note that a step was made, with other blanks than ours if `actual` is given."""
        written = [piece for piece in step.pieces if not piece.live]
        for piece in step.pieces:
            self._ledger.landings[-1].add(piece.hunk)
            piece.live = not piece.live
            piece.sent = None
        if actual is not None and written:
            written[0].source, written[0].start, written[0].end = actual, 0, len(actual)
            for piece in written[1:]:
                piece.start = piece.end
        self.landed += 1
        if self._steps and step is self._steps[-1]:
            self._steps.pop()  # The others are before it: they stay where they are.
        else:
            self._steps = []
        if not self.in_flight:
            del self._echoes[:-1]  # What was sent earlier can no longer come.
            self._echoes[-1:] = []

    def _stray(self, change: Change) -> None:
        """Note that an edit of ours landed where the text had moved on."""
        self._ledger.pieces.disturbed()
        first = self._ledger.pieces.at(change.span.start)
        end = self._ledger.pieces.at(change.span.end)
        for piece in self._ledger.pieces.list[first:end]:
            piece.live = False
        if change.text:
            text = change.text
            stray = Piece(text, 0, len(text), Owner.GLM, gone=True)
            self._ledger.pieces.list.insert(first, stray)

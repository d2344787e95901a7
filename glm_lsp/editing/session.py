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

from typing import TYPE_CHECKING

from glm_lsp.editing.echo import same_place
from glm_lsp.editing.flight import Flight
from glm_lsp.editing.ledger import Ledger
from glm_lsp.editing.pieces import Owner
from glm_lsp.editing.reading import read
from glm_lsp.editing.typist import Mark, Typist
from glm_lsp.text import Change, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from glm_lsp.editing.echo import Locate
    from glm_lsp.editing.tokens import Hunk
    from glm_lsp.text import Snapshot, Text


class EditSession:
    """The change of one job in one document.

    Hunks are in the coordinates of the snapshot the session started from; edits are in those
    of `text`, the document as last seen. `locate` tells where an editor that ignores versions
    puts an offset of one text in another: at the same line and column, as it counts them.
    """

    def __init__(self, snapshot: Snapshot, locate: Locate = same_place) -> None:
        self.text = snapshot.text
        self._ledger = Ledger(str(snapshot.text))
        self._flight = Flight(self._ledger, locate)
        self._typist = Typist(self._ledger)
        self._held: list[tuple[Text, Sequence[Change], int | None]] = []

    def add(self, hunks: Iterable[Hunk], offset: int = 0) -> None:
        """Take hunks; `offset` is where their text starts in the snapshot.

        Raises:
            ValueError: a hunk overlaps another one.
        """
        for hunk in hunks:
            self._ledger.add(hunk, offset)

    def release(self, hold_back: int = 0) -> None:
        """Allow all hunks but the last `hold_back` to go into the document."""
        self._ledger.release(hold_back)

    def withdraw(self) -> None:
        """Turn round: from now on `edits` leads back to the original with the user's text."""
        self._ledger.withdrawn = True
        self._ledger.pieces.disturbed()

    @property
    def withdrawn(self) -> bool:
        """Whether the change is being taken back, or has been."""
        return self._ledger.withdrawn

    @property
    def refused(self) -> bool:
        """Whether the user took back a whole hunk."""
        return self._ledger.refused

    @property
    def conflicts(self) -> frozenset[int]:
        """The hunks that wait because the user touched the text they would change."""
        return frozenset() if self.withdrawn else frozenset(self._ledger.waiting)

    @property
    def applied(self) -> int:
        """How many edits the editor is known to have made."""
        return self._flight.landed

    @property
    def in_flight(self) -> bool:
        """Whether something was sent and has not been seen in the document yet."""
        return self._flight.in_flight

    @property
    def misplaced(self) -> bool:
        """Whether an edit of ours that landed elsewhere has not been put right yet."""
        return any(
            piece.live if piece.owner is Owner.GLM else not piece.live and not piece.gone
            for piece in self._ledger.pieces.list
            if piece.hunk < 0
        )

    def edits(self) -> list[Change]:
        """Return what is to be done: ascending and disjoint, all in coordinates of `text`."""
        return [step.change for step in self._ledger.steps()]

    def send(self, *, awaited: bool = False) -> list[Change]:
        """Return `edits`, and count on seeing them in the document.

        With `awaited`, `answered` or `dropped` is to be called when the editor has answered;
        until then, what it reports waits, for only the answer tells what may be in it.
        """
        return self._flight.send(self.text, awaited=awaited)

    def answered(self, accepted: bool | None) -> None:
        """Take note of the editor's answer to what it was sent last; None for no answer."""
        self._flight.answered(accepted)
        held, self._held = self._held, []
        for after, changes, actions in held:
            self.observe(after, changes, actions)

    def dropped(self) -> None:
        """Take note that the editor did not do what it was sent last."""
        if self._flight.awaited:
            self.answered(None)
        self._flight.dropped()

    def observe(self, after: Text, changes: Sequence[Change], actions: int | None = None) -> None:
        """Follow the document: tell our edits from the user's, and move with the user's.

        Args:
            after: the document after the changes.
            changes: each in the coordinates left by the one before.
            actions: how many edits and strokes they are, when the editor counts them.
        """
        if self._held:
            self._held.append((after, changes, actions))
            return
        if not self._flight.is_all(changes):
            if self._flight.awaited and self._flight.in_flight:
                self._held.append((after, changes, actions))
                return
            self._follow(changes, actions)
        self.text = after

    def resume(self, text: Text) -> None:
        """Follow a document whose changes were not seen: it was closed and opened again."""
        last = self._held[-1][0] if self._held else self.text
        if text != last:
            self.observe(text, [Change(Span(0, len(last)), str(text))])

    def with_change(self) -> str:
        """Return the text that the document will have once all hunks are in it."""
        return self._ledger.text(withdrawn=False)

    def without_change(self) -> str:
        """Return the text that the document has once the change is taken back."""
        return self._ledger.text(withdrawn=True)

    def intended(self) -> str:
        """Return the snapshot's text with all hunks, and nothing of the user's."""
        kept = []
        for piece in self._ledger.pieces.list:
            mine = piece.owner is Owner.GLM and piece.hunk >= 0
            if mine or (piece.owner is Owner.ORIGINAL and piece.hunk < 0):
                kept.append(piece.text)
        return "".join(kept)

    @property
    def span(self) -> Span | None:
        """The stretch of `text` from the first hunk to the last; None when there is none."""
        ends: list[int] = []
        for position, piece in self._ledger.pieces.walk():
            if piece.hunk >= 0:
                ends += [position, position + (len(piece) if piece.live else 0)]
        return Span(min(ends), max(ends)) if ends else None

    def _follow(self, changes: Sequence[Change], actions: int | None) -> None:
        """Take changes for whose they are."""
        mark = Mark()
        # Each change is at least one action; what is counted beyond may be in any of them.
        most = None if actions is None else max(1, actions - len(changes) + 1)
        while changes:
            taken = self._flight.take(self.text, changes)
            taken = taken or self._typist.take_undo(self.text, changes)
            taken_changes = changes[:taken] or [self._absorb(changes[0], mark, most)]
            changes = changes[taken or 1 :]
            if changes:  # Else the text after them is known.
                self.text = self.text.apply(taken_changes)
        self._typist.settle(mark)

    def _absorb(self, change: Change, mark: Mark, actions: int | None) -> Change:
        """Take a change apart into what is GLM's and what is the user's; return the latter."""
        if len(change.span) + len(change.text) > 1:
            ways = [*self._flight.ways(self.text, actions), *self._typist.ways()]
            way, self.text, change = read(self.text, change, ways, actions)
            if way is not None:
                way.take(way.steps)
                actions = None if actions is None else max(1, actions - 1)
        self._typist.absorb(self.text, change, mark, actions)
        return change

"""What the user does, mapped onto the pieces of a document.

Invariants: what the user typed leaves the document only by their own hand. What they make
exactly what it was before GLM is theirs again, and a refusal of the change. A hunk whose
original text they touched waits, until that text is again what it was.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from attrs import Factory, define

from glm_lsp.editing.echo import leading_additions, same_effect
from glm_lsp.editing.pieces import Owner, Piece, Step
from glm_lsp.editing.reading import Way
from glm_lsp.editing.strokes import strokes
from glm_lsp.text import Change, Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glm_lsp.editing.ledger import Ledger
    from glm_lsp.text import Text


@define
class Mark:
    """What the user did in one notification: pieces that came, and that left or came back."""

    fresh: list[Piece] = Factory(list)
    removed: list[Piece] = Factory(list)


class Typist:
    """Follows the user's hands in one document."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def absorb(self, text: Text, change: Change, mark: Mark, actions: int | None) -> None:
        """Map a change of the user's onto the pieces.

        One that replaces text, such as an undo, is first taken apart, into `actions` strokes
        at the most if that is known: what it leaves as it was keeps its owner.
        """
        if change.span and change.text:
            start = change.span.start
            parts = strokes(text.slice(change.span), change.text, actions)
            for part in reversed(parts):
                span = Span(start + part.span.start, start + part.span.end)
                self._replace(Change(span, part.text), mark)
        elif change.span or change.text:
            self._replace(change, mark)

    def take_undo(self, text: Text, changes: Sequence[Change]) -> int:
        """Recognise that hunks are taken back exactly; return how many changes that is."""
        growth: dict[int, int] = {}  # Of the document, if a hunk that is in it is taken back.
        for piece in self._ledger.pieces.list:
            if _is_made(piece):
                sign = -1 if piece.live else 1
                growth[piece.hunk] = growth.get(piece.hunk, 0) + sign * len(piece)
        if not growth:
            return 0
        self._ledger.pieces.disturbed()
        total = 0
        together = changes[: leading_additions(changes)]
        for count, change in enumerate(together, start=1):
            total += change.growth
            alone = [{hunk} for hunk, one in growth.items() if one == total]
            for hunks in [*alone, *self._ledger.undoable(set(growth))]:
                if sum(growth[hunk] for hunk in hunks) != total:
                    continue
                steps = self._ledger.pieces.steps(partial(_without, hunks))
                ours = [step.change for step in reversed(steps)]
                if same_effect(text, changes[:count], ours):
                    self._take_back(steps)
                    return count
        return 0

    def ways(self) -> list[Way]:
        """Return how a change may hold the undoing of hunks."""
        found = []
        made = {piece.hunk for piece in self._ledger.pieces.list if _is_made(piece)}
        for hunks in self._ledger.undoable(made):
            self._ledger.pieces.disturbed()
            steps = self._ledger.pieces.steps(partial(_without, hunks))
            if steps:
                found.append(Way(steps, expected=False, take=self._take_back))
        return found

    def settle(self, mark: Mark) -> None:
        """Draw the conclusions from what the user did in one notification."""
        if not mark.fresh and not mark.removed:
            return
        pieces = self._ledger.pieces.list
        touched = {piece.hunk for piece in mark.removed}
        fresh = set(map(id, mark.fresh))
        for index, piece in enumerate(pieces):
            if id(piece) in fresh:
                touched.update(p.hunk for p in self._ledger.pieces.around(index))
        touched.discard(-1)
        for hunk in sorted(touched):
            self._look_for_undo(*self._ledger.pieces.group({hunk}, fresh), fresh)
        if touched:
            self._look_for_undo(*self._ledger.pieces.group(touched, fresh), fresh)
            self._let_go_of_overwritten(touched, mark)
        for hunk in touched | self._ledger.waiting:
            first, end = self._ledger.pieces.group({hunk}, set())
            if self._ledger.is_touched(pieces[first:end], hunk):
                self._ledger.waiting.add(hunk)
            else:
                self._ledger.waiting.discard(hunk)
        self._ledger.pieces.list = [p for p in pieces if p.owner is not Owner.USER or not p.gone]
        self._ledger.pieces.disturbed()

    def _replace(self, change: Change, mark: Mark) -> None:
        self._ledger.pieces.disturbed()
        first = self._ledger.pieces.at(change.span.start)
        end = self._ledger.pieces.at(change.span.end) if change.span else first
        pieces = self._ledger.pieces.list
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

    def _revive(self, index: int, text: str, mark: Mark) -> bool:
        """Recognise the original text coming back where the user had taken it out."""
        run: list[Piece] = []
        for piece in self._ledger.pieces.list[index:]:
            if piece.live:
                return False
            mine = piece.owner is Owner.ORIGINAL and piece.gone
            run = [*run, piece] if mine and not self._ledger.is_released(piece.hunk) else []
            while run and not text.startswith("".join(p.text for p in run)):
                del run[0]
            if run and sum(map(len, run)) == len(text):
                for piece in run:
                    piece.live, piece.gone = True, False
                mark.removed += run
                return True
        return False

    def _take_back(self, steps: Sequence[Step]) -> None:
        for step in steps:
            for piece in step.pieces:
                piece.live = not piece.live
                piece.gone = piece.owner is Owner.GLM
                piece.sent = None
        self._ledger.pieces.disturbed()
        self._ledger.refused = True

    def _look_for_undo(self, first: int, end: int, fresh: set[int]) -> None:
        """Give a stretch back to its owners when the user made it what it was before GLM."""
        group = self._ledger.pieces.list[first:end]
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
            elif piece.owner is Owner.GLM or (piece.live and id(piece) in fresh):
                piece.live, piece.gone = False, True
        self._ledger.refused = True

    def _let_go_of_overwritten(self, touched: set[int], mark: Mark) -> None:
        """Do not bring back what GLM replaced where the user has put something else since."""
        fresh = {id(piece) for piece in mark.fresh if piece.live}
        removed = {id(piece) for piece in mark.removed}
        for hunk in touched if fresh else ():
            first, end = self._ledger.pieces.group({hunk}, fresh)
            group = self._ledger.pieces.list[first:end]
            if not any(id(piece) in fresh for piece in group):
                continue
            group = [piece for piece in group if piece.hunk == hunk]
            written = [piece for piece in group if piece.owner is Owner.GLM]
            if written and all(id(piece) in removed for piece in written):
                for piece in group:
                    if not piece.live:
                        piece.gone = True


def _is_made(piece: Piece) -> bool:
    """Tell whether a piece shows that its hunk is in the document."""
    if piece.hunk < 0:
        return False
    return piece.live if piece.owner is Owner.GLM else not piece.live and not piece.gone


def _without(hunks: set[int], piece: Piece) -> bool:
    """Tell whether a piece is live once some hunks are taken back."""
    if piece.hunk not in hunks:
        return piece.live
    return piece.owner is Owner.ORIGINAL and not piece.gone

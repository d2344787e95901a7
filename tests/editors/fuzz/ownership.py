"""Whose each character of a text is, when a user and GLM change it; knows no editor.

Invariants: the live pieces, joined, are the text after the changes applied so far; a piece that
left the text stays in the list, with who removed it; a user's undo that leads to a text that
was there before brings back the ownership of that time, and so does what the user puts back by
hand, unless GLM has changed something since.
"""

from __future__ import annotations

import re
from typing import Literal

from attrs import evolve, frozen

Who = Literal["original", "glm", "user", "undo", "moved"]
"""Who brings or removes text; "moved" are lines that the user copied or moved as they were.

Which of two equal lines was moved no server can tell, so GLM may change either of them.
"""


@frozen
class Change:
    """One change of a text, in the coordinates left by the one before.

    Attributes:
        who: "user", "glm", or "undo" for an undo or redo of the user's.
        start: in characters (code points).
        request: the number of the server's request that made it; 0 for the user's.
    """

    who: Who
    start: int
    old: str
    new: str
    request: int = 0


@frozen
class Piece:
    """A stretch of text that one hand brought, and at most one took away."""

    text: str
    owner: Who
    killer: Who | None = None

    @property
    def live(self) -> bool:
        """Whether it is in the text."""
        return self.killer is None

    @property
    def shown_without_user(self) -> bool:
        """Whether it would be in the text if the user had done nothing."""
        return self.owner not in ("user", "moved") and self.killer != "glm"

    @property
    def is_users_mark(self) -> bool:
        """Whether the user's hand shows here."""
        return self.owner in _HANDS or self.killer in _HANDS


_HANDS = ("user", "undo", "moved")


@frozen
class Line:
    """A line of the text, or of the text as it would be without the user.

    Attributes:
        text: with its end.
        touched: whether the user changed it.
        near: whether he changed it or something beside it.
    """

    text: str
    touched: bool
    near: bool = False


class Ownership:
    """The pieces of one text; `known` are the lines that may be moved as they are."""

    def __init__(self, text: str, known: frozenset[str] = frozenset()) -> None:
        self._known = known
        self._pieces = [Piece(text, "original")] if text else []
        self._past: dict[str, list[Piece]] = {}
        self._lately: dict[str, list[Piece]] = {}  # The same, since GLM's last change.
        self.text = text
        self.lost: list[str] = []
        """The user's text that GLM removed."""
        self.undone = False
        """Whether the user undid something while this was recorded."""
        self.ambiguous = False
        """Whether GLM changed a line that the user had moved, or the user put lines back.

        Which lines are whose cannot be told then, only what they may be.
        """

    def apply(self, change: Change) -> None:
        """Follow a change.

        Raises:
            ValueError: the text that it says was there was not.
        """
        end = change.start + len(change.old)
        if self.text[change.start : end] != change.old or change.start > len(self.text):
            raise ValueError(f"not there: {change}")
        change = aligned(self.text, change)
        end = change.start + len(change.old)
        self._past[self.text] = self._lately[self.text] = list(self._pieces)
        after = self.text[: change.start] + change.new + self.text[end:]
        self.undone = self.undone or change.who == "undo"
        if change.who == "glm":
            self._lately.clear()
        past = self._past if change.who == "undo" else self._lately
        if after in past:
            self._pieces = list(past[after])
            self.ambiguous |= change.who == "user" and "\n" in change.new
        else:
            self._replace(change)
            if change.who != "glm":
                self._heal()
                self._straighten()
        self.text = after

    def lines(self) -> list[Line]:
        """Return the lines of the text, and which of them the user has touched.

        Whole lines put beside a line, or taken away beside it, do not touch it.
        """
        walk = _Walk()
        for piece in self._pieces:
            if piece.live:
                walk.live(piece)
            elif piece.killer in _HANDS and piece.owner != "user":
                walk.dead(piece)
        return walk.finish()

    def without_user(self) -> list[Line]:
        """Return the lines as they would be without the user, and which he touched then."""
        text, near, touched = "", set(), set()
        for piece in self._pieces:
            at = text.count("\n")
            shown = piece.text if piece.shown_without_user else ""
            if piece.is_users_mark:
                between = text == "" or text.endswith("\n")
                whole = between and piece.text.endswith("\n")
                lines = range(at, at + shown.count("\n") + 1)
                touched |= set(lines[:-1] if whole else lines)
                near |= {at - 1 if between else at, *lines}
            text += shown
        return [
            Line(line, number in touched, number in near)
            for number, line in enumerate(split_lines(text))
        ]

    def touched_by(self, change: Change) -> list[Line]:
        """Return the lines of the text now that a change is going to change."""
        change = aligned(self.text, change)
        first, last = changed_lines(self.text, change)
        return self.lines()[first:last]

    def _replace(self, change: Change) -> None:
        index = self._cut(change.start)
        left = len(change.old)
        while left:
            piece = self._pieces[index]
            if piece.live:
                if len(piece.text) > left:
                    self._split(index, left)
                    piece = self._pieces[index]
                left -= len(piece.text)
                self._pieces[index] = evolve(piece, killer=change.who)
                if piece.owner == "user" and change.who == "glm":
                    self.lost.append(piece.text)
                self.ambiguous |= piece.owner == "moved" and change.who == "glm"
            index += 1
        if not change.old and change.who == "glm":
            index = self._among_gone(index, change.new)
        self._pieces[index:index] = self._brought(change)

    def _brought(self, change: Change) -> list[Piece]:
        whole = not change.old and is_whole(self.text, change.start, change.new)
        if change.who != "user" or not whole:
            return [Piece(change.new, change.who)] if change.new else []
        lines = split_lines(change.new)
        above = split_lines(self.text[: change.start])[-1:]
        below = split_lines(self.text[change.start :])[:1]
        # Which of two equal neighbours is the new one only this log knows.
        twins = {*above, *below} & set(lines) & self._known
        self.ambiguous |= any(line.strip() for line in twins)
        return [
            Piece(line, "moved" if line in self._known and line.strip() else "user")
            for line in lines
        ]

    def _among_gone(self, index: int, new: str) -> int:
        """Return where GLM's insertion goes among what is gone there: beside GLM's own.

        Where GLM had removed the same text, that comes back.
        """
        before = self._pieces[index - 1] if index else None
        end = index
        while end < len(self._pieces) and not self._pieces[end].live:
            if self._pieces[end].killer == "glm" and self._pieces[end].text == new:
                return end + 1
            end += 1
        after = self._pieces[end] if end < len(self._pieces) else None
        owners = {piece.owner for piece in (before, after) if piece is not None and piece.live}
        within = before is not None and not before.text.endswith("\n")
        self.ambiguous |= within and "moved" in owners
        return index if before is not None and before.live and before.owner == "glm" else end

    def _heal(self) -> None:
        """Take what came back as it was, where it was, for what it was."""
        gap: list[int] = []
        pieces = [*self._pieces, Piece("", "original")]
        for index in range(len(pieces) - 1, -1, -1):
            piece = pieces[index]
            if piece.is_users_mark and (piece.live or piece.owner not in _HANDS):
                gap.insert(0, index)
            elif piece.live:
                self._heal_gap(gap)
                gap = []
        self._heal_gap(gap)

    def _straighten(self) -> None:
        """Read text put into a line as a line put before it, where the line is whole then."""
        start, line = 0, ""  # Of this line, what is not the user's.
        index = 0
        while index < len(self._pieces):
            end, typed = self._typed(index)
            if line and typed.endswith("\n" + line):
                self._pieces[index:end] = []
                self._pieces.insert(start, Piece(line + typed[: -len(line)], "user"))
                index += 1
                continue
            piece = self._pieces[index]
            plain = piece.live and piece.owner not in _HANDS
            if plain and "\n" in piece.text and not piece.text.endswith("\n"):
                self._split(index, piece.text.rindex("\n") + 1)
                piece = self._pieces[index]
            index += 1
            if not plain or piece.text.endswith("\n"):
                start, line = index, ""
            else:
                line += piece.text

    def _typed(self, index: int) -> tuple[int, str]:
        """Return the user's text from a piece on, and the index behind it."""
        text = ""
        while index < len(self._pieces):
            piece = self._pieces[index]
            if not piece.live or piece.owner != "user":
                break
            text, index = text + piece.text, index + 1
        return index, text

    def _heal_gap(self, gap: list[int]) -> None:
        there = "".join(self._pieces[at].text for at in gap if self._pieces[at].live)
        gone = "".join(self._pieces[at].text for at in gap if not self._pieces[at].live)
        if not there or there != gone:
            return
        for at in gap[::-1]:
            piece = self._pieces[at]
            if piece.live:
                del self._pieces[at]
            else:
                self._pieces[at] = evolve(piece, killer=None)

    def _cut(self, offset: int) -> int:
        """Return the first index with `offset` live characters before it."""
        for index, piece in enumerate(self._pieces):
            if offset == 0:
                return index
            if not piece.live:
                continue
            if len(piece.text) > offset:
                self._split(index, offset)
                return index + 1
            offset -= len(piece.text)
        return len(self._pieces)

    def _split(self, index: int, offset: int) -> None:
        piece = self._pieces[index]
        head, tail = piece.text[:offset], piece.text[offset:]
        self._pieces[index : index + 1] = [evolve(piece, text=head), evolve(piece, text=tail)]


class _Walk:
    """Collects lines from pieces, and where the user's marks are in them."""

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._text = ""
        self._touched = False
        self._foreign = False  # Something in this line is not the user's, or was not.
        self._gone = ""  # What the user removed before the first character of this line.
        self._split = False  # The user divided a line, and this is its second half.

    def live(self, piece: Piece) -> None:
        for part in split_lines(piece.text):
            mine = piece.owner in ("user", "undo")
            if self._gone and not self._gone.endswith("\n"):
                self._touched = self._foreign = True
            self._gone = ""
            self._text += part
            self._touched = self._touched or mine
            self._foreign = self._foreign or (not mine and part != "\n")
            if part.endswith("\n"):
                # A line of the user's in between does not make the two halves whole.
                split = mine and (self._foreign or self._split)
                self._flush()
                self._split = split

    def dead(self, piece: Piece) -> None:
        if self._text:
            self._touched = self._foreign = True
        else:
            self._gone += piece.text
            self._split = self._split and not piece.text.endswith("\n")

    def finish(self) -> list[Line]:
        if self._text:
            self._flush()
        return self._lines

    def _flush(self) -> None:
        touched = self._touched or (self._split and self._foreign)
        self._lines.append(Line(self._text, touched))
        self._text, self._gone = "", ""
        self._touched = self._foreign = self._split = False


def split_lines(text: str) -> list[str]:
    """Return the lines with their ends; only a line feed ends a line."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def aligned(text: str, change: Change) -> Change:
    """Return the same change without what stays, and of whole lines where it can be read so."""
    start, old, new = change.start, change.old, change.new
    head = _common(old, new)
    old, new, start = old[head:], new[head:], start + head
    tail = _common(old[::-1], new[::-1])
    old, new = old[: len(old) - tail], new[: len(new) - tail]
    moved = old or new
    if not (old and new) and "\n" in moved:
        start, moved = _slide(text, start, moved, inserted=bool(new))
        old, new = ("", moved) if new else (moved, "")
    return evolve(change, start=start, old=old, new=new)


def changed_lines(text: str, change: Change) -> tuple[int, int]:
    """Return the lines (first, one past the last) that an aligned change changes."""
    end = change.start + len(change.old)
    first = text.count("\n", 0, change.start)
    if is_whole(text, change.start, change.old + change.new) and not (change.old and change.new):
        return first, first + change.old.count("\n")
    if not change.old and change.start == len(text) and change.new.startswith("\n"):
        return first, first  # A line more below a last line without an end.
    return first, text.count("\n", 0, end) + 1


def is_whole(text: str, start: int, moved: str) -> bool:
    """Tell whether a piece that starts here is whole lines."""
    return (start == 0 or text[start - 1] == "\n") and moved.endswith("\n")


def _slide(text: str, start: int, moved: str, *, inserted: bool) -> tuple[int, str]:
    """Move an insertion or deletion among equal characters until it is whole lines."""
    place, piece = start, moved
    for _ in range(len(moved) + 1):
        if is_whole(text, place, piece):
            return place, piece
        after = place if inserted else place + len(piece)
        if after >= len(text) or text[after] != piece[0]:
            break
        place, piece = place + 1, piece[1:] + piece[0]
    place, piece = start, moved
    for _ in range(len(moved) + 1):
        if is_whole(text, place, piece):
            return place, piece
        if place == 0 or text[place - 1] != piece[-1]:
            break
        place, piece = place - 1, piece[-1] + piece[:-1]
    return start, moved


def _common(one: str, other: str) -> int:
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count

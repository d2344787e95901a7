"""Stretches of a text with who brought and who took them, and what lines they make.

Invariant: a line is touched when the user changed something in it, not when whole lines came or
went beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

from tests.editors.fuzz.changes import Who, split_lines

if TYPE_CHECKING:
    from collections.abc import Iterable


HANDS: tuple[Who, ...] = ("user", "undo", "moved")


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
        return self.owner in HANDS or self.killer in HANDS


@frozen
class Line:
    """A line of the text, or of the text as it would be without the user.

    Attributes:
        text: with its end.
        touched: whether the user changed it.
        near: whether he changed it or something beside it.
        gone: whether he took its end away, by deleting it or joining it with the next.
        handled: whether GLM brought some of it, or took something away in it or beside it.
    """

    text: str
    touched: bool
    near: bool = False
    gone: bool = False
    handled: bool = field(default=False, eq=False)


def lines_of(pieces: Iterable[Piece]) -> list[Line]:
    """Return the lines of the text, and which of them the user has touched."""
    walk = _Walk()
    for piece in pieces:
        if piece.live:
            walk.live(piece)
        elif piece.killer in HANDS and piece.owner != "user":
            walk.dead(piece)
        elif piece.killer == "glm":
            walk.handled = True
    return walk.finish()


def lines_without_user(pieces: Iterable[Piece]) -> list[Line]:
    """Return the lines as they would be without the user, and which he touched then."""
    text = ""
    near: set[int] = set()
    touched: set[int] = set()
    gone: set[int] = set()
    for piece in pieces:
        at = text.count("\n")
        shown = piece.text if piece.shown_without_user else ""
        if piece.is_users_mark:
            between = text == "" or text.endswith("\n")
            whole = between and piece.text.endswith("\n")
            lines = range(at, at + shown.count("\n") + 1)
            touched |= set(lines[:-1] if whole else lines)
            near |= {at - 1 if between else at, *lines}
            gone |= set(lines[:-1])
            if piece.owner == "moved":  # Or what it was moved past was moved.
                touched |= {at - 1, at}
        text += shown
    return [
        Line(line, number in touched, number in near, number in gone)
        for number, line in enumerate(split_lines(text))
    ]


class _Walk:
    """Collects lines from pieces, and where the user's marks are in them."""

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._text = ""
        self._touched = False
        self._foreign = False  # Something in this line is not the user's, or was not.
        self._gone = ""  # What the user removed before the first character of this line.
        self._split = False  # The user divided a line, and this is its second half.
        self._joined = False  # The user took the end of a line away in here.
        self.handled = False  # GLM's hand shows here.

    def live(self, piece: Piece) -> None:
        for part in split_lines(piece.text):
            mine = piece.owner in ("user", "undo")
            if piece.owner == "moved" and not self._text:
                self._gone = ""  # It stands where another line was.
            if self._gone and not self._gone.endswith("\n"):
                self._touched = self._foreign = True
            self._gone = ""
            if piece.owner == "moved" and not self._text and part.endswith("\n"):
                self._copy(part)
                continue
            self._text += part
            self.handled = self.handled or piece.owner == "glm"
            self._touched = self._touched or mine
            self._foreign = self._foreign or (not mine and part != "\n")
            if part.endswith("\n"):
                # A line of the user's in between does not make the two halves whole.
                split = mine and (self._foreign or self._split) and not self._joined
                self._flush()
                self._split = split

    def _copy(self, line: str) -> None:
        """Take a copy of a whole line, which divides nothing and is divided by nothing."""
        self._lines.append(Line(line, self._touched))
        self._touched = self._foreign = self._joined = self._split = False

    def dead(self, piece: Piece) -> None:
        if self._text:
            self._touched = self._foreign = True
            self._joined = self._joined or "\n" in piece.text
        else:
            self._gone += piece.text
            self._split = self._split and not piece.text.endswith("\n")

    def finish(self) -> list[Line]:
        if self._text:
            self._flush()
        return self._lines

    def _flush(self) -> None:
        touched = self._touched or (self._split and self._foreign)
        self._lines.append(Line(self._text, touched, handled=self.handled))
        self._text, self._gone, self.handled = "", "", False
        self._touched = self._foreign = self._split = self._joined = False

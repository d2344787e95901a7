"""Changes of a text, and how they read as whole lines."""

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

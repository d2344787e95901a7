"""What was typed since a completion was asked for, and whether it agrees with it.

Invariant: two places are compared by the text around them, not by the whole document, so a
completion survives what happens elsewhere in the file and is found again after an undo.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glm_lsp.completion.context import Place

_NEAR_BEFORE = 400
_NEAR_AFTER = 200
_LONGEST = 4_000
_CLOSERS = ")]}\"'`>"
_MOST_CLOSERS = 3


def typed_since(origin: Place, place: Place) -> str | None:
    """Return what was typed at `origin` to arrive at `place`; None when it was not that way.

    Closing brackets and quotes that the editor put behind the cursor by itself are no
    difference.
    """
    if origin.uri != place.uri:
        return None
    grown = place.offset - origin.offset
    if 0 <= grown <= _LONGEST and _same_after(origin, place, bool(grown)):
        typed = _last_characters(place, grown)
        if _ends_with(place.before[: len(place.before) - len(typed)], origin.before):
            return typed
    # The same place after lines above came or went, or after an undo.
    if _same_after(origin, place, closed=False) and _ends_with(place.before, origin.before):
        return "" if _same_start(origin, place) else None
    return None


def closed_by_editor(origin: Place, place: Place) -> bool:
    """Tell whether the editor put closers behind the cursor since `origin`."""
    return origin.tail != place.tail


def _same_after(origin: Place, place: Place, closed: bool) -> bool:
    wanted = origin.after[:_NEAR_AFTER]
    if place.after[:_NEAR_AFTER] == wanted:
        return True
    if not closed:
        return False
    for count in range(1, _MOST_CLOSERS + 1):
        if place.after[count - 1 : count] not in tuple(_CLOSERS):
            return False
        if place.after[count : count + _NEAR_AFTER] == wanted:
            return True
    return False


def _ends_with(before: str, origin: str) -> bool:
    return before.endswith(origin[-_NEAR_BEFORE:])


def _same_start(origin: Place, place: Place) -> bool:
    """Tell whether short texts before the cursor are equal, not only their ends."""
    return len(origin.before) >= _NEAR_BEFORE or len(origin.before) == len(place.before)


def _last_characters(place: Place, raw: int) -> str:
    r"""Return the last `raw` characters before the cursor, a `\r\n` counting as two."""
    if place.newline != "\r\n":
        return place.before[len(place.before) - raw :] if raw else ""
    start = len(place.before)
    while raw > 0 and start > 0:
        start -= 1
        raw -= 2 if place.before[start] == "\n" else 1
    return place.before[start:]

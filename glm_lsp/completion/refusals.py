"""What the user has seen and not wanted, so that it is not offered there again.

Invariant: a completion is refused when the user types something else in its place; a place
and what it would have become are remembered together, for a short time, in memory only.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from glm_lsp.completion.typed_through import typed_since

if TYPE_CHECKING:
    from glm_lsp.completion.context import Place
    from glm_lsp.completion.filters.draft import Draft

CAPACITY = 64
LIFETIME = 120.0


class Refusals:
    """The last completions that the user typed past."""

    def __init__(self) -> None:
        self._refused: deque[tuple[float, str, str]] = deque(maxlen=CAPACITY)
        self._shown: tuple[Place, Draft] | None = None

    def show(self, place: Place, draft: Draft) -> None:
        """Take note of what the user sees."""
        self._shown = (place, draft)

    def accept(self) -> None:
        """Take note that the user took what was shown, so that nothing typed refuses it."""
        self._shown = None

    def refuse(self, now: float) -> bool:
        """Remember what is shown as refused; tell whether anything was."""
        if self._shown is None:
            return False
        place, draft = self._shown
        self._shown = None
        self._refused.appendleft((now, place.uri, _outcome(place, draft)))
        return True

    def move(self, place: Place, now: float) -> bool:
        """Follow the user to another place; tell whether that refused what was shown."""
        if self._shown is None:
            return False
        origin, draft = self._shown
        typed = typed_since(origin, place)
        if not typed or draft.text.startswith(typed) or typed.startswith(draft.text):
            return False
        return self.refuse(now)

    def has(self, place: Place, draft: Draft, now: float) -> bool:
        """Tell whether a completion would only bring back what was refused."""
        outcome = _outcome(place, draft)
        return any(
            uri == place.uri and refused == outcome and now - when <= LIFETIME
            for when, uri, refused in self._refused
        )


def _outcome(place: Place, draft: Draft) -> str:
    """Return the lines as they would become: the same however much of them was typed."""
    above = place.above[-1] if place.above else ""
    return f"{above}\n{place.head}{draft.text}{place.tail[draft.replaced :]}"

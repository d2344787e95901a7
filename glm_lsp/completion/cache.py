"""The completions that are already known, and what is left of them as the user types.

Invariant: a lookup waits for nothing and costs a few comparisons of short texts; what it
returns is what a model said for this very place, minus what was typed of it since.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from attrs import field, frozen

from glm_lsp.completion.filters import closers
from glm_lsp.completion.typed_through import closed_by_editor, typed_since

if TYPE_CHECKING:
    from glm_lsp.completion.context import Place
    from glm_lsp.completion.filters.draft import Draft

CAPACITY = 200
LIFETIME = 300.0


@frozen
class Entry:
    """What a model said at a place, filtered; an empty text says that nothing is known."""

    place: Place
    draft: Draft
    made: float = field(default=0.0)


class Cache:
    """The last completions, newest first."""

    def __init__(self, capacity: int = CAPACITY, lifetime: float = LIFETIME) -> None:
        self._entries: deque[Entry] = deque(maxlen=capacity)
        self._lifetime = lifetime

    def add(self, entry: Entry) -> None:
        """Remember a completion."""
        self._entries.appendleft(entry)

    def find(self, place: Place, now: float) -> Draft | None:
        """Return what is left of a known completion; empty text when none is to be had."""
        for entry in self._entries:
            if now - entry.made > self._lifetime:
                return None
            draft = left_of(entry.draft, entry.place, place)
            if draft is not None:
                return draft
        return None

    def forget(self, uri: str) -> None:
        """Drop everything known of a document."""
        kept = [entry for entry in self._entries if entry.place.uri != uri]
        self._entries = deque(kept, maxlen=self._entries.maxlen)


def left_of(draft: Draft, origin: Place, place: Place) -> Draft | None:
    """Return what is left at `place` of a completion made at `origin`, None if it is not one."""
    typed = typed_since(origin, place)
    if typed is None or not draft.text.startswith(typed):
        return None
    rest = draft.text[len(typed) :]
    if typed and not rest.strip():
        return None
    if typed and closed_by_editor(origin, place):
        return closers.apply(draft.with_text(rest), place)
    return draft.with_text(rest)

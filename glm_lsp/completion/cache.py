"""The completions that are already known: what is left as the user types, what was refused.

Invariants: a lookup waits for nothing and costs a few comparisons of short texts; what it
returns is what a model said for this very place, minus what was typed of it since. A
completion is refused when the user types something else in its place; what its lines would
have become is remembered for a short time, in memory only.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from attrs import frozen

from glm_lsp.completion.filters import closers
from glm_lsp.context.cursor import closed_by_editor, typed_since

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glm_lsp.completion.types import Draft
    from glm_lsp.context.cursor import CursorContext

CAPACITY = 200
LIFETIME = 300.0
REFUSED_CAPACITY = 64
REFUSED_LIFETIME = 120.0


@frozen
class CachedCompletion:
    """What a model said at a cursor, filtered; an empty text says that it had nothing to say."""

    context: CursorContext
    draft: Draft
    made: float = 0.0


class CompletionCache:
    """The last completions, newest first."""

    def __init__(self, capacity: int = CAPACITY, lifetime: float = LIFETIME) -> None:
        self._cached: deque[CachedCompletion] = deque(maxlen=capacity)
        self._lifetime = lifetime

    def add(self, completion: CachedCompletion) -> None:
        """Remember a completion."""
        self._cached.appendleft(completion)

    def find(self, context: CursorContext, now: float) -> list[Draft] | None:
        """Return what is left of the known completions, each text once.

        Empty when none is to be had there, None when nothing is known.
        """
        found: list[Draft] = []
        for cached in self._cached:
            if now - cached.made > self._lifetime:
                break
            draft = remaining(cached.draft, cached.context, context)
            if draft is not None:
                found.append(draft)
        return distinct(found) if found else None


class Refusals:
    """The last completions that the user typed past."""

    def __init__(self) -> None:
        self._refused: deque[tuple[float, str, str]] = deque(maxlen=REFUSED_CAPACITY)
        self._shown: tuple[CursorContext, list[Draft]] | None = None

    def show(self, context: CursorContext, drafts: list[Draft]) -> None:
        """Take note of what the user sees, or has to choose from."""
        self._shown = (context, drafts)

    def taken(self, context: CursorContext) -> bool:
        """Tell whether exactly what was shown was written since, as nobody types it."""
        if self._shown is None:
            return False
        origin, drafts = self._shown
        typed = typed_since(origin, context)
        return bool(typed) and any(draft.text == typed for draft in drafts)

    def accept(self) -> None:
        """Take note that the user took what was shown, so that nothing typed refuses it."""
        self._shown = None

    def refuse(self, now: float) -> bool:
        """Remember what is shown as refused; tell whether anything was."""
        if self._shown is None:
            return False
        context, drafts = self._shown
        self._shown = None
        for draft in drafts:
            self._refused.appendleft((now, context.uri, _outcome(context, draft)))
        return True

    def move(self, context: CursorContext, now: float) -> bool:
        """Follow the user to another place; tell whether that refused what was shown."""
        if self._shown is None:
            return False
        origin, drafts = self._shown
        typed = typed_since(origin, context)
        if not typed or any(
            draft.text.startswith(typed) or typed.startswith(draft.text) for draft in drafts
        ):
            return False
        return self.refuse(now)

    def has(self, context: CursorContext, draft: Draft, now: float) -> bool:
        """Tell whether a completion would only bring back what was refused."""
        outcome = _outcome(context, draft)
        return any(
            uri == context.uri and refused == outcome and now - when <= REFUSED_LIFETIME
            for when, uri, refused in self._refused
        )


def distinct(drafts: Iterable[Draft]) -> list[Draft]:
    """Return the drafts that say something, each text once, in their order."""
    first: dict[str, Draft] = {}
    for draft in drafts:
        if draft.text:
            first.setdefault(draft.text, draft)
    return list(first.values())


def remaining(draft: Draft, origin: CursorContext, context: CursorContext) -> Draft | None:
    """Return what is left at `context` of a completion made at `origin`, None if it is not one."""
    typed = typed_since(origin, context)
    if typed is None or not draft.text.startswith(typed):
        return None
    rest = draft.text[len(typed) :]
    if typed and not rest.strip():
        return None
    if typed and closed_by_editor(origin, context):
        return closers.apply(draft.with_text(rest), context)
    return draft.with_text(rest)


def _outcome(context: CursorContext, draft: Draft) -> str:
    """Return the lines as they would become: the same however much of them was typed."""
    above = context.above[-1] if context.above else ""
    return f"{above}\n{context.head}{draft.text}{context.tail[draft.replaced :]}"

"""The one stream in flight, and who follows it.

Invariant: a stream starts only when the one before it has been closed. A stream that
disagrees with what was typed is closed at once; one that nobody follows any more is closed
after a moment, for editors cancel a request just before they make the next.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from glm_lsp.completion.cache import left_of
from glm_lsp.completion.stream import Flight
from glm_lsp.completion.typed_through import typed_since

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from glm_lsp.completion.clock import Clock
    from glm_lsp.completion.context import Place
    from glm_lsp.completion.filters.draft import Draft
    from glm_lsp.llm.types import Delta

GRACE = 0.1
"""Seconds a stream nobody follows stays open."""


class Runway:
    """Owns the stream in flight."""

    def __init__(
        self, clock: Clock, landed: Callable[[Flight], None], judged: Callable[[bool], None]
    ) -> None:
        """Call `landed` with each flight that ends by itself.

        `judged` is told, for each stream somebody typed along with, whether it foresaw that.
        """
        self._clock = clock
        self._landed = landed
        self._judged = judged
        self._flight: Flight | None = None
        self._followers = 0
        self._lingering: asyncio.Task[None] | None = None

    async def launch(
        self, place: Place, draft: Draft, ask: Callable[[], AsyncGenerator[Delta, None]]
    ) -> None:
        """Start a stream, once the one before it is closed."""
        await self.drop()
        self._flight = Flight(ask(), place, draft, self._landed)

    async def follow(self, place: Place) -> Draft | None:
        """Follow the stream to its end and return what it brings for `place`.

        None when there is no stream, or none that agrees with what was typed: it is closed.

        Raises:
            GlmError: the stream failed.
        """
        flight = self._flight
        if flight is None or flight.complete():
            return None
        typed = typed_since(flight.place, place)
        self._followers += 1
        try:
            while typed is not None and not flight.complete():
                if flight.closed() or not _agree(flight.opening, typed):
                    self._judged(False)
                    typed = None
                    break
                await flight.changed()
        finally:
            self._followers -= 1
        if typed is None or flight.closed():
            await self.drop(flight)
            return None
        if flight.error is not None:
            raise flight.error
        draft = left_of(flight.result(), flight.place, place)
        if typed:
            self._judged(draft is not None)
        return draft

    def leave(self) -> None:
        """Close the stream soon, unless somebody follows it again."""
        flight = self._flight
        if flight is None or flight.complete() or self._followers:
            return
        if self._lingering is not None:
            self._lingering.cancel()
        self._lingering = asyncio.ensure_future(self._close_unfollowed(flight))

    async def drop(self, flight: Flight | None = None) -> None:
        """Close the stream in flight, if it (still) is the given one."""
        current = self._flight
        if current is not None and flight in (None, current):
            await current.close()
            if self._flight is current:
                self._flight = None

    async def close(self) -> None:
        """Close everything."""
        if self._lingering is not None:
            self._lingering.cancel()
        await self.drop()

    async def _close_unfollowed(self, flight: Flight) -> None:
        await self._clock.sleep(GRACE)
        if not self._followers:
            await self.drop(flight)


def _agree(opening: str, typed: str) -> bool:
    """Tell whether a text that is still growing may begin with what was typed."""
    return opening.startswith(typed) or typed.startswith(opening)

"""From bytes to events: what a service sends, as server-sent events, while it makes progress.

Invariant: no line and no answer grows for ever, and nothing keeps a stream alive but what the
reader calls progress.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from httpx_sse import EventSource, ServerSentEvent

from glm_lsp.llm import bounds, error_mapping
from glm_lsp.llm.turns import Turns

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    import httpx

    from glm_lsp.llm.error_mapping import Asked


class EventStream:
    """The events of one response.

    The HTTP library's time-out watches bytes; comments and single characters would keep it
    content for ever. This watches progress, and the length of a line.
    """

    def __init__(
        self,
        response: httpx.Response,
        asked: Asked,
        timeout: float,
        clock: Callable[[], float],
    ) -> None:
        """Read `response`; `timeout` is in seconds from one progress to the next."""
        self.headers = {"content-type": "text/event-stream"}  # As the client found.
        self._response = response
        self._asked = asked
        self._timeout = timeout
        self._clock = clock
        self._last = clock()
        self._turns = Turns()
        response.encoding = "utf-8"  # Streams of events have no other.

    def events(self) -> AsyncGenerator[ServerSentEvent, None]:
        """Yield the events as they come; use it under `contextlib.aclosing`.

        Raises:
            SlowError: nothing of use came for too long.
            WireError: a line is longer than any event can be.
            httpx.HTTPError: the connection failed.
        """
        # EventSource reads headers and `aiter_text` only, which is what we have.
        return EventSource(cast("httpx.Response", self)).aiter_sse()

    def progressed(self) -> None:
        """Note that something of use came."""
        self._last = self._clock()

    async def aiter_text(self) -> AsyncGenerator[str, None]:
        """Yield the text as it comes; see `events`."""
        line = total = 0
        async for text in self._response.aiter_text():
            end = text.rfind("\n")
            line = len(text) - end - 1 if end >= 0 else line + len(text)
            total += len(text)
            if total > bounds.STREAM:
                raise error_mapping.endless(self._asked)
            if line > bounds.LINE or len(text) > bounds.LINE:
                raise error_mapping.garbled(self._asked, "a line is too long")
            if self._clock() - self._last > self._timeout:
                raise error_mapping.silent(self._asked, self._timeout)
            for start in range(0, len(text), bounds.AT_ONCE):
                yield text[start : start + bounds.AT_ONCE]
                await self._turns.give()

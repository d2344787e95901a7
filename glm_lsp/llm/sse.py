"""Reads a stream of events: deltas as they come, in time, whole, and to a clean end.

Invariants: nothing waits longer than the patience given; whatever happens, the response is
closed; after an answer's end nothing that follows can turn it into a failure.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any, cast

import httpx
from attrs import frozen
from httpx_sse import EventSource, ServerSentEvent

from glm_lsp.errors import GlmError
from glm_lsp.llm import error_mapping
from glm_lsp.llm.types import Finish, FinishReason, TextDelta

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable

    from glm_lsp.llm.error_mapping import Asked
    from glm_lsp.llm.stops import StopCutter
    from glm_lsp.llm.types import Delta
    from glm_lsp.llm.wires.base import Parser

_LINE_LIMIT = 1024 * 1024


@frozen
class Patience:
    """How long to wait, and how often to ask again; all times in seconds.

    Attributes:
        connect: for a connection.
        token: for the first token, and from each to the next.
        tail: for what follows a complete answer (usage, the end mark), and for the rest of an
            error that has begun.
        attempts: how often a request is sent at most that somebody waits for.
        first_wait: before the second attempt; later waits double.
        longest_wait: the longest wait; a service that asks for more is not asked again.
    """

    connect: float = 8.0
    token: float = 60.0
    tail: float = 2.0
    attempts: int = 4
    first_wait: float = 0.5
    longest_wait: float = 8.0


async def read(
    response: httpx.Response,
    parser: Parser,
    asked: Asked,
    patience: Patience,
    clock: Callable[[], float],
    tap: Callable[[str], None] | None = None,
) -> AsyncGenerator[Delta, None]:
    """Yield the deltas of a response that is a stream of events, and close it.

    `tap` sees the data of every event before the parser does.

    Raises:
        GlmError: it is cut, garbled, silent for too long, or reports an error.
    """
    paced = _Paced(response, asked, patience.token, clock)
    # EventSource reads headers and `aiter_text` only, which is what _Paced has.
    source = EventSource(cast("httpx.Response", paced))
    events = source.aiter_sse()
    try:
        async with aclosing(events):
            async for event in events:
                if tap:
                    tap(event.data)
                for delta in parser.feed(_name(event), event.data):
                    paced.progressed()
                    yield delta
                if parser.complete:
                    break
            while parser.complete and not parser.done:
                try:
                    event = await asyncio.wait_for(events.__anext__(), patience.tail)
                except (StopAsyncIteration, asyncio.TimeoutError):
                    break
                for delta in parser.feed(_name(event), event.data):
                    yield delta
            for delta in parser.end() if not parser.done else ():
                yield delta
            await _drain(events)
    except GlmError:
        if not parser.complete:
            raise
    except (httpx.NetworkError, httpx.RemoteProtocolError):
        if not parser.complete:
            raise error_mapping.cut(asked) from None
    except Exception as error:
        if not parser.complete:
            raise error_mapping.from_exception(asked, error) from None
    finally:
        await response.aclose()


async def _drain(events: AsyncIterator[Any]) -> None:
    """Read the end of the body, which is there already, so that the connection lives on."""

    async def rest() -> None:
        async for _ in events:
            pass

    with suppress(Exception):
        await asyncio.wait_for(rest(), 0.2)


async def cut_at(cutter: StopCutter, deltas: AsyncIterator[Delta]) -> AsyncGenerator[Delta, None]:
    """Pass deltas on up to the stop text, which ends the answer."""
    async for delta in deltas:
        if isinstance(delta, TextDelta):
            text = cutter.feed(delta.text)
            if text:
                yield TextDelta(text)
            if cutter.stopped:
                yield Finish(FinishReason.STOP)
                return
            continue
        if isinstance(delta, Finish) and (rest := cutter.rest()):
            yield TextDelta(rest)
        yield delta


def _name(event: ServerSentEvent) -> str:
    """Return an event's name, "" for one without (which the library calls "message")."""
    return "" if event.event == "message" else event.event


class _Paced:
    """A response whose text must make progress.

    The HTTP library's time-out watches bytes; comments and single characters would keep it
    content for ever. This watches deltas, and the length of a line.
    """

    def __init__(
        self,
        response: httpx.Response,
        asked: Asked,
        timeout: float,
        clock: Callable[[], float],
    ) -> None:
        self.headers = {"content-type": "text/event-stream"}  # As _is_stream found.
        self._response = response
        self._asked = asked
        self._timeout = timeout
        self._clock = clock
        self._last = clock()
        response.encoding = "utf-8"  # Streams of events have no other.

    def progressed(self) -> None:
        """Note that a delta came."""
        self._last = self._clock()

    async def aiter_text(self) -> AsyncGenerator[str, None]:
        """Yield the text as it comes.

        Raises:
            SlowError: nothing of use came for too long.
            WireError: a line is longer than any event can be.
        """
        line = 0
        async for text in self._response.aiter_text():
            end = text.rfind("\n")
            line = len(text) - end - 1 if end >= 0 else line + len(text)
            if line > _LINE_LIMIT or len(text) > _LINE_LIMIT:
                raise error_mapping.garbled(self._asked, "a line is too long")
            if self._clock() - self._last > self._timeout:
                raise error_mapping.silent(self._asked, self._timeout)
            yield text

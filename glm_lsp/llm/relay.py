"""Passes questions on to a service byte by byte, and says what an answer held.

Invariant: what goes on is what came, with the key's headers in place of those that it came with;
nothing is asked twice, and nothing of an answer is changed.
"""

from __future__ import annotations

from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING, cast

from attrs import frozen
from httpx_sse import EventSource

from glm_lsp import address
from glm_lsp.errors import GlmError
from glm_lsp.llm import connections
from glm_lsp.llm.answer import event_name
from glm_lsp.llm.connect import WIRES
from glm_lsp.llm.error_mapping import Asked
from glm_lsp.llm.types import ReasoningDelta, TextDelta, Usage
from glm_lsp.llm.wires.completions import COMPLETIONS, INFILL, url

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence

    import httpx

    from glm_lsp.llm.wires.base import Wire

_CONNECT = 30.0  # Seconds.
_NEXT = 300.0  # Seconds from one piece of an answer to the next.


@frozen
class Passed:
    """An answer that is arriving."""

    status: int
    headers: Mapping[str, str]
    pieces: AsyncIterator[bytes]


@frozen
class Held:
    """What an answer held.

    Attributes:
        first: seconds until the first piece of text or thought; None without one.
        usage: as the service counts; None where it does not.
        characters: of text and thoughts.
        complete: the service said that it was whole.
    """

    first: float | None
    usage: Usage | None
    characters: int
    complete: bool


class Relay:
    """A way to one service."""

    def __init__(self, base_url: str, headers: Mapping[str, str]) -> None:
        """Ask at a base URL, with headers that carry the key."""
        self._base = base_url.rstrip("/")
        self._headers = dict(headers)
        self._client: httpx.AsyncClient | None = None

    @asynccontextmanager
    async def ask(self, path: str, content: bytes) -> AsyncGenerator[Passed, None]:
        """Pass a question on to a path below the base URL.

        Raises:
            httpx.HTTPError: the service cannot be reached, or falls silent.
            SettingsError: the environment's certificates or proxy cannot be used.
        """
        client = self._opened()
        headers = {"Content-Type": "application/json", **self._headers}
        where = url(self._base, path)
        async with client.stream("POST", where, content=content, headers=headers) as answer:
            yield Passed(answer.status_code, answer.headers, answer.aiter_raw())

    async def close(self) -> None:
        """Close every connection."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    def _opened(self) -> httpx.AsyncClient:
        if self._client is None:
            import httpx

            self._client = httpx.AsyncClient(
                transport=connections.transport(address.parse(self._base)),
                trust_env=False,
                follow_redirects=False,
                timeout=httpx.Timeout(_NEXT, connect=_CONNECT),
                headers={"Accept": "text/event-stream", "Accept-Encoding": "identity"},
            )
        return self._client


async def held(path: str, stop: str | None, pieces: Sequence[tuple[float, str]]) -> Held:
    """Read an answer to a path: pieces of a stream, each with the seconds until it came."""
    wire = _wire(path)
    first: float | None = None
    usage: Usage | None = None
    characters = 0
    if wire is None:
        return Held(None, None, 0, False)
    parser = wire.parser(Asked("", "", ""), stop)
    played = _Played(pieces)
    try:
        events = EventSource(cast("httpx.Response", played)).aiter_sse()
        async with aclosing(events):
            async for event in events:
                for delta in parser.feed(event_name(event), event.data):
                    if isinstance(delta, TextDelta | ReasoningDelta):
                        first = played.at if first is None else first
                        characters += len(delta.text)
                    elif isinstance(delta, Usage):
                        usage = delta
        if not parser.done:
            for delta in parser.end():
                usage = delta if isinstance(delta, Usage) else usage
    except GlmError:
        return Held(first, usage, characters, False)
    return Held(first, usage, characters, parser.complete)


class _Played:
    """A response whose pieces are there; `at` is when the one came that is being read."""

    def __init__(self, pieces: Sequence[tuple[float, str]]) -> None:
        self.headers = {"content-type": "text/event-stream"}
        self.at = 0.0
        self._pieces = pieces

    async def aiter_text(self) -> AsyncGenerator[str, None]:
        """Yield the pieces."""
        for at, text in self._pieces:
            self.at = at
            yield text


def _wire(path: str) -> Wire | None:
    wires = (*WIRES.values(), COMPLETIONS, INFILL)
    return next((wire for wire in wires if wire.path == path), None)

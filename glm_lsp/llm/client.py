"""Asks a model's service over HTTP: the one owner of connections.

Invariants: a request is repeated only while nothing of its answer has arrived and nothing
can have been charged; a key goes to the configured host only, so no redirect is followed;
a stream that is closed or cancelled has its connection closed before anything else happens;
nothing waits longer than the time-outs.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from contextlib import aclosing, suppress
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import httpx
from attrs import frozen
from httpx_sse import EventSource, ServerSentEvent

from glm_lsp.errors import GlmError, InvalidRequestError, UnreachableError, UnsupportedFieldError
from glm_lsp.llm import catalogue, faults
from glm_lsp.llm.completions import COMPLETIONS, INFILL
from glm_lsp.llm.credentials import no_key
from glm_lsp.llm.limits import Gate
from glm_lsp.llm.providers import Infill
from glm_lsp.llm.stops import StopCutter
from glm_lsp.llm.types import Finish, FinishReason, TextDelta

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable

    from glm_lsp.llm.credentials import Key
    from glm_lsp.llm.faults import Asked
    from glm_lsp.llm.providers import Preset
    from glm_lsp.llm.types import Delta, Request
    from glm_lsp.llm.wire import Parser, Wire

_BODY_LIMIT = 64 * 1024
_LINE_LIMIT = 1024 * 1024
# The essentials stay even when a service names no field: without them an answer is wrong.
_ESSENTIAL = frozenset({"temperature", "top_p", "stop"})


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


class HttpProvider:
    """A model's service behind one long-lived HTTP client.

    Attributes:
        tap: sees the data of every event before the parser does; for `doctor`.
    """

    tap: Callable[[str], None] | None = None

    def __init__(
        self,
        preset: Preset,
        wire: Wire,
        *,
        base_url: str,
        key: Key | None,
        patience: Patience | None = None,
        concurrency: int = 1,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        today: Callable[[], float] = time.time,
    ) -> None:
        self.preset = preset
        self.base_url = base_url.rstrip("/")
        self.key = key
        self._wire = wire
        self._patience = patience or Patience()
        self._gate = Gate(concurrency)
        self._transport = transport
        self._clock = clock
        self._today = today
        self._client: httpx.AsyncClient | None = None
        self._opening = asyncio.Lock()
        self._refused: dict[tuple[str, str], frozenset[str]] = {}

    async def stream(self, request: Request) -> AsyncGenerator[Delta, None]:
        """Ask, and yield the deltas of the answer; see `Provider.stream`."""
        if self.key is None and self.preset.needs_key:
            raise no_key(self.preset)
        wire = self._wire_of(request)
        asked = self._asked(request)
        async with self._gate.slot(request.model, request.feature, interactive=request.interactive):
            response, body = await self._open(request, wire, asked)
            cutter = None
            if request.stop and not wire.stops & body.keys():
                cutter = StopCutter(request.stop)
            async with aclosing(self._read(response, wire.parser(asked), asked)) as deltas:
                async for delta in _cut_at(cutter, deltas) if cutter else deltas:
                    yield delta

    async def warm(self) -> None:
        """Open a connection ahead of the first request; failures show when one is made."""
        with suppress(Exception):
            client = await self._ready()
            # No key: this request asks for nothing but a connection.
            await client.head(self.base_url, timeout=self._patience.connect)

    async def close(self) -> None:
        """Close every connection."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    def refused(self, model: str) -> frozenset[str]:
        """Return the optional fields that the service has refused for a model."""
        return self._refused.get((model, self._wire.path), frozenset())

    def _wire_of(self, request: Request) -> Wire:
        if request.prompt is None:
            return self._wire
        native = request.suffix is not None and self.preset.infill is Infill.LLAMA
        return INFILL if native else COMPLETIONS

    def _url(self, wire: Wire) -> str:
        base = self.base_url.removesuffix("/v1") if wire is INFILL else self.base_url
        return base + wire.path

    def _asked(self, request: Request) -> Asked:
        key = self.key
        return faults.Asked(
            service=self.preset.title,
            host=urlsplit(self.base_url).netloc.rpartition("@")[2],
            model=request.model,
            key=key.source if key else "",
            secret=key.reveal() if key else "",
            max_tokens=request.max_tokens,
        )

    async def _ready(self) -> httpx.AsyncClient:
        """Return the client; make it in a thread, for reading certificates takes a while."""
        if self._client is None:
            async with self._opening:
                if self._client is None:
                    self._client = await asyncio.to_thread(self._make_client)
        return self._client

    def _make_client(self) -> httpx.AsyncClient:
        own = _is_own(self.base_url)
        plain = self.base_url.startswith("http://")
        return httpx.AsyncClient(
            # HTTP/1.1 on purpose: httpcore's HTTP/2 does not tell a server that a stream was
            # abandoned, so a cancelled answer would be written, and billed, to its end. One
            # request per model at a time leaves nothing to multiplex anyway.
            http2=False,
            # A server on this machine is never asked through a proxy.
            trust_env=not own,
            # Plain HTTP needs no certificates: the context stays empty, and cheap.
            verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if plain and own else True,
            transport=self._transport,
            follow_redirects=False,
            timeout=httpx.Timeout(self._patience.token, connect=self._patience.connect),
            limits=httpx.Limits(max_keepalive_connections=8, keepalive_expiry=90.0),
            headers={
                "User-Agent": _user_agent(),
                "Accept": "text/event-stream",
                # Compressing proxies hold tokens back until a block is full.
                "Accept-Encoding": "identity",
                "Cache-Control": "no-store",
            },
        )

    async def _open(
        self, request: Request, wire: Wire, asked: Asked
    ) -> tuple[httpx.Response, dict[str, Any]]:
        """Send until the service begins to answer, or says that it will not."""
        import stamina

        patience = self._patience
        async for attempt in stamina.retry_context(
            on=self._pause,
            # The next keystroke asks again anyway: completions try twice, and quickly.
            attempts=patience.attempts if request.interactive else min(patience.attempts, 2),
            timeout=None,
            wait_initial=patience.first_wait,
            wait_max=patience.longest_wait,
            wait_jitter=patience.first_wait / 2,
        ):
            with attempt:
                return await self._send(request, wire, asked)
        raise AssertionError("the last attempt raises")

    def _pause(self, error: Exception) -> bool | float:
        """Say whether to ask again after an error, and after how many seconds."""
        if not (faults.may_repeat(error) or self._lost_for_free(error)):
            return False
        wait: float | None = getattr(error, "retry_after", None)
        if wait is None:
            return True
        return wait if wait <= self._patience.longest_wait else False

    def _lost_for_free(self, error: Exception) -> bool:
        """Tell whether a server of this machine that wants no key hung up on a request.

        Nobody pays for it, and llama.cpp closes kept connections at moments of its own choosing.
        """
        free = self.key is None and _is_own(self.base_url)
        return free and type(error) is UnreachableError

    async def _send(
        self, request: Request, wire: Wire, asked: Asked
    ) -> tuple[httpx.Response, dict[str, Any]]:
        """Send once; and once more without the optional fields that the service refuses.

        Returns the response, which is a stream, and the body that was sent.
        """
        place = (request.model, wire.path)
        for again in (False, True):
            body = wire.body(request, self.preset, catalogue.find(request.model))
            for name in self._refused.get(place, ()):
                body.pop(name, None)
            response = await self._post(wire, body, asked)
            if _is_stream(response):
                return response, body
            content = await self._content(response, asked)
            error = faults.from_response(
                asked, response.status_code, response.headers, content, now=self._today()
            )
            refused = _refused_fields(error, content, wire.optional & body.keys())
            if again or not refused:
                raise error
            self._refused[place] = self._refused.get(place, frozenset()) | refused
        raise AssertionError("the second turn raises or returns")

    async def _post(self, wire: Wire, body: dict[str, Any], asked: Asked) -> httpx.Response:
        client = await self._ready()
        try:
            message = client.build_request(
                "POST",
                self._url(wire),
                content=json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(
                    errors="replace"
                ),
                headers={"Content-Type": "application/json", **wire.headers(self.key)},
            )
            return await client.send(message, stream=True)
        except Exception as error:  # The map is total.
            raise faults.from_exception(asked, error) from None

    async def _content(self, response: httpx.Response, asked: Asked) -> bytes:
        """Read what is not a stream, but no more of it than an error needs."""
        content = bytearray()

        async def read() -> None:
            async for part in response.aiter_bytes():
                content.extend(part)
                if len(content) > _BODY_LIMIT:
                    break

        try:
            await asyncio.wait_for(read(), self._patience.tail)
        except asyncio.TimeoutError:
            pass  # The status says enough.
        except Exception as error:
            if response.status_code < 400:
                raise faults.from_exception(asked, error) from None
        finally:
            await response.aclose()
        return bytes(content)

    async def _read(
        self, response: httpx.Response, parser: Parser, asked: Asked
    ) -> AsyncGenerator[Delta, None]:
        paced = _Paced(response, asked, self._patience.token, self._clock)
        # EventSource reads headers and `aiter_text` only, which is what _Paced has.
        source = EventSource(cast("httpx.Response", paced))
        events = source.aiter_sse()
        try:
            async with aclosing(events):
                async for event in events:
                    if self.tap:
                        self.tap(event.data)
                    for delta in parser.feed(_name(event), event.data):
                        paced.progressed()
                        yield delta
                    if parser.complete:
                        break
                while parser.complete and not parser.done:
                    try:
                        event = await asyncio.wait_for(events.__anext__(), self._patience.tail)
                    except (StopAsyncIteration, asyncio.TimeoutError):
                        break
                    for delta in parser.feed(_name(event), event.data):
                        yield delta
                for delta in parser.end() if not parser.done else ():
                    yield delta
                await self._drain(events)
        except GlmError:
            if not parser.complete:
                raise
        except (httpx.NetworkError, httpx.RemoteProtocolError):
            if not parser.complete:
                raise faults.cut(asked) from None
        except Exception as error:
            if not parser.complete:
                raise faults.from_exception(asked, error) from None
        finally:
            await response.aclose()

    async def _drain(self, events: AsyncIterator[Any]) -> None:
        """Read the end of the body, which is there already, so that the connection lives on."""

        async def rest() -> None:
            async for _ in events:
                pass

        with suppress(Exception):
            await asyncio.wait_for(rest(), 0.2)


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
                raise faults.garbled(self._asked, "a line is too long")
            if self._clock() - self._last > self._timeout:
                raise faults.silent(self._asked, self._timeout)
            yield text


async def _cut_at(cutter: StopCutter, deltas: AsyncIterator[Delta]) -> AsyncGenerator[Delta, None]:
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


def _is_own(url: str) -> bool:
    """Tell whether a server is on this machine."""
    host = urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


def _user_agent() -> str:
    try:
        return f"glm-lsp/{version('glm-lsp')}"
    except PackageNotFoundError:  # Run from a checkout that is not installed.
        return "glm-lsp"


def _is_stream(response: httpx.Response) -> bool:
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return response.status_code == 200 and kind == "text/event-stream"


def _refused_fields(
    error: GlmError, content: bytes, sent: frozenset[str] | set[str]
) -> frozenset[str]:
    """Return the optional fields to leave out after an error; none if it is not about them."""
    if type(error) not in (InvalidRequestError, UnsupportedFieldError):
        return frozenset()
    text = content.decode(errors="replace")
    named = frozenset(name for name in sent if name in text)
    if named or type(error) is InvalidRequestError:
        return named
    return frozenset(sent) - _ESSENTIAL

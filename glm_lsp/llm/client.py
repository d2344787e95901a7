"""Asks a model's service over HTTP: the one owner of connections.

Invariants: a request is repeated only while nothing of its answer has arrived and nothing
can have been charged; a key goes to the configured host only, so no redirect is followed;
a stream that is closed or cancelled has its connection closed before anything else happens;
nothing waits longer than the time-outs.
"""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import asynccontextmanager, suppress
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import httpx
from attrs import evolve

from glm_lsp import __version__, address
from glm_lsp.errors import GlmError, InvalidRequestError, UnreachableError, UnsupportedFieldError
from glm_lsp.llm import bounds, catalogue, connections, error_kinds, error_mapping
from glm_lsp.llm.answer import AnswerStream, read
from glm_lsp.llm.credentials import no_key
from glm_lsp.llm.limits import ConcurrencyLimiter
from glm_lsp.llm.patience import Patience
from glm_lsp.llm.seal import Seal
from glm_lsp.llm.timeouts import Timeouts
from glm_lsp.llm.wires.completions import COMPLETIONS, INFILL, url
from glm_lsp.providers import Infill
from glm_lsp.timeout import timeout

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping
    from contextlib import AbstractAsyncContextManager

    from glm_lsp.llm.catalogue import ModelInfo
    from glm_lsp.llm.credentials import Key
    from glm_lsp.llm.error_mapping import Asked
    from glm_lsp.llm.proxies import Proxy
    from glm_lsp.llm.shared_slot import SharedSlot
    from glm_lsp.llm.types import Delta, Request
    from glm_lsp.llm.wires.base import Wire
    from glm_lsp.providers import Preset

# The essentials stay even when a service names no field: without them an answer is wrong.
_ESSENTIAL = frozenset({"temperature", "top_p", "stop"})


_TELLING = 8  # Characters of a header's value that may be a secret; "true" and "zai" are none.


class HttpProvider:
    """A model's service behind one long-lived HTTP client.

    Attributes:
        seal: what is struck out of every question.
        tap: sees the data of every event before the parser does; for `doctor`.
        model: what a name is asked as.
        names: the name that the service last answered under, by the one asked for.
    """

    tap: Callable[[str], None] | None = None
    model: Callable[[str], ModelInfo] = staticmethod(catalogue.find)

    def __init__(
        self,
        preset: Preset,
        wire: Wire,
        *,
        base_url: str,
        key: Key | None,
        headers: Mapping[str, str] = MappingProxyType({}),
        timeouts: Timeouts | None = None,
        concurrency: int = 1,
        shared: SharedSlot | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        today: Callable[[], float] = time.time,
    ) -> None:
        self.preset = preset
        self.address = address.parse(base_url)
        self.base_url = self.address.url
        self.key = key
        self.names: dict[str, str] = {}
        self._headers = headers
        self._secrets = tuple(value for value in headers.values() if len(value) >= _TELLING)
        self._wire = wire
        self._timeouts = timeouts or Timeouts()
        self.seal = Seal(key)
        self._limiter = ConcurrencyLimiter(concurrency)
        self._shared = shared
        self._transport = transport
        self._clock = clock
        self._today = today
        self._client: httpx.AsyncClient | None = None
        self._opening = asyncio.Lock()
        self._refused: dict[tuple[str, str], frozenset[str]] = {}

    def stream(self, request: Request) -> AsyncGenerator[Delta, None]:
        """Ask, and yield the deltas of the answer; see `Provider.stream`."""
        return read(self._answer(request), self._timeouts, self._clock, self.tap)

    async def warm(self) -> None:
        """Open a connection ahead of the first request; failures show when one is made."""
        with suppress(Exception):
            client = await self._ready()
            # No key: this request asks for nothing but a connection.
            await client.head(self.base_url, timeout=self._timeouts.connect)

    async def close(self) -> None:
        """Close every connection."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    def refused(self, model: str) -> frozenset[str]:
        """Return the optional fields that the service has refused for a model."""
        return self._refused.get((model, self._wire.path), frozenset())

    @asynccontextmanager
    async def _answer(self, request: Request) -> AsyncGenerator[AnswerStream, None]:
        """Seal, wait for a turn, ask, and keep the response open while the block runs."""
        request, restore = await self.seal.seal(request)
        if self.key is None and self.preset.needs_key:
            raise no_key(self.preset)
        wire = self._wire_of(request)
        asked = self._asked(request)
        async with self._turn(request):
            response, body = await self._open(request, wire, asked)
            stop = None if wire.stops & body.keys() else request.stop
            parser = wire.parser(asked, stop)
            try:
                yield AnswerStream(response, parser, asked, restore)
            finally:
                self.names[request.model] = parser.model
                await response.aclose()

    def _turn(self, request: Request) -> AbstractAsyncContextManager[None]:
        if self._shared is not None:
            return self._shared.turn(self._limiter, request)
        return self._limiter.slot(request.model, request.feature, interactive=request.interactive)

    def _wire_of(self, request: Request) -> Wire:
        if request.prompt is None:
            return self._wire
        native = request.suffix is not None and self.preset.infill is Infill.LLAMA
        return INFILL if native else COMPLETIONS

    def _asked(self, request: Request) -> Asked:
        key = self.key
        return error_mapping.Asked(
            service=self.preset.title,
            host=self.address.name,
            model=request.model,
            key=key.source if key else "",
            secrets=(*([key.reveal()] if key else []), *self._secrets),
            max_tokens=request.max_tokens,
            purse=error_kinds.purse(self.preset),
        )

    def _proxy(self) -> Proxy | None:
        used = self._transport
        return used.proxy if isinstance(used, connections.Connections) else None

    async def _ready(self) -> httpx.AsyncClient:
        """Return the client; make it in a thread, for certificates and imports take a while."""
        if self._client is None:
            async with self._opening:
                if self._client is None:
                    self._client = await asyncio.to_thread(self._make_client)
        return self._client

    def _make_client(self) -> httpx.AsyncClient:
        import httpcore  # Loaded here, they cost the event loop nothing.
        import stamina  # noqa: F401

        with suppress(ImportError):  # The first connection would load it in the event loop.
            import_module("anyio._backends._asyncio")
        # httpcore goes through all that it reads of interim heads before others have a turn.
        httpcore.AsyncHTTP11Connection.READ_NUM_BYTES = bounds.READ
        self._transport = self._transport or connections.transport(self.address)
        client = httpx.AsyncClient(
            transport=self._transport,
            trust_env=False,  # Proxies and certificates are the transport's.
            follow_redirects=False,
            timeout=httpx.Timeout(self._timeouts.token, connect=self._timeouts.connect),
            headers={
                "User-Agent": f"glm-lsp/{__version__}",
                "Accept": "text/event-stream",
                # Compressing proxies hold tokens back until a block is full.
                "Accept-Encoding": "identity",
                "Cache-Control": "no-store",
            },
        )
        client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=()))  # None is kept.
        return client

    async def _open(
        self, request: Request, wire: Wire, asked: Asked
    ) -> tuple[httpx.Response, dict[str, Any]]:
        """Send until the service begins to answer, or says that it will not."""
        patience = Patience(self._timeouts, asked.service, request.waits)
        while True:
            try:
                return await self._open_soon(request, wire, asked)
            except GlmError as error:
                await patience.wait(error)

    async def _open_soon(
        self, request: Request, wire: Wire, asked: Asked
    ) -> tuple[httpx.Response, dict[str, Any]]:
        """Send a few times, where that may help within seconds."""
        import stamina

        timeouts = self._timeouts
        async for attempt in stamina.retry_context(
            on=partial(self._pause, patient=request.waits is not None),
            # The next keystroke asks again anyway: completions try twice, and quickly.
            attempts=timeouts.attempts if request.interactive else min(timeouts.attempts, 2),
            timeout=None,
            wait_initial=timeouts.first_wait,
            wait_max=timeouts.longest_wait,
            wait_jitter=timeouts.first_wait / 2,
        ):
            with attempt:
                return await self._send(request, wire, asked)
        raise AssertionError("the last attempt raises")

    def _pause(self, error: Exception, *, patient: bool) -> bool | float:
        """Say whether to ask again after an error, and after how many seconds."""
        if patient and error_mapping.is_busy(error):
            return False
        if not (error_mapping.may_repeat(error) or self._lost_for_free(error)):
            return False
        wait: float | None = getattr(error, "retry_after", None)
        if wait is None:
            return True
        return wait if wait <= self._timeouts.longest_wait else False

    def _lost_for_free(self, error: Exception) -> bool:
        """Tell whether a server of the user's own on this machine hung up on a request.

        Nobody pays for it, and llama.cpp closes kept connections at moments of its own choosing.
        """
        free = self.key is None or self.key.owner == "local"
        return free and self.address.is_own and type(error) is UnreachableError

    async def _send(
        self, request: Request, wire: Wire, asked: Asked
    ) -> tuple[httpx.Response, dict[str, Any]]:
        """Send once; and once more without the optional fields that the service refuses.

        Returns the response, which is a stream, and the body that was sent.
        """
        place = (request.model, wire.path)
        for again in (False, True):
            body = wire.body(request, self.preset, self.model(request.model))
            for name in self._refused.get(place, ()):
                body.pop(name, None)
            if request.permit is not None:
                await request.permit()  # Whatever was waited for, it may have been excluded since.
            response = await self._post(wire, body, asked)
            if bounds.is_packed(response.headers):
                await response.aclose()
                raise error_mapping.garbled(asked, "it is packed, which was not asked for")
            if _is_stream(response):
                return response, body
            content = await self._content(response, asked)
            error = error_mapping.from_response(
                evolve(asked, proxy=self._proxy()),
                response.status_code,
                response.headers,
                content,
                now=self._today(),
            )
            refused = _refused_fields(error, content, wire.optional & body.keys())
            if again or not refused:
                raise error
            self._refused[place] = self._refused.get(place, frozenset()) | refused
        raise AssertionError("the second turn raises or returns")

    async def _post(self, wire: Wire, body: dict[str, Any], asked: Asked) -> httpx.Response:
        client = await self._ready()
        fixed = {"Content-Type": "application/json", **wire.headers(self.key)}
        taken = {name.lower() for name in fixed}
        own = {name: value for name, value in self._headers.items() if name.lower() not in taken}
        try:
            message = client.build_request(
                "POST",
                url(self.base_url, wire.path),
                content=json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(
                    errors="replace"
                ),
                headers={**own, **fixed},
            )
            # The library's time-out begins anew with each byte; a head may drip for ever.
            longest = min(self._timeouts.connect, self._timeouts.token) + self._timeouts.token
            async with timeout(longest):
                return await client.send(message, stream=True)
        except asyncio.TimeoutError:
            raise error_mapping.silent(asked, longest) from None
        except Exception as error:  # The map is total.
            raise error_mapping.from_exception(asked, error) from None

    async def _content(self, response: httpx.Response, asked: Asked) -> bytes:
        """Read what is not a stream, but no more of it than an error needs."""
        content = bytearray()
        try:
            async with timeout(self._timeouts.tail):
                async for part in response.aiter_raw():
                    content.extend(part)
                    if len(content) > bounds.ERROR_BYTES:
                        break
        except asyncio.TimeoutError:
            pass  # The status says enough.
        except Exception as error:
            if response.status_code < 400:
                raise error_mapping.from_exception(asked, error) from None
        finally:
            await response.aclose()
        return bytes(content)


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

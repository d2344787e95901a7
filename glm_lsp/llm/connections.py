"""Makes connections: certificates, proxies, socket options, and how each of them ends.

Invariants: whatever happens to a request, cancels in any moment included, nothing of it stays
open, and who was asked is told at once; a connection that has idled longer than `KEPT` is not
used again, and none outlives that; a failure of the proxy's is told from one of the service's;
what the environment says wrong is one sentence that names the variable, and shows no password.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import httpx

from glm_lsp.llm import certificates, proxies

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence

    from glm_lsp.address import Address
    from glm_lsp.llm.proxies import Proxy

KEPT = 20.0
"""Seconds that an idle connection is kept; `docs/decisions.md` says why."""

_AT_THE_PROXY = frozenset(
    {
        "connection.connect_tcp",
        "connection.start_tls",
        "socks.connect_tcp",
        "socks.setup_socks5_connection",
    }
)
"""What is at work while a proxy's own connection comes about."""

# Seconds, but for the last: a line that is dead is known to be after some ten.
_OPTIONS: Sequence[tuple[str, int]] = (
    ("TCP_KEEPIDLE", 5),
    ("TCP_KEEPALIVE", 5),  # What macOS calls the one before.
    ("TCP_KEEPINTVL", 2),
    ("TCP_KEEPCNT", 3),
    ("TCP_USER_TIMEOUT", 10_000),
)
_RESET = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)  # Linger, for no time.


class ProxyFailedError(Exception):
    """A proxy does not let a request through; `__cause__` is what the library said.

    Attributes:
        proxy: which one.
        refused: it answered, and said no.
        login: it wants to know who asks.
    """

    def __init__(self, proxy: Proxy, error: Exception) -> None:
        super().__init__("")
        self.proxy = proxy
        self.refused = isinstance(error, httpx.ProxyError)
        self.login = self.refused and str(error).startswith("407")


def transport(address: Address) -> Connections:
    """Return the way to an address. It reads files: call it in a thread.

    Raises:
        SettingsError: the environment's certificates or proxy cannot be used.
    """
    proxy = None if address.is_own else proxies.choose(address)
    secure = address.url.startswith("https") or (proxy is not None and proxy.is_secure)
    # Plain HTTP needs no certificates: the context stays empty, and cheap.
    context = certificates.context() if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return Connections(context, proxy, KEPT)


class Connections(httpx.AsyncBaseTransport):
    """The connections to one service, kept for a while.

    Attributes:
        proxy: which one they go through, if any.
    """

    def __init__(self, context: ssl.SSLContext, proxy: Proxy | None, kept: float) -> None:
        self._context = context
        self.proxy = proxy
        self._kept = kept
        self._pool: httpx.AsyncHTTPTransport | None = None
        self._at_work = 0
        self._reaper: asyncio.TimerHandle | None = None
        self._closing: set[asyncio.Task[None]] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; the response's stream has to be closed."""
        trace = _Trace()
        request.extensions = {**request.extensions, "trace": trace}
        self._begin()
        try:
            response = await _in_scope(self._opened().handle_async_request(request))
        except BaseException as error:
            await _to_the_end(trace.close())
            self._end()
            if self.proxy is not None and isinstance(error, Exception):
                await self._blame(self.proxy, trace.at, error)
            raise
        return httpx.Response(
            response.status_code,
            headers=response.headers,
            stream=_Body(response, self._end),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        """Close every connection."""
        if self._reaper is not None:
            self._reaper.cancel()
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.aclose()

    def _opened(self) -> httpx.AsyncHTTPTransport:
        if self._pool is None:
            proxy = self.proxy
            self._pool = httpx.AsyncHTTPTransport(
                # HTTP/1.1 on purpose: httpcore's HTTP/2 does not tell a server that a stream was
                # abandoned, so a cancelled answer would be written, and billed, to its end. One
                # request per model at a time leaves nothing to multiplex anyway.
                http2=False,
                trust_env=False,
                verify=self._context,
                limits=httpx.Limits(max_keepalive_connections=8, keepalive_expiry=self._kept),
                proxy=httpx.Proxy(proxy.url, ssl_context=self._proxy_context) if proxy else None,
            )
        return self._pool

    @property
    def _proxy_context(self) -> ssl.SSLContext | None:
        return self._context if self.proxy is not None and self.proxy.is_secure else None

    async def _blame(self, proxy: Proxy, at: str, error: Exception) -> None:
        """Raise for a proxy what was its fault.

        Raises:
            ProxyFailedError: it was.
        """
        if isinstance(error, httpx.ProxyError) or (
            at in _AT_THE_PROXY and isinstance(error, httpx.TransportError)
        ):
            raise ProxyFailedError(proxy, error) from error

    def _begin(self) -> None:
        self._at_work += 1
        if self._reaper is not None:
            self._reaper.cancel()
            self._reaper = None

    def _end(self) -> None:
        self._at_work -= 1
        if not self._at_work and self._pool is not None:
            # The library closes what has idled only when something else is asked.
            self._reaper = asyncio.get_running_loop().call_later(self._kept, self._reap)

    def _reap(self) -> None:
        pool, self._pool, self._reaper = self._pool, None, None
        if pool is not None:
            task = asyncio.ensure_future(pool.aclose())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)


class _Body(httpx.AsyncByteStream):
    """A response's body, which is closed to the end once it is closed at all."""

    def __init__(self, response: httpx.Response, ended: Callable[[], None]) -> None:
        self._stream: Any = response.stream
        self._network: Any = response.extensions.get("network_stream")
        self._ended: Callable[[], None] | None = ended
        self._whole = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        self._parts: AsyncIterator[bytes] = self._stream.__aiter__()
        return self

    async def __anext__(self) -> bytes:
        try:
            part: bytes = await self._parts.__anext__()
        except StopAsyncIteration:
            self._whole = True
            raise
        return part

    async def aclose(self) -> None:
        """Close the body; its connection as well unless the body was read to its end."""
        ended, self._ended = self._ended, None
        if ended is not None:
            ended()
            await _to_the_end(self._close())

    async def _close(self) -> None:
        try:
            await self._stream.aclose()
        finally:
            if not self._whole and self._network is not None:
                with suppress(Exception):
                    await self._network.aclose()


class _Trace:
    """Follows one request: what is at work, and which connection it works on.

    Attributes:
        at: what was begun last.
    """

    def __init__(self) -> None:
        self.at = ""
        self._streams: list[Any] = []

    async def __call__(self, event: str, info: dict[str, Any]) -> None:
        """Be told by the library."""
        name, _, state = event.rpartition(".")
        if state == "started":
            self.at = name
        elif state == "complete" and name.endswith(".connect_tcp"):
            stream = info["return_value"]
            self._streams.append(stream)
            _set_options(stream.get_extra_info("socket"))

    async def close(self) -> None:
        """Close the connections that were made for the request."""
        for stream in self._streams:
            with suppress(Exception):
                await stream.aclose()


def _set_options(raw: Any) -> None:
    """Have the system notice that a line is dead, and reset what is closed."""
    if raw is None:
        return
    with suppress(OSError):
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    with suppress(OSError):
        # A close alone says that nothing more is asked, and HAProxy has the model write on until
        # it cannot pass a word on: cancelling would take a quarter of a second, not a thousandth.
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    for name, value in _OPTIONS:
        if (option := getattr(socket, name, None)) is not None:
            with suppress(OSError):
                raw.setsockopt(socket.IPPROTO_TCP, option, value)


async def _in_scope(work: Coroutine[Any, Any, httpx.Response]) -> httpx.Response:
    """Await work of the HTTP library so that a cancel leaves nothing of it behind.

    What the library does not let be interrupted is guarded by anyio's scopes, of which asyncio's
    own cancel knows nothing: it left connections that counted as in use for ever. So the
    work has a task that is never cancelled but through a scope.
    """
    import anyio

    scope = anyio.CancelScope()

    async def run() -> httpx.Response | None:
        with scope:
            return await work
        return None

    task = asyncio.ensure_future(run())
    try:
        response = await asyncio.shield(task)
    except asyncio.CancelledError:
        scope.cancel()
        await _done(task)
        if task.cancelled() or task.exception() is not None:
            raise
        late = task.result()
        if late is not None:
            await _to_the_end(late.aclose())
        raise
    assert response is not None  # noqa: S101  # Only a cancel makes it so.
    return response


async def _to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Await what must not be left half done: a cancel counts after it."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await _done(task)
        raise


async def _done(task: Awaitable[Any]) -> None:
    """Wait for a task that ends at once, whoever cancels."""
    future = asyncio.ensure_future(task)
    while not future.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait({future})

"""Processes that serve: one client on stdio, or any number over a socket.

Invariant: the process ends when it should (its client left, its parent died, a signal came),
with the right code, within seconds, whatever its threads are doing.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any

from glm_lsp.errors import GlmError
from glm_lsp.lsp.wire import lazy_types, stdio
from glm_lsp.lsp.wire.transport import Connection, Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from pathlib import Path

    from glm_lsp.lsp.server import Server

logger = logging.getLogger(__name__)

_SETTLED = 2.0  # Seconds after which a server has started up.
_SWITCH = 0.0005
"""Seconds after which a thread of ours lets the event loop go on; Python's own ten times as many
would add up, for the loop lets go of the interpreter several times in each turn."""
_TURN = 0.0001  # Seconds for which a thread may keep the event loop waiting.


def prepare() -> None:
    """Import LSP's types as quickly as can be; call it before anything else imports them.

    Nothing that a start makes is garbage: looking for some would be a tenth of the start.
    Threads import the rest and think about answers: Python lets each run for 5 ms before the
    event loop's turn comes, and a keystroke would wait for it several times.
    """
    gc.disable()
    sys.setswitchinterval(_TURN)
    lazy_types.import_types()


def serve_stdio(factory: Callable[[], Server], *, limits: Limits | None = None) -> int:
    """Serve one client on standard input and output; return the exit code.

    0 after `shutdown` and `exit`; 1 when the client left otherwise; 128 and the signal's
    number after a signal.
    """
    stdin, stdout = stdio.take_stdio()
    restore = stdio.restore_blocking((stdin, stdout))

    async def main() -> int:
        server = factory()
        server.watches_parent = True
        connection = await stdio.connect(
            server.protocol, stdin, stdout, limits if limits is not None else Limits()
        )
        with _signals(lambda number: server.leave(128 + number)):
            return await server.serve(connection)

    try:
        return _run(main())
    finally:
        restore()


def serve_tcp(
    factory: Callable[[], Server],
    host: str,
    port: int,
    *,
    token: str | None,
    listening: Callable[[str, int], None] | None = None,
    limits: Limits | None = None,
) -> int:
    """Serve clients over TCP, each with a server of its own, until a signal comes.

    A client has to say the token (see `glm_lsp.lsp.wire.gate`); without one everybody is served.
    `listening` is called with the address once clients can connect (port 0 picks a free one).
    """

    async def listen(clients: _Clients) -> asyncio.Server:
        from glm_lsp.lsp.wire.gate import Gatekeeper  # A start over stdio does without it.

        accept = clients.accept if token is None else Gatekeeper(token, clients.accept).accept
        listener = await asyncio.get_running_loop().create_server(accept, host, port)
        address = listener.sockets[0].getsockname()
        logger.info("Listening on %s:%s", *address[:2])
        if listening is not None:
            listening(*address[:2])
        return listener

    return _serve_sockets(factory, listen, limits)


def serve_unix(factory: Callable[[], Server], path: Path, *, limits: Limits | None = None) -> int:
    """Serve clients over a Unix socket that only this user may connect to; see `serve_tcp`.

    Raises:
        GlmError: there are no Unix sockets here.
    """
    if sys.platform == "win32":
        raise GlmError("There are no Unix sockets here: use `--tcp 127.0.0.1:0` instead.")

    async def listen(clients: _Clients) -> asyncio.Server:
        before = os.umask(0o177)  # It must not be open for a moment, either.
        try:
            listener = await asyncio.get_running_loop().create_unix_server(
                clients.accept, str(path)
            )
        finally:
            os.umask(before)
        logger.info("Listening on %s", path)
        return listener

    return _serve_sockets(factory, listen, limits)


def _serve_sockets(
    factory: Callable[[], Server],
    listen: Callable[[_Clients], Coroutine[Any, Any, asyncio.Server]],
    limits: Limits | None,
) -> int:
    async def main() -> int:
        clients = _Clients(factory, limits if limits is not None else Limits())
        loop = asyncio.get_running_loop()
        listener = await listen(clients)
        stopped: asyncio.Future[int] = loop.create_future()

        def stop(number: int) -> None:
            if not stopped.done():
                stopped.set_result(128 + number)

        with _signals(stop):
            code = await stopped
        listener.close()
        await clients.leave(code)
        return code

    return _run(main())


class _Clients:
    """The clients of one process, each with a server of its own."""

    def __init__(self, factory: Callable[[], Server], limits: Limits) -> None:
        self._factory = factory
        self._limits = limits
        self._serving: dict[asyncio.Task[int], Server] = {}

    def accept(self) -> Connection:
        """Serve one more."""
        server = self._factory()
        connection = Connection(server.protocol, strict=True, limits=self._limits)
        task = asyncio.get_running_loop().create_task(server.serve(connection))
        self._serving[task] = server
        task.add_done_callback(self._serving.pop)
        return connection

    async def leave(self, code: int) -> None:
        """End all, and wait until they have."""
        for server in self._serving.values():
            server.leave(code)
        if self._serving:
            await asyncio.wait(list(self._serving))


def _run(main: Coroutine[Any, Any, int]) -> int:
    """Run to the end, without waiting for threads that cannot be stopped.

    `asyncio.run` and the interpreter's exit both join every worker thread.
    """
    sys.setswitchinterval(_SWITCH)
    loop = asyncio.new_event_loop()
    loop.call_later(_SETTLED, _started)
    try:
        code = loop.run_until_complete(main)
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join(0.1)
            if thread.is_alive():
                logger.debug("The thread %s is left behind.", thread.name)
                logging.shutdown()
                os._exit(code)
    return code


def _started() -> None:
    """Collect garbage from now on, but not in what the start has left behind.

    Looking through that takes tens of milliseconds, which a keystroke would wait for.
    """
    gc.freeze()
    gc.enable()


@contextlib.contextmanager
def _signals(stop: Callable[[int], None]) -> Iterator[None]:
    """Have the signals that ask a process to end call `stop` with their number."""
    loop = asyncio.get_running_loop()
    names = ("SIGTERM", "SIGINT", "SIGHUP", "SIGBREAK")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in numbers}
    for number in numbers:
        if sys.platform == "win32":
            signal.signal(number, lambda got, _: loop.call_soon_threadsafe(stop, got))
        else:
            loop.add_signal_handler(number, stop, number)
    try:
        yield
    finally:
        for number, handler in before.items():
            if sys.platform != "win32":
                loop.remove_signal_handler(number)
            signal.signal(number, handler)

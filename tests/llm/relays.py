"""What stands between this machine and a service: proxies that let through, refuse or fall silent.

Invariant: leaving the `with` block ends the relay, every connection and the thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self

REFUSALS = {"407": "Proxy Authentication Required", "403": "Forbidden"}


class Relay:
    """A proxy on the loopback interface, of a kind.

    Attributes:
        asked: what each connection asked for ("CONNECT host:port", "SOCKS host:port", "line").
        silent: swallow whatever comes on what is connected, and let nothing back.

    `kind` is "http" or "socks", which take one to wherever they are asked for (`names` maps hosts
    that no server knows), "407" or "403", which refuse, "plain", which speaks HTTP whatever
    it is told, or "line": no proxy at all, but the line to the address `to`.
    """

    def __init__(
        self,
        kind: str,
        *,
        to: tuple[str, int] = ("127.0.0.1", 0),
        names: tuple[str, ...] = (),
    ) -> None:
        self.kind = kind
        self.asked: list[str] = []
        self.silent: set[int] = set()
        self.port = 0
        self._to = to
        self._names = names
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def fall_silent(self) -> None:
        """Swallow what comes on every connection that there is by now."""
        self.silent.update(range(len(self.asked)))

    async def _start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        if self._server:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = self._loop.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(OSError, asyncio.IncompleteReadError):
            if self.kind == "plain":
                writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
                await writer.drain()
                return
            if self.kind == "line":
                self.asked.append("line")
                to = self._to
            elif self.kind == "socks":
                to = await self._socks(reader, writer)
            else:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                method, target, _ = head.split(" ", 2)
                self.asked.append(f"{method} {target}")
                if self.kind in REFUSALS:
                    said = (
                        f"HTTP/1.1 {self.kind} {REFUSALS[self.kind]}\r\nContent-Length: 0\r\n\r\n"
                    )
                    writer.write(said.encode())
                    await writer.drain()
                    return
                host, _, port = target.rpartition(":")
                to = (self._known(host), int(port))
                writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            number = len(self.asked) - 1
            far_reader, far_writer = await asyncio.open_connection(*to)
            with contextlib.closing(far_writer):
                await asyncio.gather(
                    self._pump(number, reader, far_writer), self._pump(number, far_reader, writer)
                )

    async def _socks(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> tuple[str, int]:
        """Greet as RFC 1928 says, for a name or an IPv4 address, without a login."""
        _, methods = await reader.readexactly(2)
        await reader.readexactly(methods)
        writer.write(b"\x05\x00")
        _, _, _, kind = await reader.readexactly(4)
        if kind == 3:
            (length,) = await reader.readexactly(1)
            host = (await reader.readexactly(length)).decode()
        else:
            host = ".".join(map(str, await reader.readexactly(4)))
        port = int.from_bytes(await reader.readexactly(2), "big")
        self.asked.append(f"SOCKS {host}:{port}")
        writer.write(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00")
        return self._known(host), port

    def _known(self, host: str) -> str:
        return "127.0.0.1" if host in self._names else host

    async def _pump(
        self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                if number not in self.silent:
                    writer.write(data)
                    await writer.drain()
        writer.close()

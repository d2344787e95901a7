"""Standard input and output as a connection; stray prints kept away from it.

Invariant: after `take_stdio`, file descriptors 0 and 1 are no longer the client's: whoever
reads 0 finds it empty, whoever prints to 1 prints to stderr, and only the returned
descriptors reach the client. No child process inherits them.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import socket
import stat
import sys
import threading
from typing import TYPE_CHECKING

from glm_lsp.lsp.wire.transport import Connection, Limits, Receiver

if TYPE_CHECKING:
    from collections.abc import Callable

_READ_SIZE = 256 * 1024
_PIPE_SIZE = 64 * 1024


def take_stdio() -> tuple[int, int]:
    """Take standard input and output for the protocol; return their new descriptors."""
    if sys.stdout is not None:
        sys.stdout.flush()
    stdin, stdout = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    try:
        os.dup2(2, 1)
    except OSError:  # Started without a stderr.
        os.dup2(nothing, 1)
    os.close(nothing)
    if sys.platform == "win32":
        import msvcrt

        for descriptor in (stdin, stdout):
            msvcrt.setmode(descriptor, os.O_BINARY)
    with contextlib.suppress(AttributeError, ValueError):
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    return stdin, stdout


async def connect(receiver: Receiver, stdin: int, stdout: int, limits: Limits) -> Connection:
    """Make a connection of two descriptors; it owns them from now on.

    Pipes and sockets are served by the event loop. Threads serve everything else (files,
    terminals, all of Windows), where the loop cannot wait for a descriptor.
    """
    loop = asyncio.get_running_loop()
    connection = Connection(receiver, limits=limits)
    if _same_socket(stdin, stdout):
        os.close(stdout)
        await loop.connect_accepted_socket(lambda: connection, socket.socket(fileno=stdin))
        return connection
    if _pollable(stdout):
        writing, _ = await loop.connect_write_pipe(
            lambda: _WriteSide(connection), os.fdopen(stdout, "wb", buffering=0)
        )
        connection.write_to(writing)
    else:
        connection.write_to(_ThreadWriter(stdout, connection.write_lost))
    if _pollable(stdin):
        reading, _ = await loop.connect_read_pipe(
            lambda: connection, os.fdopen(stdin, "rb", buffering=0)
        )
        if hasattr(reading, "max_size"):  # A pipe holds no more; asyncio allocates it per read.
            reading.max_size = _PIPE_SIZE
    else:
        _read_in_thread(stdin, connection)
    return connection


def _pollable(descriptor: int) -> bool:
    mode = os.fstat(descriptor).st_mode
    return sys.platform != "win32" and (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode))


def _same_socket(one: int, other: int) -> bool:
    """Tell whether both are one socket, as under inetd or socat.

    The loop would take the client's words on the writing side for the end of the pipe.
    """
    first, second = os.fstat(one), os.fstat(other)
    return stat.S_ISSOCK(first.st_mode) and os.path.samestat(first, second)


class _WriteSide(asyncio.BaseProtocol):
    """The writing half of a connection made of two pipes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def connection_lost(self, _: Exception | None) -> None:
        self._connection.write_lost()


def _read_in_thread(descriptor: int, connection: Connection) -> None:
    loop = asyncio.get_running_loop()

    def read() -> None:
        with contextlib.suppress(OSError, RuntimeError):  # RuntimeError: the loop is closed.
            while data := os.read(descriptor, _READ_SIZE):
                loop.call_soon_threadsafe(connection.data_received, data)
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(connection.eof_received)

    threading.Thread(target=read, name="stdin", daemon=True).start()


class _ThreadWriter:
    """A write transport whose writing is done by a thread that may wait."""

    def __init__(self, descriptor: int, lost: Callable[[], None]) -> None:
        self._descriptor = descriptor
        self._lost = lost
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._waiting = 0
        threading.Thread(target=self._run, name="stdout", daemon=True).start()

    def write(self, data: bytes) -> None:
        self._waiting += len(data)
        self._queue.put(data)

    def get_write_buffer_size(self) -> int:
        return self._waiting

    def close(self) -> None:
        self._queue.put(None)

    def abort(self) -> None:
        # A thread that waits in a write cannot be stopped; it ends with the process.
        self._queue.put(None)
        self._lost()

    def _run(self) -> None:
        try:
            while (data := self._queue.get()) is not None:
                rest = memoryview(data)
                while rest:
                    written = os.write(self._descriptor, rest)
                    rest = rest[written:]
                    self._tell(self._wrote, written)
        except OSError:
            pass
        finally:
            self._tell(self._lost)

    def _wrote(self, count: int) -> None:
        self._waiting -= count

    def _tell(self, callback: Callable[..., None], *args: object) -> None:
        with contextlib.suppress(RuntimeError):  # The loop is closed.
            self._loop.call_soon_threadsafe(callback, *args)


def restore_blocking(descriptors: tuple[int, ...]) -> Callable[[], None]:
    """Return a function that puts descriptors back into the mode they are in now.

    The mode belongs to the open file, which the parent process may share.
    """
    if sys.platform == "win32":
        return lambda: None
    copies = [(os.dup(descriptor), os.get_blocking(descriptor)) for descriptor in descriptors]

    def restore() -> None:
        for copy, blocking in copies:
            with contextlib.suppress(OSError):
                os.set_blocking(copy, blocking)
            os.close(copy)

    return restore

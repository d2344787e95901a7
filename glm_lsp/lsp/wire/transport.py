"""Bytes in and out: a connection over stdio or TCP.

Invariants: what the client reads is whole frames, in the order they were written, and
nothing else: stray prints of any library go to stderr. Writing never waits: a client that
does not read costs a bounded amount of memory and is then dropped, with a line in the log.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import Any, Protocol

from attrs import frozen

from glm_lsp.lsp.wire.framing import FrameError, FrameReader, Sink, frame
from glm_lsp.lsp.wire.long_message import LONG

logger = logging.getLogger(__name__)


@frozen
class Limits:
    """How much a client may burden the server.

    Attributes:
        frame: bytes of one message; a longer one is read while it arrives.
        unsent: bytes waiting for a client that does not read.
        patience: seconds without any progress of waiting bytes until the client is dropped.
    """

    frame: int = LONG
    unsent: int = 64 * 2**20
    patience: float = 300.0


class Receiver(Protocol):
    """Who is given the bodies of the frames that arrive."""

    def receive(self, body: bytes) -> bool:
        """Take one body; False when it is not JSON."""
        ...

    def long_message(self) -> Sink:
        """Return what takes a message longer than a frame may be."""
        ...

    def wake(self) -> None:
        """Act on what was received: all that had arrived was handed over."""
        ...


class WriteTransport(Protocol):
    """What a connection needs of the thing it writes to."""

    def write(self, data: bytes) -> None:
        """Send, or keep until it can be sent."""

    def get_write_buffer_size(self) -> int:
        """Return the number of bytes that wait."""
        ...

    def close(self) -> None:
        """Send what waits, then close."""

    def abort(self) -> None:
        """Close at once."""


class Connection(asyncio.Protocol):
    """One client: frames in, frames out.

    `closed` is done when nothing more will arrive or the client was dropped.
    """

    def __init__(self, receiver: Receiver, *, strict: bool = False, limits: Limits) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._receiver = receiver
        self._frames = FrameReader(strict=strict, limit=limits.frame, sink=receiver.long_message)
        self._limits = limits
        self._reading: Any = None
        self._writing: WriteTransport | None = None
        self._written = 0
        self._flushed = 0
        self._watch: asyncio.TimerHandle | None = None
        self._sent: asyncio.Future[None] = self._loop.create_future()
        self.closed: asyncio.Future[None] = self._loop.create_future()

    # Called by asyncio, or by whoever stands in for its transports.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport that is read from; a duplex one is written to as well."""
        self._reading = transport
        if isinstance(transport, asyncio.Transport):
            self.write_to(transport)

    def write_to(self, transport: WriteTransport) -> None:
        """Take the transport that is written to."""
        self._writing = transport

    def data_received(self, data: bytes) -> None:
        """Hand every complete frame to the receiver."""
        if self.closed.done():
            return
        self._frames.feed(data)
        try:
            for body in self._frames.bodies():
                if not self._receiver.receive(body):
                    self._frames.resync(body)
        except FrameError as error:
            self._drop(f"it does not speak LSP ({error})")
            return
        self._receiver.wake()

    def eof_received(self) -> bool:
        """Note that the client will send no more; what is under way may still be answered."""
        _settle(self.closed)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that the transport is gone."""
        _settle(self.closed)
        if isinstance(self._reading, asyncio.Transport):
            _settle(self._sent)

    def write_lost(self) -> None:
        """Note that the transport written to is gone, in a connection made of two."""
        _settle(self._sent)
        _settle(self.closed)

    # Called by the server.

    def write(self, body: bytes) -> None:
        """Send one frame; may be called from any thread and never waits."""
        if threading.get_ident() != self._thread:
            self._loop.call_soon_threadsafe(self.write, body)
            return
        writing = self._writing
        if writing is None or self._sent.done():
            return
        writing.write(frame(body))
        waiting = writing.get_write_buffer_size()
        self._written += len(body)
        if waiting:
            if waiting > self._limits.unsent:
                self._drop(f"{waiting} bytes wait for it to read")
            elif self._watch is None:
                self._flushed = self._written - waiting
                self._watch = self._loop.call_later(self._limits.patience, self._check)

    def close(self) -> None:
        """Stop reading, send what waits, and close."""
        if self._watch is not None:
            self._watch.cancel()
        if self._reading is not None and not isinstance(self._reading, asyncio.Transport):
            self._reading.close()
        if self._writing is not None:
            self._writing.close()
        _settle(self.closed)

    async def finish(self, seconds: float) -> None:
        """Close, waiting at most `seconds` for the client to read what was written."""
        self.close()
        await asyncio.wait([self._sent], timeout=seconds)
        if self._writing is not None and not self._sent.done():
            self._writing.abort()

    def _check(self) -> None:
        """Drop the client when nothing was read since the last look."""
        self._watch = None
        waiting = self._writing.get_write_buffer_size() if self._writing else 0
        if not waiting:
            return
        flushed = self._written - waiting
        if flushed <= self._flushed:
            self._drop(f"it read nothing for {self._limits.patience:g} s")
            return
        self._flushed = flushed
        self._watch = self._loop.call_later(self._limits.patience, self._check)

    def _drop(self, reason: str) -> None:
        if self.closed.done() and self._sent.done():
            return
        logger.warning("The client was dropped: %s.", reason)
        if self._writing is not None:
            self._writing.abort()
        _settle(self._sent)
        _settle(self.closed)


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)

"""Frames: JSON-RPC messages between bytes, as LSP's base protocol has them.

Invariant: whatever stands between frames, and wherever the stream breaks, each frame is read
once and whole. The server reads and writes with it, and so does every client of this project.
"""

from __future__ import annotations

import json
import logging
import re
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

logger = logging.getLogger(__name__)

LIMIT = 256 * 2**20
"""Bytes of the longest message that is read whole."""

_LENGTH = re.compile(rb"content-length:[ \t]*(\d{1,12})[ \t]*(?=\r\n|\Z)", re.IGNORECASE)
_HEADERS = re.compile(rb"(?:content-(?:length|type):[^\r\n]*(?:\r\n|\Z))+", re.IGNORECASE)
_NAME = b"Content-Length: "
_END = b"\r\n\r\n"
_MAX_HEADER = 8192


class FrameError(Exception):
    """The peer does not speak LSP."""


def frame(body: bytes) -> bytes:
    """Return the frame of a body."""
    return b"%b%d%b%b" % (_NAME, len(body), _END, body)


def encode(message: Mapping[str, Any]) -> bytes:
    """Return the frame of a JSON-RPC message."""
    return frame(json.dumps({"jsonrpc": "2.0", **message}).encode())


class Sink(Protocol):
    """What takes a long message while it arrives."""

    def feed(self, data: bytes) -> None:
        """Take what arrived of it."""

    def end(self) -> None:
        """Note that all of it was there."""


class FrameReader:
    """Cuts a stream of bytes into the bodies of frames.

    Garbage between frames is passed over up to the next `Content-Length`; with `strict` it
    raises instead, so that a web page cannot speak LSP to a TCP port through HTTP.
    """

    def __init__(
        self,
        *,
        strict: bool = False,
        limit: int = LIMIT,
        stray: Callable[[bytes], None] | None = None,
        sink: Callable[[], Sink] | None = None,
    ) -> None:
        """Call `stray` with bytes that are no frame; `sink` makes what takes a body over `limit`.

        Without it such a body is passed over.
        """
        self._strict = strict
        self._stray = stray
        self._limit = limit
        self._buffer = bytearray()
        self._length: int | None = None
        self._make_sink = sink
        self._sink: Sink | None = None
        self._skip = 0  # Bytes of a body over the limit that are still to come.

    @property
    def skips(self) -> bool:
        """Whether a message is being passed over, because it is too long."""
        return self._skip > 0

    def rest(self) -> bytes:
        """Take what arrived and is no complete frame yet."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        return rest

    def feed(self, data: bytes) -> None:
        """Add bytes that arrived."""
        self._buffer += data

    def bodies(self) -> Iterator[bytes]:
        """Yield the bodies that are complete.

        Raises:
            FrameError: something that is not a frame arrived, in strict mode.
        """
        while (body := self._next()) is not None:
            yield body

    def messages(self, data: bytes) -> Iterator[dict[str, Any]]:
        """Add bytes that arrived; yield the messages that are complete.

        Raises:
            ValueError: a body is not JSON.
            FrameError: see `bodies`.
        """
        self.feed(data)
        for body in self.bodies():
            yield json.loads(body)

    def resync(self, body: bytes) -> None:
        """Look for frames inside a body that proved to be none, and read on from there.

        JSON holds no raw line end within a string, so a header in a body shows that the
        length before it was wrong.
        """
        found = _LENGTH.search(body)
        self._buffer[:0] = body[found.start() if found else _torn(body) :]

    def _next(self) -> bytes | None:
        buffer = self._buffer
        while True:
            if self._skip and not self._pass_over():
                return None
            if self._length is None and not self._read_header():
                return None
            if self._length is not None:
                break
        if len(buffer) < self._length:
            return None
        body = bytes(buffer[: self._length])
        del buffer[: self._length]
        self._length = None
        return body

    def _pass_over(self) -> bool:
        """Take what there is of a body over the limit off the buffer; tell whether it is all."""
        passed = min(self._skip, len(self._buffer))
        if self._sink is not None:
            self._sink.feed(bytes(self._buffer[:passed]))
        del self._buffer[:passed]
        self._skip -= passed
        if self._skip:
            return False
        if self._sink is not None:
            self._sink.end()
            self._sink = None
        return True

    def _read_header(self) -> bool:
        """Take one block of headers off the buffer; False when none is complete."""
        end = self._buffer.find(_END)
        if end < 0:
            if len(self._buffer) > _MAX_HEADER:
                if self._strict:
                    raise FrameError("a header without an end")
                del self._buffer[: -_MAX_HEADER // 2]
            return False
        header = bytes(self._buffer[:end])
        if self._strict and not _HEADERS.fullmatch(header):
            raise FrameError("an unknown header")
        del self._buffer[: end + len(_END)]
        lengths = _LENGTH.findall(header)
        if self._stray is not None:
            known = _HEADERS.search(header)
            self._stray(header[: known.start()] if known and lengths else header + _END)
        if not lengths:
            logger.warning("Passed over %d bytes that are no frame.", end)
        elif (length := int(lengths[-1])) > self._limit:
            self._skip = length
            if self._make_sink is not None:
                self._sink = self._make_sink()
            else:
                logger.warning("Passed over a message of %d bytes.", length)
        else:
            self._length = length
        return True


def _torn(body: bytes) -> int:
    """Return where a header begins that the end of a body cuts in two; else the end."""
    for at in range(max(0, len(body) - len(_NAME)), len(body)):
        if _NAME.startswith(body[at:]):
            return at
    return len(body)

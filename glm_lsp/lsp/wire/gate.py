"""Who may speak over a socket: the first frame proves it.

A client says the token in `initializationOptions.token`, which any editor can send.

Invariants: a server is made only for a peer whose first message is an `initialize` with the token.
Until then little is held of what it sends, and it hears nothing; whatever else it says, and
silence, ends the connection. The token is handed on to nobody and stands in no log.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import json
import logging
import secrets
from typing import TYPE_CHECKING, Any

from glm_lsp import private_files
from glm_lsp.errors import GlmError
from glm_lsp.lsp.wire.framing import FrameError, FrameReader, frame

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

logger = logging.getLogger(__name__)

_MOST = 2**20  # Bytes of the first message; editors send some ten thousand.
_PATIENCE = 5.0  # Seconds in which it has to come.
_MOST_WAITING = 64  # Connections that have not proved anything yet; the oldest goes first.
_LEAST = 16  # Characters of a token.


class Gatekeeper:
    """Lets in who knows the token."""

    def __init__(self, token: str, admit: Callable[[], asyncio.Protocol]) -> None:
        """Have `admit` make what serves a client that proved itself."""
        self._token = token.encode()
        self._admit = admit
        self._waiting: dict[_Stranger, None] = {}

    def accept(self) -> asyncio.Protocol:
        """Return what reads from a new connection."""
        stranger = _Stranger(self)
        self._waiting[stranger] = None
        if len(self._waiting) > _MOST_WAITING:
            next(iter(self._waiting)).drop("others wait, too")
        return stranger

    def let_in(self, transport: asyncio.Transport, body: bytes, rest: bytes) -> bool:
        """Hand a connection over, if its first message proves that it may be; tell whether."""
        greeting = _without_token(body, self._token)
        if greeting is None:
            return False
        protocol = self._admit()
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        protocol.data_received(frame(greeting) + rest)
        return True

    def forget(self, stranger: _Stranger) -> None:
        """Note that somebody was let in, or is gone."""
        self._waiting.pop(stranger, None)


class _Stranger(asyncio.Protocol):
    """A peer that has not proved anything yet."""

    def __init__(self, keeper: Gatekeeper) -> None:
        self._keeper = keeper
        self._frames = FrameReader(strict=True, limit=_MOST, stray=self._note)
        self._held = 0
        self._strange = False
        self._transport: asyncio.Transport | None = None
        loop = asyncio.get_running_loop()
        self._end = loop.call_later(_PATIENCE, self.drop, "it says nothing")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # What a socket has.
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        self._held += len(data)
        self._frames.feed(data)
        try:
            body = next(self._frames.bodies(), None)
        except FrameError as error:
            self.drop(str(error))
            return
        if body is None:
            if self._held > _MOST or self._strange or self._frames.skips:
                self.drop("its first message is too long, or none")
            return
        self._leave()
        if not self._keeper.let_in(self._transport, body, self._frames.rest()):
            self.drop("it does not know the token")

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()

    def drop(self, reason: str) -> None:
        """End the connection."""
        self._leave()
        if self._transport is not None and not self._transport.is_closing():
            logger.warning("A connection was refused: %s.", reason)
            self._transport.abort()

    def _leave(self) -> None:
        self._end.cancel()
        self._keeper.forget(self)

    def _note(self, stray: bytes) -> None:
        self._strange = self._strange or bool(stray)


def _without_token(body: bytes, token: bytes) -> bytes | None:
    """Return an `initialize` that says the token, without it; None for anything else."""
    try:
        message: Any = json.loads(body)
        options = message["params"]["initializationOptions"]
        said = options.pop("token")
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return None
    if message.get("method") != "initialize" or not isinstance(said, str):
        return None
    given = said.encode("utf-8", "surrogatepass")
    return json.dumps(message).encode() if hmac.compare_digest(given, token) else None


def make_token() -> str:
    """Return a token that nobody can guess."""
    return secrets.token_urlsafe(32)


def kept_token(path: Path) -> str:
    """Return the token in a file of this user's alone; one that is not there is made.

    Raises:
        GlmError: others can read it, or it cannot be used.
    """
    try:
        token = private_files.read(path, 4096).strip()
        if not token and not path.exists():
            token = make_token()
            private_files.write(path, token + "\n")
    except PermissionError:
        raise GlmError(
            f"The token in {path} is not yours alone: run `chmod 600` on it, or name another file."
        ) from None
    except OSError as error:
        raise GlmError(
            f"The token file {path} cannot be used: name a regular file.",
            detail=type(error).__name__,
        ) from None
    if len(token) < _LEAST or not token.isascii() or not token.isprintable():
        raise GlmError(
            f"The token in {path} is too short or no plain text: remove the file, and one is made."
        )
    return token


def is_loopback(host: str) -> bool:
    """Tell whether a host to listen on can be reached from this machine alone."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:  # A name, which may lead anywhere.
        return False

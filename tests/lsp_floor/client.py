"""A raw JSON-RPC client of a few lines: a server as a child process, spoken to over its pipes.

It knows nothing of pygls, so that what it sees is what an editor would see. A byte that is no
frame ends up in `garbage`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from glm_lsp.lsp.wire.framing import FrameReader, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

WAIT = 30.0  # Seconds; generous, because it only matters when something is broken.

Message = dict[str, Any]


class ServerError(Exception):
    """The server answered with an error."""

    def __init__(self, error: Message) -> None:
        super().__init__(f"{error['code']}: {error['message']}")
        self.code: int = error["code"]
        self.message: str = error["message"]
        self.data: Any = error.get("data")


class NoReplyError(Exception):
    """The server did not answer in time, or is gone."""


class Client:
    """One editor, as the server sees it.

    Attributes:
        received: every message the server sent, in order.
        on: what answers the server's requests, by method; others are answered null.
        garbage: bytes on the server's stdout that are no frame.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.received: list[Message] = []
        self.on: dict[str, Callable[[Any], Any]] = {}
        self.garbage = b""
        self._news = threading.Condition()
        self._ended = False
        self._last_id = 0
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def send(self, *messages: Message) -> None:
        """Send messages in one write."""
        self.send_bytes(b"".join(encode(message) for message in messages))

    def send_bytes(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def request(self, method: str, params: Any = None) -> int:
        """Send a request; return its id, for `reply`."""
        self._last_id += 1
        self.send(request(self._last_id, method, params))
        return self._last_id

    def reply(self, id_: int | str, timeout: float = WAIT) -> Any:
        """Wait for the result of a request."""
        message = self.wait_for(lambda m: m.get("id") == id_ and "method" not in m, timeout)
        if "error" in message:
            raise ServerError(message["error"])
        return message["result"]

    def call(self, method: str, params: Any = None, timeout: float = WAIT) -> Any:
        """Send a request and wait for its result."""
        return self.reply(self.request(method, params), timeout)

    def notify(self, method: str, params: Any = None) -> None:
        self.send(notification(method, params))

    def wait_for(self, matches: Callable[[Message], bool], timeout: float = WAIT) -> Message:
        """Wait for a message of the server, or return one that came before."""
        seen, deadline = 0, time.monotonic() + timeout
        with self._news:
            while True:
                for message in self.received[seen:]:
                    if matches(message):
                        return message
                seen = len(self.received)
                if self._ended or not self._news.wait(deadline - time.monotonic()):
                    raise NoReplyError(f"received: {self.received[-5:]}")

    def sent(self, method: str) -> list[Any]:
        """Return the params of every request and notification of a method, so far."""
        return [m.get("params") for m in self.received if m.get("method") == method]

    def initialize(self, capabilities: Any = None, **params: Any) -> Any:
        """Do the handshake; return the server's capabilities."""
        given = {"processId": None, "rootUri": None, "capabilities": capabilities or {}, **params}
        result = self.call("initialize", given)
        self.notify("initialized", {})
        return result["capabilities"]

    def open(self, uri: str, text: str, language: str = "python", version: int = 1) -> None:
        item = {"uri": uri, "languageId": language, "version": version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def change(self, uri: str, version: int, *changes: Any) -> None:
        """Send changes: texts, or pairs of ((line, character, line, character), text)."""
        self.notify("textDocument/didChange", changed(uri, version, *changes))

    def leave(self) -> int:
        """Shut the server down as editors do; return its exit code."""
        self.call("shutdown")
        self.notify("exit")
        return self.process.wait(WAIT)

    def close(self) -> None:
        """End the server, whatever state it is in."""
        if self.process.stdin is not None:
            with suppress(OSError):
                self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._reader.join(5)
        if self.process.stdout is not None:
            self.process.stdout.close()

    def _read(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        frames = FrameReader(stray=self._stray)
        with suppress(OSError, ValueError):
            while data := os.read(stream.fileno(), 65_536):
                for message in frames.messages(data):
                    self._take(message)
        with self._news:
            self._ended = True
            self._news.notify_all()

    def _stray(self, data: bytes) -> None:
        self.garbage += data

    def _take(self, message: Message) -> None:
        with self._news:
            self.received.append(message)
            self._news.notify_all()
        if "id" in message and "method" in message:
            handler = self.on.get(message["method"])
            answer = handler(message.get("params")) if handler is not None else None
            if answer is not NotImplemented:  # A handler's way to stay silent.
                self.send({"jsonrpc": "2.0", "id": message["id"], "result": answer})


def request(id_: int | str, method: str, params: Any = None) -> Message:
    return {"id": id_, **notification(method, params)}


def notification(method: str, params: Any = None) -> Message:
    message: Message = {"jsonrpc": "2.0", "method": method}
    return message if params is None else {**message, "params": params}


def changed(uri: str, version: int, *changes: Any) -> Message:
    """Return the params of a didChange."""
    events: list[Any] = []
    for change in changes:
        if isinstance(change, str):
            events.append({"text": change})
        else:
            (line, column, end_line, end_column), text = change
            start = {"line": line, "character": column}
            end = {"line": end_line, "character": end_column}
            events.append({"range": {"start": start, "end": end}, "text": text})
    return {"textDocument": {"uri": uri, "version": version}, "contentChanges": events}


@contextmanager
def running(command: Sequence[str], **popen: Any) -> Iterator[Client]:
    """Run a server for the length of a `with`; it is gone afterwards."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        **{"stderr": subprocess.DEVNULL, **popen},
    )
    client = Client(process)
    try:
        yield client
    finally:
        client.close()
        if process.stderr is not None:
            process.stderr.close()


def python(*arguments: str) -> list[str]:
    """Return the command that runs this interpreter."""
    return [sys.executable, *arguments]

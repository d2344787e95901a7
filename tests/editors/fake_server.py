"""A language server that does what a test tells it, in the test's own process.

It exists for the plugin's handlers alone: a test sends `glm/applyEdit` or another message
when it wants, and looks at what the editor answers. What the product does is tested with
the real server.
"""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
from typing import TYPE_CHECKING, Any

from glm_lsp.lsp.wire.framing import FrameReader, encode

if TYPE_CHECKING:
    from typing_extensions import Self

CAPABILITIES: dict[str, Any] = {
    "positionEncoding": "utf-8",
    "textDocumentSync": {"openClose": True, "change": 2},
    "inlineCompletionProvider": True,
    "codeActionProvider": True,
    "executeCommandProvider": {"commands": ["glm.completionAccepted"]},
}


class FakeServer:
    """Listens on the loopback interface for one editor.

    Attributes:
        port: where it listens.
        initialize: the params of `initialize`, once they came.
        versions: the last version of each open document, by URI.
        texts: what each document held at each version it was reported at, by URI.
        received: every request and notification of the editor, in order.
        answers: results by method (a value, or a function of the params); others get null.
    """

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.initialize: dict[str, Any] = {}
        self.versions: dict[str, int] = {}
        self.texts: dict[str, dict[int, str]] = {}
        self.received: list[tuple[str, Any]] = []
        self.answers: dict[str, Any] = {"initialize": {"capabilities": CAPABILITIES}}
        self._changed = threading.Condition()
        self._replies: dict[int, queue.Queue[dict[str, Any]]] = {}
        self._connection: socket.socket | None = None
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.break_off()
        self._thread.join(10)

    def break_off(self) -> None:
        """Go away without a word, as a server does that crashes."""
        for each in (self._connection, self._listener):
            if each is not None:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
                each.close()

    @property
    def init_lua(self) -> str:
        """The configuration that makes Neovim use this server."""
        return f"vim.lsp.config('glm', {{ cmd = vim.lsp.rpc.connect('127.0.0.1', {self.port}) }})\n"

    def notify(self, method: str, params: Any) -> None:
        """Send a notification."""
        self._send({"method": method, "params": params})

    def request(self, method: str, params: Any, seconds: float = 20) -> Any:
        """Send a request and return the editor's result."""
        number = len(self._replies)
        self._replies[number] = queue.Queue()
        self._send({"id": number, "method": method, "params": params})
        reply = self._replies[number].get(timeout=seconds)
        if "error" in reply:
            raise AssertionError(reply["error"])
        return reply.get("result")

    def wait(self, method: str, count: int = 1, seconds: float = 20) -> Any:
        """Wait for the `count`-th message of a method and return its params."""
        with self._changed:
            came = self._changed.wait_for(lambda: len(self.all(method)) >= count, seconds)
        if not came:
            raise AssertionError(f"{method} never came: {[m for m, _ in self.received]}")
        return self.all(method)[count - 1]

    def all(self, method: str) -> list[Any]:
        """Return the params of every message of a method so far."""
        return [params for name, params in self.received if name == method]

    def _serve(self) -> None:
        try:
            self._connection, _ = self._listener.accept()
            frames = FrameReader(strict=True)
            while data := self._connection.recv(65_536):
                for message in frames.messages(data):
                    self._handle(message)
        except (OSError, ValueError):
            pass  # The test has ended.

    def _handle(self, message: dict[str, Any]) -> None:
        method: str | None = message.get("method")
        params: Any = message.get("params")
        if method is None:
            self._replies[message["id"]].put(message)
            return
        if method == "initialize":
            self.initialize = params
        if method in ("textDocument/didOpen", "textDocument/didChange"):
            self._mirror(params)
        with self._changed:
            self.received.append((method, params))
            self._changed.notify_all()
        if "id" in message:
            answer = self.answers.get(method)
            result = answer(params) if callable(answer) else answer
            self._send({"id": message["id"], "result": result})

    def _mirror(self, params: Any) -> None:
        document = params["textDocument"]
        uri, version = document["uri"], document["version"]
        if "text" in document:
            text: str = document["text"]
        else:
            text = self.texts[uri][self.versions[uri]]
            for change in params["contentChanges"]:
                text = _changed(text, change)
        self.texts.setdefault(uri, {})[version] = text
        self.versions[uri] = version

    def _send(self, message: dict[str, Any]) -> None:
        assert self._connection is not None
        self._connection.sendall(encode(message))


def _changed(text: str, change: Any) -> str:
    lines = [line.encode() for line in text.split("\n")]

    def offset(position: Any) -> int:
        before = sum(len(line) + 1 for line in lines[: position["line"]])
        return before + int(position["character"])

    start, end = offset(change["range"]["start"]), offset(change["range"]["end"])
    data, added = text.encode(), str(change["text"])
    return (data[:start] + added.encode() + data[end:]).decode()

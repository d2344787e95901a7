"""Two editors at one server over TCP: each has its own settings, documents and jobs."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from glm_lsp.lsp.wire.framing import encode
from tests.lsp_floor.client import WAIT, notification, request

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

URI = "file:///project/area.py"
TOKEN = "not-a-secret-but-long"


@contextmanager
def listening(tmp_path: Path) -> Iterator[int]:
    """Start the whole server and yield the port it listens on."""
    words = [sys.executable, "-m", "glm_lsp", "--tcp", "127.0.0.1:0", "--log-level", "info"]
    words += ["--token-file", str(tmp_path / "token")]
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "token").chmod(0o600)
    kept = {k: v for k, v in os.environ.items() if "GLM" not in k and "API" not in k}
    quiet = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    environ = {**kept, **quiet, "XDG_DATA_HOME": str(tmp_path), "RUNAPI_KEY": "not-a-key"}
    with subprocess.Popen(words, stderr=subprocess.PIPE, env=environ) as process:
        assert process.stderr is not None
        try:
            told = (re.search(rb"Listening on \S+:(\d+)", line) for line in process.stderr)
            yield int(next(found for found in told if found).group(1))
        finally:
            process.kill()


class Client:
    """One editor, whose settings come with `initialize`."""

    def __init__(self, port: int, **options: Any) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), WAIT)
        self._file = self._socket.makefile("rb")
        self._number = 0
        options["token"] = TOKEN
        self.ask("initialize", {"capabilities": {}, "initializationOptions": options})
        self.tell("initialized", {})

    def tell(self, method: str, params: Any) -> None:
        self._socket.sendall(encode(notification(method, params)))

    def ask(self, method: str, params: Any) -> Any:
        """Return the result, or the error's message."""
        self._number += 1
        self._socket.sendall(encode(request(self._number, method, params)))
        while True:
            length = int(self._file.readline().split(b":")[1])
            self._file.readline()
            message = json.loads(self._file.read(length))
            if message.get("id") == self._number and "method" not in message:
                return message["result"] if "result" in message else message["error"]["message"]

    def run(self, command: str, **argument: Any) -> Any:
        params = {"command": command, "arguments": [argument]}
        return self.ask("workspace/executeCommand", params)

    def close(self) -> None:
        self._file.close()
        self._socket.close()


def test_two_clients_share_neither_settings_nor_documents(tmp_path: Path) -> None:
    """One's model is not the other's, nor is the document that only one of them has open."""
    with listening(tmp_path) as port:
        clients = [Client(port, models={"actions": name}) for name in ("one", "two")]
        opened = {"uri": URI, "languageId": "python", "version": 1, "text": "x = 1\n"}
        clients[0].tell("textDocument/didOpen", {"textDocument": opened})
        models = [client.run("glm.status")["model"] for client in clients]
        assert models == ["one (runapi)", "two (runapi)"]
        told = clients[1].run("glm.explain", uri=URI)
        assert told == "The file is not open in the editor: open it, then ask again."
        for client in clients:
            client.close()

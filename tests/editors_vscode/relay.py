"""Stands where the server stands, between VS Code and what a test puts behind it.

    relay.py connect PORT          a server that listens in the test's own process
    relay.py log FILE COMMAND…     the real server; what goes by is written down

In the log each line is `{"at", "from", "message"}`: seconds, "client" or "server", the message.
What is behind it ends with it, and it ends with what is behind it. Standard library only.

Invariant: every byte goes on unchanged and at once.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def main(arguments: list[str]) -> None:
    """Pass on what comes, both ways, until one side ends."""
    if arguments[0] == "connect":
        connection = socket.create_connection(("127.0.0.1", int(arguments[1])))
        behind = connection.makefile("rwb", buffering=0)
        pass_on(behind, behind, lambda _side, _data: None)
    else:
        words = arguments[2:]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
            assert server.stdin
            assert server.stdout
            Path(arguments[1]).with_suffix(".pid").write_text(str(server.pid))
            pass_on(server.stdout, server.stdin, Log(Path(arguments[1])))
            server.kill()
    os._exit(0)  # A thread still waits for the other side's next byte.


def pass_on(source: Any, sink: Any, note: Callable[[str, bytes], None]) -> None:
    """Pass on, until one of the two sides ends."""
    over = threading.Event()

    def pump(side: str, read: int, write: int) -> None:
        with contextlib.suppress(OSError):
            while data := os.read(read, 65536):
                note(side, data)
                _write(write, data)
        over.set()

    ends = (("client", 0, sink.fileno()), ("server", source.fileno(), 1))
    for end in ends:
        threading.Thread(target=pump, args=end, daemon=True).start()
    over.wait()


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


class Log:
    """Writes down whole messages, in the order in which they went by."""

    def __init__(self, path: Path) -> None:
        self._file: IO[str] = path.open("a", encoding="utf-8")
        self._lock = threading.Lock()
        self._unread = {"client": b"", "server": b""}

    def __call__(self, side: str, data: bytes) -> None:
        with self._lock:
            unread = self._unread[side] + data
            while (found := _message(unread)) is not None:
                body, unread = found
                line = {"at": time.time(), "from": side, "message": json.loads(body)}
                self._file.write(json.dumps(line) + "\n")
            self._unread[side] = unread
            self._file.flush()


def _message(data: bytes) -> tuple[bytes, bytes] | None:
    """Return the first whole message and the rest; None while there is no whole one."""
    head, found, rest = data.partition(b"\r\n\r\n")
    if not found:
        return None
    lengths = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    length = int(lengths[0].split(b":")[1])
    return (rest[:length], rest[length:]) if len(rest) >= length else None


if __name__ == "__main__":
    main(sys.argv[1:])

"""What the recorder in VS Code and the log of the relay say of one run, put together.

Invariant: whose a change is is told by numbers alone: it is GLM's when its version is one that
the client answered to an edit of the server's, an undo when VS Code says so, else the user's.
"""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

from attrs import frozen

from tests.editors.fuzz.changes import Change

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Recorder:
    """The extension in VS Code that records, once it has called; it does one thing at a time."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._connection: socket.socket | None = None

    def accept(self, seconds: float = 60) -> None:
        """Wait until VS Code has started it."""
        self._listener.settimeout(seconds)
        self._connection, _ = self._listener.accept()
        self._connection.settimeout(seconds)
        self._stream = self._connection.makefile("r", encoding="utf-8")

    def close(self) -> None:
        """Hang up."""
        if self._connection:
            self._stream.close()
            self._connection.close()
        self._listener.close()

    def call(self, call: str, **arguments: Any) -> Any:
        """Have it do something and return what came of it.

        Raises:
            RecorderError: that went wrong, or it does not answer.
        """
        assert self._connection
        message = json.dumps({"call": call, "args": arguments}) + "\n"
        try:
            self._connection.sendall(message.encode())
            answer = json.loads(self._stream.readline() or '{"error": "it has hung up"}')
        except OSError as error:
            raise RecorderError(f"{call}: {error!r}") from error
        if "error" in answer:
            raise RecorderError(f"{call}: {answer['error']}")
        return answer["result"]

    def execute(self, command: str, *arguments: Any) -> Any:
        """Run a command of VS Code or of an extension."""
        return self.call("execute", command=command, args=arguments)


class RecorderError(Exception):
    """VS Code does not do what it is asked to."""


@frozen
class Edit:
    """One `glm/applyEdit`, and what the client answered."""

    number: int
    applied: bool
    version: int | None


@frozen
class Conversation:
    """What went between client and server in one run.

    Attributes:
        edits: the edits of the run's document, in order, those that only end a step not counted.
        sentences: what the user was shown: messages, errors, offers.
        frames: the messages these were taken from.
    """

    edits: Sequence[Edit]
    sentences: Sequence[str]
    frames: Sequence[dict[str, Any]]


class RelayLog:
    """The relay's log, read from where the last reading ended."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0

    def skip(self) -> None:
        """Begin behind what there is."""
        self._read = self._path.stat().st_size if self._path.exists() else 0

    def since(self, uri: str) -> Conversation:
        """Return what was said since, as far as it is about a document, or for the user."""
        with self._path.open(encoding="utf-8") as file:
            file.seek(self._read)
            frames = [json.loads(line) for line in file]
        asked: dict[Any, int] = {}
        commands: set[Any] = set()
        edits: list[Edit] = []
        sentences: list[str] = []
        kept = []
        for frame in frames:
            side, message = frame["from"], frame["message"]
            method, params = message.get("method"), message.get("params") or {}
            if method == "glm/applyEdit":
                documents = params["edit"].get("documentChanges") or []
                if documents and documents[0]["textDocument"]["uri"] == uri:
                    asked[message["id"]] = len(asked) + 1
                    kept.append(frame)
            elif side == "client" and method is None and message.get("id") in asked:
                result = message.get("result") or {}
                number = asked[message["id"]]
                applied = bool(result.get("applied"))
                edits.append(Edit(number, applied, result.get("version")))
                kept.append(frame)
            elif side == "client" and method == "workspace/executeCommand":
                commands.add(message["id"])
            elif side == "server" and (said := _sentences(message, commands)):
                sentences += said
                kept.append(frame)
            elif method in ("glm/changes", "textDocument/didChange", "glm/status"):
                kept.append(frame)
        return Conversation(edits, sentences, kept)


def _sentences(message: dict[str, Any], commands: set[Any]) -> list[str]:
    """Return what the user is shown because of a message; of errors, a command's alone."""
    params = message.get("params") or {}
    if message.get("method") in ("window/showMessage", "window/showMessageRequest"):
        return [params["message"]]
    if message.get("method") == "glm/changes":
        offers = [change for change in params["changes"] if change["state"] == "offered"]
        return [f"{offer['title']}: {offer['fault'] or 'apply?'}" for offer in offers]
    failed = "error" in message and message.get("id") in commands
    return [message["error"]["message"]] if failed else []


def attributed(log: Sequence[dict[str, Any]], edits: Sequence[Edit]) -> list[Change]:
    """Return the recorder's log with who made each change."""
    numbers = {edit.version: edit.number for edit in edits if edit.applied}
    changes = []
    for entry in log:
        number = numbers.get(entry["version"], 0)
        who: Any = "glm" if number else "undo" if entry["reason"] else "user"
        if entry["old"] != entry["new"]:
            changes.append(Change(who, entry["start"], entry["old"], entry["new"], number))
    return changes

"""The process that holds a client's index: it reads and parses the workspace, and answers.

Invariant: other people's texts are parsed here and nowhere else, and each within a bounded time:
a parser cannot be interrupted, so that the process ends, and is started anew without that file.
It ends, at the latest, when the server's end of the pipe is closed.
"""

from __future__ import annotations

import faulthandler
import gc
import os
import queue
import signal
import sys
import threading
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from glm_lsp.context.workspace_files import WorkspaceFiles
from glm_lsp.languages import code_named
from glm_lsp.project import frames
from glm_lsp.project.consult import consult
from glm_lsp.project.gather import Gatherer
from glm_lsp.project.lines import Lines
from glm_lsp.project.sought import Sought
from glm_lsp.project.store import FactsStore, store_path
from glm_lsp.project.wanted import Wanted
from glm_lsp.project.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glm_lsp.project.extent import Extent

TIME_FOR_A_FILE = 2.0
"""Seconds of a processor; of time where a system cannot end a process by those (Windows)."""


def run(source: IO[bytes], sink: IO[bytes]) -> int:
    """Serve until the source ends; return the process's exit code."""
    gc.freeze()  # What is imported stays; names and numbers are no garbage in circles.
    waiting: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()

    def listen() -> None:
        try:
            while (message := frames.read(source)) is not None:
                waiting.put(message)
        except (OSError, ValueError):
            pass
        waiting.put(None)

    threading.Thread(target=listen, daemon=True).start()
    try:
        return _Worker(sink).work(waiting)
    except (OSError, ValueError):  # The server has gone.
        return 0


class _Worker:
    """What one process holds."""

    def __init__(self, sink: IO[bytes]) -> None:
        self._sink = sink
        self._null = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
        self._workspace: Workspace | None = None
        self._gatherer: Gatherer | None = None
        self._lines: Lines | None = None
        self._told: Extent | None = None

    def work(self, waiting: queue.SimpleQueue[dict[str, Any] | None]) -> int:
        """Answer what comes, and go on with the index while nothing does."""
        busy = False
        while True:
            try:
                message = waiting.get(block=not busy)
            except queue.Empty:
                message = {}
            if message is None:
                return 0
            if message:
                self._take(message)
            busy = self._workspace is not None and self._workspace.step()
            if self._workspace is not None and self._workspace.complete:
                self._tell_extent(self._workspace.extent)

    def _take(self, message: Mapping[str, Any]) -> None:
        task = message.get("do")
        if task == "begin":
            self._begin(message)
            return
        workspace = self._workspace
        if workspace is None:
            return
        if task == "ask":
            self._answer(message)
        elif task == "consult":
            self._consult(message, workspace)
        elif task == "lines":
            self._find_lines(message)
        elif task == "open" and (language := code_named(message["language"])) is not None:
            path = os.path.realpath(message["path"])
            if not workspace.open(path, language, message["text"]):
                workspace.forget(path, language)
        elif task == "changed":
            workspace.changed(map(os.path.realpath, message["paths"]))
        elif task == "close":
            workspace.close(os.path.realpath(message["path"]))
        elif task == "look":
            workspace.start()

    def _begin(self, message: Mapping[str, Any]) -> None:
        roots, left = (tuple(map(Path, message[key])) for key in ("roots", "left"))
        files = WorkspaceFiles(message["patterns"], roots, left=left)
        path = store_path() if message.get("store", True) else None
        self._workspace = Workspace(
            files,
            FactsStore(path),
            self._reading,
            skipped=message.get("skipped", ()),
            near=map(os.path.realpath, message.get("near", ())),
        )
        self._gatherer = Gatherer(self._workspace)
        self._lines = Lines(self._workspace)
        self._told = None
        self._workspace.start()

    def _answer(self, message: Mapping[str, Any]) -> None:
        answer: dict[str, Any] = {"said": "answer", "id": message["id"]}
        language = code_named(message["language"])
        if language is not None and self._gatherer is not None:
            budgets = (message["sheet"], message["fresh"])
            path = os.path.realpath(message["path"])
            shown = self._gatherer.gather(path, language, message["text"], message["line"], budgets)
            answer.update(shown._asdict())
            if not message.get("reasons"):
                del answer["reasons"]
        self._tell(answer)

    def _consult(self, message: Mapping[str, Any], workspace: Workspace) -> None:
        answer: dict[str, Any] = {"said": "answer", "id": message["id"]}
        if (language := code_named(message["language"])) is not None:
            path = os.path.realpath(message["path"])
            wanted = Wanted(*message["wanted"])
            try:
                found = consult(workspace, path, language, message["text"], wanted)
            except Exception as error:  # Completions need the index all the same.
                answer["failed"], found = f"{type(error).__name__}: {error}", []
            answer["excerpts"] = [each._replace(uri=workspace.place(each.path)) for each in found]
        self._tell(answer)

    def _find_lines(self, message: Mapping[str, Any]) -> None:
        answer: dict[str, Any] = {"said": "answer", "id": message["id"]}
        language = code_named(message["language"])
        if language is not None and self._lines is not None:
            path = os.path.realpath(message["path"])
            wanted = [_sought(each) for each in message["sought"]]
            try:
                answer["lines"] = self._lines.find(path, language, message["text"], wanted)
            except Exception as error:  # Completions need the index all the same.
                answer["failed"] = f"{type(error).__name__}: {error}"
        self._tell(answer)

    def _tell_extent(self, extent: Extent) -> None:
        if extent != self._told:
            self._told = extent
            self._tell({"said": "state", "extent": list(extent)})

    def _reading(self, path: str) -> None:
        """Watch over the time that one text takes; none when `path` is ""."""
        if path:
            self._tell({"said": "reading", "path": path})
        if sys.platform != "win32":  # On a busy machine a clock would end it for nothing.
            signal.setitimer(signal.ITIMER_VIRTUAL, TIME_FOR_A_FILE if path else 0.0)
        elif path:
            faulthandler.dump_traceback_later(TIME_FOR_A_FILE, exit=True, file=self._null)
        else:
            faulthandler.cancel_dump_traceback_later()

    def _tell(self, message: dict[str, Any]) -> None:
        frames.write(self._sink, message)


def _sought(row: list[Any]) -> Sought:
    kind, words, known, name, owner, home = row
    home = os.path.realpath(home) if home else ""
    return Sought(kind, tuple(words), tuple(known), name, owner, home)


def main() -> int:
    """Serve the process that started this one."""
    return run(sys.stdin.buffer, sys.stdout.buffer)

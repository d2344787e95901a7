"""An editor of a few lines: starts the real server and talks LSP to it over pipes.

Invariant: it does to a document what an editor does (versions, edits in order, didChange
after each), so what is seen through it is what an editor's user would see.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
from typing import TYPE_CHECKING, Any

from attrs import define, field
from lsprotocol import types

from glm_lsp.lsp.documents.positions import to_range, to_span
from glm_lsp.lsp.wire.framing import FrameError, FrameReader, encode
from glm_lsp.text import Change, Span, Text
from glm_lsp.timeout import timeout

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

    Handler = Callable[[Any], Awaitable[Any]]

_READ_SIZE = 64 * 1024

CAPABILITIES: dict[str, Any] = {
    "general": {"positionEncodings": ["utf-16"]},
    "workspace": {"applyEdit": True, "workspaceEdit": {"documentChanges": True}},
    "textDocument": {
        "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}},
        "inlineCompletion": {},
    },
    "window": {"workDoneProgress": True},
    "experimental": {"glm": {"applyEdit": True, "explanation": True, "status": True}},
}
"""What the demo's editor can do: as much as our own clients."""


class ResponseError(Exception):
    """A request was answered with an error."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(str(error.get("message", "")))
        self.code: int = error.get("code", 0)


@define
class Buffer:
    """An open document."""

    uri: str
    language: str
    version: int
    text: Text = field(repr=False)


class Editor:
    """One client with one server process.

    Attributes:
        buffers: the open documents by URI.
        messages: every notification and request that came, in order: (method, params).
        progress: progress notifications: (token, value).
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.buffers: dict[str, Buffer] = {}
        self.messages: list[tuple[str, Any]] = []
        self.capabilities: dict[str, Any] = {}
        self.encoding = "utf-16"
        self.process = process
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._handlers: dict[str, Handler] = {
            types.WORKSPACE_APPLY_EDIT: self._apply_edit,
            "glm/applyEdit": self._apply_edit,
        }
        self._news = asyncio.Condition()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._reader = self._spawn(self._read())

    @classmethod
    async def start(
        cls,
        command: Sequence[str],
        *,
        root: Path | None = None,
        options: Mapping[str, Any] | None = None,
        capabilities: Mapping[str, Any] | None = None,
        environ: Mapping[str, str] | None = None,
        stderr: int | None = None,
        cwd: str | None = None,
    ) -> Editor:
        """Start a server, in a folder of its own if one is given, and initialize it.

        Raises:
            ResponseError: it refused, or ended; its process is gone then.
        """
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
            env=dict(environ) if environ is not None else None,
            cwd=cwd,
        )
        editor = cls(process)
        try:
            await editor.initialize(root=root, options=options, capabilities=capabilities)
        except ResponseError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            await editor.stop()
            raise
        return editor

    async def initialize(
        self,
        *,
        root: Path | None = None,
        options: Mapping[str, Any] | None = None,
        capabilities: Mapping[str, Any] | None = None,
    ) -> None:
        """Do the handshake.

        Raises:
            ResponseError: the server refused, or ended.
        """
        folders = [{"uri": root.as_uri(), "name": root.name}] if root is not None else None
        params = {
            "processId": os.getpid(),
            "rootUri": root.as_uri() if root is not None else None,
            "workspaceFolders": folders,
            "capabilities": dict(capabilities if capabilities is not None else CAPABILITIES),
            "initializationOptions": dict(options or {}),
        }
        result = await self.request(types.INITIALIZE, params)
        self.capabilities = result["capabilities"]
        self.encoding = self.capabilities.get("positionEncoding", "utf-16")
        self.notify(types.INITIALIZED, {})

    def on(self, method: str, handler: Handler) -> None:
        """Answer the server's requests of a method with `handler`.

        A `ResponseError` that it raises is the answer.
        """
        self._handlers[method] = handler

    async def request(self, method: str, params: Any = None) -> Any:
        """Send a request and return its result.

        Raises:
            ResponseError: the server answered with an error, or ended.
        """
        number = next(self._ids)
        self._waiting[number] = future = asyncio.get_running_loop().create_future()
        self._send({"id": number, "method": method, "params": params})
        try:
            return await future
        except asyncio.CancelledError:
            self.notify(types.CANCEL_REQUEST, {"id": number})
            raise
        finally:
            self._waiting.pop(number, None)

    def notify(self, method: str, params: Any) -> None:
        """Send a notification."""
        self._send({"method": method, "params": params})

    async def until(self, met: Callable[[], bool], seconds: float = 60.0) -> None:
        """Wait for something that a message from the server brings about.

        Raises:
            TimeoutError: it did not come about.
        """
        async with self._news:
            try:
                async with timeout(seconds):
                    await self._news.wait_for(met)
            except asyncio.TimeoutError:
                raise TimeoutError(f"nothing came in {seconds:g} seconds") from None

    def open(self, uri: str, language: str, text: str) -> Buffer:
        """Open a document."""
        buffer = self.buffers[uri] = Buffer(uri, language, 1, Text.of(text))
        item = {"uri": uri, "languageId": language, "version": 1, "text": text}
        self.notify(types.TEXT_DOCUMENT_DID_OPEN, {"textDocument": item})
        return buffer

    def close_document(self, uri: str) -> None:
        """Close a document."""
        del self.buffers[uri]
        self.notify(types.TEXT_DOCUMENT_DID_CLOSE, {"textDocument": {"uri": uri}})

    def type(self, uri: str, span: Span, text: str) -> None:
        """Replace a span, as a user's keystrokes or paste would."""
        self._change(self.buffers[uri], [Change(span, text)])

    def text(self, uri: str) -> str:
        """Return a document's text."""
        return str(self.buffers[uri].text)

    def range_of(self, uri: str, span: Span) -> dict[str, Any]:
        """Return an LSP range."""
        range_ = to_range(self.buffers[uri].text, span, self.encoding)
        return {
            "start": {"line": range_.start.line, "character": range_.start.character},
            "end": {"line": range_.end.line, "character": range_.end.character},
        }

    def span_of(self, uri: str, range_: Mapping[str, Any]) -> Span:
        """Return the span of an LSP range."""
        start, end = (types.Position(**range_[name]) for name in ("start", "end"))
        return to_span(self.buffers[uri].text, types.Range(start, end), self.encoding)

    async def execute(self, command: str, **argument: Any) -> Any:
        """Run a command with its one argument."""
        params = {"command": command, "arguments": [argument]}
        return await self.request(types.WORKSPACE_EXECUTE_COMMAND, params)

    def received(self, method: str) -> list[Any]:
        """Return the params of every message of a method, in order."""
        return [params for name, params in self.messages if name == method]

    def ended(self, job: str) -> bool:
        """Whether the progress of a job has ended."""
        return any(
            progress["token"] == job and progress["value"].get("kind") == "end"
            for progress in self.received(types.PROGRESS)
        )

    async def stop(self) -> int:
        """Shut the server down; return its exit code."""
        if self.process.returncode is None:
            with contextlib.suppress(ResponseError, asyncio.TimeoutError):
                async with timeout(10):
                    await self.request(types.SHUTDOWN)
            self.notify(types.EXIT, None)
            try:
                async with timeout(10):
                    await self.process.wait()
            except asyncio.TimeoutError:
                self.process.kill()
        code = await self.process.wait()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        return code

    async def _apply_edit(self, params: Any) -> Any:
        """Apply a workspace edit whole, or refuse it when a version is not the document's."""
        planned: list[tuple[Buffer, list[Change]]] = []
        for change in params["edit"].get("documentChanges", []):
            identifier = change["textDocument"]
            buffer = self.buffers.get(identifier["uri"])
            if buffer is None or identifier["version"] not in (None, buffer.version):
                return {"applied": False}
            planned.append((buffer, self._changes(buffer, change["edits"])))
        for buffer, changes in planned:
            self._change(buffer, changes)
        return {"applied": True, "version": planned[-1][0].version if planned else None}

    def _changes(self, buffer: Buffer, edits: Sequence[Mapping[str, Any]]) -> list[Change]:
        """Return LSP edits, which all mean the same text, as changes from the last to the first."""
        changes = [
            Change(self.span_of(buffer.uri, edit["range"]), edit["newText"]) for edit in edits
        ]
        changes.reverse()  # What is inserted at one place stands there in the order of the list.
        return sorted(changes, key=lambda change: change.span, reverse=True)

    def _change(self, buffer: Buffer, changes: Sequence[Change]) -> None:
        events = []
        for change in changes:
            where = self.range_of(buffer.uri, change.span)
            buffer.text = buffer.text.replace(change.span, change.text)
            events.append({"range": where, "text": change.text})
        buffer.version += 1
        document = {"uri": buffer.uri, "version": buffer.version}
        self.notify(
            types.TEXT_DOCUMENT_DID_CHANGE,
            {"textDocument": document, "contentChanges": events},
        )

    async def _read(self) -> None:
        stream = self.process.stdout
        assert stream is not None  # noqa: S101  # It was asked for.
        frames = FrameReader(strict=True)
        try:
            while data := await stream.read(_READ_SIZE):
                for message in frames.messages(data):
                    self._take(message)
                    async with self._news:
                        self._news.notify_all()
        except (ConnectionError, FrameError):
            pass
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(ResponseError({"message": "The server ended."}))

    def _take(self, message: dict[str, Any]) -> None:
        method = message.get("method")
        if method is None:
            future = self._waiting.get(message.get("id", 0))
            if future is None or future.done():
                return
            if "error" in message:
                future.set_exception(ResponseError(message["error"]))
            else:
                future.set_result(message.get("result"))
            return
        self.messages.append((method, message.get("params")))
        if "id" in message:
            self._spawn(self._answer(message["id"], method, message.get("params")))

    async def _answer(self, number: Any, method: str, params: Any) -> None:
        handler = self._handlers.get(method)
        try:
            result = await handler(params) if handler is not None else None
        except ResponseError as error:
            self._send({"id": number, "error": {"code": error.code, "message": str(error)}})
        else:
            self._send({"id": number, "result": result})

    def _send(self, message: dict[str, Any]) -> None:
        pipe = self.process.stdin
        assert pipe is not None  # noqa: S101  # It was asked for.
        if not pipe.is_closing():
            pipe.write(encode(message))

    def _spawn(self, work: Any) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

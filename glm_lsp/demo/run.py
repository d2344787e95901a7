"""`glm-lsp demo`: the main job in a terminal, without a key.

Invariant: the server is the real one, in a process of its own, and is spoken to in LSP only;
the model is a real one. The user's file is read and never written: edits happen in a buffer.
"""

from __future__ import annotations

import asyncio
import sys
import time
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen
from lsprotocol import types

from glm_lsp.demo.editor import CAPABILITIES, Editor, ResponseError
from glm_lsp.demo.screen import Screen
from glm_lsp.demo.tour import Stop, tour
from glm_lsp.errors import GlmError
from glm_lsp.languages import language_of_file
from glm_lsp.local.embedded import find_weights
from glm_lsp.text import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

SAMPLE = "shapes.py"
_PATIENCE = 300.0  # Seconds for one answer: a slow machine is no failure.


@frozen
class Source:
    """What the demo works on: a copy of a file's text."""

    path: Path
    text: str


def run(file: Path | None, *, action: str, model: Path | None) -> int:
    """Run the demo; return the process's exit code.

    Raises:
        GlmError: the file cannot be read, or the embedded model is not installed.
    """
    source = _read(file)
    command = [sys.executable, "-m", "glm_lsp", "serve", "--log-level", "error"]
    if model is not None:
        command += ["--model", str(model)]
    screen = Screen()
    stops = tour(source.text, language_of_file(source.path).name, action, bundled=file is None)
    if model is None:
        find_weights()  # Raises here what the server would only say in a message.
    return asyncio.run(_run(source, stops, command, screen))


def _read(file: Path | None) -> Source:
    if file is None:
        sample = files("glm_lsp.demo") / "samples" / SAMPLE
        return Source(Path(SAMPLE).absolute(), sample.read_text("utf-8"))
    try:
        return Source(file.resolve(), file.read_bytes().decode("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise GlmError(f"{file} cannot be read as text: {type(error).__name__}.") from error


async def _run(
    source: Source, stops: Sequence[Stop], command: Sequence[str], screen: Screen
) -> int:
    started = time.monotonic()
    try:
        editor = await Editor.start(
            command,
            root=source.path.parent,
            options={"provider": "local"},
            capabilities=CAPABILITIES,
        )
    except ResponseError as error:
        raise GlmError(f"The server did not start ({error}): run `glm-lsp doctor`.") from error
    try:
        screen.begin(source.path.name, source.text, time.monotonic() - started)
        uri = source.path.as_uri()
        failures = 0
        for stop in stops:
            # Each stop shows one thing: it begins with the file as it was.
            editor.open(uri, language_of_file(source.path).name, source.text)
            screen.stop(stop, source.text)
            failures += not await _visit(editor, uri, stop, screen)
            editor.close_document(uri)
        return 1 if failures else 0
    finally:
        await editor.stop()


async def _visit(editor: Editor, uri: str, stop: Stop, screen: Screen) -> bool:
    started = time.monotonic()
    try:
        if stop.action == "complete":
            return await _complete(editor, uri, stop, screen, started)
        return await _act(editor, uri, stop, screen, started)
    except ResponseError as error:
        screen.failed(str(error))
        return False


async def _act(editor: Editor, uri: str, stop: Stop, screen: Screen, started: float) -> bool:
    """Choose a code action from the menu and follow what it does."""
    before = editor.text(uri)
    offered = await _offered(editor, uri, stop)
    if offered is None:
        screen.failed("The server offered no such action here.")
        return False
    messages = len(editor.messages)
    command = offered["command"]
    params = {"command": command["command"], "arguments": command["arguments"]}
    job = (await editor.request(types.WORKSPACE_EXECUTE_COMMAND, params))["job"]
    screen.follow(editor, messages)
    first = None
    while not editor.ended(job):
        await editor.until(lambda: screen.news(editor) or editor.ended(job), _PATIENCE)
        if screen.show(editor, uri) and first is None:
            first = time.monotonic() - started
    screen.show(editor, uri)
    failed = [m["message"] for m in _since(editor, messages, types.WINDOW_SHOW_MESSAGE)]
    if failed:
        screen.failed(failed[0])
        return False
    screen.done(time.monotonic() - started, first)
    if stop.action != "explain":
        screen.difference(before, editor.text(uri), uri)
        return editor.text(uri) != before
    return first is not None


async def _offered(editor: Editor, uri: str, stop: Stop) -> Any:
    where = editor.range_of(uri, stop.span)
    diagnostics = (
        [{"range": where, "message": stop.problem, "severity": 1, "source": "demo"}]
        if stop.problem
        else []
    )
    menu = await editor.request(
        types.TEXT_DOCUMENT_CODE_ACTION,
        {
            "textDocument": {"uri": uri},
            "range": where,
            "context": {"diagnostics": diagnostics},
        },
    )
    wanted = f"glm.{stop.action}"
    return next((entry for entry in menu if entry["command"]["command"] == wanted), None)


async def _complete(editor: Editor, uri: str, stop: Stop, screen: Screen, started: float) -> bool:
    if stop.removed:
        editor.type(uri, stop.removed, "")
    position = editor.range_of(uri, Span(stop.span.start, stop.span.start))["start"]
    items = await editor.request(
        types.TEXT_DOCUMENT_INLINE_COMPLETION,
        {
            "textDocument": {"uri": uri},
            "position": position,
            "context": {"triggerKind": 1},
        },
    )
    failed = [m["message"] for m in editor.received(types.WINDOW_SHOW_MESSAGE)]
    if not items:
        screen.failed(failed[-1] if failed else "The model proposed nothing here.")
        return False
    text = editor.text(uri)
    line = text[text.rfind("\n", 0, stop.span.start) + 1 : stop.span.start]
    screen.ghost(line, items[0]["insertText"])
    screen.done(time.monotonic() - started, None)
    return True


def _since(editor: Editor, index: int, method: str) -> list[Any]:
    return [params for name, params in editor.messages[index:] if name == method]

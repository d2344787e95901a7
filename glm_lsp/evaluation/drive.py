"""Puts scenarios to the real server, in a process of its own, as an editor would.

Invariants: what comes of a scenario comes from LSP messages alone; each begins with its document as
it stands, in a document of its own; the server sees no key, no settings and no data of the user's,
but for what it is started with.
"""

from __future__ import annotations

import asyncio
import os
import site
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from attrs import field, frozen

from glm_lsp.demo.editor import Editor, ResponseError
from glm_lsp.errors import GlmError
from glm_lsp.evaluation.scenario import changed
from glm_lsp.text import Span

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from glm_lsp.evaluation.scenario import Scenario

_PATIENCE = 600.0  # Seconds for one answer: a slow machine is no failure.
_INDEXED = 120.0  # Seconds.
_AUTOMATIC = 2  # Of the protocol: the editor asks by itself.

_OWN_FOLDERS = (
    *("HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"),
    *("APPDATA", "LOCALAPPDATA"),
)

_ALWAYS: Mapping[str, Any] = {
    # What would be asked ahead depends on how fast the one before was.
    "completion": {"delay": 0, "ahead": "off"},
}


@frozen
class Start:
    """How a server is started.

    Attributes:
        command: its arguments.
        environ: what it is told about the service.
        key: what it tells the gateway.
        settings: the user's, by section.
    """

    command: tuple[str, ...]
    environ: Mapping[str, str] = field(repr=False)
    key: str = field(repr=False)
    settings: Mapping[str, Any] = field(factory=dict, repr=False)


@frozen
class Came:
    """What came of a scenario.

    Attributes:
        shown: what was shown at the cursor, or offered as the next edit; "" for nothing.
        text: the document afterwards, with what was shown.
        offered: the next edits that were offered.
        said: what the user was told.
    """

    shown: str = field(repr=False)
    text: str = field(repr=False)
    offered: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    said: str = ""


@asynccontextmanager
async def serving(start: Start, root: Path | None) -> AsyncIterator[Editor]:
    """Run a server in a home of its own while the block runs.

    Raises:
        GlmError: it does not start.
    """
    with TemporaryDirectory(prefix="glm-lsp-evaluation-", ignore_cleanup_errors=True) as home:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("GLM_", "XDG_")) and "KEY" not in name
        }
        own = {
            **dict.fromkeys(_OWN_FOLDERS, home),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            # Started elsewhere than in a repository, whose modules would be taken for Python's.
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "PYTHONUSERBASE": site.getuserbase(),
        }
        try:
            editor = await Editor.start(
                start.command,
                root=root,
                options={**_merged(start.settings, _ALWAYS), "apiKey": start.key},
                environ={**kept, **own, **start.environ},
                stderr=asyncio.subprocess.DEVNULL,
                cwd=home,
            )
        except (ResponseError, OSError) as error:
            raise GlmError(f"The server did not start ({error}): run `glm-lsp doctor`.") from error
        try:
            yield editor
        finally:
            await editor.stop()


async def put(editor: Editor, scenario: Scenario, root: Path | None, number: int) -> Came:
    """Put a scenario to a server; `number` tells its document from others.

    Raises:
        TimeoutError: nothing came of it for too long.
    """
    folder = root.as_uri() if root is not None else f"file:///evaluation/{number}"
    uri = f"{folder}/{quote(scenario.path)}"
    messages = len(editor.messages)
    editor.open(uri, scenario.language, scenario.text)
    try:
        if root is not None:
            await _indexed(editor)
        if scenario.feature == "next":
            came = await _next(editor, scenario, uri)
        elif scenario.feature == "complete":
            came = await _complete(editor, scenario, uri)
        else:
            came = await _act(editor, scenario, uri)
    except ResponseError as error:
        came = Came("", editor.text(uri), (), str(error))
    finally:
        editor.close_document(uri)
    told = [p["message"] for m, p in editor.messages[messages:] if m == "window/showMessage"]
    return Came(came.shown, came.text, came.offered, came.said or (told[-1] if told else ""))


def server_command() -> tuple[str, ...]:
    """Return what starts the server of this very program."""
    return (sys.executable, "-m", "glm_lsp.evaluation.server")


async def _complete(editor: Editor, scenario: Scenario, uri: str) -> Came:
    position = _position(editor, uri, scenario.place.start)
    context = {"triggerKind": _AUTOMATIC}
    params = {"textDocument": {"uri": uri}, "position": position, "context": context}
    items = await editor.request("textDocument/inlineCompletion", params)
    if isinstance(items, dict):
        items = items.get("items")
    if not items:
        return Came("", scenario.text)
    shown, text = items[0]["insertText"], scenario.text
    span = editor.span_of(uri, items[0]["range"])
    # What is shown may begin before the cursor with what stands there.
    before = text[span.start : scenario.place.start]
    visible = shown.removeprefix(before)
    return Came(visible, text[: span.start] + shown + text[span.end :])


async def _next(editor: Editor, scenario: Scenario, uri: str) -> Came:
    at = 0
    for before, after in scenario.edits:
        try:
            change = changed(editor.buffers[uri].text, before, after)
        except ValueError as error:
            raise GlmError(f"The scenario “{scenario.title}” is not complete: {error}.") from None
        editor.type(uri, change.span, change.text)
        at = change.span.start
    position = _position(editor, uri, at)
    params = {"textDocument": {"uri": uri}, "position": position}
    edits = (await editor.request("glm/nextEdit", params))["edits"]
    offered = tuple((each["before"].strip(), each["text"].strip()) for each in edits)
    return Came(offered[0][1] if offered else "", editor.text(uri), offered)


async def _act(editor: Editor, scenario: Scenario, uri: str) -> Came:
    where = editor.range_of(uri, scenario.place)
    argument: dict[str, Any] = {"uri": uri, "range": where}
    if scenario.feature == "fix":
        problem = {"range": where, "message": scenario.asks, "severity": 1, "source": "evaluation"}
        argument["diagnostics"] = [problem]
    elif scenario.feature == "edit":
        argument["instruction"] = scenario.asks
    elif scenario.asks:
        argument["preset"] = scenario.asks
    job = (await editor.execute(f"glm.{scenario.feature}", **argument))["job"]
    await editor.until(lambda: editor.ended(job), _PATIENCE)
    await editor.execute("glm.status")  # What the user is told comes after the job's end.
    return Came("", editor.text(uri))


async def _indexed(editor: Editor) -> None:
    """Wait until the workspace is known: what a question shows does not depend on haste then."""
    try:
        for _ in range(int(_INDEXED / 0.05)):
            if (await editor.execute("glm.status")).get("index") is not None:
                return
            await asyncio.sleep(0.05)
    except ResponseError:
        return


def _position(editor: Editor, uri: str, offset: int) -> Any:
    return editor.range_of(uri, Span(offset, offset))["start"]


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for name, value in over.items():
        below = merged.get(name)
        nested = isinstance(value, dict) and isinstance(below, dict)
        merged[name] = _merged(below, value) if nested and below is not None else value
    return merged

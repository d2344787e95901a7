"""The real server over stdio, a scripted gateway behind it, and a file to work on.

Every test here talks LSP to a process; nothing inside the server is replaced.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glm_lsp.demo.editor import CAPABILITIES, Editor
from glm_lsp.text import Span

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Mapping

    from tests.gateway import Gateway

CLIENTS = Path(__file__).with_name("clients")
RECORDED = ("neovim-0.12", "vscode-1.100", "helix-25.07", "eglot-1.17")
"""Real editors whose `initialize` capabilities were recorded."""

URI = "file:///project/area.py"
SOURCE = """\
import math


def area(width, height):
    result = width * heigth
    return result


def circle(radius):
    return math.pi * radius**2
"""
FIXED = """\
def area(width, height):
    result = width * height
    return result
"""
PROBLEM = "undefined name 'heigth'"


def capabilities(name: str) -> dict[str, Any]:
    """Return the recorded capabilities of an editor."""
    recorded: dict[str, Any] = json.loads((CLIENTS / f"{name}.json").read_text("utf-8"))
    return recorded


def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a test's coroutine, for two minutes at most."""
    asyncio.run(asyncio.wait_for(work(), 20))


@asynccontextmanager
async def serving(
    gateway: Gateway | None,
    tmp_path: Path,
    *,
    client: Mapping[str, Any] = CAPABILITIES,
    key: str = "not-a-key",
    environ: Mapping[str, str] | None = None,
    root: Path | None = None,
    **options: Any,
) -> AsyncIterator[Editor]:
    """Start the server as an editor does, with `SOURCE` open, and stop it at the end.

    The user has set the gateway in their environment: what the editor's settings say of one
    would have to be confirmed (`tests/security/test_key_and_host.py`).
    """
    # A copy of the environment without anybody's settings, keys or data.
    kept = {k: v for k, v in os.environ.items() if "GLM" not in k and "API" not in k}
    home = {"XDG_DATA_HOME": str(tmp_path / "data"), "HOME": str(tmp_path), "NO_PROXY": "*"}
    quiet = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    settings: dict[str, Any] = {"provider": "runapi", **options}
    if gateway is not None:
        home |= {"GLM_LSP_BASE_URL": gateway.base_url, "GLM_LSP_PROVIDER": settings["provider"]}
    if key:
        settings["apiKey"] = key
    with (tmp_path / "server.log").open("ab") as log:
        editor = await Editor.start(
            [sys.executable, "-m", "glm_lsp", "--log-level", "debug"],
            root=root,
            options=settings,
            capabilities=client,
            environ={**kept, **home, **quiet, **(environ or {})},
            stderr=log.fileno(),
        )
    try:
        editor.open(URI, "python", SOURCE)
        yield editor
    finally:
        code = await editor.stop()
        assert code == 0, f"the server ends well, not with {code}"


def where(words: str, text: str = SOURCE) -> Span:
    """Return the span of the first occurrence of some words."""
    start = text.index(words)
    return Span(start, start + len(words))


def diagnostic(editor: Editor) -> dict[str, Any]:
    """Return the diagnostic that a linter reports in `SOURCE`."""
    return {"range": editor.range_of(URI, where("heigth")), "message": PROBLEM, "severity": 1}


async def menu(editor: Editor, words: str = "heigth", **context: Any) -> list[dict[str, Any]]:
    """Ask for the code actions at some words, with the diagnostic there."""
    given = {"diagnostics": [diagnostic(editor)], **context}
    params = {
        "textDocument": {"uri": URI},
        "range": editor.range_of(URI, where(words, editor.text(URI))),
        "context": given,
    }
    listed: list[dict[str, Any]] = await editor.request("textDocument/codeAction", params)
    return listed


async def choose(editor: Editor, title: str, words: str = "heigth") -> str:
    """Choose an entry of the menu by the start of its title; return its job."""
    entry = next(a for a in await menu(editor, words) if a["title"].startswith(title))
    command = entry["command"]
    params = {"command": command["command"], "arguments": command["arguments"]}
    started = await editor.request("workspace/executeCommand", params)
    return str(started["job"])


async def idle(editor: Editor) -> None:
    """Wait until no job runs any more."""
    while (await editor.execute("glm.status"))["jobs"]:
        await asyncio.sleep(0.02)


def shown(editor: Editor) -> list[str]:
    """Return the messages that the user was shown."""
    return [params["message"] for params in editor.received("window/showMessage")]


def fence(code: str) -> str:
    """Return code as a model answers it."""
    return f"```python\n{code}```"

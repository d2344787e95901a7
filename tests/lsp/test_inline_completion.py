"""textDocument/inlineCompletion, over stdio."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from glm_lsp.demo.editor import ResponseError
from glm_lsp.text import Span
from tests.gateway import Gateway, chat_stream, error
from tests.lsp.harness import SOURCE, URI, run, serving, shown

if TYPE_CHECKING:
    from pathlib import Path

    from glm_lsp.demo.editor import Editor

TYPED = "\n\ndef volume(width, height, depth):\n    return "
GHOST = "<fill>area(width, height) * depth</fill>"


def test_a_completion_has_a_range_and_a_command(tmp_path: Path) -> None:
    """Ghost text comes clean, with the range it replaces and the command that counts it."""

    async def work() -> None:
        with Gateway(chat_stream(GHOST)) as gateway:
            async with serving(gateway, tmp_path) as editor:
                offset = _type(editor, TYPED)
                items = await _ask(editor, offset)
                position = editor.range_of(URI, Span(offset, offset))["start"]
                assert [item["insertText"] for item in items] == ["area(width, height) * depth"]
                assert items[0]["range"] == {"start": position, "end": position}
                assert items[0]["command"]["command"] == "glm.completionAccepted"
                body = gateway.requests[0].json
                assert body["model"] == "glm-4.7"
                assert body["thinking"] == {"type": "disabled"}
                arguments = items[0]["command"]["arguments"]
                accepted = {"command": "glm.completionAccepted", "arguments": arguments}
                assert await editor.request("workspace/executeCommand", accepted) is None

    run(work)


def test_fences_and_echoes_are_removed(tmp_path: Path) -> None:
    """A model that wraps its answer in a fence and repeats the line leaves only what is new."""
    answer = "```python\n    return area(width, height) * depth\n```"

    async def work() -> None:
        with Gateway(chat_stream(answer)) as gateway:
            async with serving(gateway, tmp_path) as editor:
                items = await _ask(editor, _type(editor, TYPED))
                assert [item["insertText"] for item in items] == ["area(width, height) * depth"]

    run(work)


def test_a_superseded_request_is_answered_and_closed_upstream(tmp_path: Path) -> None:
    """The older request is answered -32800, and its connection closed."""
    replies = [chat_stream(GHOST).stall_after(5), chat_stream("<fill>0</fill>")]

    async def work() -> None:
        with Gateway(replies) as gateway:
            async with serving(gateway, tmp_path) as editor:
                offset = _type(editor, TYPED)
                first = asyncio.ensure_future(_ask(editor, offset))
                await asyncio.to_thread(gateway.wait_for_requests)
                editor.type(URI, Span(offset, offset), "x")
                second = await _ask(editor, offset + 1)
                with pytest.raises(ResponseError) as refused:
                    await first
                assert refused.value.code == -32800
                await asyncio.to_thread(gateway.wait_for_hang_up)
                assert gateway.requests[0].aborted
                assert [item["insertText"] for item in second] == ["0"]

    run(work)


def test_a_failure_is_said_once_not_per_keystroke(tmp_path: Path) -> None:
    """A wrong key is one message, however many completions are asked for."""

    async def work() -> None:
        with Gateway(error(401, "1002")) as gateway:
            async with serving(gateway, tmp_path) as editor:
                offset = _type(editor, TYPED)
                for letter in "abc":
                    editor.type(URI, Span(offset, offset), letter)
                    offset += 1
                    assert await _ask(editor, offset, kind=2) == []
                assert len(shown(editor)) == 1
                assert len(gateway.requests) <= 1

    run(work)


def _type(editor: Editor, text: str) -> int:
    """Type at the end of the document; return where the cursor is then."""
    end = len(editor.text(URI))
    assert editor.text(URI) == SOURCE
    editor.type(URI, Span(end, end), text)
    return end + len(text)


async def _ask(editor: Editor, offset: int, kind: int = 1) -> list[dict[str, Any]]:
    params = {
        "textDocument": {"uri": URI},
        "position": editor.range_of(URI, Span(offset, offset))["start"],
        "context": {"triggerKind": kind},
    }
    items: list[dict[str, Any]] = await editor.request("textDocument/inlineCompletion", params)
    return items

"""A burst of keys, as VS Code sends it: each request cancelled as the next key is typed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from glm_lsp.demo.editor import ResponseError
from glm_lsp.text import Span
from tests.gateway import Gateway, Pause, Reply, chat_stream
from tests.lsp.harness import SOURCE, URI, capabilities, run, serving

if TYPE_CHECKING:
    from pathlib import Path

    from glm_lsp.demo.editor import Editor

BEGUN = "\n\ndef volume(width, height, depth):\n    "
TYPED = "return a"
FORESEEN = "eturn area(width, height) * depth"
CANCELLED = -32800


@pytest.mark.parametrize("answer", ["zzz = 0", FORESEEN], ids=["disagrees", "foresees"])
def test_every_request_of_a_burst_is_answered(tmp_path: Path, answer: str) -> None:
    """Eight requests, seven cancelled: each gets items or -32800, the last one items."""

    async def work() -> None:
        reply = chat_stream(f"<fill>{answer}</fill>")
        with Gateway(Reply([Pause(0.2), *reply.steps])) as gateway:
            vscode = capabilities("vscode-1.100")
            async with serving(gateway, tmp_path, client=vscode) as editor:
                outcomes = await burst(editor)
                assert len(outcomes) == len(TYPED)
                for outcome in outcomes:
                    assert isinstance(outcome, list) or outcome == CANCELLED, outcomes
                assert isinstance(outcomes[-1], list)
                if answer == FORESEEN:
                    (item,) = outcomes[-1]
                    assert item["insertText"] == "rea(width, height) * depth"
                    assert len(gateway.requests) == 1

    run(work)


async def burst(editor: Editor) -> list[Any]:
    """Type, ask at every key, and cancel what was asked before; return what was answered."""
    end = len(SOURCE)
    editor.type(URI, Span(end, end), BEGUN)
    offset = end + len(BEGUN)
    asked: list[asyncio.Task[Any]] = []
    for letter in TYPED:
        if asked and not asked[-1].done():
            editor.notify("$/cancelRequest", {"id": max(editor._waiting)})
        editor.type(URI, Span(offset, offset), letter)
        offset += 1
        asked.append(asyncio.ensure_future(ask(editor, offset)))
        await asyncio.sleep(0.08)
    return await asyncio.gather(*asked)


async def ask(editor: Editor, offset: int) -> Any:
    """Ask as an editor does by itself; return the items, or the error's code."""
    params = {
        "textDocument": {"uri": URI},
        "position": editor.range_of(URI, Span(offset, offset))["start"],
        "context": {"triggerKind": 2},
    }
    try:
        return await editor.request("textDocument/inlineCompletion", params)
    except ResponseError as error:
        return error.code

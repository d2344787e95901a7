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
    from collections.abc import Callable
    from pathlib import Path

    from glm_lsp.demo.editor import Editor

BEGUN = "\n\ndef volume(width, height, depth):\n    "
TYPED = "return a"
WHOLE = "return area(width, height) * depth"
CANCELLED = -32800


def slowly(text: str) -> Reply:
    return Reply([Pause(0.2), *chat_stream(f"<fill>{text}</fill>").steps])


def disagreeing(_: Any) -> Reply:
    return slowly("zzz = 0")


def foreseeing(body: Any) -> Reply:
    typed = body["messages"][-1]["content"].partition("<hole/>")[0].rpartition("\n    ")[2]
    return slowly(WHOLE.removeprefix(typed))


@pytest.mark.parametrize("model", [disagreeing, foreseeing])
def test_every_request_of_a_burst_is_answered(
    tmp_path: Path, model: Callable[[Any], Reply]
) -> None:
    """Eight requests, seven cancelled: each gets items or -32800, the last one items."""

    async def work() -> None:
        with Gateway(model) as gateway:
            vscode = capabilities("vscode-1.100")
            async with serving(gateway, tmp_path, client=vscode) as editor:
                outcomes = await burst(editor)
                assert len(outcomes) == len(TYPED)
                for outcome in outcomes:
                    assert isinstance(outcome, list) or outcome == CANCELLED, outcomes
                (item,) = outcomes[-1]
                foreseen = item["insertText"] == WHOLE.removeprefix(TYPED)
                assert foreseen is (model is foreseeing)

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

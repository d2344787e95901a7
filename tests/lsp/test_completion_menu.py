"""textDocument/completion for editors without inline completion, over stdio."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from glm_lsp.text import Span
from tests.gateway import Gateway, Pause, Reply, chat_stream, error
from tests.lsp.harness import SOURCE, URI, capabilities, run, serving, shown

if TYPE_CHECKING:
    from pathlib import Path

    from glm_lsp.demo.editor import Editor

TYPED = "\n\ndef volume(width, height, depth):\n    return are"
GHOST = "<fill>a(width, height) * depth</fill>"
LINE = "area(width, height) * depth"


@pytest.mark.parametrize(
    ("client", "fallback", "offered"),
    [
        ("helix-25.07", "auto", True),
        ("eglot-1.17", "auto", True),
        ("neovim-0.12", "auto", False),
        ("vscode-1.100", "auto", False),
        ("vscode-1.100", "on", True),
        ("helix-25.07", "off", False),
    ],
)
def test_who_is_offered_a_menu(tmp_path: Path, client: str, fallback: str, offered: bool) -> None:
    """Editors without inline completion get completions in their menu, unless set otherwise."""

    async def work() -> None:
        setting = {"fallback": fallback}
        recorded = capabilities(client)
        async with serving(None, tmp_path, client=recorded, completion=setting) as editor:
            assert ("completionProvider" in editor.capabilities) is offered

    run(work)


def test_a_slow_model_does_not_delay_the_menu(tmp_path: Path) -> None:
    """While the model works the menu is empty and incomplete; the next key brings the entry."""
    slow = chat_stream(GHOST)

    async def work() -> None:
        with Gateway(Reply([Pause(0.6), *slow.steps])) as gateway:
            helix = capabilities("helix-25.07")
            async with serving(gateway, tmp_path, client=helix) as editor:
                offset = type_at_end(editor, TYPED)
                assert await ask(editor, offset) == {"isIncomplete": True, "items": []}
                await asyncio.to_thread(gateway.wait_for, is_over)
                editor.type(URI, Span(offset, offset), "a")
                while not (listed := await ask(editor, offset + 1))["items"]:
                    await asyncio.sleep(0.02)  # The answer is sent, and not read yet.
                (item,) = listed["items"]
                assert item["label"] == LINE
                assert item["filterText"] == "area"
                assert item["textEdit"] == {
                    "range": editor.range_of(URI, Span(offset - 3, offset + 1)),
                    "newText": LINE,
                }
                assert item["command"]["command"] == "glm.completionAccepted"
                assert len(gateway.requests) == 1

    run(work)


def test_a_failure_behind_the_menu_is_said_once(tmp_path: Path) -> None:
    """What goes wrong while nobody waits is shown like any failure, one time."""

    async def work() -> None:
        with Gateway(error(401, "1002")) as gateway:
            helix = capabilities("helix-25.07")
            async with serving(gateway, tmp_path, client=helix) as editor:
                offset = type_at_end(editor, TYPED)
                for letter in "abc":
                    editor.type(URI, Span(offset, offset), letter)
                    offset += 1
                    assert (await ask(editor, offset))["items"] == []
                while not shown(editor):
                    await asyncio.sleep(0.02)
                assert len(shown(editor)) == 1

    run(work)


def test_what_becomes_of_suggestions_is_counted_on_this_machine(tmp_path: Path) -> None:
    """Shown, taken in part and accepted are counted in the user's own data, without text."""

    async def work() -> None:
        with Gateway(chat_stream(GHOST)) as gateway:
            async with serving(gateway, tmp_path) as editor:
                offset = type_at_end(editor, TYPED)
                params = {
                    "textDocument": {"uri": URI},
                    "position": editor.range_of(URI, Span(offset, offset))["start"],
                    "context": {"triggerKind": 2},
                }
                (item,) = await editor.request("textDocument/inlineCompletion", params)
                editor.notify("textDocument/didShowCompletion", {"item": item})
                part = {"item": item, "acceptedLength": 4}
                editor.notify("textDocument/didPartiallyAcceptCompletion", part)
                await editor.request("workspace/executeCommand", item["command"])
                assert shown(editor) == []

    run(work)
    counts = sqlite3.connect(tmp_path / "data/glm-lsp/completions.sqlite3")
    counted = dict(counts.execute("SELECT event, count FROM tally").fetchall())
    counts.close()
    assert counted == {"shown": 1, "partly_accepted": 1, "accepted": 1}


def test_related_code_comes_along_but_never_from_excluded_documents(tmp_path: Path) -> None:
    """A prompt shows passages of other open documents, and nothing of a secret one."""
    helper = "def area(width, height):\n    return width * height  # depth, volume\n"
    secret = "def area(width, height):\n    return TOPSECRET  # depth, volume, width\n"

    async def work() -> None:
        with Gateway(chat_stream(GHOST)) as gateway:
            setting = {"exclude": ["secret.py"]}
            async with serving(gateway, tmp_path, context=setting) as editor:
                editor.open("file:///project/helper.py", "python", helper)
                editor.open("file:///project/secret.py", "python", secret)
                offset = type_at_end(editor, TYPED)
                params = {
                    "textDocument": {"uri": URI},
                    "position": editor.range_of(URI, Span(offset, offset))["start"],
                    "context": {"triggerKind": 2},
                }
                await editor.request("textDocument/inlineCompletion", params)
                asked = gateway.requests[0].json["messages"][-1]["content"]
                assert "# depth, volume" in asked
                assert "TOPSECRET" not in asked

    run(work)


def is_over(gateway: Gateway) -> bool:
    """Tell whether the first answer was sent, or is not wanted any further."""
    asked = gateway.requests
    return bool(asked) and (asked[0].finished or asked[0].hung_up) is not None


def type_at_end(editor: Editor, text: str) -> int:
    """Type at the end of the document; return where the cursor is then."""
    assert editor.text(URI) == SOURCE
    editor.type(URI, Span(len(SOURCE), len(SOURCE)), text)
    return len(SOURCE) + len(text)


async def ask(editor: Editor, offset: int) -> dict[str, Any]:
    """Ask for the menu, as an editor does while a word is typed."""
    params = {
        "textDocument": {"uri": URI},
        "position": editor.range_of(URI, Span(offset, offset))["start"],
        "context": {"triggerKind": 1},
    }
    listed: dict[str, Any] = await editor.request("textDocument/completion", params)
    return listed

"""What becomes of a change: kept, undone and retried in parts, offered, or left out."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from glm_lsp.demo.editor import CAPABILITIES, ResponseError
from glm_lsp.text import Span
from tests.gateway import Gate, Gateway, chat_stream
from tests.lsp.harness import SOURCE, URI, fence, idle, menu, run, serving, shown, where

if TYPE_CHECKING:
    from pathlib import Path

    from glm_lsp.demo.editor import Editor

OWN = {**CAPABILITIES, "experimental": {"glm": {"applyEdit": True, "changes": True}}}
"""What our own clients announce."""
PLAIN = {
    "workspace": {"applyEdit": True, "workspaceEdit": {"documentChanges": True}},
    "textDocument": CAPABILITIES["textDocument"],
}
"""An editor of nothing but standard LSP, which knows no annotations."""

OLD = SOURCE + (
    "\n\ndef last(items):\n    first = items[0]\n    middle = 2\n    kept = 3\n    return item\n"
)
ANSWER = "def last(items):\n    first = items[-1]\n    middle = 2\n    kept = 3\n    return first\n"
NEW = OLD.replace("items[0]", "items[-1]").replace("return item\n", "return first\n")
BROKEN = ANSWER.replace("return first", "return (first")
PARTS = ["GLM: Keep this part", "GLM: Undo this part", "GLM: Retry this part"]


async def ask(editor: Editor, words: str = "items[") -> None:
    """Have the second function refactored."""
    editor.type(URI, Span(0, len(editor.text(URI))), OLD)
    at = editor.range_of(URI, where(words, OLD))
    await editor.execute("glm.refactor", uri=URI, range=at)


async def entries(editor: Editor, words: str) -> list[dict[str, Any]]:
    """Return the entries of the menu at some words that are about changes."""
    listed = await menu(editor, words, diagnostics=[])
    end = next(i for i, entry in enumerate(listed) if entry["title"] == "GLM: Refactor")
    return listed[:end]


async def titles(editor: Editor, words: str) -> list[str]:
    """Return the titles of the entries at some words that are about changes."""
    return [entry["title"] for entry in await entries(editor, words)]


async def pick(editor: Editor, title: str, words: str) -> None:
    """Choose an entry at some words by its whole title."""
    entry = next(e for e in await entries(editor, words) if e["title"] == title)
    command = entry["command"]
    params = {"command": command["command"], "arguments": command["arguments"]}
    await editor.request("workspace/executeCommand", params)


@pytest.mark.parametrize("client", [OWN, PLAIN], ids=["own", "plain"])
def test_each_part_is_kept_or_undone_for_itself(client: dict[str, Any], tmp_path: Path) -> None:
    """A change of two hunks has entries and lenses for each, and they do what they say."""

    async def work() -> None:
        with Gateway(chat_stream(fence(ANSWER))) as gateway:
            async with serving(gateway, tmp_path, client=client) as editor:
                await ask(editor)
                await idle(editor)
                assert editor.text(URI) == NEW
                whole = ["GLM: Keep", "GLM: Undo", "GLM: Retry"]
                assert await titles(editor, "items[-1]") == whole + PARTS
                assert await titles(editor, "kept = 3") == whole
                document = {"textDocument": {"uri": URI}}
                assert len(await editor.request("textDocument/codeLens", document)) == 3 + 2 * 3
                await pick(editor, "GLM: Undo this part", "items[-1]")
                assert editor.text(URI) == NEW.replace("items[-1]", "items[0]")
                assert await titles(editor, "return first") == whole
                assert await titles(editor, "items[0]") == []
                await pick(editor, "GLM: Undo", "return first")
                assert editor.text(URI) == OLD

    run(work)


def test_a_kept_part_is_out_of_the_list(tmp_path: Path) -> None:
    """A part that is kept is the user's: neither listed any more nor undone with the rest."""

    async def work() -> None:
        with Gateway(chat_stream(fence(ANSWER))) as gateway:
            async with serving(gateway, tmp_path, client=OWN) as editor:
                await ask(editor)
                await idle(editor)
                await pick(editor, "GLM: Keep this part", "items[-1]")
                (change,) = editor.received("glm/changes")[-1]["changes"]
                assert [hunk["after"] for hunk in change["hunks"]] == ["    return first\n"]
                assert await titles(editor, "items[-1]") == []
                await pick(editor, "GLM: Undo", "return first")
                assert editor.text(URI) == OLD.replace("items[0]", "items[-1]")

    run(work)


def test_a_part_is_asked_for_again(tmp_path: Path) -> None:
    """Retry of one hunk takes it back and asks about its lines; the other hunk stays."""
    again = chat_stream(fence("    first = next(iter(items))\n"))

    async def work() -> None:
        with Gateway([chat_stream(fence(ANSWER)), again]) as gateway:
            async with serving(gateway, tmp_path) as editor:
                await ask(editor)
                await idle(editor)
                await pick(editor, "GLM: Retry this part", "items[-1]")
                await idle(editor)
                assert editor.text(URI) == NEW.replace("items[-1]", "next(iter(items))")
                question = gateway.requests[1].json["messages"][1]["content"]
                assert "```python\n    first = items[0]\n```" in question

    run(work)


@pytest.mark.parametrize("client", [OWN, PLAIN], ids=["own", "plain"])
def test_what_the_guard_refuses_twice_is_only_offered(
    client: dict[str, Any], tmp_path: Path
) -> None:
    """A faulty answer is asked for again with its fault, then offered, never written."""

    async def work() -> None:
        with Gateway(chat_stream(fence(BROKEN))) as gateway:
            async with serving(gateway, tmp_path, client=client) as editor:
                await ask(editor)
                await idle(editor)
                assert editor.text(URI) == OLD
                assert len(gateway.requests) == 2
                fault = gateway.requests[1].json["messages"][-1]["content"]
                assert "does not parse" in fault
                (offer,) = [e for e in await entries(editor, "items[0]") if e.get("edit")]
                assert offer["title"].startswith("GLM: Apply the change, although: With this")
                assert "isPreferred" not in offer or not offer["isPreferred"]
                if client is PLAIN:
                    assert "does not parse" in shown(editor)[0]
                else:
                    (change,) = editor.received("glm/changes")[-1]["changes"]
                    assert change["state"] == "offered"
                    assert "does not parse" in change["fault"]
                await editor._apply_edit({"edit": offer["edit"]})
                assert editor.text(URI) == NEW.replace("return first", "return (first")
                while "GLM: Undo" not in await titles(editor, "items[-1]"):
                    await asyncio.sleep(0.02)
                await pick(editor, "GLM: Undo", "items[-1]")
                assert editor.text(URI) == OLD

    run(work)


def test_a_confirmed_change_is_shown_first(tmp_path: Path) -> None:
    """With `confirm` our clients get the change to show, and one command applies it."""

    async def work() -> None:
        with Gateway(chat_stream(fence(ANSWER))) as gateway:
            async with serving(
                gateway, tmp_path, client=OWN, edits={"delivery": "confirm"}
            ) as editor:
                await ask(editor)
                await idle(editor)
                assert editor.text(URI) == OLD
                (change,) = editor.received("glm/changes")[-1]["changes"]
                first, second = change["hunks"]
                assert (change["state"], change["fault"]) == ("offered", None)
                assert first["before"] == "    first = items[0]\n"
                assert first["after"] == "    first = items[-1]\n"
                assert second["range"] == {
                    "start": {"line": 16, "character": 0},
                    "end": {"line": 17, "character": 0},
                }
                await editor.execute("glm.apply", job=change["job"])
                assert editor.text(URI) == NEW
                (made,) = editor.received("glm/changes")[-1]["changes"]
                assert made["state"] == "made"
                await editor.execute("glm.accept", job=change["job"])
                assert editor.received("glm/changes")[-1]["changes"] == []

    run(work)


def test_the_users_own_undo_ends_it(tmp_path: Path) -> None:
    """When the lines are as they were by the user's hand, nothing is left to keep or undo."""

    async def work() -> None:
        with Gateway(chat_stream(fence(ANSWER))) as gateway:
            async with serving(gateway, tmp_path, client=OWN) as editor:
                await ask(editor)
                await idle(editor)
                editor.type(URI, Span(0, len(NEW)), OLD)
                assert await titles(editor, "items[0]") == []
                await editor.until(lambda: not editor.received("glm/changes")[-1]["changes"])

    run(work)


def test_a_closed_document_takes_its_changes_with_it(tmp_path: Path) -> None:
    """Opened again with the same text, it has nothing to keep or undo, and Undo says so."""

    async def work() -> None:
        with Gateway(chat_stream(fence(ANSWER))) as gateway:
            async with serving(gateway, tmp_path, client=OWN) as editor:
                await ask(editor)
                await idle(editor)
                [change] = editor.received("glm/changes")[-1]["changes"]
                editor.close_document(URI)
                editor.open(URI, "python", NEW)
                assert await titles(editor, "items[-1]") == []
                with pytest.raises(ResponseError, match="no such change"):
                    await editor.execute("glm.reject", job=change["job"])
                assert editor.text(URI) == NEW

    run(work)


def test_what_was_left_out_is_said(tmp_path: Path) -> None:
    """The user's hand wins by line: the rest goes in, and one sentence says where not."""
    gate = Gate()
    reply = chat_stream(fence(ANSWER))
    reply = reply.before(len(reply.steps) - 6, gate)

    async def work() -> None:
        with Gateway(reply) as gateway:
            async with serving(gateway, tmp_path) as editor:
                await ask(editor)
                await editor.until(lambda: "items[-1]" in editor.text(URI))
                end = where("return item", editor.text(URI)).end
                editor.type(URI, Span(end, end), "s")
                gate.open()
                await idle(editor)
                text = OLD.replace("items[0]", "items[-1]").replace("return item", "return items")
                assert editor.text(URI) == text
                assert "except near line 17, where you edited" in shown(editor)[0]

    run(work)


def test_what_was_left_out_is_said_when_the_rest_is_gone_too(tmp_path: Path) -> None:
    """The user takes away what had come in, right at the end: that nothing is left is said."""
    gate = Gate()
    more = ANSWER.replace("items[-1]", "items[0]").replace("    middle", "    more = 1\n    middle")
    reply = chat_stream(fence(more))
    reply = reply.before(len(reply.steps) - 6, gate)

    async def work() -> None:
        with Gateway(reply) as gateway:
            async with serving(gateway, tmp_path) as editor:

                async def last(params: Any) -> Any:
                    if params["last"]:
                        editor.type(URI, where("    more = 1\n", editor.text(URI)), "")
                    return await editor._apply_edit(params)

                editor.on("glm/applyEdit", last)
                await ask(editor)
                await editor.until(lambda: "more = 1" in editor.text(URI))
                end = where("return item", editor.text(URI)).end
                editor.type(URI, Span(end, end), "s")
                gate.open()
                await idle(editor)
                assert "so your text was kept" in shown(editor)[0]

    run(work)


def test_an_undo_leaves_what_the_user_changed(tmp_path: Path) -> None:
    """A hunk that the user edited stays with Undo, and that is said."""

    async def work() -> None:
        with Gateway(chat_stream(fence(ANSWER))) as gateway:
            async with serving(gateway, tmp_path) as editor:
                await ask(editor)
                await idle(editor)
                at = where("return first", editor.text(URI)).end
                editor.type(URI, Span(at, at), "ly")
                await pick(editor, "GLM: Undo", "items[-1]")
                assert editor.text(URI) == OLD.replace("return item", "return firstly")
                assert "near line 17: they stay as you left them" in shown(editor)[0]

    run(work)

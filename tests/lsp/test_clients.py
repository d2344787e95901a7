"""What each real editor gets, by the capabilities it announces."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest

from glm_lsp.text import Span
from tests.gateway import Gateway, chat_stream
from tests.lsp.harness import (
    FIXED,
    RECORDED,
    SOURCE,
    URI,
    capabilities,
    choose,
    fence,
    idle,
    menu,
    run,
    serving,
    shown,
    where,
)

if TYPE_CHECKING:
    from glm_lsp.demo.editor import Editor

WHOLE = SOURCE.replace("heigth", "height")
ENCODINGS = {
    "neovim-0.12": "utf-8",
    "vscode-1.100": "utf-16",
    "helix-25.07": "utf-8",
    "eglot-1.17": "utf-32",
}


@pytest.mark.parametrize("client", RECORDED)
def test_each_editor_is_answered_in_its_encoding(client: str, tmp_path: Path) -> None:
    """The server starts for every recorded editor and speaks its first position encoding."""

    async def work() -> None:
        async with serving(None, tmp_path, client=capabilities(client)) as editor:
            assert editor.encoding == ENCODINGS[client]
            assert editor.capabilities["codeActionProvider"]["codeActionKinds"]
            assert "inlineCompletionProvider" in editor.capabilities
            commands = editor.capabilities["executeCommandProvider"]["commands"]
            assert {"glm.fix", "glm.explain", "glm.cancel", "glm.status"} <= set(commands)

    run(work)


@pytest.mark.parametrize("client", RECORDED)
def test_each_editor_gets_a_fix(client: str, tmp_path: Path) -> None:
    """A fix chosen from the menu leaves the corrected text, whatever the editor."""

    async def work() -> None:
        with Gateway(chat_stream(fence(FIXED))) as gateway:
            async with serving(gateway, tmp_path, client=capabilities(client)) as editor:
                await choose(editor, "GLM: Fix")
                await idle(editor)
                assert editor.text(URI) == WHOLE
                assert shown(editor) == []

    run(work)


@pytest.mark.parametrize("client", ["neovim-0.12", "helix-25.07", "eglot-1.17"])
def test_editors_that_cannot_group_undo_get_one_edit(client: str, tmp_path: Path) -> None:
    """Without `glm/applyEdit` a change arrives as one edit, so that one undo takes it back."""
    two = FIXED.replace("result", "product")

    async def work() -> None:
        with Gateway(chat_stream(fence(two))) as gateway:
            async with serving(gateway, tmp_path, client=capabilities(client)) as editor:
                await choose(editor, "GLM: Fix")
                await idle(editor)
                assert editor.text(URI) == WHOLE.replace(FIXED, two)
                assert len(editor.received("workspace/applyEdit")) == 1
                assert editor.received("glm/applyEdit") == []

    run(work)


def test_an_edit_carries_the_version_last_seen(tmp_path: Path) -> None:
    """Every edit names the version of the text it was made for."""

    async def work() -> None:
        with Gateway(chat_stream(fence(FIXED))) as gateway:
            async with serving(gateway, tmp_path, client=capabilities("vscode-1.100")) as editor:
                await choose(editor, "GLM: Fix")
                await idle(editor)
                edits = editor.received("glm/applyEdit")
                versions = [_version(edit) for edit in edits if edit["edit"]["documentChanges"]]
                assert versions == list(range(1, len(versions) + 1))
                assert edits[0]["first"] is True
                assert edits[-1]["last"] is True

    run(work)


EXPLANATION = "Multiplies **width** by `height`."


def test_our_clients_are_streamed_the_explanation(tmp_path: Path) -> None:
    """A client that understands `glm/explanation` gets every piece, then the end."""

    async def work() -> None:
        with Gateway(chat_stream(EXPLANATION)) as gateway:
            async with serving(gateway, tmp_path, client=capabilities("vscode-1.100")) as editor:
                job = await choose(editor, "GLM: Explain")
                await idle(editor)
                pieces = editor.received("glm/explanation")
                assert "".join(piece["delta"] for piece in pieces) == EXPLANATION
                assert {piece["job"] for piece in pieces} == {job}
                assert [piece["done"] for piece in pieces] == [False] * (len(pieces) - 1) + [True]
                assert pieces[0]["range"]["start"] == {"line": 3, "character": 0}

    run(work)


@pytest.mark.parametrize("client", ["neovim-0.12", "helix-25.07", "eglot-1.17"])
def test_editors_that_show_documents_get_a_private_file(client: str, tmp_path: Path) -> None:
    """Without our messages an explanation is a Markdown file, shown, and gone at the end."""
    files: list[Path] = []

    async def work() -> None:
        with Gateway(chat_stream(EXPLANATION)) as gateway:
            async with serving(gateway, tmp_path, client=capabilities(client)) as editor:

                async def show(params: Any) -> Any:
                    file = Path(url2pathname(urlsplit(params["uri"]).path))
                    assert EXPLANATION in file.read_text("utf-8")
                    assert params["takeFocus"] is False
                    files.append(file)
                    return {"success": True}

                editor.on("window/showDocument", show)
                await choose(editor, "GLM: Explain")
                await idle(editor)

    run(work)
    assert len(files) == 1
    assert not files[0].exists()


def test_a_client_with_virtual_documents_asks_for_the_content(tmp_path: Path) -> None:
    """Where the client provides content for schemes, the explanation is such a document."""
    client = {
        "workspace": {"textDocumentContent": {"dynamicRegistration": False}, "applyEdit": True},
        "window": {"showDocument": {"support": True}},
    }

    async def work() -> None:
        with Gateway(chat_stream(EXPLANATION)) as gateway:
            async with serving(gateway, tmp_path, client=client) as editor:
                assert editor.capabilities["workspace"]["textDocumentContent"]["schemes"] == ["glm"]
                asked: list[str] = []

                async def show(params: Any) -> Any:
                    asked.append(params["uri"])
                    return {"success": True}

                editor.on("window/showDocument", show)
                await choose(editor, "GLM: Explain")
                await idle(editor)
                content = await editor.request("workspace/textDocumentContent", {"uri": asked[0]})
                assert EXPLANATION in content["text"]
                assert editor.received("workspace/textDocumentContent/refresh")

    run(work)


def test_a_client_with_nothing_gets_a_hover(tmp_path: Path) -> None:
    """With no better means it is a hover, which follows the code and goes when that changes."""

    async def work() -> None:
        with Gateway(chat_stream(EXPLANATION)) as gateway:
            async with serving(gateway, tmp_path, client={}) as editor:
                assert await _hover(editor, 4) is None
                await choose(editor, "GLM: Explain")
                await idle(editor)
                await editor.until(lambda: bool(shown(editor)))
                assert "hover" in shown(editor)[0]
                found = await _hover(editor, 4)
                assert found["contents"]["value"] == EXPLANATION
                assert await _hover(editor, 9) is None
                editor.type(URI, Span(0, 0), "\n\n")
                assert await _hover(editor, 4) is None
                assert (await _hover(editor, 6))["range"]["start"]["line"] == 5
                editor.type(URI, where("heigth", editor.text(URI)), "height")
                assert await _hover(editor, 6) is None

    run(work)


def test_a_client_without_edits_gets_an_offer(tmp_path: Path) -> None:
    """A client that takes no edits of the server's finds the change among its code actions."""

    async def work() -> None:
        with Gateway(chat_stream(fence(FIXED))) as gateway:
            async with serving(gateway, tmp_path, client={}) as editor:
                await choose(editor, "GLM: Fix")
                await idle(editor)
                assert editor.text(URI) == SOURCE
                offered = [a for a in await menu(editor) if a["title"] == "GLM: Apply the change"]
                edits = offered[0]["edit"]["documentChanges"][0]["edits"]
                assert "".join(edit["newText"] for edit in edits).strip() in WHOLE

    run(work)


async def _hover(editor: Editor, line: int) -> Any:
    position = {"line": line, "character": 6}
    params = {"textDocument": {"uri": URI}, "position": position}
    return await editor.request("textDocument/hover", params)


def _version(params: Any) -> Any:
    return params["edit"]["documentChanges"][0]["textDocument"]["version"]

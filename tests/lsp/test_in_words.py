"""What is asked in the user's own words: by a comment, and by a command that names no place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from glm_lsp.demo.editor import ResponseError
from tests.gateway import Gateway, chat_stream
from tests.lsp.harness import FIXED, SOURCE, URI, fence, idle, menu, run, serving, where

if TYPE_CHECKING:
    from pathlib import Path

    from glm_lsp.demo.editor import Editor

AREA = SOURCE[SOURCE.index("def area") : SOURCE.index("\n\ndef circle")]


async def pick(editor: Editor, title: str, words: str) -> None:
    """Choose an entry at some words, and wait until nothing runs any more."""
    entry = next(a for a in await menu(editor, words, diagnostics=[]) if a["title"] == title)
    command = {key: entry["command"][key] for key in ("command", "arguments")}
    await editor.request("workspace/executeCommand", command)
    await idle(editor)


def rewritten(editor: Editor, text: str) -> None:
    """Replace all of the document's text, as a user would."""
    editor.type(URI, where(editor.text(URI), editor.text(URI)), text)


def question(gateway: Gateway, number: int = 0) -> str:
    """Return what the model was asked."""
    return str(gateway.requests[number].json["messages"][-1]["content"])


IN_BODY = AREA.replace("    return", "    # spell it right AI!\n    return")


@pytest.mark.parametrize(
    ("code", "before", "after"),
    [
        pytest.param(f"# spell it\n# right AI!\n{AREA}", "# spell it", FIXED, id="above"),
        pytest.param(IN_BODY, "# spell it right", FIXED, id="in a body"),
        pytest.param(
            AREA.replace("heigth\n", "heigth  # spell it right AI!\n"),
            "# spell it right",
            FIXED,
            id="behind code",
        ),
        pytest.param(
            f"# Area of a room.\n# spell it right AI!\n{AREA}",
            "# spell it right",
            f"# Area of a room.\n{FIXED}",
            id="below a comment of its own",
        ),
    ],
)
def test_a_comment_that_asks_is_done_and_gone(
    code: str, before: str, after: str, tmp_path: Path
) -> None:
    """The code below or around it is changed, the comment goes, and the model never sees it."""

    async def work() -> None:
        with Gateway(chat_stream(fence(FIXED))) as gateway:
            async with serving(gateway, tmp_path) as editor:
                rewritten(editor, SOURCE.replace(AREA, code))
                await pick(editor, "GLM: Do what this comment asks", before)
                assert editor.text(URI) == SOURCE.replace(AREA, after)
                assert "The programmer asks: spell it right" in question(gateway)
                assert "AI!" not in question(gateway)
                # One undo step, from the first piece to the last.
                edits = editor.received("glm/applyEdit")
                assert [e["first"] for e in edits].count(True) == 1
                await editor.execute("glm.reject", job=edits[0]["job"])
                assert editor.text(URI) == SOURCE.replace(AREA, code)

    run(work)


def test_a_comment_alone_becomes_code(tmp_path: Path) -> None:
    """With nothing below it the code takes its place; an answer that keeps it is asked again."""
    asks = "# compute twice pi AI!"
    kept = fence(f"{asks}\nTAU = 2 * math.pi\n")
    with Gateway([chat_stream(kept), chat_stream(fence("TAU = 2 * math.pi\n"))]) as gateway:

        async def work() -> None:
            async with serving(gateway, tmp_path) as editor:
                rewritten(editor, f"{SOURCE}\n\n{asks}\n")
                await pick(editor, "GLM: Do what this comment asks", asks)
                assert editor.text(URI) == f"{SOURCE}\n\nTAU = 2 * math.pi\n"
                assert "is still there" in question(gateway, 1)

        run(work)


def test_a_comment_that_asks_why_is_answered(tmp_path: Path) -> None:
    """The answer is an explanation of the code below; nothing is changed."""

    async def work() -> None:
        with Gateway(chat_stream("Because of **pi**.")) as gateway:
            async with serving(gateway, tmp_path) as editor:
                asks = SOURCE.replace("def circle", "# why pi AI?\ndef circle")
                rewritten(editor, asks)
                await pick(editor, "GLM: Answer what this comment asks", "# why")
                said = "".join(p["delta"] for p in editor.received("glm/explanation"))
                assert "Because of **pi**." in said
                assert "The programmer asks: why pi" in question(gateway)
                assert "def circle" in question(gateway).split("Target code")[1]
                assert editor.text(URI) == asks

    run(work)


def test_saving_or_typing_a_mark_asks_nothing(tmp_path: Path) -> None:
    """Only who chooses the entry asks: nothing is billed for a comment that is typed or saved."""

    async def work() -> None:
        with Gateway(chat_stream("Oh.")) as gateway:
            async with serving(gateway, tmp_path) as editor:
                rewritten(editor, SOURCE.replace("def circle", "# why pi AI?\ndef circle"))
                editor.notify("textDocument/didSave", {"textDocument": {"uri": URI}})
                await menu(editor, "# why")
                assert (await editor.execute("glm.status"))["jobs"] == []
                assert gateway.requests == []

    run(work)


async def command(editor: Editor, name: str, *arguments: Any) -> None:
    """Run a command as a command line gives it, and wait until nothing runs any more."""
    params = {"command": name, "arguments": list(arguments)}
    await editor.request("workspace/executeCommand", params)
    await idle(editor)


def test_words_alone_mean_the_last_place_asked_about(tmp_path: Path) -> None:
    """Where the code actions were listed last, and where that place has moved to since."""

    async def work() -> None:
        with Gateway(chat_stream(fence(FIXED))) as gateway:
            async with serving(gateway, tmp_path) as editor:
                await menu(editor, "heigth")
                more = "import math\n" + "import os\n" * 9
                editor.type(URI, where("import math\n"), more)
                await command(editor, "glm.edit", "spell it", "right")
                moved = SOURCE.replace("import math\n", more)
                assert editor.text(URI) == moved.replace(AREA, FIXED)
                assert question(gateway).endswith("The programmer asks: spell it right")
                await command(editor, "glm.explain")
                assert "Explain the target code" in question(gateway, 1)

    run(work)


def test_words_without_a_place_ask_nothing(tmp_path: Path) -> None:
    """Before anything was asked about, and after its document was closed, one sentence says so."""

    async def work() -> None:
        with Gateway(chat_stream(fence(FIXED))) as gateway:
            async with serving(gateway, tmp_path) as editor:
                with pytest.raises(ResponseError, match="which place is meant"):
                    await command(editor, "glm.edit", "spell it right")
                await menu(editor, "heigth")
                with pytest.raises(ResponseError, match="Say what should be done"):
                    await command(editor, "glm.edit")
                with pytest.raises(ResponseError, match="one object"):
                    await command(editor, "glm.edit", "spell", 1)
                editor.close_document(URI)
                with pytest.raises(ResponseError, match="which place is meant"):
                    await command(editor, "glm.edit", "spell it right")
                assert gateway.requests == []

    run(work)

"""Next edits over the wire: a code action for every editor, Copilot's request, and our own.

Nothing is sent to a model: there is none here.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from tests.lsp.harness import URI, menu, run, serving, shown, where

if TYPE_CHECKING:
    from pathlib import Path

    from glm_lsp.demo.editor import Editor

PLACE = {"textDocument": {"uri": URI}, "position": {"line": 0, "character": 0}}


def rename_parameter(editor: Editor) -> None:
    """Rename `width` where it is bound, and no further."""
    editor.type(URI, where("width"), "wide_width")


async def listed(editor: Editor) -> list[dict[str, Any]]:
    """Wait until the menu lists what waits."""
    while True:
        entries = [e for e in await menu(editor, "math") if e["title"].startswith("GLM: Next")]
        if entries:
            return entries
        await asyncio.sleep(0.05)


def apply(editor: Editor, edit: dict[str, Any]) -> None:
    """Apply an edit of one line as an editor does."""
    start = edit["range"]["start"]
    lines = editor.text(URI).split("\n")
    offset = sum(len(line) + 1 for line in lines[: start["line"]]) + start["character"]
    length = edit["range"]["end"]["character"] - start["character"]
    span = where(lines[start["line"]], editor.text(URI))
    assert (span.start, len(span)) == (offset, length), "an edit is of one whole line"
    editor.type(URI, span, edit["newText"] if "newText" in edit else edit["text"])


def test_the_menu_lists_what_waits_as_an_edit_of_that_version(tmp_path: Path) -> None:
    async def work() -> None:
        async with serving(None, tmp_path) as editor:
            rename_parameter(editor)
            (entry,) = await listed(editor)
            assert entry["title"] == "GLM: Next edit, line 5: width → wide_width"
            (change,) = entry["edit"]["documentChanges"]
            assert change["textDocument"] == {"uri": URI, "version": editor.buffers[URI].version}
            (edit,) = change["edits"]
            apply(editor, edit)
            assert "result = wide_width * heigth" in editor.text(URI)
            assert not (await editor.request("glm/nextEdit", PLACE))["edits"]

    run(work)


def test_our_own_request_says_why(tmp_path: Path) -> None:
    async def work() -> None:
        async with serving(None, tmp_path) as editor:
            rename_parameter(editor)
            found = await editor.request("glm/nextEdit", PLACE)
            assert found["version"] == editor.buffers[URI].version
            (edit,) = found["edits"]
            assert edit["text"] == "    result = wide_width * heigth"
            assert edit["reason"] == "You changed “width” to “wide_width” in one place."

    run(work)


def test_copilots_request_is_answered_in_its_shape(tmp_path: Path) -> None:
    async def work() -> None:
        async with serving(None, tmp_path) as editor:
            rename_parameter(editor)
            editor.notify("textDocument/didFocus", {"textDocument": {"uri": URI}})
            found = await editor.request("textDocument/copilotInlineEdit", PLACE)
            (edit,) = found["edits"]
            version = editor.buffers[URI].version
            assert edit["textDocument"] == {"uri": URI, "version": version}
            editor.notify("textDocument/didShowInlineEdit", {"item": {"command": edit["command"]}})
            apply(editor, edit)
            command = {k: edit["command"][k] for k in ("command", "arguments")}
            assert await editor.request("workspace/executeCommand", command) is None
            assert "wide_width * heigth" in editor.text(URI)

    run(work)


def test_what_is_refused_is_offered_no_more(tmp_path: Path) -> None:
    async def work() -> None:
        async with serving(None, tmp_path) as editor:
            rename_parameter(editor)
            (edit,) = (await editor.request("glm/nextEdit", PLACE))["edits"]
            await editor.execute(
                "glm.refuseNextEdit", uri=URI, before=edit["before"], after=edit["text"]
            )
            assert (await editor.request("glm/nextEdit", PLACE))["edits"] == []

    run(work)


def test_switched_off_nothing_is_found(tmp_path: Path) -> None:
    async def work() -> None:
        async with serving(None, tmp_path, nextEdits={"local": False}) as editor:
            rename_parameter(editor)
            assert (await editor.request("glm/nextEdit", PLACE))["edits"] == []

    run(work)


def test_a_file_that_stays_here_has_none(tmp_path: Path) -> None:
    async def work() -> None:
        async with serving(None, tmp_path, context={"exclude": ["area.py"]}) as editor:
            rename_parameter(editor)
            assert (await editor.request("glm/nextEdit", PLACE))["edits"] == []

    run(work)


def test_the_command_leads_there_or_says_that_nothing_waits(tmp_path: Path) -> None:
    async def work() -> None:
        async with serving(None, tmp_path) as editor:
            await editor.execute("glm.nextEdit", **PLACE)
            await editor.until(lambda: bool(shown(editor)))
            assert shown(editor) == ["Nothing waits for the change that you made last."]
            rename_parameter(editor)
            await editor.execute("glm.nextEdit", **PLACE)
            await editor.until(lambda: len(shown(editor)) == 2)
            reason = "You changed “width” to “wide_width” in one place."
            assert shown(editor)[1] == f"Line 5 waits: {reason}"

    run(work)

"""Notebooks over stdio: what is asked in a cell, with the cells above, and what comes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from glm_lsp.demo.editor import CAPABILITIES, Buffer, ResponseError
from glm_lsp.text import Span, Text
from tests.gateway import Gateway, chat_stream
from tests.lsp.harness import FIXED, PROBLEM, SOURCE, fence, idle, run, serving, shown, where

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from glm_lsp.demo.editor import Editor

CLIENT = {**CAPABILITIES, "notebookDocument": {"synchronization": {}}}
BOOK = "file:///project/analysis/prices.ipynb"
CELL = "vscode-notebook-cell:/project/analysis/prices.ipynb"
CELLS = (
    ("markdown", "# Prices\n\nAll of them are in cents."),
    ("python", "import math\n\nrate = 3\n"),
    ("sql", "select * from elsewhere"),
    ("python", SOURCE),
    ("python", "below = 1"),
)


class Notebook:
    """A notebook in an editor that tells of its cells as LSP says."""

    def __init__(self, editor: Editor, cells: Sequence[tuple[str, str]] = CELLS) -> None:
        self.editor = editor
        self.uris = [f"{CELL}#W{number}" for number, _ in enumerate(cells)]
        send = editor.notify

        def notify(method: str, params: Any) -> None:
            if method == "textDocument/didChange" and params["textDocument"]["uri"] in self.uris:
                text = {"document": params["textDocument"], "changes": params["contentChanges"]}
                method = "notebookDocument/didChange"
                params = self._named(cells={"textContent": [text]})
            send(method, params)

        editor.notify = notify  # type: ignore[method-assign]
        for uri, (language, text) in zip(self.uris, cells, strict=True):
            editor.buffers[uri] = Buffer(uri, language, 1, Text.of(text))
        kinds = [{"kind": 1 if cell[0] == "markdown" else 2} for cell in cells]
        listed = [{**kind, "document": uri} for kind, uri in zip(kinds, self.uris, strict=True)]
        items = [
            {"uri": uri, "languageId": language, "version": 1, "text": text}
            for uri, (language, text) in zip(self.uris, cells, strict=True)
        ]
        about = {"uri": BOOK, "notebookType": "jupyter-notebook", "version": 1, "cells": listed}
        send("notebookDocument/didOpen", {"notebookDocument": about, "cellTextDocuments": items})

    def _named(self, **change: Any) -> dict[str, Any]:
        return {"notebookDocument": {"uri": BOOK, "version": 2}, "change": change}

    def reorder(self, order: Sequence[int]) -> None:
        """Move cells."""
        cells = [{"kind": 2, "document": self.uris[at]} for at in order]
        array = {"start": 0, "deleteCount": len(self.uris), "cells": cells}
        change = self._named(cells={"structure": {"array": array, "didOpen": [], "didClose": []}})
        self.editor.notify("notebookDocument/didChange", change)

    def close(self) -> None:
        documents = [{"uri": uri} for uri in self.uris]
        params = {"notebookDocument": {"uri": BOOK}, "cellTextDocuments": documents}
        self.editor.notify("notebookDocument/didClose", params)

    async def complete(self, cell: int) -> list[str]:
        """Ask for ghost text at the end of a cell; return what is offered."""
        end = len(self.editor.text(self.uris[cell]))
        place = self.editor.range_of(self.uris[cell], Span(end, end))["start"]
        params = {
            "textDocument": {"uri": self.uris[cell]},
            "position": place,
            "context": {"triggerKind": 1},
        }
        items = await self.editor.request("textDocument/inlineCompletion", params)
        return [item["insertText"] for item in items]

    async def fix(self, cell: int) -> None:
        """Choose the fix of the cell's problem."""
        range_ = self.editor.range_of(self.uris[cell], where("heigth"))
        problem = {"range": range_, "message": PROBLEM, "severity": 1}
        params = {
            "textDocument": {"uri": self.uris[cell]},
            "range": range_,
            "context": {"diagnostics": [problem]},
        }
        listed = await self.editor.request("textDocument/codeAction", params)
        command = next(one["command"] for one in listed if one["title"].startswith("GLM: Fix"))
        chosen = {key: command[key] for key in ("command", "arguments")}
        await self.editor.request("workspace/executeCommand", chosen)
        await idle(self.editor)


def asked(gateway: Gateway, number: int = -1) -> str:
    """Return the user's part of a question."""
    return str(gateway.requests[number].json["messages"][-1]["content"])


def test_ghost_text_in_a_cell_is_asked_for_with_the_cells_above(tmp_path: Path) -> None:
    """They stand before the cell's own text: code as it is, Markdown as comments, none below."""

    async def work() -> None:
        with Gateway(chat_stream("<fill>rate)</fill>")) as gateway:
            async with serving(gateway, tmp_path, client=CLIENT) as editor:
                assert editor.capabilities["notebookDocumentSync"]
                book = Notebook(editor)
                end = len(SOURCE)
                editor.type(book.uris[3], Span(end, end), "\nprint(2, ")
                assert await book.complete(3) == ["rate)"]
                above = "# # Prices\n#\n# All of them are in cents.\n\nimport math\n\nrate = 3\n\n"
                assert f"<above>\n{above}import math\n\n\ndef area(" in asked(gateway)
                assert "print(2, <hole/>" in asked(gateway)
                assert "elsewhere" not in asked(gateway)
                assert "below" not in asked(gateway).replace("<below>", "").replace("</below>", "")
                assert "File: prices.ipynb" in asked(gateway)

    run(work)


def test_while_the_user_types_in_a_cell_the_prompt_only_grows(tmp_path: Path) -> None:
    """The service finds all that was there before in its prompt cache."""

    async def work() -> None:
        with Gateway(chat_stream("<fill></fill>")) as gateway:
            async with serving(gateway, tmp_path, client=CLIENT) as editor:
                book = Notebook(editor)
                for typed in ("\nprint(", "rate, ", "2\nx = "):
                    end = len(editor.text(book.uris[3]))
                    editor.type(book.uris[3], Span(end, end), typed)
                    await book.complete(3)
                first, second, third = (asked(gateway, n).split("<hole/>")[0] for n in range(3))
                assert second.startswith(first)
                assert third.startswith(second)

    run(work)


def test_cells_that_were_moved_stand_elsewhere(tmp_path: Path) -> None:
    """What stands above is what the editor shows above, after a cell was dragged."""

    async def work() -> None:
        with Gateway(chat_stream("<fill></fill>")) as gateway:
            async with serving(gateway, tmp_path, client=CLIENT) as editor:
                book = Notebook(editor)
                book.reorder([4, 3, 1, 0, 2])
                await book.complete(3)
                assert "<above>\nbelow = 1\n\nimport math\n\n\ndef area" in asked(gateway)
                assert "rate" not in asked(gateway)

    run(work)


def test_a_fix_reaches_the_cell_and_shows_the_cells_above(tmp_path: Path) -> None:
    """The change is made in the cell alone; its question names the notebook and quotes above."""

    async def work() -> None:
        with Gateway(chat_stream(fence(FIXED))) as gateway:
            async with serving(gateway, tmp_path, client=CLIENT) as editor:
                book = Notebook(editor)
                await book.fix(3)
                assert editor.text(book.uris[3]) == SOURCE.replace("heigth", "height")
                assert [editor.text(uri) for uri in book.uris[:3]] == [c[1] for c in CELLS[:3]]
                assert "above the target's cell" in asked(gateway)
                assert "# All of them are in cents.\n\nimport math\n\nrate = 3\n" in asked(gateway)
                assert "Target code, lines 4 to 6" in asked(gateway)
                assert shown(editor) == []

    run(work)


def test_tests_for_a_cell_are_shown(tmp_path: Path) -> None:
    """A cell is no file that others could import: no file is made beside the notebook."""
    edits = {"documentChanges": True, "resourceOperations": ["create"]}
    client = {**CLIENT, "workspace": {"applyEdit": True, "workspaceEdit": edits}}

    async def work() -> None:
        with Gateway(chat_stream(fence("def test_area(): ...\n"))) as gateway:
            async with serving(gateway, tmp_path, client=client) as editor:
                book = Notebook(editor)
                await editor.execute("glm.test", uri=book.uris[3])
                await idle(editor)
                pieces = editor.received("glm/explanation")
                assert "def test_area" in "".join(piece.get("delta", "") for piece in pieces)
                assert editor.received("workspace/applyEdit") == []

    run(work)


def test_a_notebook_that_was_closed_is_gone(tmp_path: Path) -> None:
    """Nothing is offered in its cells, nor read of them."""

    async def work() -> None:
        with Gateway(chat_stream("<fill>1</fill>")) as gateway:
            async with serving(gateway, tmp_path, client=CLIENT) as editor:
                book = Notebook(editor)
                book.close()
                assert await book.complete(3) == []
                with pytest.raises(ResponseError, match="not open"):
                    await editor.execute("glm.fix", uri=book.uris[3])
                assert gateway.requests == []

    run(work)


def test_a_malformed_change_loses_nothing(tmp_path: Path) -> None:
    """It is logged; what the cells hold stays, and the next change is taken."""

    async def work() -> None:
        with Gateway(chat_stream("<fill>1</fill>")) as gateway:
            async with serving(gateway, tmp_path, client=CLIENT) as editor:
                book = Notebook(editor)
                broken = {"cells": {"structure": {"array": {"start": "0"}}, "textContent": 7}}
                params = {"notebookDocument": {"uri": BOOK, "version": 2}, "change": broken}
                editor.notify("notebookDocument/didChange", params)
                editor.type(book.uris[1], Span(0, 0), "first = 1\n")
                await book.complete(3)
                assert "\n\nfirst = 1\nimport math\n\nrate = 3\n\n" in asked(gateway)
                assert "passed over: notebookDocument/didChange" in _log(tmp_path)

    run(work)


def test_a_notebook_of_which_too_much_is_said_is_left_out(tmp_path: Path) -> None:
    """Its cells are too long for GLM, the user is told once, and the others work on."""

    async def work() -> None:
        with Gateway(chat_stream("<fill>1</fill>")) as gateway:
            async with serving(gateway, tmp_path, client=CLIENT) as editor:
                book = Notebook(editor, [*CELLS, ("python", "x = 1\n" * 800_000)])
                assert await book.complete(3) == []
                with pytest.raises(ResponseError, match="too long"):
                    await editor.execute("glm.fix", uri=book.uris[3])
                (sentence,) = shown(editor)
                assert sentence.startswith("prices.ipynb has more than")
                assert gateway.requests == []

    run(work)


def _log(tmp_path: Path) -> str:
    return (tmp_path / "server.log").read_text("utf-8")


def test_editors_without_notebooks_hear_nothing_of_them(tmp_path: Path) -> None:
    """The capability is announced to those alone that know it."""

    async def work() -> None:
        async with serving(None, tmp_path) as editor:
            assert "notebookDocumentSync" not in editor.capabilities

    run(work)

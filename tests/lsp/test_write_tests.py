"""glm.test: a new file with tests, in editors that create files, and shown in the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.gateway import Gateway, chat_stream
from tests.lsp.harness import RECORDED, SOURCE, URI, capabilities, choose, fence, idle, run, serving

if TYPE_CHECKING:
    from pathlib import Path

TESTS = "from area import area\n\n\ndef test_area() -> None:\n    assert area(2, 3) == 6\n"


def test_tests_go_into_a_new_file_beside_the_source(tmp_path: Path) -> None:
    """The editor is asked to create the file, never to write over one, and to show it."""

    async def work() -> None:
        with Gateway(chat_stream(f"Here you are:\n{fence(TESTS)}\nRun them.")) as gateway:
            async with serving(gateway, tmp_path, client=capabilities("vscode-1.100")) as editor:
                edits: list[Any] = []

                async def create(params: Any) -> Any:
                    edits.extend(params["edit"]["documentChanges"])
                    return {"applied": True}

                editor.on("workspace/applyEdit", create)
                await choose(editor, "GLM: Write tests")
                await idle(editor)
                uri = URI.replace("area.py", "test_area.py")
                assert edits[0] == {"kind": "create", "uri": uri, "options": {"overwrite": False}}
                assert edits[1]["textDocument"] == {"uri": uri, "version": None}
                assert edits[1]["edits"][0]["newText"] == TESTS
                assert editor.received("window/showDocument")[0]["uri"] == uri
                assert editor.text(URI) == SOURCE

    run(work)


def test_editors_that_create_no_files_show_the_tests(tmp_path: Path) -> None:
    """Where the editor creates no files the tests are shown as an explanation is."""
    assert "eglot-1.17" in RECORDED

    async def work() -> None:
        with Gateway(chat_stream(fence(TESTS))) as gateway:
            async with serving(gateway, tmp_path, client=capabilities("eglot-1.17")) as editor:
                await choose(editor, "GLM: Write tests")
                await idle(editor)
                assert len(editor.received("window/showDocument")) == 1
                assert editor.received("workspace/applyEdit") == []

    run(work)

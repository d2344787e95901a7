"""textDocument/codeAction: what is listed, and that listing asks nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.gateway import Gateway, chat_stream
from tests.lsp.harness import capabilities, diagnostic, fence, menu, run, serving

if TYPE_CHECKING:
    from pathlib import Path

OURS = {**capabilities("vscode-1.100"), "experimental": {"glm": {"context": True}}}


def test_a_listing_asks_nobody(tmp_path: Path) -> None:
    """Neither the model nor the editor hears of it, however often the menu is opened."""

    async def work() -> None:
        with Gateway(chat_stream(fence("x = 1\n"))) as gateway:
            async with serving(gateway, tmp_path, client=OURS) as editor:
                for _ in range(3):
                    listed = await menu(editor)
                    assert listed[0]["title"].startswith("GLM: Fix “undefined")
                assert (await editor.execute("glm.status"))["jobs"] == []
                assert editor.received("glm/context") == []
                assert gateway.requests == []

    run(work)


def test_one_problem_reported_twice_is_one(tmp_path: Path) -> None:
    """Two entries for the same words would be a choice between nothing."""

    async def work() -> None:
        async with serving(None, tmp_path) as editor:
            twice = [diagnostic(editor), diagnostic(editor)]
            listed = await menu(editor, diagnostics=twice, only=["quickfix"])
            assert [action["title"] for action in listed] == ["GLM: Fix “undefined name 'heigth'”"]

    run(work)


def test_faded_code_is_no_problem(tmp_path: Path) -> None:
    """A hint that only draws code as unnecessary has no entry; a tagged warning has one."""

    async def work() -> None:
        async with serving(None, tmp_path) as editor:
            faded = {**diagnostic(editor), "severity": 4, "tags": [1]}
            assert await menu(editor, diagnostics=[faded], only=["quickfix"]) == []
            warned = {**faded, "severity": 2}
            assert len(await menu(editor, diagnostics=[warned], only=["quickfix"])) == 1

    run(work)

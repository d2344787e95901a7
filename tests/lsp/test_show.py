"""“Show what is sent”: the question of an action, shown and not sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glm_lsp.demo.editor import ResponseError
from tests.gateway import Gateway, chat_stream
from tests.lsp.harness import PROBLEM, SOURCE, URI, choose, idle, menu, run, serving, where
from tests.lsp.test_fix_all import ASKED
from tests.lsp.test_told import HOVER, SIGNATURE, defined

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from glm_lsp.demo.editor import Editor

KEY = "not-a-key-but-long-enough-0123456789"


def told(editor: Editor) -> str:
    """Return what was shown."""
    return "".join(piece["delta"] for piece in editor.received("glm/explanation"))


def test_what_a_fix_would_send_is_shown_and_not_sent(tmp_path: Path) -> None:
    """Part by part, with sizes and reasons; the key and secrets are struck out of it."""

    async def work() -> None:
        with Gateway(chat_stream("")) as gateway:
            async with serving(gateway, tmp_path, client=ASKED, key=KEY) as editor:
                path = tmp_path / "elsewhere.py"
                path.write_text("def heigth(): ...\n", "utf-8")

                async def answer(_: Any) -> Any:
                    return defined(path, hover=HOVER)

                editor.on("glm/context", answer)
                line = f'    return f"{KEY}" + compute(width)\n'
                editor.type(URI, where("    return result\n"), line)
                await choose(editor, "GLM: Show what is sent")
                await idle(editor)
                shown = told(editor)
                assert gateway.requests == []
                assert "Nothing was sent. *GLM: Fix* would send this here" in shown
                assert f"line 5: {PROBLEM}" in shown
                assert "`elsewhere.py:1`: `says your language server`" in shown
                assert SIGNATURE in shown
                assert "### Target: " in shown
                assert "compute(width)" in shown
                assert KEY not in shown
                await editor.execute("glm.fix", uri=URI, range=editor.range_of(URI, where("area")))
                await idle(editor)
                for part in gateway.requests[0].json["messages"][1]["content"].split("\n\n")[:2]:
                    assert part in shown, "it is what is sent, letter for letter"

    run(work)


def test_nothing_of_an_excluded_file_is_shown(tmp_path: Path) -> None:
    """What must stay is refused as it is by every action; it is not in the menu either."""

    async def work() -> None:
        with Gateway(chat_stream("")) as gateway:
            exclude = {"exclude": ["*.py"]}
            async with serving(gateway, tmp_path, context=exclude) as editor:
                assert await menu(editor) == []
                with pytest.raises(ResponseError, match="stays on your machine"):
                    await editor.execute("glm.show", uri=URI)
                assert told(editor) == ""

    run(work)


def test_without_a_key_it_is_shown_too(tmp_path: Path) -> None:
    """Whoever has given no key yet can see what would be sent with one."""

    async def work() -> None:
        async with serving(None, tmp_path, key="") as editor:
            await editor.execute("glm.show", uri=URI, action="explain")
            await idle(editor)
            assert "*GLM: Explain* would send this here" in told(editor)
            assert SOURCE.strip().splitlines()[0] in told(editor)

    run(work)

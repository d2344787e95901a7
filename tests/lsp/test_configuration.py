"""Settings from the editor: taken, reported when bad, and the last good ones kept."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from tests.gateway import Gateway, chat_stream
from tests.lsp.harness import FIXED, choose, fence, idle, run, serving, shown

if TYPE_CHECKING:
    from pathlib import Path

PULLS: dict[str, Any] = {"workspace": {"configuration": True, "applyEdit": True}}


def test_bad_keys_are_reported_once_by_name(tmp_path: Path) -> None:
    """Unknown keys and bad values are named in one message; good ones count all the same."""
    completion = {"maxLines": "many", "enabled": False, "colour": 1}

    async def work() -> None:
        async with serving(None, tmp_path, completion=completion, speed=3) as editor:
            await editor.until(lambda: bool(shown(editor)))
            assert len(shown(editor)) == 1
            for words in ("glm.completion.maxLines", "glm.completion.colour", "glm.speed"):
                assert words in shown(editor)[0]
            assert "enabled" not in shown(editor)[0]

    run(work)


def test_a_message_about_many_bad_keys_stays_short(tmp_path: Path) -> None:
    """Ten of them are named, long names in part, and the others are counted."""
    many: dict[str, Any] = {"x" * 100_000: 1}
    many.update({f"key{number}": 1 for number in range(30)})

    async def work() -> None:
        async with serving(None, tmp_path, **many) as editor:
            await editor.until(lambda: bool(shown(editor)))
            assert len(shown(editor)) == 1
            assert "; and 21 more." in shown(editor)[0]
            assert "key15" not in shown(editor)[0]
            assert len(shown(editor)[0]) < 5_000

    run(work)


def test_the_configuration_is_asked_for_and_followed(tmp_path: Path) -> None:
    """`workspace/configuration` goes before the options, and is read again when it changes."""
    current = {"model": ""}

    async def work() -> None:
        with Gateway(chat_stream(fence(FIXED))) as gateway:
            async with serving(gateway, tmp_path, client=PULLS) as editor:
                asked: list[str] = []

                async def answer(params: Any) -> Any:
                    asked.append(current["model"])
                    assert params == {"items": [{"section": "glm"}]}
                    return [{"models": {"actions": current["model"] or "glm-5"}}]

                editor.on("workspace/configuration", answer)
                for model in ("glm-4.6", "glm-4.5"):
                    current["model"] = model
                    editor.notify("workspace/didChangeConfiguration", {"settings": None})
                    await editor.until(lambda: current["model"] in asked)
                    await choose(editor, "GLM: Explain", "circle")
                    await idle(editor)
                    assert gateway.requests[-1].json["model"] == model

    run(work)


def test_nobody_is_asked_before_the_configuration_says_whom(tmp_path: Path) -> None:
    """What is asked at once waits for a late configuration; the key goes to its address alone."""

    async def work() -> None:
        with Gateway(chat_stream("No.")) as early, Gateway(chat_stream("Yes.")) as late:
            # A client in which no workspace sets the address: nobody has to confirm it.
            own = {**PULLS, "experimental": {"glm": {"machineScoped": True}}}
            async with serving(early, tmp_path, client=own) as editor:
                said = asyncio.Event()

                async def answer(_: Any) -> Any:
                    await said.wait()
                    return [{"baseUrl": late.base_url}]

                editor.on("workspace/configuration", answer)
                await choose(editor, "GLM: Explain", "circle")
                await asyncio.sleep(0.7)  # Time enough for a server that does not wait.
                said.set()
                await idle(editor)
            assert early.requests == []
            assert early.visits == []
            assert len(late.requests) == 1

    run(work)


def test_pushed_settings_keep_the_last_good_value(tmp_path: Path) -> None:
    """A later bad value is reported, and the value before it stays in force."""

    async def work() -> None:
        with Gateway(chat_stream(fence(FIXED))) as gateway:
            async with serving(gateway, tmp_path) as editor:
                for model in ("glm-4.6", 46):
                    settings = {"glm": {"models": {"actions": model}}}
                    editor.notify("workspace/didChangeConfiguration", {"settings": settings})
                await editor.until(lambda: bool(shown(editor)))
                assert "glm.models.actions" in shown(editor)[0]
                await choose(editor, "GLM: Fix")
                await idle(editor)
                assert gateway.requests[0].json["model"] == "glm-4.6"

    run(work)


def test_the_environment_sets_what_the_editor_does_not(tmp_path: Path) -> None:
    """`GLM_LSP_MODEL` counts, and an editor's setting wins over it."""

    async def work() -> None:
        environ = {"GLM_LSP_MODEL": "glm-4.5-air", "RUNAPI_KEY": "not-a-key-either"}
        with Gateway(chat_stream(fence(FIXED))) as gateway:
            async with serving(gateway, tmp_path, key="", environ=environ) as editor:
                await choose(editor, "GLM: Fix")
                await idle(editor)
                request = gateway.requests[0]
                assert request.json["model"] == "glm-4.5-air"
                headers = {name.lower(): value for name, value in request.headers.items()}
                assert headers["authorization"] == "Bearer not-a-key-either"

    run(work)

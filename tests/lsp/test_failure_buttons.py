"""A failure is told each time, with what there is to do about it, and can be asked again."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from glm_lsp.demo.editor import CAPABILITIES, Editor
from glm_lsp.text import Span
from tests.gateway import Gateway, chat_stream, error
from tests.lsp.harness import (
    FIXED,
    SOURCE,
    URI,
    choose,
    diagnostic,
    fence,
    idle,
    menu,
    run,
    serving,
    shown,
)

if TYPE_CHECKING:
    from pathlib import Path

ANSWER = chat_stream(fence(FIXED))
REFUSED = error(401, "1002")
ABOVE = "# One line,\n# and another.\n"
GLM = CAPABILITIES["experimental"]["glm"]
BUTTONS = {**CAPABILITIES, "experimental": {"glm": {**GLM, "buttons": ["key", "settings"]}}}


def pressing(editor: Editor, title: str | None) -> list[dict[str, Any]]:
    """Press a button of each message that has some; return those messages."""
    asked: list[dict[str, Any]] = []

    async def answer(params: Any) -> Any:
        asked.append(params)
        editor.type(URI, Span(0, 0), ABOVE)  # The user types on before they press it.
        return None if title is None else {"title": title}

    editor.on("window/showMessageRequest", answer)
    return asked


async def told(asked: list[dict[str, Any]]) -> None:
    """Wait until there was a message with buttons."""
    while not asked:
        await asyncio.sleep(0.02)


async def complete(editor: Editor, kind: int) -> None:
    """Ask for ghost text at the end of a new line: called for (1), or as one types (2)."""
    end = len(editor.text(URI))
    editor.type(URI, Span(end, end), "\nvalue = ")
    position = editor.range_of(URI, Span(end + 9, end + 9))["start"]
    params = {"textDocument": {"uri": URI}, "position": position, "context": {"triggerKind": kind}}
    assert await editor.request("textDocument/inlineCompletion", params) == []


def test_what_was_asked_for_is_answered_each_time(tmp_path: Path) -> None:
    """Typing is told of a failure once; an action and a call for a suggestion each time."""

    async def work() -> None:
        with Gateway(REFUSED) as gateway:
            async with serving(gateway, tmp_path) as editor:
                sentence = "RunAPI refuses the API key from the editor's settings"
                counts = []
                for kind in (2, 2, 1, 1):
                    await complete(editor, kind)
                    counts.append(len(shown(editor)))
                assert counts == [1, 1, 2, 3]
                asked = len(gateway.requests)
                for _ in range(2):
                    await choose(editor, "GLM: Fix")
                    await idle(editor)
                    counts.append(len(shown(editor)))
                assert counts[-2:] == [4, 5]
                assert len(gateway.requests) == asked + 2, "no breaker keeps an action back"
                assert {text.split(":")[0][:20] for text in shown(editor)} == {sentence[:20]}

    run(work)


def test_a_button_asks_again_where_the_code_is_by_then(tmp_path: Path) -> None:
    """Retry asks the same question, with the problem, at the place to which typing moved it."""

    async def work() -> None:
        with Gateway([REFUSED, ANSWER]) as gateway:
            async with serving(gateway, tmp_path, client=BUTTONS) as editor:
                asked = pressing(editor, "Retry")
                await choose(editor, "GLM: Fix")
                await asyncio.to_thread(gateway.wait_for_requests, 2)
                await idle(editor)
                (message,) = asked
                assert [each["title"] for each in message["actions"]] == ["Set Key", "Retry"]
                assert shown(editor) == []
                assert editor.text(URI) == ABOVE + SOURCE.replace("heigth", "height")
                questions = [r.json["messages"][-1]["content"] for r in gateway.requests]
                assert "undefined name 'heigth'" in questions[1]

    run(work)


def test_a_new_server_can_be_asked_what_failed(tmp_path: Path) -> None:
    """The button of the key carries the command: a client restarts the server with the key."""

    async def work() -> None:
        with Gateway([ANSWER]) as gateway:
            async with serving(gateway, tmp_path, client=BUTTONS, key="") as editor:
                asked = pressing(editor, None)
                await choose(editor, "GLM: Fix")
                await told(asked)
            again = asked[0]["actions"][0]["again"]
            assert asked[0]["actions"][0]["does"] == "key"
            (tmp_path / "again").mkdir()
            async with serving(gateway, tmp_path / "again", client=BUTTONS) as editor:
                await editor.request("workspace/executeCommand", again)
                await idle(editor)
                assert editor.text(URI) == SOURCE.replace("heigth", "height")
                assert "undefined name 'heigth'" in gateway.requests[0].content.decode()

    run(work)


@pytest.mark.parametrize(
    ("status", "code", "titles", "setting"),
    [
        (400, "1211", ["Retry"], None),
        (404, "404", ["Open Settings", "Retry"], "glm.baseUrl"),
        (429, "1113", ["Open Settings", "Retry"], "glm.provider"),
    ],
)
def test_the_buttons_are_those_that_help(
    status: int, code: str, titles: list[str], setting: str | None, tmp_path: Path
) -> None:
    """Settings are offered where the sentence names one, the key where it is about the key."""

    async def work() -> None:
        with Gateway(error(status, code)) as gateway:
            async with serving(gateway, tmp_path, client=BUTTONS) as editor:
                asked = pressing(editor, None)
                await choose(editor, "GLM: Fix")
                await told(asked)
                actions = asked[0]["actions"]
                assert [each["title"] for each in actions] == titles
                assert actions[0].get("setting") == setting

    run(work)


def test_elsewhere_the_menu_asks_again(tmp_path: Path) -> None:
    """Where buttons would block, there is a message, and the code actions offer to ask again."""

    async def work() -> None:
        with Gateway([REFUSED, REFUSED, ANSWER]) as gateway:
            async with serving(gateway, tmp_path) as editor:
                await choose(editor, "GLM: Fix")
                await idle(editor)
                assert len(shown(editor)) == 1
                editor.type(URI, Span(0, 0), ABOVE)
                retry = "GLM: Retry what failed: "
                assert not any(a["title"].startswith(retry) for a in await menu(editor, "radius"))
                await choose(editor, retry)
                await idle(editor)
                assert len(shown(editor)) == 2
                await choose(editor, retry)
                await idle(editor)
                assert editor.text(URI) == ABOVE + SOURCE.replace("heigth", "height")
                assert not any(a["title"].startswith(retry) for a in await menu(editor, "height"))

    run(work)


def test_every_problem_is_asked_again(tmp_path: Path) -> None:
    """What failed for all problems of a file is asked again for all that there are then."""

    async def work() -> None:
        with Gateway([REFUSED, ANSWER]) as gateway:
            async with serving(gateway, tmp_path, client=BUTTONS) as editor:
                pressing(editor, "Retry")
                found = [diagnostic(editor)]
                await editor.execute("glm.fix", uri=URI, all=True, diagnostics=found)
                await asyncio.to_thread(gateway.wait_for_requests, 2)
                await idle(editor)
                assert editor.text(URI) == ABOVE + SOURCE.replace("heigth", "height")

    run(work)

"""A busy service is waited for in sight of the user, and all windows of a user take turns."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from glm_lsp.text import Span
from tests.gateway import Gateway, Pause, Reply, chat_stream, error
from tests.lsp.harness import FIXED, SOURCE, URI, choose, fence, idle, run, serving, shown

if TYPE_CHECKING:
    from pathlib import Path

    from glm_lsp.demo.editor import Editor
    from tests.gateway import Recorded

ANSWER = chat_stream(fence(FIXED))
ONE: dict[str, Any] = {"models": {"actions": "glm-5.1", "completion": "glm-5.1"}}


def told(editor: Editor, words: str) -> list[str]:
    """Return what a progress has said that holds some words."""
    values = [p["value"].get("message") or "" for p in editor.received("$/progress")]
    return [message for message in values if words in message]


def states(editor: Editor, state: str) -> list[str]:
    """Return the messages of `glm/status` in a state."""
    return [p["message"] for p in editor.received("glm/status") if p["state"] == state]


async def until(met: Any) -> None:
    while not met():
        await asyncio.sleep(0.01)


@pytest.mark.parametrize(("status", "code"), [(429, "1302"), (429, "1305"), (503, ""), (529, "")])
def test_a_busy_service_is_waited_for_in_sight(status: int, code: str, tmp_path: Path) -> None:
    """The progress counts the seconds down; the service is not asked sooner than it says."""
    busy = error(status, code, retry_after="2")

    async def work() -> None:
        with Gateway([busy, ANSWER]) as gateway:
            async with serving(gateway, tmp_path) as editor:
                await choose(editor, "GLM: Fix")
                await idle(editor)
                assert editor.text(URI) == SOURCE.replace("heigth", "height")
                assert shown(editor) == []
                assert told(editor, "waits for RunAPI, 2 s …")
                assert told(editor, "waits for RunAPI, 1 s …")
                waits, after = states(editor, "limited"), states(editor, "ready")
                assert "Waits for RunAPI, 2 s." in waits
                assert after[-1] == ""
                first, second = gateway.requests
                assert second.arrived - first.arrived >= 2

    run(work)


def test_more_attempts_than_a_moment_has(tmp_path: Path) -> None:
    """Six refusals, which take fifteen seconds, do not end an action."""

    async def work() -> None:
        with Gateway([error(429, "1302", retry_after="1")] * 6 + [ANSWER]) as gateway:
            async with serving(gateway, tmp_path) as editor:
                await choose(editor, "GLM: Fix")
                await idle(editor)
                assert editor.text(URI) == SOURCE.replace("heigth", "height")
                assert len(gateway.requests) == 7

    run(work)


def test_a_cancel_ends_the_wait_at_once(tmp_path: Path) -> None:
    """Who cancels a wait of a minute is done within a fraction of a second."""

    async def work() -> None:
        with Gateway(error(429, "1302", retry_after="60")) as gateway:
            async with serving(gateway, tmp_path) as editor:
                job = await choose(editor, "GLM: Fix")
                await until(lambda: told(editor, "waits for RunAPI, 60 s …"))
                begun = time.monotonic()
                await editor.execute("glm.cancel", job=job)
                await idle(editor)
                assert time.monotonic() - begun < 0.5
                assert shown(editor) == []
                status = await editor.execute("glm.status")
                assert (status["state"], status["message"]) == ("ready", "")

    run(work)


def test_what_waiting_does_not_mend_is_said_at_once(tmp_path: Path) -> None:
    """A service that wants more than two minutes, and a plan at its end, are not waited for."""

    async def work() -> None:
        with Gateway([error(429, "1302", retry_after="180"), error(429, "1308")]) as gateway:
            async with serving(gateway, tmp_path) as editor:
                begun = time.monotonic()
                for words in ("too many requests", "limit at"):
                    await choose(editor, "GLM: Fix")
                    await idle(editor)
                    assert words in shown(editor)[-1]
                assert time.monotonic() - begun < 5
                assert len(gateway.requests) == 2

    run(work)


def test_a_completion_does_not_wait(tmp_path: Path) -> None:
    """Ghost text gives up within a second or two, and says so."""

    async def work() -> None:
        with Gateway(error(429, "1302")) as gateway:
            async with serving(gateway, tmp_path) as editor:
                begun = time.monotonic()
                assert await ghost(editor) == []
                assert time.monotonic() - begun < 4
                assert len(gateway.requests) == 2

    run(work)


async def ghost(editor: Editor) -> Any:
    """Ask for ghost text at the end of a new line."""
    end = len(editor.text(URI))
    editor.type(URI, Span(end, end), "\nvalue = ")
    end += len("\nvalue = ")
    position = editor.range_of(URI, Span(end, end))["start"]
    params = {"textDocument": {"uri": URI}, "position": position, "context": {"triggerKind": 1}}
    return await editor.request("textDocument/inlineCompletion", params)


def feature(record: Recorded) -> str:
    """Tell what asked: an action has the problem in its question."""
    return "fix" if "undefined name" in record.content.decode() else "ghost"


def reply(body: Any) -> Reply:
    """Answer ghost text and actions, each in a third of a second."""
    fixes = "undefined name" in body["messages"][-1]["content"]
    stream = ANSWER if fixes else chat_stream("<fill>1</fill>")
    return stream.before(1, Pause(0.3))


def test_two_windows_never_ask_at_once_and_actions_go_first(tmp_path: Path) -> None:
    """Of two processes, one request of a model is open at a time; an action passes completions."""

    async def work() -> None:
        with Gateway(reply) as gateway:
            async with (
                serving(gateway, tmp_path, **ONE) as one,
                serving(gateway, tmp_path, **ONE) as other,
                serving(gateway, tmp_path, **ONE) as third,
            ):
                windows = (one, other, third)
                first = asyncio.ensure_future(ghost(one))
                await asyncio.to_thread(gateway.wait_for_requests)
                waiting = [asyncio.ensure_future(ghost(each)) for each in (other, third)]
                await asyncio.sleep(0.1)
                await choose(other, "GLM: Fix")
                for answer in (first, *waiting):
                    assert await answer
                for each in windows:
                    await idle(each)
                    await choose(each, "GLM: Fix") if each is not other else None
                for each in windows:
                    await idle(each)
                    assert "width * height" in each.text(URI)
                asked = gateway.requests
                assert [feature(record) for record in asked[:4]] == [
                    "ghost",
                    "fix",
                    "ghost",
                    "ghost",
                ]
                assert told(other, "waits for another window …")
                for before, after in pairwise(asked):
                    ended = before.finished or before.hung_up
                    assert ended is not None
                    assert after.arrived >= ended - 0.02

    run(work)


def test_a_killed_window_keeps_nobody_waiting(tmp_path: Path) -> None:
    """The lock of a process that was killed in the midst of its answer is gone with it."""

    async def killed(gateway: Gateway, other: Editor) -> None:
        async with serving(gateway, tmp_path, **ONE) as one:
            await choose(one, "GLM: Fix")
            await asyncio.to_thread(gateway.wait_for_requests)
            await choose(other, "GLM: Fix")
            await until(lambda: told(other, "waits for another window …"))
            assert len(gateway.requests) == 1
            one.process.kill()
            await one.process.wait()

    async def work() -> None:
        with Gateway([ANSWER.stall_after(1), ANSWER]) as gateway:
            async with serving(gateway, tmp_path, **ONE) as other:
                with pytest.raises(AssertionError, match="ends well"):
                    await killed(gateway, other)
                await idle(other)
                assert other.text(URI) == SOURCE.replace("heigth", "height")

    run(work)


def test_a_home_that_cannot_be_written_disturbs_nothing(tmp_path: Path) -> None:
    """Where there is no place for locks, everything is asked as if there were none."""
    (tmp_path / "file").write_text("")

    async def work() -> None:
        nowhere = {"XDG_STATE_HOME": str(tmp_path / "file" / "below")}
        with Gateway(ANSWER) as gateway:
            async with serving(gateway, tmp_path, environ=nowhere) as editor:
                await choose(editor, "GLM: Fix")
                await idle(editor)
                assert editor.text(URI) == SOURCE.replace("heigth", "height")
                assert shown(editor) == []

    run(work)

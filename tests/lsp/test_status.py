"""`glm/status`: the day's tokens and cost, as an editor is told them over stdio."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from attrs import evolve

from glm_lsp.demo.editor import CAPABILITIES, Editor
from glm_lsp.llm.usage_store import UsageStore
from tests.gateway import Gateway, chat_stream, error
from tests.llm.test_usage_store import record
from tests.lsp.harness import FIXED, URI, choose, fence, idle, run, serving

if TYPE_CHECKING:
    from pathlib import Path

ANSWER = chat_stream(fence(FIXED), usage=(1000, 200))  # 0.0232 USD at the price below.
PRICES = {"glm-5.1": {"input": 10.0, "output": 66.0}}
SHOWS = {**CAPABILITIES, "experimental": {"glm": {"status": True}}}


def spend(tmp_path: Path, tokens: int, cost: float, *, days_ago: int = 0) -> None:
    """Have another server of the same user ask something."""
    at = (datetime.now() - timedelta(days=days_ago)).timestamp()  # noqa: DTZ005  # Local days.
    store = UsageStore(tmp_path / "data" / "glm-lsp" / "usage.sqlite3")
    store.add(evolve(record("glm-5.1", 0), at=at, prompt=tokens, output=0, cost=cost))
    store.close()


async def told(editor: Editor, tokens: int) -> dict[str, Any]:
    """Wait until the editor is told a number of tokens; return that message."""
    while True:
        for status in editor.received("glm/status"):
            if status["tokens"] == tokens:
                found: dict[str, Any] = status
                return found
        await asyncio.sleep(0.02)


def test_the_status_counts_the_day_and_not_the_session(tmp_path: Path) -> None:
    """What was used earlier today is there before anything is asked, then with what is asked."""
    spend(tmp_path, 500, 0.5)
    spend(tmp_path, 70_000, 7.0, days_ago=1)

    async def work() -> None:
        with Gateway(ANSWER) as gateway:
            async with serving(gateway, tmp_path, client=SHOWS, prices=PRICES) as editor:
                assert (await told(editor, 500))["cost"] == 0.5
                await choose(editor, "GLM: Fix")
                assert round((await told(editor, 1700))["cost"], 4) == 0.5232

    run(work)


def test_two_windows_agree(tmp_path: Path) -> None:
    """A window that asks hears what the other one used."""

    async def work() -> None:
        with Gateway(ANSWER) as gateway:
            async with (
                serving(gateway, tmp_path, client=SHOWS) as one,
                serving(gateway, tmp_path, client=SHOWS) as other,
            ):
                await choose(one, "GLM: Fix")
                await told(one, 1200)
                await choose(other, "GLM: Fix")
                await told(other, 2400)
                assert (await one.execute("glm.status"))["tokens"] == 2400

    run(work)


def test_an_answer_without_usage_is_counted_by_estimate(tmp_path: Path) -> None:
    """The status says what `glm-lsp usage` says, also of what the service did not count."""

    async def work() -> None:
        with Gateway(chat_stream(fence(FIXED), usage=None)) as gateway:
            async with serving(gateway, tmp_path, client=SHOWS) as editor:
                await choose(editor, "GLM: Fix")
                await idle(editor)
                assert (await editor.execute("glm.status"))["tokens"] > 0

    run(work)


def test_what_is_done_in_a_document(tmp_path: Path) -> None:
    """Who asks about one hears whether it is excluded, or has no completions for its language."""
    secret, page = (tmp_path / name for name in (".env", "page.md"))
    completion = {"disabledLanguages": ["markdown"]}

    async def work() -> None:
        async with serving(None, tmp_path, completion=completion) as editor:
            for path, language in ((secret, "plaintext"), (page, "markdown")):
                editor.open(path.as_uri(), language, "text\n")

            async def state(uri: str) -> Any:
                return (await editor.execute("glm.status", uri=uri))["document"]

            assert await state(secret.as_uri()) == "excluded"
            assert await state(page.as_uri()) == "withoutCompletions"
            assert await state(URI) == "served"
            assert await state(page.with_name("closed.py").as_uri()) == "closed"
            assert "document" not in await editor.execute("glm.status")

    run(work)


async def seen(editor: Editor, state: str, message: str = "") -> None:
    """Wait until the last that the editor was told is this."""
    while (last := editor.received("glm/status")[-1]) and (
        last["state"] != state or message not in last["message"]
    ):
        await asyncio.sleep(0.01)


def test_waiting_for_the_service_is_a_state(tmp_path: Path) -> None:
    """A busy service is waited for in sight, then asked; a cancel meanwhile ends the waiting."""

    async def work() -> None:
        busy = error(429, "1302", retry_after="2")
        with Gateway([busy, ANSWER, error(429, "1302", retry_after="60")]) as gateway:
            async with serving(gateway, tmp_path, client=SHOWS) as editor:
                await choose(editor, "GLM: Fix")
                await seen(editor, "limited", "Waits for RunAPI, 2 s.")
                await seen(editor, "limited", "Waits for RunAPI, 1 s.")
                await seen(editor, "working")
                await seen(editor, "ready")
                job = await choose(editor, "GLM: Explain", "width")
                await seen(editor, "limited", "Waits for RunAPI, 60 s.")
                await editor.execute("glm.cancel", job=job)
                await seen(editor, "ready")

    run(work)

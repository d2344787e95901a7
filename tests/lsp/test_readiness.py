"""Around asking: a warm connection, the day's budget, and the books, over stdio."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from glm_lsp.text import Span
from tests.gateway import Gateway, chat_stream
from tests.lsp.harness import FIXED, URI, choose, fence, idle, run, serving, shown

if TYPE_CHECKING:
    from pathlib import Path

ANSWER = chat_stream(fence(FIXED), usage=(1000, 200, 600))  # About 0.036 USD.
LIMITS = {"dailyBudget": 0.03}


def books(tmp_path: Path, query: str) -> list[tuple[Any, ...]]:
    (path,) = (tmp_path / "data").rglob("usage.sqlite3")
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def test_opening_a_document_warms_the_connection(tmp_path: Path) -> None:
    """The gateway is reached before anything is asked, without the key, and then reused."""

    async def work() -> None:
        with Gateway(ANSWER) as gateway:
            async with serving(gateway, tmp_path) as editor:
                await asyncio.to_thread(gateway.wait_for, lambda g: len(g.visits) == 1)
                (visit,) = gateway.visits
                assert visit.method == "HEAD"
                assert "authorization" not in visit.headers
                await choose(editor, "GLM: Fix")
                await idle(editor)
                assert gateway.requests[0].connection == visit.connection

    run(work)


def test_without_a_key_opening_a_document_says_nothing(tmp_path: Path) -> None:
    """Getting ready fails in silence: the sentence comes when something is asked."""

    async def work() -> None:
        with Gateway(ANSWER) as gateway:
            async with serving(gateway, tmp_path, key="") as editor:
                await editor.execute("glm.status")
                assert shown(editor) == []
                assert gateway.visits == gateway.requests == []

    run(work)


def test_what_was_asked_and_taken_is_in_the_books(tmp_path: Path) -> None:
    """An action and an accepted completion are counted, with tokens and an estimated cost."""

    async def work() -> None:
        with Gateway(ANSWER) as gateway:
            async with serving(gateway, tmp_path) as editor:
                await choose(editor, "GLM: Fix")
                await idle(editor)
                gateway.script(chat_stream("<fill>1</fill>"))
                end = len(editor.text(URI))
                editor.type(URI, Span(end, end), "\n\nx = ")
                end = len(editor.text(URI))
                position = editor.range_of(URI, Span(end, end))["start"]
                params = {
                    "textDocument": {"uri": URI},
                    "position": position,
                    "context": {"triggerKind": 1},
                }
                (item,) = await editor.request("textDocument/inlineCompletion", params)
                await editor.request("workspace/executeCommand", item["command"])

    run(work)
    asked = books(tmp_path, "SELECT feature, model, prompt, cached, outcome FROM request")
    assert asked[0] == ("fix", "glm-5.1", 1000, 600, "done")
    assert asked[1][:2] == ("completion", "glm-4.7")
    assert books(tmp_path, "SELECT round(cost, 3) FROM request")[0] == (0.036,)
    assert books(tmp_path, "SELECT model, feature FROM acceptance") == [("glm-4.7", "completion")]


@pytest.mark.parametrize(("chosen", "requests"), [("Ask GLM", 2), ("Stop", 1), (None, 1)])
def test_beyond_the_budget_the_user_decides(
    chosen: str | None, requests: int, tmp_path: Path
) -> None:
    """The editor asks before an action; only a yes lets it through."""
    questions: list[str] = []

    async def answer(params: Any) -> Any:
        questions.append(params["message"])
        return chosen and {"title": chosen}

    async def work() -> None:
        with Gateway(ANSWER) as gateway:
            async with serving(gateway, tmp_path, limits=LIMITS) as editor:
                editor.on("window/showMessageRequest", answer)
                await choose(editor, "GLM: Fix")
                await idle(editor)
                assert questions == []
                await asyncio.to_thread(wait_for_row, tmp_path)
                await choose(editor, "GLM: Refactor", "width * height")
                await idle(editor)
                assert len(gateway.requests) == requests
                refusals = [text for text in shown(editor) if "budget" in text]
                assert len(refusals) == (requests == 1)

    run(work)
    (question,) = questions
    assert question.startswith("Today’s budget of $0.03 is used up (estimated: $0.04).")


def wait_for_row(tmp_path: Path) -> None:
    """Wait until the first request is in the books."""
    import time

    while True:
        try:
            if books(tmp_path, "SELECT 1 FROM request"):
                return
        except (ValueError, sqlite3.Error):
            pass
        time.sleep(0.02)

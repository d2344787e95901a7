"""What a user reads when something is wrong, and that nothing else happens."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import pytest

from tests.gateway import Gateway, Reply, chat_stream, error, html
from tests.lsp.harness import (
    FIXED,
    SOURCE,
    URI,
    choose,
    fence,
    idle,
    run,
    serving,
    shown,
)

if TYPE_CHECKING:
    from pathlib import Path

ANSWER = chat_stream(fence(FIXED))
CUT = ANSWER.cut_after(len(ANSWER.steps) // 2)


def test_no_key_is_one_message_and_no_request(tmp_path: Path) -> None:
    """Without a key each thing asked for is answered by what to do; nothing leaves the machine."""

    async def work() -> None:
        with Gateway(ANSWER) as gateway:
            async with serving(gateway, tmp_path, key="") as editor:
                await choose(editor, "GLM: Fix")
                await idle(editor)
                await choose(editor, "GLM: Fix")
                await idle(editor)
                sentence = "No API key: set RUNAPI_KEY or run `glm-lsp auth set`."
                assert shown(editor) == [sentence, sentence]
                assert editor.text(URI) == SOURCE
                assert gateway.requests == []

    run(work)
    assert "Traceback" not in (tmp_path / "server.log").read_text("utf-8")


@pytest.mark.parametrize(
    ("reply", "words", "requests"),
    [
        pytest.param(error(401, "1002"), "refuses the API key", 1, id="wrong key"),
        pytest.param(error(400, "1211"), "knows no model “glm-5.1”", 1, id="unknown model"),
        pytest.param(error(429, "1113"), "no balance", 1, id="no balance"),
        pytest.param(html(502), "try again in a moment", 1, id="web page"),
        pytest.param(CUT, "try again", 1, id="cut half-way"),
        pytest.param(chat_stream(fence(FIXED)[:40], finish="length"), "cut off", 1, id="too long"),
        pytest.param(
            chat_stream("I'm sorry, but I can't help."), "nothing was changed", 1, id="refusal"
        ),
    ],
)
def test_each_failure_is_one_sentence(
    reply: Reply, words: str, requests: int, tmp_path: Path
) -> None:
    """The sentence says what to do; the document is as it was; nobody is asked too often."""

    async def work() -> None:
        with Gateway(reply) as gateway:
            async with serving(gateway, tmp_path) as editor:
                job = await choose(editor, "GLM: Fix")
                await editor.until(lambda: editor.ended(job))
                await idle(editor)
                assert len(shown(editor)) == 1
                assert words in shown(editor)[0]
                assert editor.text(URI) == SOURCE
                assert len(gateway.requests) == requests

    run(work)
    log = (tmp_path / "server.log").read_text("utf-8")
    assert "Traceback" not in log
    assert "not-a-key" not in log


def test_a_rate_limit_is_waited_out(tmp_path: Path) -> None:
    """After 429/1302 the same question is asked again, and the user sees only the result."""

    async def work() -> None:
        with Gateway([error(429, "1302"), ANSWER]) as gateway:
            async with serving(gateway, tmp_path) as editor:
                await choose(editor, "GLM: Fix")
                await idle(editor)
                assert shown(editor) == []
                assert editor.text(URI) == SOURCE.replace("heigth", "height")
                assert len(gateway.requests) == 2

    run(work)


def test_a_refused_connection_names_the_setting(tmp_path: Path) -> None:
    """Where nobody listens, the sentence names the address's setting."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    async def work() -> None:
        url = f"http://127.0.0.1:{port}/v1"
        async with serving(None, tmp_path, environ={"GLM_LSP_BASE_URL": url}) as editor:
            await choose(editor, "GLM: Fix")
            await idle(editor)
            assert len(shown(editor)) == 1
            assert "glm.baseUrl" in shown(editor)[0]
            assert editor.text(URI) == SOURCE

    run(work)


def test_an_excluded_file_is_never_sent(tmp_path: Path) -> None:
    """Nothing is offered in a file that the user excluded, and a command is refused."""

    async def work() -> None:
        with Gateway(ANSWER) as gateway:
            async with serving(gateway, tmp_path, context={"exclude": ["*.secret.py"]}) as editor:
                for uri in ("file:///project/.env", "file:///project/a.secret.py"):
                    editor.open(uri, "python", SOURCE)
                    where = {
                        "start": {"line": 4, "character": 0},
                        "end": {"line": 4, "character": 0},
                    }
                    document = {"textDocument": {"uri": uri}}
                    listed = await editor.request(
                        "textDocument/codeAction",
                        {**document, "range": where, "context": {"diagnostics": []}},
                    )
                    assert listed == []
                    ghost = await editor.request(
                        "textDocument/inlineCompletion",
                        {**document, "position": where["start"], "context": {"triggerKind": 1}},
                    )
                    assert not ghost
                    with pytest.raises(Exception, match="stays on your machine"):
                        await editor.execute("glm.explain", uri=uri, range=where)
                assert gateway.requests == []

    run(work)


def test_a_command_on_a_closed_document_is_refused(tmp_path: Path) -> None:
    """A command for a document that is not open is answered with a sentence."""

    async def work() -> None:
        async with serving(None, tmp_path) as editor:
            with pytest.raises(Exception, match="not open"):
                await editor.execute("glm.fix", uri="file:///nowhere.py")
            with pytest.raises(Exception, match="uri"):
                await editor.execute("glm.fix", range=5)

    run(work)


def test_a_silent_service_can_be_cancelled(tmp_path: Path) -> None:
    """Before the first byte of an answer, cancelling closes the connection too."""

    async def work() -> None:
        with Gateway(ANSWER.stall_after(0)) as gateway:
            async with serving(gateway, tmp_path) as editor:
                job = await choose(editor, "GLM: Fix")
                await asyncio.to_thread(gateway.wait_for_requests)
                await editor.execute("glm.cancel", job=job)
                await asyncio.to_thread(gateway.wait_for_hang_up)
                assert editor.text(URI) == SOURCE

    run(work)

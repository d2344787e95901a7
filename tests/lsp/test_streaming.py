"""Answers while they arrive: the first edit, cancelling, keeping, undoing, retrying."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from glm_lsp.demo.editor import CAPABILITIES
from glm_lsp.text import Span
from tests.gateway import Gate, Gateway, chat_stream
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
    where,
)

if TYPE_CHECKING:
    from pathlib import Path

WHOLE = SOURCE.replace("heigth", "height")
LONG = FIXED + "\n\ndef volume(width, height, depth):\n    return area(width, height) * depth\n"
WITH_VOLUME = WHOLE.replace(FIXED, LONG)


def test_the_first_edit_comes_before_the_stream_ends(tmp_path: Path) -> None:
    """Edits begin while the model still writes, its reasoning first and usage last."""
    thought, gate = Gate(), Gate()
    reply = chat_stream(fence(LONG), reasoning="Let me look at the names.", usage=(40, 30, 8))
    reply = reply.before(len(reply.steps) - 4, gate).before(3, thought)

    async def work() -> None:
        with Gateway(reply) as gateway:
            async with serving(gateway, tmp_path) as editor:
                await choose(editor, "GLM: Fix")
                await editor.until(lambda: "thinking" in str(editor.received("$/progress")))
                assert editor.text(URI) == SOURCE
                thought.open()
                await editor.until(lambda: "* height" in editor.text(URI))
                assert gateway.requests[0].finished is None
                gate.open()
                await idle(editor)
                assert editor.text(URI) == WITH_VOLUME

    run(work)


def test_cancelling_closes_the_upstream_and_restores_the_text(tmp_path: Path) -> None:
    """A cancel from the progress ends the request, the edits and the progress."""
    reply = chat_stream(fence(LONG))
    reply = reply.stall_after(len(reply.steps) - 4)

    async def work() -> None:
        with Gateway(reply) as gateway:
            async with serving(gateway, tmp_path) as editor:
                job = await choose(editor, "GLM: Fix")
                await editor.until(lambda: "* height" in editor.text(URI))
                editor.notify("window/workDoneProgress/cancel", {"token": job})
                await editor.until(lambda: editor.ended(job))
                assert editor.text(URI) == SOURCE
                await asyncio.to_thread(gateway.wait_for_hang_up)
                assert gateway.requests[0].aborted
                assert shown(editor) == []

    run(work)


def test_cancelling_by_command_reaches_the_job(tmp_path: Path) -> None:
    """`glm.cancel` with a job, and the menu's Cancel, end it the same way."""
    reply = chat_stream(fence(LONG))
    reply = reply.stall_after(len(reply.steps) - 4)

    async def work() -> None:
        with Gateway(reply) as gateway:
            async with serving(gateway, tmp_path) as editor:
                job = await choose(editor, "GLM: Fix")
                await editor.until(lambda: "* height" in editor.text(URI))
                titles = [entry["title"] for entry in await menu(editor, "area")]
                assert titles[0] == "GLM: Cancel"
                assert await editor.execute("glm.cancel", job=job) is True
                await editor.until(lambda: editor.ended(job))
                assert editor.text(URI) == SOURCE
                assert await editor.execute("glm.cancel", job=job) is False

    run(work)


def test_closing_the_document_ends_the_request(tmp_path: Path) -> None:
    """Nobody pays for an answer to a document that is gone."""

    async def work() -> None:
        with Gateway(chat_stream(fence(LONG)).stall_after(2)) as gateway:
            async with serving(gateway, tmp_path) as editor:
                await choose(editor, "GLM: Fix")
                await asyncio.to_thread(gateway.wait_for_requests)
                editor.close_document(URI)
                await asyncio.to_thread(gateway.wait_for_hang_up)
                await idle(editor)

    run(work)


def test_typing_elsewhere_during_the_stream_is_kept(tmp_path: Path) -> None:
    """The user goes on typing above and below the code that GLM rewrites."""
    gate = Gate()
    reply = chat_stream(fence(LONG))
    reply = reply.before(len(reply.steps) - 4, gate)

    async def work() -> None:
        with Gateway(reply) as gateway:
            async with serving(gateway, tmp_path) as editor:
                await choose(editor, "GLM: Fix")
                await editor.until(lambda: "* height" in editor.text(URI))
                editor.type(URI, Span(0, 0), "# mine\n")
                end = len(editor.text(URI))
                editor.type(URI, Span(end, end), "# mine too\n")
                gate.open()
                await idle(editor)
                assert editor.text(URI) == f"# mine\n{WITH_VOLUME}# mine too\n"

    run(work)


def test_a_change_can_be_undone_after_later_typing(tmp_path: Path) -> None:
    """Undo, from the menu near the change, restores the code and keeps what was typed since."""

    async def work() -> None:
        with Gateway(chat_stream(fence(FIXED))) as gateway:
            async with serving(gateway, tmp_path) as editor:
                job = await choose(editor, "GLM: Fix")
                await idle(editor)
                editor.type(URI, Span(0, 0), "# mine\n")
                titles = [entry["title"] for entry in await menu(editor, "height\n")]
                assert titles[:3] == ["GLM: Keep", "GLM: Undo", "GLM: Retry"]
                await editor.execute("glm.reject", job=job)
                assert editor.text(URI) == "# mine\n" + SOURCE

    run(work)


def test_a_kept_change_is_no_longer_offered(tmp_path: Path) -> None:
    """Keep leaves the text and takes its entries out of the menu."""

    async def work() -> None:
        with Gateway(chat_stream(fence(FIXED))) as gateway:
            async with serving(gateway, tmp_path) as editor:
                job = await choose(editor, "GLM: Fix")
                await idle(editor)
                await editor.execute("glm.accept", job=job)
                assert editor.text(URI) == WHOLE
                titles = [entry["title"] for entry in await menu(editor, "height\n")]
                assert "GLM: Undo" not in titles

    run(work)


def test_retry_asks_again_for_the_original_code(tmp_path: Path) -> None:
    """Retry takes the change back and asks the same question anew."""
    second = FIXED.replace("result", "product")

    async def work() -> None:
        with Gateway([chat_stream(fence(FIXED)), chat_stream(fence(second))]) as gateway:
            async with serving(gateway, tmp_path) as editor:
                job = await choose(editor, "GLM: Fix")
                await idle(editor)
                again = await editor.execute("glm.retry", job=job)
                assert again["job"] != job
                await idle(editor)
                assert editor.text(URI) == WHOLE.replace("result", "product")
                asked = [request.json["messages"] for request in gateway.requests]
                assert asked[0] == asked[1]

    run(work)


def test_two_jobs_do_not_change_the_same_code(tmp_path: Path) -> None:
    """A second action on code that is being changed is refused in a sentence."""

    async def work() -> None:
        with Gateway(chat_stream(fence(FIXED)).stall_after(2)) as gateway:
            async with serving(gateway, tmp_path, limits={"concurrency": 2}) as editor:
                await choose(editor, "GLM: Fix")
                await asyncio.to_thread(gateway.wait_for_requests)
                await choose(editor, "GLM: Refactor")
                await editor.until(lambda: bool(shown(editor)))
                assert "already" in shown(editor)[0]
                assert len(gateway.requests) == 1

    run(work)


def test_the_question_holds_the_problem_and_the_surroundings(tmp_path: Path) -> None:
    """The model sees the diagnostic, the definition around it, and the rest of the file."""

    async def work() -> None:
        with Gateway(chat_stream(fence(FIXED))) as gateway:
            async with serving(gateway, tmp_path, instructions="Spell in British.") as editor:
                argument = {
                    "uri": URI,
                    "range": editor.range_of(URI, where("heigth")),
                    "diagnostics": [diagnostic(editor)],
                }
                await editor.execute("glm.fix", **argument)
                await idle(editor)
                body = gateway.requests[0].json
                system, user = (message["content"] for message in body["messages"])
                assert "Spell in British." in system
                assert "undefined name 'heigth'" in user
                assert FIXED.replace("height\n", "heigth\n").rstrip() in user
                assert "import math" in user
                assert "def circle" in user
                assert "/project" not in user
                assert body["model"] == "glm-5.1"
                assert body["stream"] is True

    run(work)


def test_an_import_goes_to_the_top_of_the_file(tmp_path: Path) -> None:
    """An import that the new code needs joins the others; one undo takes back both."""
    answer = "+import: import operator\n+import: import math\n\n" + fence(
        FIXED.replace("width * height", "operator.mul(width, height)")
    )

    async def work() -> None:
        with Gateway(chat_stream(answer)) as gateway:
            async with serving(gateway, tmp_path) as editor:
                job = await choose(editor, "GLM: Fix")
                await idle(editor)
                changed = WHOLE.replace("width * height", "operator.mul(width, height)")
                assert editor.text(URI) == changed.replace(
                    "import math\n", "import math\nimport operator\n"
                )
                await editor.execute("glm.reject", job=job)
                assert editor.text(URI) == SOURCE

    run(work)


def test_lenses_offer_what_the_menu_offers(tmp_path: Path) -> None:
    """Above a change stand Keep, Undo and Retry; kept, they are gone, and the editor is told."""
    client = {
        **CAPABILITIES,
        "workspace": {**CAPABILITIES["workspace"], "codeLens": {"refreshSupport": True}},
    }

    async def work() -> None:
        with Gateway(chat_stream(fence(FIXED))) as gateway:
            async with serving(gateway, tmp_path, client=client) as editor:
                lenses = {"textDocument": {"uri": URI}}
                assert await editor.request("textDocument/codeLens", lenses) == []
                job = await choose(editor, "GLM: Fix")
                await idle(editor)
                listed = await editor.request("textDocument/codeLens", lenses)
                titles = [lens["command"]["title"] for lens in listed]
                assert titles == ["GLM: Keep", "GLM: Undo", "GLM: Retry"]
                assert listed[0]["range"]["start"]["line"] == 4
                await editor.execute("glm.accept", job=job)
                assert await editor.request("textDocument/codeLens", lenses) == []
                assert len(editor.received("workspace/codeLens/refresh")) == 2

    run(work)


def test_a_comment_is_an_instruction(tmp_path: Path) -> None:
    """On a comment the menu offers to do what it asks, and the model is told its words."""
    commented = SOURCE.replace(
        "    result", "    # round to two digits,\n    # upwards\n    result", 1
    )

    async def work() -> None:
        with Gateway(chat_stream(fence(FIXED))) as gateway:
            async with serving(gateway, tmp_path) as editor:
                assert "Do what" not in str(await menu(editor))
                editor.type(URI, Span(0, len(SOURCE)), commented)
                await choose(editor, "GLM: Do what this comment asks", "upwards")
                await idle(editor)
                user = gateway.requests[0].json["messages"][1]["content"]
                assert "The programmer asks: round to two digits, upwards" in user
                assert editor.text(URI) == WHOLE

    run(work)

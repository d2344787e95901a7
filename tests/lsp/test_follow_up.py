"""Explanations that stay: what is asked about one is answered in the same place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from glm_lsp.demo.editor import ResponseError
from tests.gateway import Gate, Gateway, chat_stream
from tests.lsp.harness import URI, capabilities, idle, run, serving, where

if TYPE_CHECKING:
    from pathlib import Path

    from glm_lsp.demo.editor import Editor


async def explained(editor: Editor, words: str = "heigth") -> str:
    """Have code explained; return the job."""
    place = editor.range_of(URI, where(words))
    started = await editor.execute("glm.explain", uri=URI, range=place)
    await idle(editor)
    return str(started["job"])


def said(editor: Editor, job: str) -> str:
    """Return what an explanation shows."""
    pieces = editor.received("glm/explanation")
    return "".join(piece["delta"] for piece in pieces if piece["job"] == job)


def turns(gateway: Gateway, number: int) -> list[tuple[str, str]]:
    messages: list[dict[str, Any]] = gateway.requests[number].json["messages"]
    return [(message["role"], message["content"]) for message in messages]


def test_a_further_answer_stands_below(tmp_path: Path) -> None:
    """The model is shown what was asked and said; the pieces go on where the explanation ended."""

    async def work() -> None:
        answers = [chat_stream(text) for text in ("It **multiplies**.", "Because.", "No.")]
        with Gateway(answers) as gateway:
            async with serving(gateway, tmp_path) as editor:
                job = await explained(editor)
                await editor.execute("glm.followUp", job=job, question="Why *so*?")
                await idle(editor)
                assert said(editor, job) == (
                    "It **multiplies**.\n\n---\n\n**Why *so*?**\n\nBecause."
                ), said(editor, job)
                assert turns(gateway, 1)[:2] == turns(gateway, 0)
                assert turns(gateway, 1)[2:] == [
                    ("assistant", "It **multiplies**."),
                    ("user", "Why *so*?"),
                ]
                # Words alone are about the last one.
                params = {"command": "glm.followUp", "arguments": ["Sure?"]}
                await editor.request("workspace/executeCommand", params)
                await idle(editor)
                assert [role for role, _ in turns(gateway, 2)[2:]] == [
                    *("assistant", "user", "assistant", "user"),
                ]
                assert said(editor, job).endswith("**Sure?**\n\nNo.")
                ends = [p for p in editor.received("glm/explanation") if p["done"]]
                assert len(ends) == 3

    run(work)


def test_two_explanations_at_once(tmp_path: Path) -> None:
    """Each has its own pieces, whichever ends first; each can be asked about."""
    gate = Gate()

    async def work() -> None:
        slow = chat_stream("It multiplies.", chunk=4).before(2, gate)
        with Gateway([slow, chat_stream("It squares."), chat_stream("By pi.")]) as gateway:
            async with serving(gateway, tmp_path, limits={"concurrency": 2}) as editor:
                place = editor.range_of(URI, where("heigth"))
                first = (await editor.execute("glm.explain", uri=URI, range=place))["job"]
                gateway.wait_for_requests(1)
                place = editor.range_of(URI, where("radius**2"))
                second = (await editor.execute("glm.explain", uri=URI, range=place))["job"]
                await editor.until(lambda: "squares." in said(editor, second))
                gate.open()
                await idle(editor)
                await editor.execute("glm.followUp", job=second, question="How?")
                await idle(editor)
                assert said(editor, first) == "It multiplies."
                assert said(editor, second) == "It squares.\n\n---\n\n**How?**\n\nBy pi."

    run(work)


def test_what_cannot_be_asked(tmp_path: Path) -> None:
    """Without an explanation, without words, or while an answer is written a sentence says so."""
    gate = Gate()

    async def work() -> None:
        slow = chat_stream("Because of it.", chunk=4).before(2, gate)
        with Gateway([chat_stream("It multiplies."), slow]) as gateway:
            async with serving(gateway, tmp_path) as editor:
                with pytest.raises(ResponseError, match="not known any more"):
                    await editor.execute("glm.followUp", question="Why?")
                job = await explained(editor)
                with pytest.raises(ResponseError, match="a `question`"):
                    await editor.execute("glm.followUp", job=job, question=" ")
                await editor.execute("glm.followUp", job=job, question="Why?")
                gateway.wait_for_requests(2)
                with pytest.raises(ResponseError, match="is being written"):
                    await editor.execute("glm.followUp", job=job, question="And?")
                # Whoever closes the page cancels by the job that it began with.
                assert await editor.execute("glm.cancel", job=job)
                await idle(editor)
                gateway.wait_for_hang_up(1)
                gate.open()
                assert not await editor.execute("glm.cancel", job=job)

    run(work)


def test_a_client_without_our_messages_reads_on_in_the_same_file(tmp_path: Path) -> None:
    """Where explanations are files, the further answer is in the file of the first."""

    async def work() -> None:
        answers = [chat_stream("It multiplies."), chat_stream("Because.")]
        with Gateway(answers) as gateway:
            client = capabilities("helix-25.07")
            async with serving(gateway, tmp_path, client=client) as editor:

                async def shows(_: Any) -> dict[str, bool]:
                    return {"success": True}

                editor.on("window/showDocument", shows)
                await explained(editor)
                await editor.execute("glm.followUp", question="Why?")
                await idle(editor)
                first, second = editor.received("window/showDocument")
                assert first["uri"] == second["uri"]
                from glm_lsp.context.names import path_of

                path = path_of(first["uri"])
                assert path is not None
                text = path.read_text("utf-8")
                assert "It multiplies.\n\n---\n\n**Why?**\n\nBecause." in text

    run(work)

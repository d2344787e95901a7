"""A prompt that does not fit: the same question with less around it, once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.gateway import Gateway, Reply, chat_stream, error
from tests.lsp.harness import FIXED, SOURCE, URI, choose, fence, idle, run, serving, shown

if TYPE_CHECKING:
    from pathlib import Path


def test_a_prompt_that_is_too_long_is_asked_again_with_less(tmp_path: Path) -> None:
    """After 400/1261 the code alone is sent, and its fix arrives; the user notices nothing."""

    def choose_reply(body: Any) -> Reply:
        around = "math.pi" in str(body["messages"])
        return error(400, "1261") if around else chat_stream(fence(FIXED))

    async def work() -> None:
        with Gateway(choose_reply) as gateway:
            async with serving(gateway, tmp_path) as editor:
                await choose(editor, "GLM: Fix")
                await idle(editor)
                assert editor.text(URI) == SOURCE.replace("heigth", "height")
                assert shown(editor) == []
                assert len(gateway.requests) == 2

    run(work)


def test_a_prompt_that_stays_too_long_says_what_to_do(tmp_path: Path) -> None:
    """When the code alone does not fit either, one sentence says so after two requests."""

    async def work() -> None:
        with Gateway(error(400, "1261")) as gateway:
            async with serving(gateway, tmp_path) as editor:
                await choose(editor, "GLM: Fix")
                await idle(editor)
                (sentence,) = shown(editor)
                assert "select less code or lower `glm.context.maxTokens`" in sentence
                assert editor.text(URI) == SOURCE
                assert len(gateway.requests) == 2

    run(work)

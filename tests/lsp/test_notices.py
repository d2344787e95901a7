"""What a service does otherwise than asked, and what it costs, as the user is told over stdio."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glm_lsp import providers
from tests.gateway import Gateway, chat_stream
from tests.lsp.harness import FIXED, choose, fence, idle, run, serving, shown
from tests.lsp.test_status import SHOWS, told

if TYPE_CHECKING:
    from pathlib import Path


def test_another_model_is_told_once_a_session(tmp_path: Path) -> None:
    """However often it answers, and whatever of the way to it changes."""

    async def work() -> None:
        with Gateway(chat_stream(fence(FIXED), model="zai-org/GLM-5.2-FP8")) as gateway:
            async with serving(gateway, tmp_path, completion={"enabled": False}) as editor:
                for timeout in (60, 61):
                    settings = {"glm": {"limits": {"timeout": timeout}}}
                    editor.notify("workspace/didChangeConfiguration", {"settings": settings})
                    await choose(editor, "GLM: Explain")
                    await idle(editor)
                assert len(gateway.requests) == 2
                names = "RunAPI answers as zai-org/GLM-5.2-FP8 where glm-5.1 was asked for"
                assert len([text for text in shown(editor) if names in text]) == 1

    run(work)


def test_a_plans_rule_is_told_once(tmp_path: Path) -> None:
    """The first time that it is chosen; not by a server that starts later, nor without a plan."""
    rule = providers.find("zai-coding").rule

    async def work() -> None:
        with Gateway(chat_stream(fence(FIXED))) as gateway:
            for provider, count in (("zai", 0), ("zai-coding", 1), ("zai-coding", 0)):
                async with serving(gateway, tmp_path, provider=provider) as editor:
                    for _ in range(2):
                        await choose(editor, "GLM: Explain")
                        await idle(editor)
                    assert shown(editor).count(rule) == count, provider

    run(work)


@pytest.mark.parametrize(
    ("provider", "cost"),
    [
        ("runapi", 0.36),  # 12,000 x 30 / 1,000,000
        ("zai", 0.0182),  # (6,000 x 1.40 + 4,000 x 0.26 + 2,000 x 4.40) / 1,000,000
        ("bigmodel", None),
        ("custom", None),
        ("zai-coding", None),
    ],
)
def test_the_status_counts_by_the_providers_prices(
    provider: str, cost: float | None, tmp_path: Path
) -> None:
    """The same usage, told to the status bar: no dollars where nobody knows them."""

    async def work() -> None:
        with Gateway(chat_stream(fence(FIXED), usage=(10_000, 2_000, 4_000))) as gateway:
            async with serving(gateway, tmp_path, client=SHOWS, provider=provider) as editor:
                await choose(editor, "GLM: Explain")
                found = (await told(editor, 12_000))["cost"]
                assert (found and round(found, 4)) == cost

    run(work)

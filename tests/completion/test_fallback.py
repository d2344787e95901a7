"""Completion menus for editors without inline completion."""

from __future__ import annotations

import asyncio

import pytest

from glm_lsp.completion.engine import Engine
from glm_lsp.completion.fallback import Fallback, Menu, MenuItem, to_menu_item
from glm_lsp.completion.types import Suggestion
from glm_lsp.errors import AuthenticationError, GlmError
from glm_lsp.settings import CompletionSettings
from glm_lsp.text import Span
from tests.completion.rig import FakeClock, FakeModel, request, run, settle

CODE = "def total(prices):\n    ret¦\n"


def fallback_for(model: FakeModel, failed: list[GlmError] | None = None) -> Fallback:
    engine = Engine(model, "m", CompletionSettings(), clock=model.clock)
    return Fallback(engine, (failed if failed is not None else []).append, budget=0.01)


def test_a_slow_model_delays_nobody_and_its_answer_comes_with_the_next_key() -> None:
    """Within the budget there is nothing; the next key finds what was made meanwhile."""

    async def scenario() -> None:
        clock = FakeClock()
        model = FakeModel(clock, lambda _: ["<fill>urn sum(prices)</fill>"])
        fallback = fallback_for(model)
        assert await fallback.complete(request(CODE)) == Menu((), incomplete=True)
        await clock.advance(1)
        answer = await fallback.complete(request(CODE.replace("¦", "u¦")))
        (item,) = answer.items
        assert (item.label, item.text, item.filter_text) == (
            "return sum(prices)",
            "return sum(prices)",
            "retu",
        )
        assert item.span == Span(23, 27)
        assert len(model.requests) == 1
        await fallback.close()

    run(scenario())


def test_an_error_after_the_budget_is_told() -> None:
    """A failure that comes when nobody waits any more is not lost."""

    async def scenario() -> None:
        clock = FakeClock()
        failed: list[GlmError] = []
        model = FakeModel(clock, lambda _: AuthenticationError("The key is wrong."))
        fallback = fallback_for(model, failed)
        await fallback.complete(request(CODE))
        await clock.advance(1)
        await settle()
        assert [str(error) for error in failed] == ["The key is wrong."]

    run(scenario())


def test_closing_ends_the_work_that_goes_on() -> None:
    """No task outlives the fallback."""

    async def scenario() -> None:
        clock = FakeClock()
        model = FakeModel(clock, lambda _: ["x"], latency=60)
        fallback = fallback_for(model)
        task = asyncio.ensure_future(fallback.complete(request(CODE)))
        await task
        await fallback.close()
        await clock.advance(1)
        assert model.open == 0

    run(scenario())


@pytest.mark.parametrize(
    ("marked", "text", "expected"),
    [
        pytest.param(
            "x = ¦", "compute(1)",
            MenuItem("c1", "compute(1)", "compute(1)", Span(4, 4), "compute(1)"),
            id="no word before the cursor",
        ),
        pytest.param(
            "x = com¦", "pute(1)", MenuItem("c1", "compute(1)", "com", Span(4, 7), "compute(1)"),
            id="a word before the cursor",
        ),
        pytest.param(
            "if a:¦", "\n    b()",
            MenuItem("c1", "b()", "b()", Span(5, 5), "\n    b()", "if a:\n    b()"),
            id="several lines have a preview",
        ),
        pytest.param(
            "x = ¦", "f(" + "a, " * 40 + ")",
            MenuItem(
                "c1", ("f(" + "a, " * 40)[:59] + "…", "f(" + "a, " * 40 + ")", Span(4, 4),
                "f(" + "a, " * 40 + ")", "x = f(" + "a, " * 40 + ")",
            ),
            id="a long line has a short label",
        ),
    ],
)  # fmt: skip
def test_a_suggestion_becomes_a_menu_item(marked: str, text: str, expected: MenuItem) -> None:
    """An item begins with the word before the cursor and has a short label."""
    asked = request(marked)
    suggestion = Suggestion("c1", Span(asked.offset, asked.offset), text)
    assert to_menu_item(suggestion, asked.snapshot, asked.offset) == expected

"""What the user typed past is not offered there again."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from glm_lsp.completion.engine import Engine
from glm_lsp.settings import CompletionSettings
from tests.completion.rig import FakeClock, FakeModel, request, run

if TYPE_CHECKING:
    from glm_lsp.completion.types import CompletionRequest

CODE = "def total(prices):\n    ¦\n"


async def answered(engine: Engine, clock: FakeClock, asked: CompletionRequest) -> list[str]:
    task = asyncio.ensure_future(engine.complete(asked))
    await clock.advance(5)
    return [suggestion.text for suggestion in await task]


def test_what_was_typed_past_is_not_offered_at_that_place_again() -> None:
    """The user typed something else, deleted it, and is not shown the refused text again."""

    async def scenario() -> None:
        clock = FakeClock()
        model = FakeModel(clock, lambda _: ["<fill>return sum(prices)</fill>"])
        engine = Engine(model, "m", CompletionSettings(), clock=clock)
        assert await answered(engine, clock, request(CODE)) == ["return sum(prices)"]
        await answered(engine, clock, request(CODE.replace("¦", "x¦")))
        asked = len(model.requests)
        assert await answered(engine, clock, request(CODE)) == []
        assert len(model.requests) == asked

    run(scenario())


def test_what_was_refused_comes_back_when_called_for_or_after_a_while() -> None:
    """A refusal holds for two minutes, and not against the user's own call."""

    async def scenario() -> None:
        clock = FakeClock()
        model = FakeModel(clock, lambda _: ["<fill>return sum(prices)</fill>"])
        engine = Engine(model, "m", CompletionSettings(), clock=clock)
        await answered(engine, clock, request(CODE))
        await answered(engine, clock, request(CODE.replace("¦", "x¦")))
        assert await answered(engine, clock, request(CODE)) == []
        by_hand = await answered(engine, clock, request(CODE, automatic=False))
        assert by_hand == ["return sum(prices)"]
        await clock.advance(125)
        assert await answered(engine, clock, request(CODE)) == ["return sum(prices)"]

    run(scenario())


def test_typing_along_and_accepting_refuse_nothing() -> None:
    """A completion that is typed in part and then taken stays welcome at its place."""

    async def scenario() -> None:
        clock = FakeClock()
        model = FakeModel(clock, lambda _: ["<fill>return sum(prices)</fill>"])
        engine = Engine(model, "m", CompletionSettings(), clock=clock)
        await answered(engine, clock, request(CODE))
        await answered(engine, clock, request(CODE.replace("¦", "ret¦")))
        engine.accepted("c1")
        await answered(engine, clock, request(CODE.replace("¦", "return sum(prices) + 1¦")))
        assert await answered(engine, clock, request(CODE)) == ["return sum(prices)"]

    run(scenario())

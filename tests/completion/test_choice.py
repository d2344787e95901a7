"""Suggestions that are called for: several to choose from, and nothing asked unless called."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from glm_lsp.completion.engine import Engine
from glm_lsp.errors import GlmError, RateLimitError
from glm_lsp.settings import CompletionSettings
from tests.completion.rig import FakeClock, FakeModel, request, run

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glm_lsp.completion.types import CompletionRequest
    from glm_lsp.llm.types import Request
    from glm_lsp.prompts.completion import Kind

CODE = "def total(prices):\n    ¦\n"
THREE = "<fill>return sum(prices)</fill>\n<fill>result = 0</fill><fill>pass</fill>"
ALL = ["return sum(prices)", "result = 0", "pass"]


def several(asked: Request) -> Iterable[str]:
    """Answer as a chat model does: three where three are asked for, else one."""
    wants = "3 different answers" in asked.messages[-1].content
    return (
        [THREE[n : n + 7] for n in range(0, len(THREE), 7)]
        if wants
        else [THREE.split("\n", maxsplit=1)[0]]
    )


def engine_for(model: FakeModel, kind: Kind = "chat", **settings: object) -> Engine:
    return Engine(
        model,
        "glm-4.7",
        CompletionSettings(**settings),  # type: ignore[arg-type]
        kind=kind,
        clock=model.clock,
    )


async def answered(engine: Engine, clock: FakeClock, asked: CompletionRequest) -> list[str]:
    task = asyncio.ensure_future(engine.complete(asked))
    await clock.advance(5)
    return [suggestion.text for suggestion in await task]


def called(marked: str = CODE) -> CompletionRequest:
    return request(marked, automatic=False)


def test_a_call_brings_several_for_one_request() -> None:
    """A chat model gives all of them in one answer, and asking again at the place is free."""

    async def scenario() -> None:
        clock = FakeClock()
        model = FakeModel(clock, several)
        engine = engine_for(model)
        assert await answered(engine, clock, called()) == ALL
        assert await answered(engine, clock, called()) == ALL
        assert len(model.requests) == 1
        assert model.requests[0].stop is None
        assert model.requests[0].max_tokens == 3 * 24 * 12

    run(scenario())


def test_what_is_shown_already_stays_first() -> None:
    """Who wants others than the one shown keeps that one, and pays for one more request."""

    async def scenario() -> None:
        clock = FakeClock()
        answers = iter(
            ["<fill>result = 0</fill>", "<fill>pass</fill><fill>result = 0</fill><fill>x</fill>"]
        )
        model = FakeModel(clock, lambda _: [next(answers)])
        engine = engine_for(model)
        assert await answered(engine, clock, request(CODE)) == ["result = 0"]
        assert await answered(engine, clock, called()) == ["result = 0", "pass", "x"]
        assert await answered(engine, clock, request(CODE)) == ["result = 0", "pass", "x"]
        assert len(model.requests) == 2

    run(scenario())


def test_the_prompt_for_several_only_adds_to_the_prompt_for_one() -> None:
    """All of what was sent for the first is in the service's prompt cache."""

    async def scenario() -> None:
        clock = FakeClock()
        model = FakeModel(clock, several)
        engine = engine_for(model)
        await answered(engine, clock, request(CODE))
        await answered(engine, clock, called())
        one, more = ("".join(m.content for m in asked.messages) for asked in model.requests)
        assert more.startswith(one)

    run(scenario())


def test_whoever_types_along_one_of_them_keeps_that_one() -> None:
    """What is typed chooses, without a request and without time passing."""

    async def scenario() -> None:
        clock = FakeClock()
        model = FakeModel(clock, several)
        engine = engine_for(model)
        await answered(engine, clock, called())
        along = request(CODE.replace("¦", "re¦"))
        assert [one.text for one in await engine.complete(along)] == [
            "turn sum(prices)",
            "sult = 0",
        ]
        along = request(CODE.replace("¦", "resu¦"))
        assert [one.text for one in await engine.complete(along)] == ["lt = 0"]
        assert len(model.requests) == 1

    run(scenario())


def test_each_of_them_has_a_name_of_its_own() -> None:
    """The editor tells which one was taken."""

    async def scenario() -> None:
        clock = FakeClock()
        engine = engine_for(FakeModel(clock, several))
        task = asyncio.ensure_future(engine.complete(called()))
        await clock.advance(5)
        assert len({one.id for one in await task}) == 3

    run(scenario())


@pytest.mark.parametrize(
    "answer",
    [
        "<fill>return 1</fill>",
        "<fill>return 1</fill><fill>return 1</fill><fill></fill>",
        "return 1</fill>\nThese are all that I can think of.",
        "```python\nreturn 1\n```",
    ],
)
def test_a_model_that_gives_fewer_is_taken_at_its_word(answer: str) -> None:
    """Twins, empty ones and talk are no suggestions, and are not asked for again."""

    async def scenario() -> None:
        clock = FakeClock()
        model = FakeModel(clock, lambda _: [answer])
        engine = engine_for(model)
        assert await answered(engine, clock, called()) == ["return 1"]
        assert await answered(engine, clock, called()) == ["return 1"]
        assert len(model.requests) == 1

    run(scenario())


def test_raw_completions_are_asked_for_one_after_the_other() -> None:
    """A model that only continues texts is asked once for each, the first time without chance."""

    async def scenario() -> None:
        clock = FakeClock()
        answers = iter(["return sum(prices)", "return sum(prices)", "result = 0"])
        model = FakeModel(clock, lambda _: [next(answers)])
        engine = engine_for(model, kind="prefix")
        assert await answered(engine, clock, called()) == ["return sum(prices)", "result = 0"]
        assert [asked.temperature for asked in model.requests] == [0.0, 0.8, 0.8]
        assert model.most_open == 1

    run(scenario())


def test_one_suggestion_is_asked_for_as_ever() -> None:
    """With `suggestions` 1 a call brings the likeliest, and a second call costs nothing."""

    async def scenario() -> None:
        clock = FakeClock()
        model = FakeModel(clock, several)
        engine = engine_for(model, suggestions=1)
        assert await answered(engine, clock, called()) == ALL[:1]
        assert await answered(engine, clock, called()) == ALL[:1]
        assert [asked.stop for asked in model.requests] == ["</fill>"]

    run(scenario())


def test_a_failure_takes_nothing_away() -> None:
    """When there are no others the one shown stays, the reason is told, and a call tries again."""

    async def scenario() -> None:
        clock = FakeClock()
        first: list[list[str] | Exception] = [["<fill>pass</fill>"]]
        answers = iter([*first, RateLimitError("Wait a moment."), [THREE]])
        model = FakeModel(clock, lambda _: next(answers))
        told: list[GlmError] = []
        settings = CompletionSettings()
        engine = Engine(model, "m", settings, clock=clock, failed=told.append)
        assert await answered(engine, clock, request(CODE)) == ["pass"]
        assert await answered(engine, clock, called()) == ["pass"]
        assert [str(error) for error in told] == ["Wait a moment."]
        assert await answered(engine, clock, called()) == ["pass", *ALL[:2]]

    run(scenario())


def test_nothing_is_asked_by_itself_where_completions_are_called_for() -> None:
    """With the trigger `manual` typing asks no model, and keeps what was called for."""

    async def scenario() -> None:
        clock = FakeClock()
        model = FakeModel(clock, several)
        engine = engine_for(model, trigger="manual")
        assert await answered(engine, clock, request(CODE)) == []
        assert model.requests == []
        assert await answered(engine, clock, called()) == ALL
        along = request(CODE.replace("¦", "resu¦"))
        assert await answered(engine, clock, along) == ["lt = 0"]
        elsewhere = request(CODE.replace("¦", "x = ¦"))
        assert await answered(engine, clock, elsewhere) == []
        assert len(model.requests) == 1

    run(scenario())

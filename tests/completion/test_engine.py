"""The engine, between a made-up model and a clock that stands still."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from glm_lsp.completion.engine import Engine
from glm_lsp.completion.types import (
    CompletionRequest,
    SelectedCompletion,
    Suggestion,
    Superseded,
)
from glm_lsp.errors import PromptTooLongError, RateLimitError
from glm_lsp.llm.types import FinishReason
from glm_lsp.settings import CompletionSettings
from glm_lsp.text import Snapshot, Span, Text
from tests.completion.rig import FakeClock, FakeModel, request, run, settle

if TYPE_CHECKING:
    from glm_lsp.llm.types import Request

CODE = "def total(prices):\n    ¦\n"


def answering(clock: FakeClock, *pieces: str, **more: float) -> FakeModel:
    return FakeModel(clock, lambda _: pieces, **more)  # type: ignore[arg-type]


def engine_for(model: FakeModel, **settings: object) -> Engine:
    return Engine(
        model,
        "glm-4.7",
        CompletionSettings(**settings),  # type: ignore[arg-type]
        clock=model.clock,
    )


def at(marked: str, typed: str) -> CompletionRequest:
    return request(marked.replace("¦", typed + "¦"))


async def answered(engine: Engine, clock: FakeClock, asked: CompletionRequest) -> list[str]:
    task = asyncio.ensure_future(engine.complete(asked))
    await clock.advance(5)
    return [suggestion.text for suggestion in await task]


def test_the_answer_is_offered_at_the_cursor() -> None:
    """A model's answer becomes a suggestion that replaces nothing at the cursor."""

    async def scenario() -> None:
        clock = FakeClock()
        model = answering(clock, "<fill>return ", "sum(prices)</fill>")
        engine = engine_for(model)
        task = asyncio.ensure_future(engine.complete(request(CODE)))
        await clock.advance(1)
        (suggestion,) = await task
        assert suggestion == Suggestion(suggestion.id, Span(23, 23), "return sum(prices)")
        await engine.close()

    run(scenario())


def test_asking_again_at_the_same_place_costs_no_request() -> None:
    """An identical request is answered from what is known, without time passing."""

    async def scenario() -> None:
        clock = FakeClock()
        model = answering(clock, "<fill>return sum(prices)</fill>")
        engine = engine_for(model)
        await answered(engine, clock, request(CODE))
        again = await engine.complete(request(CODE))
        assert [one.text for one in again] == ["return sum(prices)"]
        assert len(model.requests) == 1

    run(scenario())


def test_an_empty_answer_is_known_too() -> None:
    """Where the model had nothing to say it is not asked again."""

    async def scenario() -> None:
        clock = FakeClock()
        model = answering(clock, "<fill></fill>")
        engine = engine_for(model)
        assert await answered(engine, clock, request(CODE)) == []
        assert await answered(engine, clock, request(CODE)) == []
        assert len(model.requests) == 1

    run(scenario())


def test_called_for_by_the_user_an_empty_answer_is_asked_for_again() -> None:
    """Who asks by hand gets the model's word, not the memory of an empty one."""

    async def scenario() -> None:
        clock = FakeClock()
        answers = iter(["<fill></fill>", "<fill>return 1</fill>"])
        model = FakeModel(clock, lambda _: [next(answers)])
        engine = engine_for(model)
        assert await answered(engine, clock, request(CODE)) == []
        assert await answered(engine, clock, request(CODE, automatic=False)) == ["return 1"]

    run(scenario())


def test_typing_along_costs_no_request_and_no_time() -> None:
    """What was shown and is now being typed stays, without what was typed of it."""

    async def scenario() -> None:
        clock = FakeClock()
        model = answering(clock, "<fill>return sum(prices)</fill>")
        engine = engine_for(model)
        await answered(engine, clock, request(CODE))
        for typed, left in [("r", "eturn sum(prices)"), ("return sum(", "prices)")]:
            (suggestion,) = await asyncio.wait_for(engine.complete(at(CODE, typed)), 1)
            assert suggestion.text == left
        assert len(model.requests) == 1

    run(scenario())


def test_typing_along_goes_on_past_a_bracket_the_editor_closed() -> None:
    """A closing bracket put there by the editor is not offered a second time."""

    async def scenario() -> None:
        clock = FakeClock()
        model = answering(clock, "<fill>return sum(prices)</fill>")
        engine = engine_for(model)
        await answered(engine, clock, request(CODE))
        (suggestion,) = await engine.complete(request("def total(prices):\n    return sum(¦)\n"))
        assert (suggestion.text, len(suggestion.span)) == ("prices", 0)

    run(scenario())


def test_typing_along_works_across_windows_line_ends() -> None:
    """In a document with CRLF the text left after a typed line break is right."""

    async def scenario() -> None:
        clock = FakeClock()
        model = answering(clock, "<fill>if prices:\n        return sum(prices)</fill>")
        engine = engine_for(model)
        code = "def total(prices):\r\n    ¦\r\n"
        assert await answered(engine, clock, request(code)) == [
            "if prices:\r\n        return sum(prices)"
        ]
        (suggestion,) = await engine.complete(at(code, "if prices:\r\n        ret"))
        assert suggestion.text == "urn sum(prices)"

    run(scenario())


def test_a_newer_request_supersedes_the_older_and_closes_its_stream() -> None:
    """What was typed disagrees with nothing yet known: the older request ends at once."""

    async def scenario() -> None:
        clock = FakeClock()
        model = answering(clock, "<fill>return sum(prices)</fill>", latency=1.0)
        engine = engine_for(model)
        first = asyncio.ensure_future(engine.complete(request(CODE)))
        await settle()
        assert model.open == 1
        second = asyncio.ensure_future(
            engine.complete(request("x = 1\n\n\ndef f(a):\n    return a¦\n"))
        )
        await settle()
        with pytest.raises(Superseded):
            await first
        assert model.open == 0
        await clock.advance(5)
        await second
        assert model.most_open == 1

    run(scenario())


def test_a_stream_in_flight_that_foresees_what_is_typed_is_followed() -> None:
    """Keys typed while the model answers cost no further request."""

    async def scenario() -> None:
        clock = FakeClock()
        model = answering(clock, "<fill>", "return ", "sum(prices)", "</fill>", latency=0.4)
        engine = engine_for(model)
        tasks = []
        for typed in ["", "r", "re", "ret"]:
            tasks.append(asyncio.ensure_future(engine.complete(at(CODE, typed))))
            await clock.advance(0.08)
        await clock.advance(1)
        *older, last = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(one) for one in older] == [Superseded] * 3
        assert isinstance(last, list)
        assert [one.text for one in last] == ["urn sum(prices)"]
        assert len(model.requests) == 1

    run(scenario())


def test_a_stream_that_disagrees_with_what_is_typed_is_left_for_one_new_request() -> None:
    """A burst of eight keys that the model does not foresee costs two requests."""

    async def scenario() -> None:
        clock = FakeClock()

        def reply(asked: Request) -> list[str]:
            typed_all = asked.messages[-1].content.count("answer = 4")
            return ["<fill>2</fill>" if typed_all else "<fill>zzz</fill>"]

        model = FakeModel(clock, reply)
        engine = engine_for(model)
        tasks = []
        for size in range(1, 9):
            typed = "answer = 4"[2 : 2 + size]
            tasks.append(asyncio.ensure_future(engine.complete(at("def f():\n    an¦\n", typed))))
            await clock.advance(0.08)
        await clock.advance(0.23)
        *older, last = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(one, Superseded) for one in older)
        assert isinstance(last, list)
        assert [one.text for one in last] == ["2"]
        assert len(model.requests) == 2
        assert model.most_open == 1

    run(scenario())


def test_a_stream_survives_the_cancel_before_the_next_request() -> None:
    """VS Code cancels before it asks again: the stream waits a moment for the next request."""

    async def scenario() -> None:
        clock = FakeClock()
        model = answering(clock, "<fill>return sum(prices)</fill>", latency=0.2)
        engine = engine_for(model)
        first = asyncio.ensure_future(engine.complete(request(CODE)))
        await clock.advance(0.08)
        first.cancel()
        await clock.advance(0.05)
        second = asyncio.ensure_future(engine.complete(at(CODE, "ret")))
        await clock.advance(1)
        assert [one.text for one in await second] == ["urn sum(prices)"]
        assert first.cancelled()
        assert len(model.requests) == 1

    run(scenario())


def test_a_stream_nobody_follows_is_closed() -> None:
    """A cancelled request's stream is closed when no other request takes it up."""

    async def scenario() -> None:
        clock = FakeClock()
        model = answering(clock, "<fill>return sum(prices)</fill>", latency=2.0)
        engine = engine_for(model)
        first = asyncio.ensure_future(engine.complete(request(CODE)))
        await clock.advance(0.08)
        first.cancel()
        await clock.advance(0.15)
        assert (model.open, model.closed_early) == (0, 1)

    run(scenario())


def test_the_stream_is_closed_at_the_end_of_the_line() -> None:
    """A model that goes on after the useful line is cut off there."""

    async def scenario() -> None:
        clock = FakeClock()
        pieces = ["<fill>", "total", "(prices)", "\n", *["more\n"] * 400]
        model = answering(clock, *pieces, interval=0.02)
        engine = engine_for(model)
        assert await answered(engine, clock, request("x = ¦\ny = 2\n")) == ["total(prices)"]
        assert model.sent <= 5
        assert model.open == 0

    run(scenario())


@pytest.mark.parametrize(
    ("marked", "answer", "shown"),
    [
        ("# Returns ¦\n", "the sum of all pri", "the sum of all"),
        ("def f():\n    ¦\n", "x = 1\n    return prod", "x = 1"),
        ("total = ¦\n", "abcdefgh", ""),
    ],
    ids=["a word", "a line", "nothing whole"],
)
def test_an_answer_that_was_cut_off_ends_where_something_ends(
    marked: str, answer: str, shown: str
) -> None:
    """When the model may not say more, no half word is offered, and no half line of a block."""

    async def scenario() -> None:
        clock = FakeClock()
        model = answering(clock, answer, finish=FinishReason.LENGTH)  # type: ignore[arg-type]
        engine = engine_for(model)
        assert "".join(await answered(engine, clock, request(marked))) == shown

    run(scenario())


def test_the_popups_selected_entry_is_continued() -> None:
    """The suggestion begins with what the editor's popup would insert."""

    async def scenario() -> None:
        clock = FakeClock()
        model = answering(clock, "<fill>(prices)</fill>")
        engine = engine_for(model)
        snapshot = Snapshot("file:///a.py", 1, "python", Text.of("total = su\n"))
        asked = CompletionRequest(snapshot, 10, selected=SelectedCompletion(Span(8, 10), "sum"))
        task = asyncio.ensure_future(engine.complete(asked))
        await clock.advance(1)
        (suggestion,) = await task
        assert (suggestion.span, suggestion.text) == (Span(8, 10), "sum(prices)")
        assert "total = sum<hole/>" in model.requests[0].messages[-1].content

    run(scenario())


@pytest.mark.parametrize(
    ("asked", "settings"),
    [
        pytest.param(request(CODE), {"enabled": False}, id="switched off"),
        pytest.param(request(CODE), {"disabled_languages": ("python",)}, id="language"),
        pytest.param(request("fo¦o = 1\n"), {}, id="inside a word"),
        pytest.param(request("f(¦a, b)\n"), {}, id="in front of code"),
        pytest.param(request("¦\n"), {}, id="blank document"),
        pytest.param(request("x = 1;¦\n"), {}, id="behind a finished statement"),
    ],
)
def test_nothing_is_asked_where_nothing_is_wanted(
    asked: CompletionRequest, settings: dict[str, object]
) -> None:
    """No request is sent where completions are off or would be in the way."""

    async def scenario() -> None:
        clock = FakeClock()
        model = answering(clock, "<fill>x</fill>")
        assert await answered(engine_for(model, **settings), clock, asked) == []
        assert model.requests == []

    run(scenario())


def test_an_excluded_document_is_never_sent() -> None:
    """The caller's word on a document decides, even when the user asks by hand."""

    async def scenario() -> None:
        clock = FakeClock()
        model = answering(clock, "<fill>x</fill>")
        engine = Engine(model, "m", CompletionSettings(), clock=clock, allowed=lambda _: False)
        assert await answered(engine, clock, request(CODE, automatic=False)) == []
        assert model.requests == []

    run(scenario())


def test_an_error_is_raised_once_and_then_kept_quiet() -> None:
    """After a failure the next keys ask nothing until the pause is over."""

    async def scenario() -> None:
        clock = FakeClock()
        model = FakeModel(clock, lambda _: RateLimitError("Too many.", retry_after=7))
        engine = engine_for(model)
        task = asyncio.ensure_future(engine.complete(request(CODE)))
        await clock.advance(1)
        with pytest.raises(RateLimitError):
            await task
        assert await answered(engine, clock, at(CODE, "x")) == []
        assert len(model.requests) == 1
        await clock.advance(7)
        task = asyncio.ensure_future(engine.complete(at(CODE, "xy")))
        await clock.advance(1)
        with pytest.raises(RateLimitError):
            await task
        assert len(model.requests) == 2

    run(scenario())


def test_the_same_request_twice_is_answered_twice() -> None:
    """Two features that ask for the same place at once share one stream."""

    async def scenario() -> None:
        clock = FakeClock()
        model = answering(clock, "<fill>return 1</fill>")
        engine = engine_for(model)
        both = [asyncio.ensure_future(engine.complete(request(CODE))) for _ in range(2)]
        await clock.advance(1)
        assert [[one.text for one in await task] for task in both] == [["return 1"]] * 2
        assert len(model.requests) == 1

    run(scenario())


def test_closing_ends_the_stream_and_the_requests() -> None:
    """No stream and no request outlives the engine."""

    async def scenario() -> None:
        clock = FakeClock()
        model = answering(clock, "<fill>return 1</fill>")
        engine = engine_for(model)
        task = asyncio.ensure_future(engine.complete(request(CODE)))
        await settle()
        await engine.close()
        assert model.open == 0
        with pytest.raises(Superseded):
            await task

    run(scenario())


def test_a_new_stream_waits_until_the_old_connection_is_closed() -> None:
    """An answer that is complete but whose connection is still open is closed first."""

    async def scenario() -> None:
        clock = FakeClock()
        model = answering(clock, "return 1", linger=30)
        engine = engine_for(model)
        assert await answered(engine, clock, request(CODE)) == ["return 1"]
        assert model.open == 1
        other = request("def other(prices):\n    ¦\n")
        assert await answered(engine, clock, other) == ["return 1"]
        assert model.most_open == 1
        await engine.close()

    run(scenario())


def test_a_prompt_that_is_too_long_is_halved_and_asked_again() -> None:
    """The window shrinks until the model takes it; the user hears nothing of it."""

    async def scenario() -> None:
        clock = FakeClock()
        answers: list[Exception | list[str]] = [PromptTooLongError("Too long."), ["return 1"]]
        model = FakeModel(clock, lambda _: answers.pop(0))
        engine = engine_for(model)
        lines = "".join(f"value_{number} = {number}\n" for number in range(400))
        assert await answered(engine, clock, request(lines + CODE)) == ["return 1"]
        sizes = [len(asked.messages[-1].content) for asked in model.requests]
        assert len(sizes) == 2
        assert sizes[1] < 0.7 * sizes[0]

    run(scenario())


def test_what_is_known_is_forgotten_in_time() -> None:
    """After five minutes the model is asked again."""

    async def scenario() -> None:
        clock = FakeClock()
        model = answering(clock, "return 1")
        engine = engine_for(model)
        await answered(engine, clock, request(CODE))
        await clock.advance(301)
        await answered(engine, clock, request(CODE))
        assert len(model.requests) == 2

    run(scenario())

"""The suggestion after the one that was accepted: there at once, and paid for once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from glm_lsp.completion.engine import Engine
from glm_lsp.completion.statistics import Acceptance, Statistics
from glm_lsp.errors import RateLimitError
from glm_lsp.settings import CompletionSettings
from glm_lsp.text import Snapshot, Text
from tests.completion.rig import FakeClock, FakeModel, request, run, settle

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glm_lsp.completion.types import CompletionRequest, Suggestion
    from glm_lsp.llm.types import Request

CODE = "def total(prices):\n    ¦\n"
FIRST = "result = 0"
NEXT = "\n    for price in prices:"
ACCEPTED = CODE.replace("¦", FIRST + "¦")


def writing(asked: Request) -> Iterable[str]:
    """Answer with what follows."""
    above = asked.messages[-1].content
    return [f"<fill>{NEXT if FIRST in above else FIRST}</fill>"]


class Document:
    """The one document of an editor."""

    def __init__(self, marked: str) -> None:
        self.put(marked)

    def put(self, marked: str) -> None:
        self.text = marked.replace("¦", "")

    def now(self, _: str) -> Snapshot:
        return Snapshot("file:///a.py", 1, "python", Text.of(self.text))


class Rig:
    """An engine, its model, and an editor that shows, accepts and asks again."""

    def __init__(self, *, ahead: bool = False, **settings: object) -> None:
        self.clock = FakeClock()
        self.model = FakeModel(self.clock, writing)
        self.document = Document(CODE)
        self.engine = Engine(
            self.model,
            "glm-4.7",
            CompletionSettings(**settings),  # type: ignore[arg-type]
            acceptance=Acceptance(Statistics(None, lambda: "today"), self.document.now),
            ahead=ahead,
            clock=self.clock,
        )

    async def show(self, marked: str = CODE, *, automatic: bool = True) -> Suggestion:
        """Ask, and wait for as long as it takes."""
        task = asyncio.ensure_future(self.engine.complete(request(marked, automatic=automatic)))
        await self.clock.advance(5)
        return (await task)[0]

    def accept(self, suggestion: Suggestion) -> None:
        """Put a suggestion into the document, and tell."""
        self.document.put(ACCEPTED)
        self.engine.accepted(suggestion.id)

    async def after(self, seconds: float, asked: CompletionRequest | None = None) -> list[str]:
        """Ask at the accepted suggestion's end; nothing when that takes longer."""
        task = asyncio.ensure_future(self.engine.complete(asked or request(ACCEPTED)))
        await self.clock.advance(seconds)
        if not task.done():
            task.cancel()
            return []
        return [one.text for one in task.result()]


def test_the_next_one_is_asked_for_without_waiting_for_the_hand() -> None:
    """After an acceptance the next suggestion takes the model's own time, and no more."""

    async def scenario() -> None:
        rig = Rig()
        rig.accept(await rig.show())
        assert await rig.after(rig.model.latency) == [NEXT]
        assert len(rig.model.requests) == 2
        await rig.engine.close()

    run(scenario())


def test_an_editor_that_asks_before_it_tells_does_not_wait_either() -> None:
    """What nobody can have typed was accepted: no pause of the hand is waited for."""

    async def scenario() -> None:
        rig = Rig(delay=500)
        suggestion = await rig.show()
        rig.document.put(ACCEPTED)
        task = asyncio.ensure_future(rig.engine.complete(request(ACCEPTED)))
        await settle()
        rig.engine.accepted(suggestion.id)
        await rig.clock.advance(rig.model.latency)
        assert [one.text for one in task.result()] == [NEXT]
        assert len(rig.model.requests) == 2
        await rig.engine.close()

    run(scenario())


def test_an_editor_that_tells_right_before_it_asks_is_answered_the_same() -> None:
    """Whichever of the two is heard first, the next line is asked for, once and at once."""

    async def scenario() -> None:
        rig = Rig(delay=500)
        suggestion = await rig.show()
        task = asyncio.ensure_future(rig.engine.complete(request(ACCEPTED)))
        rig.accept(suggestion)  # It is heard before the task has begun.
        await rig.clock.advance(rig.model.latency)
        assert [one.text for one in task.result()] == [NEXT]
        assert len(rig.model.requests) == 2
        await rig.engine.close()

    run(scenario())


def test_who_types_what_is_shown_is_waited_for() -> None:
    """Typing along to the end, key by key, is no acceptance while keys are missing."""

    async def scenario() -> None:
        rig = Rig(delay=500)
        await rig.show()
        for typed in (FIRST[:-1], FIRST + "0"):
            await rig.after(0, request(CODE.replace("¦", typed + "¦")))
        assert len(rig.model.requests) == 1
        await rig.engine.close()

    run(scenario())


def test_an_editor_that_never_asks_ends_the_question() -> None:
    """What was begun upon an acceptance is closed when nobody wants it."""

    async def scenario() -> None:
        rig = Rig()
        suggestion = await rig.show()
        rig.model.latency = 60.0
        rig.accept(suggestion)
        await rig.clock.advance(0.5)
        assert rig.model.open == 1
        await rig.clock.advance(0.6)
        assert rig.model.open == 0
        await rig.engine.close()

    run(scenario())


def test_a_later_question_is_not_ended_in_the_place_of_an_earlier_one() -> None:
    """Each acceptance has its own time in which the editor is to ask."""

    async def scenario() -> None:
        rig = Rig()
        rig.accept(await rig.show())
        assert await rig.after(0.9) == [NEXT]
        more = ACCEPTED.replace("¦", NEXT + "¦")
        rig.document.put(more)
        rig.model.latency = 0.4
        rig.engine.accepted("c2")
        await rig.clock.advance(0.2)  # The first acceptance is more than a second ago.
        task = asyncio.ensure_future(rig.engine.complete(request(more)))
        await rig.clock.advance(0.2)
        assert task.done()
        assert len(rig.model.requests) == 3
        await rig.engine.close()

    run(scenario())


def test_a_slow_editor_finds_the_question_under_way() -> None:
    """An editor that asks 200 ms later follows what is under way: nothing is billed twice."""

    async def scenario() -> None:
        rig = Rig()
        suggestion = await rig.show()
        rig.model.latency = 0.3
        rig.accept(suggestion)
        await rig.clock.advance(0.2)
        assert await rig.after(0.1) == [NEXT]
        assert len(rig.model.requests) == 2
        await rig.engine.close()

    run(scenario())


def test_what_is_asked_ahead_is_there_when_it_is_wanted() -> None:
    """Asked while the first was shown, the next suggestion takes no time at all."""

    async def scenario() -> None:
        rig = Rig(ahead=True)
        suggestion = await rig.show()
        rig.accept(suggestion)
        assert await rig.after(0) == [NEXT]
        assert [asked.feature for asked in rig.model.requests[:2]] == [
            "completion",
            "completion ahead",
        ]
        await rig.engine.close()

    run(scenario())


def test_typing_along_asks_nothing_ahead_twice() -> None:
    """The text after the suggestion stays the same however much of it was typed."""

    async def scenario() -> None:
        rig = Rig(ahead=True)
        await rig.show()
        for size in range(1, len(FIRST)):
            assert (await rig.after(0.1, request(CODE.replace("¦", FIRST[:size] + "¦"))))[0]
        assert len(rig.model.requests) == 2
        await rig.engine.close()

    run(scenario())


def test_what_is_asked_ahead_gives_way() -> None:
    """Who types something else does not wait for it, and never is there more than one stream."""

    async def scenario() -> None:
        rig = Rig(ahead=True)
        await rig.after(rig.model.latency, request(CODE))
        assert (rig.model.open, len(rig.model.requests)) == (1, 2)
        other = await rig.show(CODE.replace("¦", "y = ¦"))
        assert other.text == FIRST
        assert rig.model.most_open == 1
        await rig.engine.close()
        assert rig.model.open == 0

    run(scenario())


def test_what_fails_ahead_keeps_nobody_from_asking() -> None:
    """Nobody asked for it, so nobody hears of it, and the real question is asked."""

    async def scenario() -> None:
        rig = Rig(ahead=True)
        first: list[list[str] | Exception] = [[FIRST]]
        answers = iter([*first, RateLimitError("Later."), [NEXT]])
        rig.model.reply = lambda _: next(answers)
        suggestion = await rig.show()
        rig.document.put(ACCEPTED)
        assert await rig.after(rig.model.latency) == [NEXT]
        rig.engine.accepted(suggestion.id)
        await rig.engine.close()

    run(scenario())


def test_nothing_is_begun_where_completions_are_called_for() -> None:
    """With the trigger `manual` an acceptance asks for nothing, and showing neither."""

    async def scenario() -> None:
        rig = Rig(ahead=True, trigger="manual", suggestions=1)
        rig.accept(await rig.show(automatic=False))
        assert await rig.after(5) == []
        assert len(rig.model.requests) == 1
        await rig.engine.close()

    run(scenario())

"""What is shown of a model's answers, and when it is asked: by scripted models."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from glm_lsp.errors import ProviderError
from glm_lsp.next_edits.eagerness import Eagerness
from glm_lsp.next_edits.foresee import CursorPlace, Foresight
from glm_lsp.next_edits.report import report
from glm_lsp.text import Change, Snapshot, Span, Text
from tests.next_edits.foreseen import URI, Foreseeable, Scripted, foreseeable
from tests.security.rig import made_up

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from glm_lsp.llm.types import Delta, Message, Request
    from glm_lsp.next_edits.foresee import Trigger
    from glm_lsp.next_edits.waiting_line import WaitingLine

SCENARIOS = list(foreseeable())
CODE = "def area(width, height):\n    return width * height\n\n\nprint(area(2, 3))\n"
ANSWER = "HIGH @2\n-    return width * height\n+    return width * height * scale"


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[each.title for each in SCENARIOS])
def test_scenario(scenario: Foreseeable) -> None:
    edit, why = asyncio.run(scenario.run(Scripted(scenario.answer)))
    assert why == scenario.quiet
    shown = [line.strip() for line in edit.after.split("\n")] if edit is not None else []
    assert shown == [line.strip() for line in scenario.wanted()]


class Hand:
    """Somebody who edits one document, and a clock that stands until it is moved."""

    def __init__(self, answer: str = ANSWER, eagerness: Eagerness | None = None) -> None:
        self.model = Scripted(answer)
        self.now = 0.0
        self.taken = 0
        self.eagerness = eagerness or Eagerness()
        self.foresight = Foresight(self.model, self.eagerness, lambda: self.now, taken=self._take)
        self.snapshot = Snapshot(URI, 1, "python", Text.of(CODE))
        self.foresight.opened(self.snapshot)

    def _take(self) -> None:
        self.taken += 1

    def type(self, old: str, new: str) -> None:
        start = str(self.snapshot.text).index(old)
        change = Change(Span(start, start + len(old)), new)
        text = self.snapshot.text.replace(change.span, change.text)
        self.snapshot = evolve(self.snapshot, text=text)
        self.foresight.changed(self.snapshot, text.position(start)[0])

    async def ask(
        self, line: int = 1, trigger: Trigger = "lineLeft", most: int = 60
    ) -> WaitingLine | None:
        return await self.foresight.foresee(
            CursorPlace(self.snapshot, line, "a.py", trigger), "m", most
        )


def test_it_is_asked_when_a_changed_line_is_left() -> None:
    """Not while somebody types in it, nor where nothing was changed in the last ten seconds."""

    async def work() -> None:
        hand = Hand()
        assert await hand.ask() is None
        hand.type("height)", "height, scale)")
        assert await hand.ask(trigger="typed") is None
        assert await hand.ask(line=0) is None
        assert hand.foresight.silent == "It is asked when you leave the line that you changed."
        hand.now = 11.0
        assert await hand.ask() is None
        assert hand.foresight.silent == "Nothing was changed in the last ten seconds."
        hand.now = 9.0
        assert await hand.ask() is not None
        assert hand.foresight.silent == ""
        assert len(hand.model.asked) == 1

    asyncio.run(work())


def test_the_same_place_is_asked_about_once() -> None:
    """Whoever asks again for the same text is answered from what is known."""

    async def work() -> None:
        hand = Hand()
        hand.type("height)", "height, scale)")
        assert await hand.ask() == await hand.ask()
        assert len(hand.model.asked) == 1

    asyncio.run(work())


def test_after_none_the_stream_is_closed_at_once() -> None:
    """What would follow is not read."""

    async def work() -> None:
        hand = Hand("NONE" + " because" * 200)
        hand.type("height)", "height, scale)")
        assert await hand.ask() is None
        assert hand.model.closed == 1

    asyncio.run(work())


def test_a_refusal_is_followed_by_a_pause_that_grows() -> None:
    """Five seconds, then ten; one that is taken ends that."""

    async def work() -> None:
        hand = Hand()
        for pause in (5.0, 10.0):
            hand.type("height)", "height, scale)")
            assert await hand.ask() is not None
            assert hand.foresight.refuse()
            assert await hand.ask() is None
            hand.type("scale)", "scale )")
            hand.now += pause - 0.5
            assert await hand.ask() is None, "it waits"
            hand.type(", scale )", ")")
            hand.now += 1.0
        hand.type("height)", "height, scale)")
        assert await hand.ask() is not None

    asyncio.run(work())


def test_an_hour_has_so_many_questions() -> None:
    """Those of an hour ago count no more; the status names the setting."""

    async def work() -> None:
        hand = Hand()
        hand.type("height)", "height, scale)")
        assert await hand.ask(most=1) is not None
        hand.type("area(2", "area(4")
        assert await hand.ask(most=1) is None
        assert "nextEdits.perHour" in hand.foresight.silent
        hand.now = 3_601.0
        hand.type("area(4", "area(5")
        await hand.ask(most=1)
        assert len(hand.model.asked) == 2

    asyncio.run(work())


def test_a_newer_question_ends_the_one_before() -> None:
    """Its connection is closed before the newer begins, and it foresees nothing."""

    class Slow(Scripted):
        inside = most_inside = 0

        async def stream(self, request: Request) -> AsyncGenerator[Delta, None]:
            self.inside += 1
            self.most_inside = max(self.most_inside, self.inside)
            try:
                await asyncio.sleep(0.05)
                async for delta in super().stream(request):
                    yield delta
            finally:
                self.inside -= 1

    async def work() -> None:
        hand = Hand()
        slow = Slow(ANSWER)
        hand.foresight = Foresight(slow, Eagerness(), lambda: 0.0)
        hand.foresight.opened(hand.snapshot)
        hand.type("height)", "height, scale)")
        first = asyncio.ensure_future(hand.ask())
        await asyncio.sleep(0.01)
        hand.type("area(2", "area(4")
        assert await hand.ask() is not None
        assert await first is None
        assert slow.most_inside == 1

    asyncio.run(work())


def test_a_failure_is_said_in_the_status_alone_and_followed_by_a_pause() -> None:
    """Nobody waits for what was not asked for."""

    class Failing(Scripted):
        async def stream(self, request: Request) -> AsyncGenerator[Delta, None]:
            self.asked.append(request)
            raise ProviderError("The service is not well.")
            yield  # type: ignore[unreachable]

    async def work() -> None:
        hand = Hand()
        failing = Failing("")
        hand.foresight = Foresight(failing, Eagerness(), lambda: hand.now)
        hand.foresight.opened(hand.snapshot)
        hand.type("height)", "height, scale)")
        assert await hand.ask() is None
        assert hand.foresight.silent == "The service is not well."
        hand.type("area(2", "area(4")
        assert await hand.ask() is None
        assert len(failing.asked) == 1

    asyncio.run(work())


def test_a_prompt_only_grows_at_its_end() -> None:
    """What was told of a file stays, letter for letter; the cursor's line comes last."""

    async def work() -> None:
        hand = Hand("NONE")
        for old, new in (("height)", "height, scale)"), ("area(2", "area(4"), ("3))", "5))")):
            hand.type(old, new)
            await hand.ask()
        prompts = [request.messages[-1].content for request in hand.model.asked]
        for shorter, longer in pairwise(prompts):
            assert longer.startswith(shorter.partition("<cursor")[0])
        last: Message = hand.model.asked[-1].messages[-1]
        assert "1|def area(width, height):" in last.content
        assert "+print(area(4, 5))" in last.content
        assert last.content.endswith("<cursor line=2>    return width * height</cursor>")

    asyncio.run(work())


def test_what_is_taken_and_refused_is_learnt_by_language_and_trigger(tmp_path: Path) -> None:
    """After refusals an answer has to be very sure; that is kept."""

    async def work() -> None:
        eagerness = Eagerness(tmp_path / "next_edits.json")
        hand = Hand(eagerness=eagerness)
        hand.type("height)", "height, scale)")
        edit = await hand.ask()
        assert edit is not None
        hand.type(edit.before, edit.after)
        assert hand.taken == 1
        for _ in range(9):
            eagerness.note("python", "lineLeft", taken=False)
        assert eagerness.least("python", "lineLeft") == 2
        assert eagerness.least("go", "lineLeft") == eagerness.least("python", "asked") == 1
        eagerness.write()
        assert Eagerness(tmp_path / "next_edits.json").least("python", "lineLeft") == 2

    asyncio.run(work())


def test_a_report_is_a_scenario_without_secrets_and_texts() -> None:
    """Names stay, what strings and comments say does not; it can be read as a scenario is."""
    secret = made_up(40)
    text = f"TOKEN = '{secret}'\ngreeting = 'Dear Ada'  # for Ada\nshow(greeting)\n"

    async def work() -> None:
        hand = Hand("HIGH @3\n-show(greeting)\n+show(welcome)")
        hand.snapshot = evolve(hand.snapshot, text=Text.of(text))
        hand.foresight.opened(hand.snapshot)
        hand.type("greeting =", "welcome =")
        assert await hand.ask(line=2) is not None
        assert hand.foresight.last is not None
        written = report(hand.foresight.last)
        assert secret not in written
        assert "Ada" not in written
        assert "+ welcome = 'xxxx xxx'  # xxx xxx" in written
        assert written.endswith(
            "-- cursor 3\n-- answer\nHIGH @3\n-show(greeting)\n+show(welcome)\n-- shown\n"
        )

    asyncio.run(work())

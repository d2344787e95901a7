"""Answers as streams: what of them reaches the user, and what raises instead."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest
from attrs import define, field

from glm_lsp.actions.ask import AnswerProgress, new_file, prose, replacement
from glm_lsp.actions.plan import Plan, Task, plan
from glm_lsp.actions.profile import ModelProfile
from glm_lsp.actions.registry import FIX
from glm_lsp.editing.answer import Whole
from glm_lsp.errors import FaultyAnswerError, ReplyError, UnreachableError
from glm_lsp.llm.types import (
    Delta,
    Finish,
    FinishReason,
    ReasoningDelta,
    Request,
    TextDelta,
    Usage,
)
from glm_lsp.text import Change, Snapshot, Span, Text

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


SOURCE = "class A:\n    def f(self):\n        return x\n"
FIXED = "    def f(self):\n        return 1"
STOP = Finish(FinishReason.STOP)


@define
class FakeModel:
    """A provider that gives these deltas, and notes what was asked and whether it was closed."""

    deltas: list[Delta | Exception]
    requests: list[Request] = field(factory=list)
    given: int = 0
    closed: bool = False

    async def stream(self, request: Request) -> AsyncGenerator[Delta, None]:
        self.requests.append(request)
        try:
            for delta in self.deltas:
                if isinstance(delta, Exception):
                    raise delta
                self.given += 1
                yield delta
                await asyncio.sleep(0)
        finally:
            self.closed = True


def planned(text: str = SOURCE) -> Plan:
    snapshot = Snapshot("file:///p/a.py", 1, "python", Text.of(text))
    at = text.index("return")
    profile = ModelProfile("glm-5.1", 200_000, 100_000)
    return plan(Task(FIX, snapshot, Span(at, at)), profile)


def texts(*pieces: str) -> list[Delta | Exception]:
    return [TextDelta(piece) for piece in pieces]


def collect(
    model: FakeModel, *, explains: bool = False, text: str = SOURCE, fault: str | None = None
) -> tuple[list[str], list[AnswerProgress]]:
    """Return the pieces that came, and the progress that was told."""
    told: list[AnswerProgress] = []

    async def work() -> list[str]:
        made = planned(text)
        answer = (
            prose(made, model, told.append)
            if explains
            else replacement(made, model, told.append, fault=fault)
        )
        async with aclosing(answer) as pieces:
            return [piece async for piece in pieces if isinstance(piece, str)]

    pieces = asyncio.run(work())
    assert model.closed
    return pieces, told


def test_an_explanation_is_passed_on_piece_by_piece() -> None:
    """Text comes as it arrives, without the line end that GLM begins with, nor the reasoning."""
    deltas: list[Delta | Exception] = [
        ReasoningDelta("hm"),
        *texts("\n", "\r\nIt ", "", "adds.\n"),
        STOP,
        Usage(10, 5),
    ]
    pieces, _ = collect(FakeModel(deltas), explains=True)
    assert pieces == ["It ", "adds.\n"]


def test_an_explanation_that_was_cut_says_so() -> None:
    """At the limit of tokens the text stays and ends with a remark."""
    model = FakeModel([*texts("It adds"), Finish(FinishReason.LENGTH)])
    pieces, _ = collect(model, explains=True)
    assert pieces[0] == "It adds"
    assert "cut off" in "".join(pieces[1:])


@pytest.mark.parametrize("explains", [True, False], ids=["explain", "fix"])
@pytest.mark.parametrize(
    ("deltas", "words"),
    [
        pytest.param([STOP], "empty", id="nothing"),
        pytest.param([*texts("\n"), STOP], "empty", id="a line end"),
        pytest.param(
            [ReasoningDelta("hm"), Finish(FinishReason.LENGTH)],
            "empty|cut off",
            id="all of it thoughts",
        ),
        pytest.param([*texts("It"), Finish(FinishReason.FILTERED)], "content filter", id="filter"),
        pytest.param([*texts("It"), Finish(FinishReason.OTHER)], "broke off", id="broken off"),
    ],
)
def test_an_answer_that_is_none_raises(
    deltas: list[Delta | Exception], words: str, explains: bool
) -> None:
    """Empty, filtered and broken answers are one sentence, never half an answer."""
    model = FakeModel(deltas)
    with pytest.raises(ReplyError, match=words):
        collect(model, explains=explains)
    assert model.closed


@pytest.mark.parametrize("explains", [True, False], ids=["explain", "fix"])
def test_a_failure_half_way_is_passed_on(explains: bool) -> None:
    """What the service raises reaches the caller as it is."""
    model = FakeModel([*texts("```python\n"), UnreachableError("gone")])
    with pytest.raises(UnreachableError, match="gone"):
        collect(model, explains=explains)


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize(
    ("reply", "text", "expected"),
    [
        pytest.param(f"```python\n{FIXED}\n```", SOURCE, FIXED, id="a block"),
        pytest.param(
            f"\nHere you are:\n\n```python\n{FIXED}\n```\nDone.", SOURCE, FIXED, id="with prose"
        ),
        pytest.param(
            "```python\ndef f(self):\n    return 1\n```", SOURCE, FIXED, id="indentation restored"
        ),
        pytest.param(
            f"```python\n{FIXED}\n```",
            SOURCE.replace("\n", "\r\n"),
            FIXED.replace("\n", "\r\n"),
            id="crlf file",
        ),
    ],
)
def test_the_pieces_are_the_replacement(reply: str, text: str, expected: str, size: int) -> None:
    """However the answer is cut, the pieces together are the new code and nothing else."""
    cut = [reply[at : at + size] for at in range(0, len(reply), size)]
    pieces, _ = collect(FakeModel([*texts(*cut), STOP]), text=text)
    assert "".join(pieces) == expected


def test_code_arrives_before_the_answer_ends() -> None:
    """The first certain line is yielded while the model still writes."""
    lines = "".join(f"        x{i} = {i}\n" for i in range(20))
    reply = f"```python\n    def f(self):\n{lines}        return 1\n```"
    model = FakeModel([*texts(*reply), STOP])

    async def work() -> int:
        async with aclosing(replacement(planned(), model, lambda _: None)) as pieces:
            async for piece in pieces:
                if piece:
                    break
        return model.given

    assert asyncio.run(work()) < len(model.deltas) // 2
    assert model.closed, "who stops reading closes the connection"


@pytest.mark.parametrize(
    ("deltas", "words"),
    [
        pytest.param(
            [*texts(f"```python\n{FIXED}"), Finish(FinishReason.LENGTH)], "cut off", id="too long"
        ),
        pytest.param(
            [*texts("    def f(self):\n        ret"), Finish(FinishReason.LENGTH)],
            "cut off",
            id="too long, without a fence",
        ),
        pytest.param(
            [*texts("I'm sorry, I can't help with that."), STOP],
            "nothing was changed",
            id="refusal",
        ),
    ],
)
def test_code_that_is_not_whole_raises(deltas: list[Delta | Exception], words: str) -> None:
    """Half a replacement never passes for the whole."""
    with pytest.raises(ReplyError, match=words):
        collect(FakeModel(deltas))


def test_new_imports_come_last_and_where_they_go() -> None:
    """An import that the answer asks for is a hunk at the top of the file, not part of the code."""
    source = "import os\n\n\ndef f():\n    return x\n"
    reply = "+import: import math\n```python\ndef f():\n    return math.pi\n```"

    async def work() -> list[str | Whole | Change]:
        model = FakeModel([*texts(reply), STOP])
        async with aclosing(replacement(planned(source), model, lambda _: None)) as pieces:
            return [piece async for piece in pieces]

    *code, imports = asyncio.run(work())
    assert "".join(map(str, code)) == "def f():\n    return math.pi"
    assert isinstance(imports, Change)
    whole = source[: imports.span.start] + imports.text + source[imports.span.end :]
    assert whole.startswith("import os\nimport math\n\n")


def answered(source: str, reply: str, size: int = 5) -> list[str | Whole | Change]:
    """Return all that comes of a reply to a question about a source."""

    async def work() -> list[str | Whole | Change]:
        cut = [reply[at : at + size] for at in range(0, len(reply), size)]
        model = FakeModel([*texts(*cut), STOP])
        async with aclosing(replacement(planned(source), model, lambda _: None)) as pieces:
            return [piece async for piece in pieces]

    return asyncio.run(work())


def test_an_answer_that_opens_otherwise_comes_whole() -> None:
    """Where the pieces cannot be the beginning, the whole comes once, at the end."""
    line = "```python\n        return 1\n```"
    assert answered(SOURCE, line) == [Whole(FIXED)]
    file = f"```python\n{SOURCE.replace('return x', 'return 1')}```"
    assert answered(SOURCE, file) == [Whole(FIXED)]


def test_an_answer_that_goes_on_otherwise_takes_its_pieces_back() -> None:
    """What came is replaced by the whole when the answer turns out to be more than the code."""
    twice = f"```python\n{FIXED.replace('1', '0')}\n```\nWait, it must be:\n```python\n{FIXED}\n```"
    *pieces, whole = answered(SOURCE, twice)
    assert pieces
    assert whole == Whole(FIXED)


def test_an_import_goes_on_top_of_a_target_at_the_top() -> None:
    """Where the target begins the file, its imports come with it."""
    reply = "+import: import math\n```python\ndef f():\n    return math.pi\n```"
    *_, whole = answered("def f():\n    return x\n", reply)
    assert whole == Whole("import math\n\ndef f():\n    return math.pi")


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ("The method returns a name that nothing defines.", "words"),
        ("", "empty"),
        ("```python\n    # ... existing code ...\n    y = 2\n```", "leaves out"),
        ("```python\ndef g(self):\n    return 1\n```", "`f`"),
    ],
)
def test_what_may_be_right_when_asked_again_says_what_was_wrong(reply: str, words: str) -> None:
    """The error holds the fault for the model and a sentence for the user."""
    with pytest.raises(FaultyAnswerError) as caught:
        answered(SOURCE, reply)
    assert words in caught.value.fault
    assert caught.value.retryable
    assert str(caught.value)


def test_a_refusal_is_not_asked_again() -> None:
    """A model that declines would decline again."""
    with pytest.raises(ReplyError, match="declined") as caught:
        answered(SOURCE, "I'm sorry, but I can't help with that.")
    assert not isinstance(caught.value, FaultyAnswerError)


def test_a_new_file_is_the_block_with_one_line_end() -> None:
    """The answer's code becomes a file, in the line ends of the source; half a file raises."""
    reply = "Here:\n```python\nimport a\n\n\ndef test_a():\n    assert a.f()\n\n```\n"

    async def work(reply: str, reason: FinishReason) -> str:
        model = FakeModel([*texts(reply), Finish(reason)])
        return await new_file(planned(SOURCE.replace("\n", "\r\n")), model, lambda _: None)

    text = asyncio.run(work(reply, FinishReason.STOP))
    assert text == "import a\r\n\r\n\r\ndef test_a():\r\n    assert a.f()\r\n"
    with pytest.raises(ReplyError, match="cut off"):
        asyncio.run(work(reply[:40], FinishReason.LENGTH))


def test_a_fault_is_told_to_the_model() -> None:
    """Asked once more, the question is the same and ends with what was wrong."""
    first, again = (FakeModel([*texts(f"```\n{FIXED}\n```"), STOP]) for _ in range(2))
    collect(first)
    collect(again, fault="It does not parse.")
    (before,), (after,) = first.requests, again.requests
    assert after.messages[:-1] == before.messages
    assert after.messages[-1].role == "user"
    assert "It does not parse." in after.messages[-1].content


def test_progress_counts_thoughts_and_characters() -> None:
    """The listener hears of waiting, then thinking, then text, in words a user can read."""
    deltas: list[Delta | Exception] = [
        ReasoningDelta("a"),
        ReasoningDelta("b"),
        *texts("It ", "adds."),
        STOP,
    ]
    _, told = collect(FakeModel(deltas), explains=True)
    assert [str(progress) for progress in told] == [
        "waiting for the model",
        "thinking… 1",
        "thinking… 2",
        "3 characters",
        "8 characters",
    ]

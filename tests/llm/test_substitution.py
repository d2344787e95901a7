"""A service does something else than it was asked: it is noticed, told once, and adapted to."""

from __future__ import annotations

import asyncio
import io
import json
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from glm_lsp.commands import usage
from glm_lsp.llm.catalogue import ThinkingMode
from glm_lsp.llm.substitution import Notice, is_same
from glm_lsp.llm.types import Message, TextDelta
from glm_lsp.llm.usage_report import notices
from glm_lsp.llm.usage_store import UsageStore
from glm_lsp.settings import LimitSettings
from tests.gateway import Gate, Gateway, Reply, chat_stream
from tests.llm.streams import SAMPLES
from tests.llm.test_service import MORNING, Clock, action, completion, run, service

if TYPE_CHECKING:
    from pathlib import Path

    from glm_lsp.llm.service import Service
    from glm_lsp.llm.types import Request


def told(
    gateway: Gateway,
    *requests: Request,
    store: UsageStore | None = None,
    clock: Clock | None = None,
    **settings: Any,
) -> list[Notice]:
    """Ask one after the other; return what was told."""
    heard: list[Notice] = []
    asked = service(gateway, store, clock, **settings)
    asked.on_notice(heard.append)
    run(asked, *requests)
    return heard


def quiet(**fields: Any) -> Request:
    return completion(thinking=False, max_tokens=96, **fields)


@pytest.mark.parametrize(
    "named",
    [
        "glm-5.1",
        "GLM-5.1",
        "z-ai/glm-5.1",
        "zai.glm-5.1",
        "zai-org/GLM-5.1-FP8",
        "glm-5.1-20260401",
        "glm-5.1-2026-04-01",
        "z-ai/glm-5.1:nitro",
        "/models/GLM-5.1-UD-Q4_K_XL.gguf",
        "glm-5.1-prod",
        "",
    ],
)
def test_another_spelling_is_no_other_model(named: str) -> None:
    """Nothing is told."""
    with Gateway(chat_stream("fine", model=named)) as gateway:
        assert told(gateway, action(), action()) == []


@pytest.mark.parametrize(
    "named", ["glm-5.2", "zai-org/GLM-4.7-FP8", "glm-5", "glm-5.10", "gpt-oss-120b"]
)
def test_another_model_is_told_once(named: str) -> None:
    """By both names; the next answers are from it too, and nothing more is said."""
    with Gateway(chat_stream("fine", model=named)) as gateway:
        (notice,) = told(gateway, action(), action(), completion())
    assert (notice.kind, notice.about, notice.other) == ("model", "glm-5.1", named)
    assert notice.sentence.startswith(f"RunAPI answers as {named} where glm-5.1 was asked for:")


@pytest.mark.parametrize("protocol", SAMPLES)
def test_every_wire_says_who_answers(protocol: str) -> None:
    """Each protocol names the model in a place of its own."""

    def answer(body: Any) -> Reply:
        reply = SAMPLES[protocol].answer("fine", reasoning="", chunk=4)
        steps = [s.replace(b"@asked", b"glm-5.2") for s in reply.steps if isinstance(s, bytes)]
        return Reply(steps)

    with Gateway(answer) as gateway:
        (notice,) = told(gateway, action(), protocol=protocol)
    assert notice.other == "glm-5.2"


def test_an_answer_that_is_left_early_counts_too() -> None:
    """Ghost text often has enough before the answer ends."""
    heard: list[Notice] = []

    async def go(asked: Service) -> None:
        async with aclosing(asked.stream(quiet())) as deltas:
            async for delta in deltas:
                if isinstance(delta, TextDelta):
                    break
        await asked.close()

    reply = chat_stream("abcdefgh", reasoning="hm", chunk=6, model="glm-4.7").before(2, Gate())
    with Gateway(reply) as gateway:
        asked = service(gateway)
        asked.on_notice(heard.append)
        asyncio.run(go(asked))
    assert {notice.kind for notice in heard} == {"model", "thinking"}


def test_servers_of_ones_own_may_call_their_model_anything() -> None:
    """What their owner made up is no substitution; a model that is known to be another one is."""
    for provider, named, count in (
        ("custom", "gpt-oss-120b", 0),
        ("custom", "our-coder", 0),
        ("custom", "glm-4.7", 1),
        ("local", "glm-4.7", 0),
    ):
        with Gateway(chat_stream("fine", model=named)) as gateway:
            assert len(told(gateway, action(), provider=provider)) == count
    with Gateway(chat_stream("fine", model="zai-org/GLM-5.3")) as gateway:
        assert told(gateway, action(model="coder"), provider="custom") == []  # An alias.


def test_what_answers_decides_how_it_is_asked() -> None:
    """An alias, and a model in another's place, are asked as what they are; until they change."""
    with Gateway(chat_stream("fine", model="glm-5.3")) as gateway:
        asked = service(gateway, provider="zai")
        run(asked, quiet(), quiet())
        first, second = (request.json for request in gateway.requests)
        assert first["thinking"] == {"type": "disabled"}
        assert first["max_tokens"] == 96
        assert "thinking" not in second  # GLM-5.3 answers 400 to "disabled".
        assert second["reasoning_effort"] == "low"
        assert second["max_tokens"] == 96 + 1024
        model = asked.model("glm-5.1")
        assert (model.name, model.context) == ("glm-5.1", 1_048_576)
        gateway.script(chat_stream("fine"))
        run(asked, quiet())
        assert asked.model("glm-5.1").context == 204_800


@pytest.mark.parametrize(
    ("provider", "fields"),
    [
        ("zai", {"thinking": {"type": "disabled"}, "reasoning_effort": "low"}),
        ("zai-coding", {"thinking": {"type": "disabled"}, "reasoning_effort": "low"}),
        ("runapi", {"thinking": {"type": "disabled"}}),
    ],
)
def test_thinking_that_does_not_go_off_is_told_and_given_room(
    provider: str, fields: dict[str, Any]
) -> None:
    """A completion would otherwise end within the thoughts; little effort is asked for."""
    with Gateway(chat_stream("fine", reasoning="Let me see.")) as gateway:
        (notice,) = told(gateway, quiet(), quiet(), provider=provider)
        before, after = (request.json for request in gateway.requests)
    assert notice.kind == "thinking"
    assert notice.sentence.startswith("glm-5.1 thinks first, although it is asked not to:")
    assert "reasoning_effort" not in before
    assert {name: after[name] for name in fields} == fields
    assert ("reasoning_effort" in after) == ("reasoning_effort" in fields)
    assert (before["max_tokens"], after["max_tokens"]) == (96, 96 + 1024)


def test_an_action_that_thinks_says_nothing_of_ghost_text() -> None:
    """Each is told what it means where it was asked."""
    with Gateway(chat_stream("fine", reasoning="Let me see.")) as gateway:
        (asked,) = told(gateway, action(thinking=False))
        (typed,) = told(gateway, quiet())
    assert asked.sentence.endswith(": answers from it take longer, and its thoughts are billed.")
    assert typed.sentence.endswith("choose another `glm.models.completion`.")


def test_a_model_that_always_thinks_has_room_from_the_first_question() -> None:
    """The catalogue knows it; it is said when it is used where it should not think."""
    with Gateway(chat_stream("fine", reasoning="hm")) as gateway:
        (notice,) = told(gateway, quiet(model="glm-5.3-flash"), provider="zai")
        assert gateway.requests[0].json["max_tokens"] == 96 + 1024
    assert notice.sentence.startswith("glm-5.3-flash always thinks first:")


def test_thinking_that_is_wanted_or_absent_is_no_news() -> None:
    """Nothing is told of thoughts that were asked for or left to the model, nor of blank ones."""
    with Gateway(chat_stream("fine", reasoning="Let me see.")) as gateway:
        assert told(gateway, action(thinking=True), action(thinking=None)) == []
        gateway.script(chat_stream("fine", reasoning="\n"))
        assert told(gateway, quiet()) == []


def test_thinking_that_goes_off_again_needs_no_room() -> None:
    """What was seen once is not held against a service for ever."""
    with Gateway([chat_stream("fine", reasoning="hm"), chat_stream("fine")]) as gateway:
        asked = service(gateway)
        run(asked, quiet(), quiet(), quiet())
        assert [r.json["max_tokens"] for r in gateway.requests] == [96, 1120, 96]
        assert asked.model("glm-5.1").thinking is ThinkingMode.SWITCHABLE


def typed(count: int, start: int = 0) -> list[Request]:
    """Return the completions of somebody who types on: each prompt is a little longer."""
    text = "x" * 2000
    return [
        quiet(messages=(Message("user", text + "y" * number),))
        for number in range(start, start + count)
    ]


def cached(*shares: float) -> list[Reply]:
    return [chat_stream("fine", usage=(1000, 5, int(1000 * share))) for share in shares]


@pytest.mark.parametrize(
    ("name", "shares", "count"),
    [
        ("fallen", [0.0, *[0.9] * 9, *[0.1] * 9], 1),
        ("gone", [0.0, *[0.9] * 9, *[0.0] * 9], 1),
        ("stays", [0.0, *[0.9] * 30], 0),
        ("never reported", [0.0] * 30, 0),
        ("never much", [0.0, *[0.2] * 12, *[0.0] * 12], 0),
        ("a few misses", [0.0, *[0.9] * 9, 0.0, 0.0, 0.0, *[0.9] * 9], 0),
        ("a little less", [0.0, *[0.9] * 9, *[0.6] * 12], 0),
        ("too few to tell", [0.0, 0.9, 0.9, 0.9, *[0.0] * 9], 0),
        ("soon after", [0.0, *[0.9] * 8, *[0.0] * 4], 0),
    ],
)
def test_a_cached_share_that_falls_is_told_once(name: str, shares: list[float], count: int) -> None:
    """Only after several requests; and never where none was reported."""
    with Gateway(cached(*shares)) as gateway:
        heard = told(gateway, *typed(len(shares)))
    assert [notice.kind for notice in heard] == ["cache"] * count, name
    if heard:
        assert (
            "of a growing prompt for glm-5.1 in its cache, where it found 90%" in heard[0].sentence
        )


def test_what_does_not_grow_says_nothing_of_the_cache() -> None:
    """Another file, a pause, an action: none of them finds its prompt in a cache, and may not."""
    jumps = [quiet(messages=(Message("user", str(number) * 2000),)) for number in range(12)]
    with Gateway(cached(0.0, *[0.9] * 9, *[0.0] * 12)) as gateway:
        assert told(gateway, *typed(10), *jumps) == []
    actions = [action(messages=request.messages) for request in typed(12, 10)]
    with Gateway(cached(0.0, *[0.9] * 9, *[0.0] * 12)) as gateway:
        assert told(gateway, *typed(10), *actions) == []

    clock = Clock()
    with Gateway(cached(0.0, *[0.9] * 9, *[0.0] * 12)) as gateway:
        asked, heard = service(gateway, clock=clock), list[Notice]()
        asked.on_notice(heard.append)
        for request in typed(22):
            run(asked, request)
            clock.now += 61.0
    assert heard == []


@pytest.mark.parametrize(
    ("provider", "why"),
    [("bigmodel", "whose price is not known"), ("zai-coding", "which takes credits")],
)
def test_a_budget_that_cannot_hold_is_told(provider: str, why: str, tmp_path: Path) -> None:
    """Without a price nobody knows what is spent; where one is known nothing is said."""
    store = UsageStore(tmp_path / "usage.sqlite3")
    limits = LimitSettings(daily_budget=1.0)
    with Gateway(chat_stream("fine")) as gateway:
        (notice,) = told(gateway, action(), action(), store=store, provider=provider, limits=limits)
        assert told(gateway, action(), store=store, provider="zai", limits=limits) == []
    store.close()
    assert notice.kind == "budget"
    assert why in notice.sentence


def test_what_was_noticed_is_seen_in_the_usage(tmp_path: Path) -> None:
    """One line each, with the day; in JSON too. An earlier version's file has none."""
    store = UsageStore(tmp_path / "usage.sqlite3")
    with Gateway(chat_stream("fine", reasoning="hm", model="glm-5.2")) as gateway:
        for _ in range(2):
            told(gateway, quiet(), quiet(), store=store)
            store.close()
    assert {one.kind for one in notices(store.path, 0.0)} == {"model", "thinking"}
    assert notices(store.path, MORNING + 1) == []

    def shown(**how: Any) -> str:
        console = Console(file=io.StringIO(), width=110, color_system=None)
        assert usage.run(store.path, days=3, console=console, now=MORNING, **how) == 0
        assert isinstance(console.file, io.StringIO)
        return console.file.getvalue()

    assert shown().count("runapi: glm-5.2 answered where glm-5.1 was asked for (last on 2026") == 1
    assert "runapi: glm-5.1 thought although it was asked not to" in shown()
    assert {one["other"] for one in json.loads(shown(as_json=True))["noticed"]} == {"glm-5.2", ""}


@pytest.mark.parametrize(
    ("asked", "named", "same"),
    [
        ("glm-5", "glm-5-turbo", False),
        ("glm-4.5", "glm-4.5-air", False),
        ("glm-5.3", "glm-5.3-flash-preview", False),
        ("glm-5.3", "glm-5.3-preview", True),
        ("glm-5.3-flash", "glm-5.3", False),
        ("our-model", "our-model", True),
        ("our-model", "our-model-2", False),
    ],
)
def test_names_are_compared_as_models(asked: str, named: str, same: bool) -> None:
    """A known model that extends another is another one."""
    assert is_same(asked, named) is same

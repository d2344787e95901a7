"""The accounting of a service: usage store, budget, breaker, estimates, the shorter question."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve

from glm_lsp import errors, providers
from glm_lsp.llm.connect import connect
from glm_lsp.llm.credentials import Key
from glm_lsp.llm.estimate import Estimates
from glm_lsp.llm.timeouts import Timeouts
from glm_lsp.llm.types import Message, Request
from glm_lsp.llm.usage_store import UsageStore
from glm_lsp.prices import Price
from glm_lsp.settings import LimitSettings, Settings
from tests.gateway import Gate, Gateway, Reply, Stall, chat_stream, error, frame

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from glm_lsp.llm.service import Service

MORNING = 1_795_400_000.0
TIMEOUTS = Timeouts(connect=5.0, token=5.0, tail=0.5, attempts=1, first_wait=0.01)


class Clock:
    """A time that passes when the test says so."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def action(**fields: Any) -> Request:
    request = Request("glm-5.1", "fix", (Message("user", "x" * 400),))
    return evolve(request, **fields)


def completion(**fields: Any) -> Request:
    return action(feature="completion", interactive=False, **fields)


def service(
    gateway: Gateway, store: UsageStore | None = None, clock: Clock | None = None, **settings: Any
) -> Service:
    return connect(
        Settings(base_url=gateway.base_url, **settings),
        Key("not-a-key", "RUNAPI_KEY"),
        timeouts=TIMEOUTS,
        store=store,
        clock=clock or Clock(),
        today=Clock(MORNING),
    )


async def read(asked: Service, request: Request) -> None:
    async with aclosing(asked.stream(request)) as deltas:
        async for _ in deltas:
            pass


def run(asked: Service, *requests: Request, first: Callable[[], None] | None = None) -> None:
    """Ask one after the other; the last one's error is raised."""

    async def go() -> None:
        try:
            for number, request in enumerate(requests, 1):
                try:
                    await read(asked, request)
                except errors.GlmError:
                    if number == len(requests):
                        raise
        finally:
            await asked.close()

    asyncio.run(go())


def rows(store: UsageStore, columns: str) -> list[tuple[Any, ...]]:
    store.close()
    connection = sqlite3.connect(store.path)
    try:
        query = f"SELECT {columns} FROM request ORDER BY rowid"  # noqa: S608
        return connection.execute(query).fetchall()
    finally:
        connection.close()


@pytest.fixture
def store(tmp_path: Path) -> UsageStore:
    return UsageStore(tmp_path / "usage" / "usage.sqlite3")


def test_a_request_becomes_one_row_with_its_tokens_and_cost(store: UsageStore) -> None:
    """What the service counted is what the usage store holds, priced by the catalogue."""
    with Gateway(chat_stream("fine", usage=(1000, 500, 200))) as gateway:
        run(service(gateway, store), action())
    assert rows(store, "provider, model, feature, prompt, output, cached, outcome, counted") == [
        ("runapi", "glm-5.1", "fix", 1000, 500, 200, "done", 1)
    ]
    assert rows(store, "cost, size, at")[0] == (pytest.approx(0.045), 400, MORNING)


def test_a_failed_generation_costs_nothing(store: UsageStore) -> None:
    """A failure is recorded under the error's name, without cost."""
    with Gateway(error(429, "1113")) as gateway, pytest.raises(errors.QuotaError):
        run(service(gateway, store), action())
    assert rows(store, "outcome, cost") == [("QuotaError", 0.0)]


def test_a_generation_that_is_lost_half_way_costs_nothing(store: UsageStore) -> None:
    """Its tokens are estimated for the record, and not charged."""
    reply = chat_stream("a long answer", chunk=2).cut_after(5)
    with Gateway(reply) as gateway, pytest.raises(errors.UnreachableError):
        run(service(gateway, store), action())
    assert rows(store, "outcome, output, cost") == [("UnreachableError", 3, 0.0)]


def test_a_users_price_goes_before_the_catalogue(store: UsageStore) -> None:
    """`prices` count per 1M tokens, cached ones apart."""
    prices = {"glm-5.1": Price(input=10.0, output=20.0, cached=1.0)}
    with Gateway(chat_stream("fine", usage=(1000, 100, 500))) as gateway:
        run(service(gateway, store, prices=prices), action())
    assert rows(store, "cost") == [(pytest.approx(0.0075),)]


def test_a_providers_own_price_goes_before_the_catalogue_and_after_the_users(
    store: UsageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A record's `prices` are what its provider charges, until the user knows better."""
    first = evolve(providers.PRESETS[0], prices={"glm-5.1": Price(input=2.0, output=4.0)})
    monkeypatch.setattr(providers, "PRESETS", (first, *providers.PRESETS[1:]))
    with Gateway(chat_stream("fine", usage=(1000, 500))) as gateway:
        run(service(gateway, store), action())
        run(service(gateway, store, prices={"glm-5.1": Price(input=1.0, output=1.0)}), action())
    assert rows(store, "cost") == [(pytest.approx(0.004),), (pytest.approx(0.0015),)]


def test_an_answer_nobody_waited_for_is_recorded_with_estimates(store: UsageStore) -> None:
    """Without a usage from the service the tokens are estimated, and marked as such."""

    async def go(asked: Service) -> None:
        async with aclosing(asked.stream(action())) as deltas:
            await deltas.__anext__()
        await asked.close()

    with Gateway(chat_stream("abcdefgh", chunk=6).before(1, Gate())) as gateway:
        asyncio.run(go(service(gateway, store)))
    assert rows(store, "outcome, counted, prompt, output") == [("abandoned", 0, 133, 2)]


def test_a_budget_stops_completions_first_and_actions_when_it_is_used_up(store: UsageStore) -> None:
    """From 80% on completions pause; actions go on until the budget is spent."""
    limits = LimitSettings(daily_budget=0.05)
    with Gateway(chat_stream("fine", usage=(1000, 400))) as gateway:  # 0.042 USD each
        run(service(gateway, store, limits=limits), action())
        store.close()
        with pytest.raises(errors.QuotaError, match="Completions pause: about"):
            run(service(gateway, store, limits=limits), completion())
        run(service(gateway, store, limits=limits), action())
        store.close()
        with pytest.raises(errors.QuotaError, match=r"budget of \$0\.05 is used up \(estimated\)"):
            run(service(gateway, store, limits=limits), action())
    assert len(gateway.requests) == 2


def test_an_action_beyond_the_budget_asks_once_a_day(store: UsageStore) -> None:
    """A yes lasts for the day; a no is the budget's error."""
    limits = LimitSettings(daily_budget=0.01)
    questions: list[str] = []

    async def approve(question: str) -> bool:
        questions.append(question)
        return True

    with Gateway(chat_stream("fine", usage=(1000, 400))) as gateway:
        run(service(gateway, store, limits=limits), action())
        store.close()
        asked = service(gateway, store, limits=limits)
        asked.ask_before_overspending(approve)
        run(asked, action(), action())
    assert questions == [
        "Today’s budget of $0.01 is used up (estimated: $0.04). Ask GLM all the same?"
    ]
    assert len(gateway.requests) == 3


def test_without_balance_completions_stop_and_say_why() -> None:
    """After 429/1113 no completion is sent; an action is, and its success mends all."""
    replies = [error(429, "1113"), chat_stream("fine")]
    with Gateway(replies) as gateway:
        asked = service(gateway)
        with pytest.raises(errors.QuotaError, match="no balance"):
            run(asked, completion(), completion())
        assert len(gateway.requests) == 1
        run(asked, action(), completion())
        assert len(gateway.requests) == 3


def test_a_service_that_is_down_is_left_alone_for_a_while() -> None:
    """After three failures completions rest; then one trial goes through, and mends."""
    clock = Clock()
    with Gateway([*[error(500, "1234")] * 3, chat_stream("fine")]) as gateway:
        asked = service(gateway, clock=clock)
        with pytest.raises(errors.UnavailableError, match="RunAPI fails"):
            run(asked, *[completion()] * 6)
        assert len(gateway.requests) == 3
        clock.now += 16
        run(asked, *[completion()] * 2)
        assert len(gateway.requests) == 5


def test_a_trial_that_nobody_waits_for_leaves_room_for_the_next() -> None:
    """Typing on abandons the trial before its first token: the next completion tries again."""
    clock = Clock()
    replies = [error(429, "1113"), Reply([Stall()]), chat_stream("fine")]

    async def go(gateway: Gateway, asked: Service) -> None:
        with pytest.raises(errors.QuotaError):
            await read(asked, completion())
        clock.now += 301
        trial = asyncio.create_task(read(asked, completion()))
        await asyncio.to_thread(gateway.wait_for_requests, 2)
        trial.cancel()
        await asyncio.gather(trial, return_exceptions=True)
        await read(asked, completion())
        await asked.close()

    with Gateway(replies) as gateway:
        asked = service(gateway, clock=clock)
        asyncio.run(go(gateway, asked))
        assert len(gateway.requests) == 3


def test_a_cancel_that_meets_the_answers_beginning_is_not_lost(store: UsageStore) -> None:
    """Whenever it comes, a question that is cancelled ends there, and is no failure."""

    async def go(gateway: Gateway, asked: Service) -> None:
        for turns in range(40):
            asking = asyncio.create_task(read(asked, action()))
            await asyncio.to_thread(gateway.wait_for_requests, turns + 1)
            for _ in range(turns % 4):
                await asyncio.sleep(0)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            assert asking.cancelled()
        await asked.close()

    with Gateway(Reply([Stall()])) as gateway:
        asyncio.run(go(gateway, service(gateway, store)))
    assert set(rows(store, "outcome")) == {("abandoned",)}


def test_a_prompt_that_is_too_long_is_shortened_once(store: UsageStore) -> None:
    """After 400/1261 the shorter question is asked; when that is too long too, it ends."""
    brief = action(messages=(Message("user", "brief"),))

    def choose(body: Any) -> Reply:
        return chat_stream("fine") if len(str(body)) < 300 else error(400, "1261")

    with Gateway(choose) as gateway:
        run(service(gateway, store), action(shorter=lambda: brief))
        assert len(gateway.requests) == 2
        gateway.script(error(400, "1261"))
        with pytest.raises(errors.PromptTooLongError, match="select less code"):
            run(service(gateway), action(shorter=lambda: brief))
        assert len(gateway.requests) == 4
    assert rows(store, "outcome, size") == [("PromptTooLongError", 400), ("done", 5)]


def test_an_answer_that_has_begun_is_not_asked_for_again_with_less() -> None:
    """What arrived is paid for: when a service finds the prompt too long then, it ends."""
    begun = chat_stream("fine", chunk=2).steps[:2]
    with Gateway(Reply([*begun, frame({"error": {"code": "1261", "message": "m"}})])) as gateway:
        with pytest.raises(errors.PromptTooLongError):
            run(service(gateway), action(shorter=action))
        assert len(gateway.requests) == 1


def test_estimates_come_nearer_to_what_the_service_counts(store: UsageStore) -> None:
    """Two characters per token, seen often enough, are soon believed, also tomorrow."""
    with Gateway(chat_stream("fine", usage=(10_000, 1))) as gateway:
        asked = service(gateway, store)
        before = asked.estimates.tokens(20_000, "glm-5.1")
        run(asked, *[action(messages=(Message("user", "x" * 20_000),))] * 6)
        after = asked.estimates.tokens(20_000, "glm-5.1")
        assert abs(before - 10_000) > 3000
        assert abs(after - 10_000) < 600
        store.close()
        later = service(gateway, store)

        async def warm_up() -> None:
            await later.warm()
            await later.close()

        asyncio.run(warm_up())
        assert abs(later.estimates.tokens(20_000, "glm-5.1") - 10_000) < 600


def test_estimates_ignore_what_says_nothing_about_text() -> None:
    """A short prompt, mostly template, leaves the estimate as it was."""
    estimates = Estimates()
    before = estimates.tokens(3000, "m")
    estimates.learn("m", 10, 30)
    estimates.learn("m", 1000, 5000)
    assert estimates.tokens(3000, "m") == before == 1000
    assert estimates.tokens(0, "m") == 0


def test_a_usage_store_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    """Where the file cannot be, requests are answered all the same."""
    (tmp_path / "file").write_text("in the way")
    broken = UsageStore(tmp_path / "file" / "usage.sqlite3")
    with Gateway(chat_stream("fine")) as gateway:
        run(service(gateway, broken), action(), action())
        assert len(gateway.requests) == 2
    broken.close()

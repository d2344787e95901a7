"""The gateway between the server and its service: it asks once, keeps, and plays again."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from glm_lsp.evaluation.gateway import Budget, Exchange, Gateway
from glm_lsp.evaluation.recording import Recording
from glm_lsp.llm.relay import Relay
from tests.gateway import Gateway as Service
from tests.gateway import Stall, chat_stream, error

if TYPE_CHECKING:
    from pathlib import Path

    from glm_lsp.llm.types import Usage

BODY = {"model": "glm-5.1", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 100}
KEY = "not-a-key-but-secret"


def cost(model: str, usage: Usage) -> float | None:
    return usage.prompt + usage.output if model == "glm-5.1" else None


def ours(gateway: Gateway) -> dict[str, str]:
    """Return what the server says to its gateway."""
    return {"Authorization": f"Bearer {gateway.key}"}


def asked(
    service: Service,
    path: Path | None,
    *bodies: dict[str, Any],
    budget: Budget | None = None,
    may_ask: bool = True,
) -> tuple[list[httpx.Response], list[Exchange], Gateway]:
    """Ask a gateway as a server does; return its answers, and what it says of them."""

    async def work() -> tuple[list[httpx.Response], list[Exchange], Gateway]:
        recording = Recording(path, may_ask=may_ask)
        if may_ask:
            recording.begin({"test": 1})

        async def way() -> Relay:
            return Relay(service.base_url, {"Authorization": f"Bearer {KEY}"})

        gateway = Gateway(recording, way, cost, budget or Budget())
        await gateway.start()
        try:
            async with httpx.AsyncClient(trust_env=False) as client:
                answers = [
                    await client.post(
                        f"{gateway.base_url}/chat/completions", json=body, headers=ours(gateway)
                    )
                    for body in bodies
                ]
            return answers, await gateway.take(), gateway
        finally:
            await gateway.stop()
            recording.close()

    return asyncio.run(asyncio.wait_for(work(), 20))


def test_an_answer_is_passed_on_and_played_again_byte_for_byte(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with Service(chat_stream("“hello”", usage=(7, 3, 2))) as service:
        (first, second), exchanges, gateway = asked(service, path, BODY, BODY)
        assert len(service.requests) == len(gateway.asked) == 1, "the same question is asked once"
        assert service.requests[0].headers["authorization"] == f"Bearer {KEY}"
        assert json.loads(service.requests[0].content) == BODY
        assert first.content == second.content
        assert first.headers["content-type"] == "text/event-stream"
        one, other = exchanges
        assert one == other
        assert (one.usage.prompt, one.usage.output, one.usage.cached) == (7, 3, 2)
        assert (one.counted, one.cost, one.fine) == (True, 10.0, True)
        assert one.first is not None
        assert one.first <= one.seconds
    # The service is gone now; what it answered is there, times included.
    (third,), (played,), _ = asked(service, path, BODY, may_ask=False)
    assert third.content == first.content
    assert played == one


def test_no_key_is_in_the_recording(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with Service(chat_stream("hello")) as service:
        asked(service, path, BODY)
    assert KEY.encode() not in path.read_bytes()


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer x"}, {"Origin": "null"}])
def test_nobody_else_is_answered(headers: dict[str, str]) -> None:
    """Another program of this machine, or a web page, could use the key otherwise."""

    async def work(service: Service) -> tuple[int, int]:
        async def way() -> Relay:
            return Relay(service.base_url, {})

        gateway = Gateway(Recording(), way, cost, Budget())
        await gateway.start()
        async with httpx.AsyncClient(trust_env=False) as client:
            url = f"{gateway.base_url}/chat/completions"
            answer = await client.post(url, json=BODY, headers=headers)
            messages = await client.post(
                f"{gateway.base_url}/messages", json=BODY, headers={"x-api-key": gateway.key}
            )
        await gateway.stop()
        return answer.status_code, messages.status_code

    with Service(chat_stream("hello")) as service:
        assert asyncio.run(asyncio.wait_for(work(service), 20)) == (401, 200)
        assert len(service.requests) == 1


def test_what_was_not_recorded_is_not_asked_in_a_replay(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with Service(chat_stream("hello")) as service:
        asked(service, path, BODY)
        other = {**BODY, "max_tokens": 5}
        (answer,), exchanges, gateway = asked(service, path, other, may_ask=False)
        assert len(service.requests) == 1
    assert (answer.status_code, exchanges, gateway.missing) == (400, [], 1)


@pytest.mark.parametrize(
    "budget", [Budget(tokens=0), Budget(dollars=0.0), Budget(tokens=100), Budget(dollars=1.0)]
)
def test_what_does_not_fit_the_budget_is_not_asked(budget: Budget) -> None:
    """A question counts with the longest answer that it allows."""
    with Service(chat_stream("hello")) as service:
        (answer,), exchanges, gateway = asked(service, None, BODY, budget=budget)
        assert (service.requests, exchanges, gateway.asked) == ([], [], [])
    assert gateway.is_refused()
    assert "budget" in answer.text


def test_a_budget_ends_between_two_questions() -> None:
    budget = Budget(tokens=200)
    bodies = [{**BODY, "seed": number} for number in range(3)]
    with Service(chat_stream("hello", usage=(80, 30, 0))) as service:
        answers, exchanges, _ = asked(service, None, *bodies, budget=budget)
        assert len(service.requests) == 1
    assert [answer.status_code for answer in answers] == [200, 400, 400]
    assert (budget.spent_tokens, budget.spent_dollars, len(exchanges)) == (110, 110.0, 1)


def test_money_cannot_be_held_to_where_no_price_is_known() -> None:
    with Service(chat_stream("hello")) as service:
        asked(service, None, {**BODY, "model": "x"}, budget=Budget(dollars=1e9))
        assert service.requests == []


def test_what_failed_is_asked_again_another_time(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with Service([error(429, "1302"), chat_stream("hello")]) as service:
        (failed,), (exchange,), gateway = asked(service, path, BODY)
        assert (failed.status_code, exchange.fine) == (429, False)
        assert "429" in gateway.failed
        (answer,), (exchange,), _ = asked(service, path, BODY)
        assert (answer.status_code, exchange.fine) == (200, True)


def test_a_service_that_is_not_there_is_said() -> None:
    with Service(chat_stream("hello")) as service:
        pass
    (answer,), _, gateway = asked(service, None, BODY)
    assert answer.status_code == 503
    assert "ConnectError" in gateway.failed


def test_who_hangs_up_has_the_service_hang_up_and_hears_as_much_again(tmp_path: Path) -> None:
    """What nobody wants any more is not paid for; played, it is hung up on at the same piece."""
    path = tmp_path / "a.jsonl"
    reply = chat_stream("a long answer to a short question", chunk=2).slowly(0.05)

    async def work(service: Service, *, may_ask: bool) -> tuple[bytes, list[Exchange]]:
        recording = Recording(path, may_ask=may_ask)
        if may_ask:
            recording.begin({})

        async def way() -> Relay:
            return Relay(service.base_url, {})

        gateway = Gateway(recording, way, cost, Budget())
        await gateway.start()
        url, seen = f"{gateway.base_url}/chat/completions", b""
        async with (
            httpx.AsyncClient(trust_env=False) as client,
            client.stream("POST", url, json=BODY, headers=ours(gateway)) as answer,
        ):
            async for piece in answer.aiter_raw():
                seen += piece
                if b"ong" in seen or seen.count(b"data:") > 2:
                    break
        exchanges = await gateway.take()
        await gateway.stop()
        recording.close()
        return seen, exchanges

    with Service(reply) as service:
        seen, (exchange,) = asyncio.run(asyncio.wait_for(work(service, may_ask=True), 20))
        service.wait_for_hang_up()
        assert service.requests[0].sent < len(reply.steps)
    assert (exchange.counted, exchange.fine) == (False, True)
    played, (again,) = asyncio.run(asyncio.wait_for(work(service, may_ask=False), 20))
    assert again == exchange
    assert played.startswith(seen[:40])


def test_an_answer_that_is_cut_is_no_answer(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with Service(chat_stream("half of an answer").cut_after(3)) as service:
        with pytest.raises(httpx.RemoteProtocolError):
            asked(service, path, BODY)
        assert len(service.requests) == 1
    assert b'"answer"' not in path.read_bytes()


def test_a_stop_waits_for_nothing_that_stalls() -> None:
    """The end of an evaluation is not the service's to decide."""

    async def work(service: Service) -> None:
        async def way() -> Relay:
            return Relay(service.base_url, {})

        gateway = Gateway(Recording(), way, cost, Budget())
        await gateway.start()
        async with httpx.AsyncClient(trust_env=False) as client:
            asking = asyncio.ensure_future(
                client.post(
                    f"{gateway.base_url}/chat/completions",
                    json=BODY,
                    headers=ours(gateway),
                    timeout=30,
                )
            )
            await asyncio.to_thread(service.wait_for_requests)
            await gateway.stop()
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    with Service(chat_stream("never").before(1, Stall())) as service:
        asyncio.run(asyncio.wait_for(work(service), 15))

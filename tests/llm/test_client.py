"""The client against a real gateway on the loopback interface: answers, faults, hang-ups."""

from __future__ import annotations

import asyncio
import logging
import socket
from contextlib import aclosing
from typing import Any

import pytest

from glm_lsp import errors, providers
from glm_lsp.llm.client import HttpProvider
from glm_lsp.llm.credentials import Key
from glm_lsp.llm.timeouts import Timeouts
from glm_lsp.llm.types import (
    Delta,
    Finish,
    FinishReason,
    Message,
    ReasoningDelta,
    Request,
    TextDelta,
    Usage,
)
from glm_lsp.llm.wires import chat
from tests.gateway import FAULTS, Gate, Gateway, Reply, chat_stream, error, html

SECRET = "not-a-key-0123456789"
QUICK = Timeouts(connect=5.0, token=5.0, tail=0.5, attempts=3, first_wait=0.01, longest_wait=0.1)


def question(**fields: Any) -> Request:
    values: dict[str, Any] = {
        "model": "glm-5.1",
        "feature": "explain",
        "messages": (Message("user", "What is this?"),),
        **fields,
    }
    return Request(**values)


def provider(base_url: str, timeouts: Timeouts = QUICK, name: Any = "runapi") -> HttpProvider:
    preset = providers.find(name)
    return HttpProvider(
        preset, chat.WIRE, base_url=base_url, key=Key(SECRET, "RUNAPI_KEY"), timeouts=timeouts
    )


def ask(gateway: Gateway, request: Request | None = None, **options: Any) -> list[Delta]:
    async def run() -> list[Delta]:
        client = provider(gateway.base_url, **options)
        try:
            async with aclosing(client.stream(request or question())) as deltas:
                return [delta async for delta in deltas]
        finally:
            await client.close()

    return asyncio.run(run())


def text_of(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))


def test_an_answer_arrives_as_reasoning_text_finish_and_usage() -> None:
    """Reasoning and text come apart, then why it ended and what it used."""
    with Gateway(chat_stream("the answer", reasoning="hm", usage=(20, 7, 16))) as gateway:
        deltas = ask(gateway)
    assert deltas[0] == ReasoningDelta("hm")
    assert text_of(deltas) == "the answer"
    assert deltas[-2:] == [Finish(FinishReason.STOP), Usage(prompt=20, output=7, cached=16)]


def test_the_request_says_what_was_asked() -> None:
    """The body carries model, messages, limits, and thinking switched as asked."""
    with Gateway(chat_stream("x")) as gateway:
        ask(gateway, question(thinking=False, temperature=0.0, max_tokens=9, stop="\n"))
        record = gateway.requests[0]
    assert record.path == "/v1/chat/completions"
    assert record.headers["authorization"] == f"Bearer {SECRET}"
    assert record.json == {
        "model": "glm-5.1",
        "messages": [{"role": "user", "content": "What is this?"}],
        "stream": True,
        "max_tokens": 9,
        "temperature": 0.0,
        "stop": ["\n"],
        "thinking": {"type": "disabled"},
        "stream_options": {"include_usage": True},
    }


def test_deltas_arrive_while_the_answer_is_being_written() -> None:
    """The first words are here while the gateway still holds the last ones back."""
    gate = Gate()

    async def run(base_url: str) -> str:
        client = provider(base_url)
        async with aclosing(client.stream(question())) as deltas:
            first = await deltas.__anext__()
            gate.open()
            rest = [delta async for delta in deltas]
        await client.close()
        return text_of([first, *rest])

    with Gateway(chat_stream("one two three", chunk=3).before(1, gate)) as gateway:
        assert asyncio.run(run(gateway.base_url)) == "one two three"


def test_leaving_a_stream_hangs_up() -> None:
    """A reader that stops reading closes the connection while the gateway still writes."""

    async def run(base_url: str) -> None:
        client = provider(base_url)
        async with aclosing(client.stream(question())) as deltas:
            await deltas.__anext__()
        await asyncio.to_thread(gateway.wait_for_hang_up)
        await client.close()

    with Gateway(chat_stream("one two three").before(1, Gate())) as gateway:
        asyncio.run(run(gateway.base_url))
        assert gateway.requests[0].aborted


def test_cancelling_the_reader_hangs_up() -> None:
    """A cancelled task closes the connection, also before the first byte."""

    async def run(base_url: str) -> None:
        client = provider(base_url)

        async def read() -> None:
            async with aclosing(client.stream(question())) as deltas:
                async for _ in deltas:
                    pass

        task = asyncio.create_task(read())
        await asyncio.to_thread(gateway.wait_for_requests)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.to_thread(gateway.wait_for_hang_up)
        await client.close()

    with Gateway(Reply([Gate()])) as gateway:
        asyncio.run(run(gateway.base_url))
        assert gateway.requests[0].aborted


def test_connections_are_kept_for_the_next_question() -> None:
    """Two questions in a row use one connection."""

    async def run(base_url: str) -> None:
        client = provider(base_url)
        await client.warm()
        for _ in range(2):
            async with aclosing(client.stream(question())) as deltas:
                assert [delta async for delta in deltas]
        await client.close()

    with Gateway(chat_stream("fine")) as gateway:
        asyncio.run(run(gateway.base_url))
        assert {record.connection for record in gateway.requests} == {1}


@pytest.mark.parametrize(
    ("name", "kind", "sentence"),
    [
        (
            "wrong key",
            errors.AuthenticationError,
            "RunAPI refuses the API key from RUNAPI_KEY: correct it or run `glm-lsp auth set`.",
        ),
        (
            "unknown model",
            errors.UnknownModelError,
            "RunAPI knows no model “glm-5.1”: choose one that `glm-lsp models` lists.",
        ),
        ("no balance", errors.QuotaError, "RunAPI reports no balance for this API key:"),
        ("web page", errors.UnavailableError, "RunAPI fails on its side:"),
        (
            "cut half-way",
            errors.UnreachableError,
            "RunAPI stopped in the middle of its answer: try again.",
        ),
        ("silent stall", errors.SlowError, "RunAPI was silent for too long:"),
    ],
)
def test_every_fault_has_its_error_and_its_sentence(
    name: str, kind: type[errors.GlmError], sentence: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A fault becomes one error that says what to do, is not repeated, and shows no key."""
    caplog.set_level(logging.DEBUG)
    timeouts = Timeouts(connect=5.0, token=0.3, attempts=3, first_wait=0.01)
    with Gateway(FAULTS[name]) as gateway, pytest.raises(errors.GlmError) as caught:
        ask(gateway, timeouts=timeouts)
    assert type(caught.value) is kind
    assert str(caught.value).startswith(sentence)
    assert len(gateway.requests) == 1
    assert SECRET not in caplog.text + repr(caught.value) + caught.value.detail


def test_a_rate_limit_is_waited_out() -> None:
    """After 429/1302 the same question is asked again, and its answer is the answer."""
    with Gateway(FAULTS["rate limit, then success"]) as gateway:
        assert text_of(ask(gateway)) == "fine"
    first, second = gateway.requests
    assert first.json == second.json


def test_a_long_retry_after_is_not_waited_out() -> None:
    """A service that wants a longer pause than anybody would sit out is not asked again."""
    with (
        Gateway(error(429, "1302", retry_after="3600")) as gateway,
        pytest.raises(errors.RateLimitError) as caught,
    ):
        ask(gateway)
    assert caught.value.retry_after == 3600
    assert len(gateway.requests) == 1


def test_an_unreachable_service_is_named() -> None:
    """Without anything listening the sentence names the host and the setting."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    async def run() -> None:
        client = provider(f"http://127.0.0.1:{port}/v1")
        async with aclosing(client.stream(question())) as deltas:
            await deltas.__anext__()

    with pytest.raises(errors.UnreachableError, match=rf"127\.0\.0\.1:{port}.*glm\.baseUrl"):
        asyncio.run(run())


def test_without_a_key_nothing_is_sent() -> None:
    """A provider that needs a key says which, and opens no connection."""

    async def run(base_url: str) -> None:
        client = HttpProvider(providers.find("runapi"), chat.WIRE, base_url=base_url, key=None)
        async with aclosing(client.stream(question())) as deltas:
            await deltas.__anext__()

    with Gateway(chat_stream("x")) as gateway:
        with pytest.raises(errors.NoKeyError) as caught:
            asyncio.run(run(gateway.base_url))
        assert gateway.requests == gateway.visits == []
    assert str(caught.value) == "No API key: set RUNAPI_KEY or run `glm-lsp auth set`."


def test_a_refused_field_is_left_out_and_remembered() -> None:
    """A service that refuses `thinking` is asked once more without, and never again with it."""
    refusal = error(400, "unsupported_model_capability", "thinking")

    def choose(body: Any) -> Reply:
        return refusal if "thinking" in body else chat_stream("fine")

    async def run(base_url: str) -> None:
        client = provider(base_url)
        for _ in range(2):
            async with aclosing(client.stream(question(thinking=False))) as deltas:
                assert text_of([delta async for delta in deltas]) == "fine"
        assert client.refused("glm-5.1") == {"thinking"}
        await client.close()

    with Gateway(choose) as gateway:
        asyncio.run(run(gateway.base_url))
    assert ["thinking" in record.json for record in gateway.requests] == [True, False, False]


def test_the_key_follows_no_redirect() -> None:
    """A redirect to another host is refused, and that host is never asked."""
    with Gateway(chat_stream("stolen")) as other:
        reply = Reply([], 307, "text/plain", {"Location": f"{other.base_url}/chat/completions"})
        with Gateway(reply) as gateway, pytest.raises(errors.WireError, match="baseUrl"):
            ask(gateway)
        assert other.requests == other.visits == []


def test_a_page_with_status_200_is_not_an_answer() -> None:
    """A web page where the model should be is told from a model's answer."""
    with Gateway(html(200)) as gateway, pytest.raises(errors.WireError, match="web page"):
        ask(gateway)


def test_an_error_in_the_body_of_a_200_is_an_error() -> None:
    """Z.ai answers a wrong path with 200 and the real status inside."""
    body = b'{"code":500,"msg":"404 NOT_FOUND","success":false}'
    with (
        Gateway(Reply([body], content_type="application/json")) as gateway,
        pytest.raises(errors.InvalidRequestError, match="nothing at this address"),
    ):
        ask(gateway)

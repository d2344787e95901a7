"""The connection itself: what goes with it, when it is closed, how long a pause is."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

import httpx
import pytest
import stamina.instrumentation as instrumentation

from glm_lsp import errors, providers
from glm_lsp.llm import error_mapping
from glm_lsp.llm.client import HttpProvider
from glm_lsp.llm.credentials import Key
from glm_lsp.llm.timeouts import Timeouts
from glm_lsp.llm.types import Message, Request, TextDelta
from glm_lsp.llm.wires import chat
from tests.gateway import Gateway, chat_stream, error, frame

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

SECRET = "not-a-key-0123456789"
QUICK = Timeouts(connect=5.0, token=5.0, tail=0.5, attempts=3, first_wait=0.001, longest_wait=0.2)
QUESTION = Request("glm-5.1", "explain", (Message("user", "What is this?"),))


def provider(base_url: str, transport: httpx.AsyncBaseTransport | None = None) -> HttpProvider:
    return HttpProvider(
        providers.find("runapi"),
        chat.WIRE,
        base_url=base_url,
        key=Key(SECRET, "RUNAPI_KEY"),
        timeouts=QUICK,
        transport=transport,
    )


def ask(base_url: str) -> str:
    async def run() -> str:
        client = provider(base_url)
        try:
            async with aclosing(client.stream(QUESTION)) as deltas:
                return "".join([d.text async for d in deltas if isinstance(d, TextDelta)])
        finally:
            await client.close()

    return asyncio.run(run())


class Endless(httpx.AsyncByteStream):
    """An answer that never ends, and counts how often it was closed."""

    closings = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            yield frame({"choices": [{"index": 0, "delta": {"content": "on "}}]})
            await asyncio.sleep(0)

    async def aclose(self) -> None:
        self.closings += 1


@pytest.fixture
def endless() -> tuple[Endless, httpx.MockTransport]:
    body = Endless()
    headers = {"content-type": "text/event-stream"}
    return body, httpx.MockTransport(lambda _: httpx.Response(200, headers=headers, stream=body))


def test_a_stream_that_is_left_is_closed_before_anything_else(
    endless: tuple[Endless, httpx.MockTransport],
) -> None:
    """Whoever stops reading finds the connection closed at once, not some time later."""
    body, transport = endless

    async def run() -> None:
        client = provider("http://127.0.0.1:9/v1", transport)
        async with aclosing(client.stream(QUESTION)) as deltas:
            await deltas.__anext__()
            assert body.closings == 0
        assert body.closings == 1
        await client.close()

    asyncio.run(run())


def test_a_cancelled_reader_has_closed_its_connection_when_it_ends(
    endless: tuple[Endless, httpx.MockTransport],
) -> None:
    """Cancelling closes the connection before the task is over."""
    body, transport = endless

    async def run() -> None:
        client = provider("http://127.0.0.1:9/v1", transport)
        begun = asyncio.Event()
        after: list[int] = []

        async def read() -> None:
            try:
                async with aclosing(client.stream(QUESTION)) as deltas:
                    async for _ in deltas:
                        begun.set()
            finally:
                after.append(body.closings)

        task = asyncio.create_task(read())
        await begun.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert after == [1]
        await client.close()

    asyncio.run(run())


def test_a_connection_ahead_of_time_carries_no_key() -> None:
    """What is opened before anybody asks says nothing of who will."""

    async def run(base_url: str) -> None:
        client = provider(base_url)
        await client.warm()
        await client.close()

    with Gateway(chat_stream("fine")) as gateway:
        asyncio.run(run(gateway.base_url))
        (visit,) = gateway.visits
    assert SECRET not in f"{visit.path} {visit.headers}"


@pytest.fixture
def waits() -> Iterator[list[float]]:
    """The seconds that each retry waits."""
    seen: list[float] = []
    instrumentation.set_on_retry_hooks([lambda details: seen.append(details.wait_for)])
    yield seen
    instrumentation.set_on_retry_hooks(None)


def test_a_pause_that_a_service_asks_for_is_given_it(waits: list[float]) -> None:
    """`Retry-After` decides how long, and not our own back-off."""
    with Gateway([error(429, "1302", retry_after="0.125"), chat_stream("fine")]) as gateway:
        assert ask(gateway.base_url) == "fine"
    assert waits == [0.125]


def test_a_server_of_this_machine_is_asked_through_no_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A proxy in the environment is for services elsewhere; code for a local one stays here."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with Gateway(chat_stream("seen")) as proxy, Gateway(chat_stream("fine")) as gateway:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.base_url)
        assert ask(gateway.base_url) == "fine"
        assert proxy.requests == proxy.visits == []


def test_an_error_of_the_http_library_is_named_without_its_text() -> None:
    """It may hold a header, and with it a key that was cut in two or written otherwise."""
    asked = error_mapping.Asked("RunAPI", "runapi.ai", "glm-5.1", secrets=(SECRET,))
    said = httpx.LocalProtocolError("Illegal header value b'Bearer other-key'")
    ours = error_mapping.from_exception(asked, said)
    assert isinstance(ours, errors.WireError)
    assert ours.detail == "LocalProtocolError"

"""Nothing stays open: not after a cancel in whatever moment, and not for longer than it is of use.

The gateway counts what is connected to it.
"""

from __future__ import annotations

import asyncio
import socket
import time
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING

import pytest

from glm_lsp import errors
from glm_lsp.llm import connections
from tests.gateway import Gateway, Reply, chat_stream, error
from tests.llm.test_connection import QUESTION, provider

if TYPE_CHECKING:
    from glm_lsp.llm.client import HttpProvider

MOST_TURNS = 3_000


async def asked(client: HttpProvider) -> None:
    """Ask, and read to the end."""
    with suppress(errors.GlmError):
        async with aclosing(client.stream(QUESTION)) as deltas:
            async for _ in deltas:
                pass


async def cancelled_after(client: HttpProvider, turns: int, times: int) -> bool:
    """Ask, and cancel after some turns of the loop; tell whether it had ended before."""
    task = asyncio.create_task(asked(client))
    for _ in range(turns):
        await asyncio.sleep(0)
    over = task.done()
    for _ in range(times):  # Whoever waits with a time-out may cancel as well.
        task.cancel()
        await asyncio.sleep(0)
    await asyncio.wait({task})
    return over


async def until(met: list[int], gateway: Gateway) -> int:
    """Return how many connections the gateway has, once it is so few or will not be."""
    end = time.monotonic() + 3
    while len(gateway._tasks) not in met and time.monotonic() < end:
        await asyncio.sleep(0.01)
    return len(gateway._tasks)


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(chat_stream("fine"), id="answer"),
        pytest.param(error(401, "1002"), id="error"),
        pytest.param(chat_stream("fine").cut_after(2), id="cut"),
    ],
)
def test_a_cancel_in_any_moment_leaves_no_connection(reply: Reply, times: int) -> None:
    """Whatever the request is at when nobody wants it any more, its connection is not left."""

    async def work(gateway: Gateway) -> None:
        client = provider(gateway.base_url)
        await asked(client)
        turns, over = 0, 0
        while over < 20 and turns < MOST_TURNS:
            over += await cancelled_after(client, turns, times)
            turns += 1
        assert over
        assert await until([0, 1], gateway) <= 1  # The one that waits for the next question.
        await client.close()
        assert await until([0], gateway) == 0

    with Gateway(reply) as gateway:
        asyncio.run(work(gateway))


def test_a_connection_that_idles_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not only when something is asked again, which may be tomorrow; and then all is as before."""
    monkeypatch.setattr(connections, "KEPT", 0.2)

    async def work(gateway: Gateway) -> None:
        client = provider(gateway.base_url)
        await asked(client)
        assert len(gateway._tasks) == 1
        assert await until([0], gateway) == 0
        await asked(client)
        assert len(gateway.requests) == 2
        await client.close()

    with Gateway(chat_stream("fine")) as gateway:
        asyncio.run(work(gateway))


def test_a_connection_serves_the_next_question() -> None:
    """What was read to its end is used again."""

    async def work(gateway: Gateway) -> None:
        client = provider(gateway.base_url)
        for _ in range(3):
            await asked(client)
        assert {each.connection for each in gateway.requests} == {1}
        await client.close()

    with Gateway(chat_stream("fine")) as gateway:
        asyncio.run(work(gateway))


def test_an_answer_that_nobody_wants_is_reset() -> None:
    """The other end cannot send one byte more: gateways that heed no mere close hear of this."""

    async def work(listening: socket.socket) -> None:
        port = listening.getsockname()[1]
        client = provider(f"http://127.0.0.1:{port}/v1")
        accepting = asyncio.ensure_future(asyncio.to_thread(_answer_and_stop, listening))
        async with aclosing(client.stream(QUESTION)) as deltas:
            await anext(deltas)
            with await accepting as connection:
                await deltas.aclose()
                await asyncio.sleep(0.05)  # For the reset to arrive, which nothing tells.
                with pytest.raises(OSError, match=r"."):
                    connection.send(b"more")
        await client.close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        asyncio.run(work(listening))


def _answer_and_stop(listening: socket.socket) -> socket.socket:
    connection, _ = listening.accept()
    connection.recv(65536)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
    connection.sendall(head + bytes(chat_stream("fine", chunk=4).steps[0]))  # type: ignore[arg-type]
    return connection

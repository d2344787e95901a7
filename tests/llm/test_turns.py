"""What a service sends at once is read in turns: nobody else waits for it."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest

from glm_lsp.errors import WireError
from glm_lsp.llm import bounds
from glm_lsp.llm.connect import connect
from glm_lsp.llm.credentials import Key
from glm_lsp.llm.types import Message, Request, TextDelta
from glm_lsp.settings import Settings
from tests.gateway import Gateway, Reply, chat_stream, frame

if TYPE_CHECKING:
    from collections.abc import Callable

REQUEST = Request(
    model="glm-5.1", feature="explain", messages=(Message("user", "?"),), max_tokens=100
)


def _event(text: str) -> bytes:
    return frame({"choices": [{"index": 0, "delta": {"content": text}}]})


async def heard(gateway: Gateway, each: Callable[[str], object]) -> str:
    """Ask, and call `each` with each piece of the answer."""
    key = Key("not-a-key", "test")
    service = connect(Settings(provider="custom"), key, base_url=gateway.base_url)
    pieces = []
    try:
        async for delta in service.stream(REQUEST):
            if isinstance(delta, TextDelta):
                pieces.append(delta.text)
                each(delta.text)
    finally:
        await service.close()
    return "".join(pieces)


def test_others_have_their_turn_while_an_answer_is_worked_on() -> None:
    """Somebody takes long over each of 200 pieces that came at once: the loop goes on between."""
    steps = chat_stream("word " * 200, chunk=5).steps
    once = Reply([b"".join(step for step in steps if isinstance(step, bytes))])
    turns: list[int] = []

    async def run() -> str:
        async def other() -> None:
            while True:
                turns.append(1)
                await asyncio.sleep(0)

        task = asyncio.ensure_future(other())
        count = 0

        def slow(_: str) -> None:
            nonlocal count
            if not count:
                turns.clear()
            count += 1
            time.sleep(0.001)

        try:
            return await heard(gateway, slow)
        finally:
            task.cancel()

    with Gateway(once) as gateway:
        assert asyncio.run(run()) == "word " * 200
    assert len(turns) > 20


def test_a_large_piece_comes_in_small_ones() -> None:
    """A delta of 900 KB is handed on in pieces that nobody takes long over, nothing lost."""
    said = "".join(f"{n} " for n in range(150_000))
    last: Any = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    sizes: list[int] = []
    with Gateway(Reply([_event(said), frame(last), frame("[DONE]")])) as gateway:
        assert asyncio.run(heard(gateway, lambda text: sizes.append(len(text)))) == said
    assert max(sizes) < bounds.AT_ONCE


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        ([_event("x\n" * 900)] * 10, "answers without an end"),
        ([frame("[" + "1," * 200_000 + "1]")], "protocol expected"),
    ],
)
def test_what_no_answer_holds_is_refused(steps: list[bytes], says: str) -> None:
    """Neither thousands of lines, nor an event that takes long to parse."""
    with Gateway(Reply(steps)) as gateway, pytest.raises(WireError, match=says):
        asyncio.run(heard(gateway, lambda _: None))

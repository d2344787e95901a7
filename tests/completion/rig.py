"""A made-up clock and a made-up model for the engine's tests; time passes only when told to."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from attrs import define, field

from glm_lsp.completion.types import CompletionRequest
from glm_lsp.llm.types import Delta, Finish, FinishReason, Request, TextDelta
from glm_lsp.text import Snapshot, Text

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable

CURSOR = "¦"


class FakeClock:
    """A clock that stands until it is advanced."""

    def __init__(self) -> None:
        self._now = 100.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def now(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        sleeper: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._now + seconds, sleeper))
        await sleeper

    async def advance(self, seconds: float) -> None:
        """Let time pass, waking sleepers in their order."""
        end = self._now + seconds
        await settle()
        while due := [entry for entry in self._sleepers if entry[0] <= end + 1e-9]:
            when, sleeper = min(due, key=lambda entry: entry[0])
            self._sleepers.remove((when, sleeper))
            self._now = max(self._now, when)
            if not sleeper.done():
                sleeper.set_result(None)
            await settle()
        self._now = end


async def settle() -> None:
    """Let everything run that can run without time passing."""
    for _ in range(20):
        await asyncio.sleep(0)


@define
class FakeModel:
    """A provider that streams what `reply` says, a piece at a time.

    `latency` seconds pass before the first piece, `interval` between pieces, and `linger`
    until the stream ends after the answer.
    """

    clock: FakeClock
    reply: Callable[[Request], Iterable[str] | Exception]
    latency: float = 0.2
    interval: float = 0.0
    linger: float = 0.0
    finish: FinishReason = FinishReason.STOP
    requests: list[Request] = field(factory=list)
    open: int = 0
    most_open: int = 0
    sent: int = 0
    closed_early: int = 0

    async def stream(self, request: Request) -> AsyncGenerator[Delta, None]:
        self.requests.append(request)
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        ended = False
        try:
            await self.clock.sleep(self.latency)
            answer = self.reply(request)
            if isinstance(answer, Exception):
                raise answer
            for number, piece in enumerate(answer):
                if number:
                    await self.clock.sleep(self.interval)
                self.sent += 1
                yield TextDelta(piece)
            ended = True
            yield Finish(self.finish)
            await self.clock.sleep(self.linger)
        finally:
            self.open -= 1
            self.closed_early += not ended


def run(test: Coroutine[None, None, None]) -> None:
    """Run a test's coroutine."""
    asyncio.run(asyncio.wait_for(test, 30))


def request(
    marked: str, *, automatic: bool = True, uri: str = "file:///a.py", language: str = "python"
) -> CompletionRequest:
    """Make a request from a text with the cursor marked `¦`."""
    offset = marked.index(CURSOR)
    text = Text.of(marked.replace(CURSOR, ""))
    return CompletionRequest(Snapshot(uri, 1, language, text), offset, automatic)

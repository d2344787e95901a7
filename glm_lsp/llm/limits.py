"""Who may ask now: a few requests at once per model, those somebody waits for first.

Invariants: never more than `concurrency` requests of one model are inside; an action goes
before any completion; among equals, the feature served longest ago goes first, so that one
busy feature cannot starve another. A waiter that is cancelled leaves no trace.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from itertools import count
from typing import TYPE_CHECKING

from attrs import define, field

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


@define(eq=False)
class _Waiter:
    interactive: bool
    feature: str
    number: int
    turn: asyncio.Future[None]


@define(eq=False)
class _ModelQueue:
    """The requests of one model."""

    inside: int = 0
    waiting: list[_Waiter] = field(factory=list)
    served: dict[str, int] = field(factory=dict)


class ConcurrencyLimiter:
    """Lets requests in, model by model."""

    def __init__(self, concurrency: int) -> None:
        self._concurrency = concurrency
        self._queues: dict[str, _ModelQueue] = {}
        self._numbers = count()

    @asynccontextmanager
    async def slot(
        self, model: str, feature: str, *, interactive: bool
    ) -> AsyncGenerator[None, None]:
        """Wait for a turn, and hold it while the block runs."""
        queue = self._queues.setdefault(model, _ModelQueue())
        if queue.inside < self._concurrency:
            queue.inside += 1
        else:
            await self._wait(queue, feature, interactive=interactive)
        queue.served[feature] = next(self._numbers)
        try:
            yield
        finally:
            self._leave(queue)

    def waiting(self, model: str) -> int:
        """Return how many requests wait for their turn."""
        queue = self._queues.get(model)
        return len(queue.waiting) if queue else 0

    async def _wait(self, queue: _ModelQueue, feature: str, *, interactive: bool) -> None:
        turn = asyncio.get_running_loop().create_future()
        waiter = _Waiter(interactive, feature, next(self._numbers), turn)
        queue.waiting.append(waiter)
        try:
            await turn
        except asyncio.CancelledError:
            if waiter in queue.waiting:
                queue.waiting.remove(waiter)
            elif turn.done() and not turn.cancelled():
                self._leave(queue)  # The turn came in the same moment: pass it on.
            raise

    def _leave(self, queue: _ModelQueue) -> None:
        queue.waiting = [waiter for waiter in queue.waiting if not waiter.turn.done()]
        if not queue.waiting:
            queue.inside -= 1
            return
        following = min(
            queue.waiting,
            key=lambda w: (not w.interactive, queue.served.get(w.feature, -1), w.number),
        )
        queue.waiting.remove(following)
        following.turn.set_result(None)  # It takes over the place; `inside` stays.

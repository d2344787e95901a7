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
class _Lane:
    """The requests of one model."""

    inside: int = 0
    waiting: list[_Waiter] = field(factory=list)
    served: dict[str, int] = field(factory=dict)


class Gate:
    """Lets requests in, model by model."""

    def __init__(self, concurrency: int) -> None:
        self._concurrency = concurrency
        self._lanes: dict[str, _Lane] = {}
        self._numbers = count()

    @asynccontextmanager
    async def slot(
        self, model: str, feature: str, *, interactive: bool
    ) -> AsyncGenerator[None, None]:
        """Wait for a turn, and hold it while the block runs."""
        lane = self._lanes.setdefault(model, _Lane())
        if lane.inside < self._concurrency:
            lane.inside += 1
        else:
            await self._wait(lane, feature, interactive=interactive)
        lane.served[feature] = next(self._numbers)
        try:
            yield
        finally:
            self._leave(lane)

    def waiting(self, model: str) -> int:
        """Return how many requests wait for their turn."""
        lane = self._lanes.get(model)
        return len(lane.waiting) if lane else 0

    async def _wait(self, lane: _Lane, feature: str, *, interactive: bool) -> None:
        turn = asyncio.get_running_loop().create_future()
        waiter = _Waiter(interactive, feature, next(self._numbers), turn)
        lane.waiting.append(waiter)
        try:
            await turn
        except asyncio.CancelledError:
            if waiter in lane.waiting:
                lane.waiting.remove(waiter)
            elif turn.done() and not turn.cancelled():
                self._leave(lane)  # The turn came in the same moment: pass it on.
            raise

    def _leave(self, lane: _Lane) -> None:
        lane.waiting = [waiter for waiter in lane.waiting if not waiter.turn.done()]
        if not lane.waiting:
            lane.inside -= 1
            return
        following = min(
            lane.waiting,
            key=lambda w: (not w.interactive, lane.served.get(w.feature, -1), w.number),
        )
        lane.waiting.remove(following)
        following.turn.set_result(None)  # It takes over the place; `inside` stays.

"""The slot that all of a user's processes share: its order, its price, and a disk that hangs."""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from glm_lsp.llm.limits import ConcurrencyLimiter
from glm_lsp.llm.shared_slot import SharedSlot
from glm_lsp.llm.types import Request

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ACTION = Request("glm-5.1", "fix")
COMPLETION = Request("glm-5.1", "completion", interactive=False)


class Window:
    """What one process has: a slot, and a limiter of its own."""

    def __init__(self, folder: Callable[[], Path], service: str = "api.example") -> None:
        self._slot = SharedSlot(folder, service)
        self._limiter = ConcurrencyLimiter(1)

    async def ask(self, request: Request, order: list[str], name: str, hold: float = 0.0) -> None:
        async with self._slot.turn(self._limiter, request):
            order.append(name)
            await asyncio.sleep(hold)
            order.append(f"/{name}")


def test_actions_of_any_window_go_before_completions(tmp_path: Path) -> None:
    """Each has its turn alone; one that asks by name passes those that came before it."""

    async def work() -> list[str]:
        windows = [Window(lambda: tmp_path) for _ in range(4)]
        order: list[str] = []
        asked = [
            (ACTION, "first"),
            (COMPLETION, "ghost"),
            (COMPLETION, "ghost"),
            (ACTION, "action"),
        ]
        tasks = []
        for window, (request, name) in zip(windows, asked, strict=True):
            tasks.append(asyncio.create_task(window.ask(request, order, name, 0.15)))
            await asyncio.sleep(0.05)
        await asyncio.gather(*tasks)
        return order

    order = asyncio.run(work())
    assert order[:4] == ["first", "/first", "action", "/action"]
    assert order[4:] == ["ghost", "/ghost"] * 2


def test_other_models_and_services_have_their_own(tmp_path: Path) -> None:
    """Nobody waits for another model, nor for another host."""

    async def work() -> None:
        holder, same, elsewhere = (
            Window(lambda: tmp_path, name) for name in ("one", "one", "other")
        )
        order: list[str] = []
        held = asyncio.create_task(holder.ask(ACTION, order, "held", 60))
        await asyncio.sleep(0.05)
        await asyncio.wait_for(same.ask(Request("glm-4.7", "fix"), order, "model"), 5)
        await asyncio.wait_for(elsewhere.ask(ACTION, order, "service"), 5)
        held.cancel()
        await asyncio.gather(held, return_exceptions=True)
        await asyncio.wait_for(same.ask(ACTION, order, "freed"), 5)

    asyncio.run(work())


def test_who_gives_up_waiting_leaves_no_wish(tmp_path: Path) -> None:
    """A cancelled action holds completions back no longer; names in the folder tell nothing."""

    async def work() -> None:
        holder, waiter, typing = (Window(lambda: tmp_path / "turns") for _ in range(3))
        order: list[str] = []
        held = asyncio.create_task(holder.ask(ACTION, order, "held", 0.3))
        await asyncio.sleep(0.05)
        given_up = asyncio.create_task(waiter.ask(ACTION, order, "given up"))
        await asyncio.sleep(0.1)
        given_up.cancel()
        await asyncio.gather(given_up, return_exceptions=True)
        await asyncio.wait_for(typing.ask(COMPLETION, order, "ghost"), 5)
        await held
        assert order == ["held", "/held", "ghost", "/ghost"]

    asyncio.run(work())
    kept = list((tmp_path / "turns").iterdir())
    assert len(kept) == 2
    assert not any("glm" in path.name or "example" in path.name for path in kept)
    assert all(path.stat().st_size == 0 for path in kept)
    if sys.platform != "win32":
        assert {path.stat().st_mode & 0o777 for path in [*kept, tmp_path / "turns"]} == {
            0o600,
            0o700,
        }


def test_a_free_turn_costs_little(tmp_path: Path) -> None:
    """It takes no longer than a few hops to a thread: 0.2 ms where it was measured."""

    async def work() -> float:
        window = Window(lambda: tmp_path)
        took: tuple[list[float], list[float]] = ([], [])
        for _ in range(200):
            times = [time.perf_counter()]
            await asyncio.to_thread(int)
            times.append(time.perf_counter())
            await window.ask(ACTION, [], "x")
            times.append(time.perf_counter())
            for each, (begun, ended) in zip(took, pairwise(times), strict=True):
                each.append(ended - begun)
        hop, turn = map(statistics.median, took)
        return turn / hop

    assert asyncio.run(work()) < 10


@pytest.mark.parametrize("cancelled", [False, True])
def test_a_disk_that_hangs_holds_up_nobody_but_for_a_second(
    tmp_path: Path, *, cancelled: bool
) -> None:
    """The event loop goes on meanwhile; then the request goes without a turn, or is cancelled."""

    def hangs() -> Path:
        time.sleep(1.5)
        return tmp_path

    async def work() -> None:
        order: list[str] = []
        begun = time.monotonic()
        asking = asyncio.create_task(Window(hangs).ask(ACTION, order, "x"))
        longest = 0.0
        while not asking.done() and time.monotonic() - begun < 1.4:
            before = time.monotonic()
            await asyncio.sleep(0.01)
            longest = max(longest, time.monotonic() - before)
            if cancelled and before - begun > 0.2:
                asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        assert longest < 0.3
        assert order == ([] if cancelled else ["x", "/x"])
        await asyncio.sleep(1.6 - (time.monotonic() - begun))
        await asyncio.wait_for(Window(lambda: tmp_path).ask(ACTION, order, "after"), 5)

    asyncio.run(work())

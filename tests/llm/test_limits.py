"""The limiter: how many ask at once, and who goes first."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from glm_lsp.llm.limits import ConcurrencyLimiter
from glm_lsp.llm.stops import StopCutter


def order_of(arrivals: list[tuple[str, bool]], concurrency: int = 1) -> list[str]:
    """Return the order in which features get in that arrive while the limiter is held."""
    order: list[str] = []

    async def run() -> None:
        limiter = ConcurrencyLimiter(concurrency)

        async def visit(feature: str, *, interactive: bool) -> None:
            async with limiter.slot("m", feature, interactive=interactive):
                order.append(feature)

        async with limiter.slot("m", "holder", interactive=True):
            tasks = []
            for feature, interactive in arrivals:
                tasks.append(asyncio.create_task(visit(feature, interactive=interactive)))
                await asyncio.sleep(0)
            assert order == []
        await asyncio.gather(*tasks)

    asyncio.run(run())
    return order


def test_actions_go_before_completions_that_wait_longer() -> None:
    """Who waits by name goes first; completions follow in their order."""
    arrivals = [("completion", False), ("completion", False), ("fix", True), ("explain", True)]
    assert order_of(arrivals) == ["fix", "explain", "completion", "completion"]


def test_a_busy_feature_does_not_starve_another() -> None:
    """Among equals, the feature served longest ago is next."""
    arrivals = [("fix", True)] * 3 + [("explain", True)] * 2
    assert order_of(arrivals) == ["fix", "explain", "fix", "explain", "fix"]


def test_models_do_not_wait_for_each_other() -> None:
    """A second model gets in while the first is busy."""

    async def run() -> None:
        limiter = ConcurrencyLimiter(1)
        async with (
            limiter.slot("a", "fix", interactive=True),
            limiter.slot("b", "fix", interactive=True),
        ):
            assert limiter.waiting("a") == limiter.waiting("b") == 0

    asyncio.run(asyncio.wait_for(run(), 5))


def test_a_cancelled_waiter_leaves_no_trace() -> None:
    """Whoever gives up, before or in the moment of their turn, lets the next one in."""

    async def run() -> None:
        limiter = ConcurrencyLimiter(1)

        async def visit() -> None:
            async with limiter.slot("m", "fix", interactive=True):
                pass

        async with limiter.slot("m", "fix", interactive=True):
            early, late, last = (asyncio.create_task(visit()) for _ in range(3))
            await asyncio.sleep(0)
            early.cancel()
            await asyncio.sleep(0)
            assert limiter.waiting("m") == 2
        late.cancel()  # Its turn has come, but it has not run yet.
        await asyncio.gather(early, late, last, return_exceptions=True)
        assert not last.cancelled()
        await visit()

    asyncio.run(asyncio.wait_for(run(), 5))


@settings(max_examples=50, deadline=None)
@given(
    st.integers(1, 4),
    st.lists(
        st.tuples(st.sampled_from("abc"), st.booleans(), st.integers(0, 3), st.booleans()),
        max_size=25,
    ),
)
def test_never_more_inside_than_allowed_and_everybody_gets_in(
    concurrency: int, visitors: list[tuple[str, bool, int, bool]]
) -> None:
    """However visitors come, stay and give up, the limit holds and the limiter ends up free."""
    inside = most = entered = 0

    async def visit(
        limiter: ConcurrencyLimiter, feature: str, interactive: bool, stay: int
    ) -> None:
        nonlocal inside, most, entered
        async with limiter.slot("m", feature, interactive=interactive):
            inside, entered = inside + 1, entered + 1
            most = max(most, inside)
            try:
                for _ in range(stay):
                    await asyncio.sleep(0)
            finally:
                inside -= 1

    async def run() -> None:
        limiter = ConcurrencyLimiter(concurrency)
        tasks = []
        for feature, interactive, stay, impatient in visitors:
            task = asyncio.create_task(visit(limiter, feature, interactive, stay))
            tasks.append(task)
            await asyncio.sleep(0)
            if impatient:
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert limiter.waiting("m") == 0
        full = [
            asyncio.create_task(visit(limiter, "z", interactive=True, stay=1)) for _ in range(9)
        ]
        await asyncio.gather(*full)

    asyncio.run(asyncio.wait_for(run(), 20))
    assert most <= concurrency
    assert inside == 0
    assert entered >= 9 + sum(not impatient for *_, impatient in visitors)


@given(st.text("ab\n", max_size=30), st.text("ab\n", min_size=1, max_size=4), st.randoms())
def test_a_cut_at_the_stop_is_the_same_however_the_text_arrives(
    text: str, stop: str, random: object
) -> None:
    """Pieces of any size give the text up to the first stop, and nothing of it."""
    import random as module

    assert isinstance(random, module.Random)
    cutter = StopCutter(stop)
    passed, rest = "", text
    while rest and not cutter.stopped:
        size = random.randint(1, 4)
        passed += cutter.feed(rest[:size])
        rest = rest[size:]
    if not cutter.stopped:
        passed += cutter.rest()
    assert passed == text.partition(stop)[0]
    assert cutter.stopped == (stop in text)

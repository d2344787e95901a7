"""How long a busy service is waited for."""

from __future__ import annotations

import asyncio

import pytest

from glm_lsp.errors import GlmError, RateLimitError, UnavailableError
from glm_lsp.llm.patience import Patience
from glm_lsp.llm.timeouts import Timeouts

BUSY = RateLimitError("Too much.", status=429, code="1302")


def attempts(timeouts: Timeouts, error: GlmError = BUSY) -> tuple[int, float, list[str]]:
    """Return how often is waited, for how long all together, and what is told."""
    told: list[str] = []

    async def work() -> tuple[int, float]:
        patience = Patience(timeouts, "RunAPI", lambda whom, _: told.append(whom))
        loop = asyncio.get_running_loop()
        begun, count = loop.time(), 0
        while True:
            try:
                await patience.wait(error)
            except GlmError:
                return count, loop.time() - begun
            count += 1

    return *asyncio.run(work()), told


def test_both_bounds_hold() -> None:
    """No more attempts than are allowed, and no longer than there is patience for."""
    count, _, told = attempts(Timeouts(first_wait=0.001, patience=60, patient_attempts=5))
    assert count == 4
    assert told == ["RunAPI", ""] * 4
    count, took, _ = attempts(Timeouts(first_wait=0.05, patience=0.5, patient_attempts=99))
    assert 2 <= count <= 4
    assert took <= 0.5


def test_waits_of_two_windows_differ() -> None:
    """Those that were refused together do not come back together."""
    timeouts = Timeouts(first_wait=0.05, patience=60, patient_attempts=2)
    assert len({round(attempts(timeouts)[1], 4) for _ in range(6)}) > 2


@pytest.mark.parametrize(
    "error",
    [
        UnavailableError("It fails.", status=500, code="1230"),
        UnavailableError("It fails.", status=502),
        GlmError("Another thing."),
    ],
)
def test_what_may_have_been_billed_or_does_not_pass_is_not_waited_for(error: GlmError) -> None:
    """Only what says that it is busy is."""
    assert attempts(Timeouts(first_wait=0.001), error)[0] == 0

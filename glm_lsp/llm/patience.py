"""Waits out a service that is busy, for somebody who waits by name and sees it.

Invariants: a service that says how long is not asked sooner; nobody waits longer than the
time-outs say, all waits together, nor for more attempts; a cancel ends the wait at once.
"""

from __future__ import annotations

import asyncio
import math
import random
from typing import TYPE_CHECKING

from glm_lsp.llm import error_mapping

if TYPE_CHECKING:
    from collections.abc import Callable

    from glm_lsp.errors import GlmError
    from glm_lsp.llm.timeouts import Timeouts

    Waits = Callable[[str, int], None]

_LONGEST = 16.0  # Seconds between two attempts, where the service does not say.
_TICK = 1.0  # Seconds after which the rest of a wait is told again.


class Patience:
    """The waits of one request."""

    def __init__(self, timeouts: Timeouts, service: str, waits: Waits | None) -> None:
        """Wait for a service while `waits` is told its name and the seconds that are left."""
        self._service = service
        self._waits = waits
        self._attempts = timeouts.patient_attempts
        self._patience = timeouts.patience
        self._pause = timeouts.first_wait
        self._until: float | None = None

    async def wait(self, error: GlmError) -> None:
        """Wait before the next attempt.

        Raises:
            GlmError: the error itself, where waiting does not help or has lasted long enough.
        """
        now = asyncio.get_running_loop().time()
        if self._until is None:
            self._until = now + self._patience
        self._attempts -= 1
        if self._waits is None or not error_mapping.is_busy(error) or self._attempts <= 0:
            raise error
        said: float | None = getattr(error, "retry_after", None)
        pause = self._pause * random.uniform(0.75, 1.25) if said is None else said  # noqa: S311
        self._pause = min(self._pause * 2, _LONGEST)
        if now + pause > self._until:
            raise error
        await self._sleep(now + pause)
        self._waits("", 0)

    async def _sleep(self, end: float) -> None:
        loop = asyncio.get_running_loop()
        while (rest := end - loop.time()) > 0:
            if self._waits is not None:
                self._waits(self._service, math.ceil(rest))
            await asyncio.sleep(min(rest, _TICK))

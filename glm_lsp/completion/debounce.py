"""How long to wait after a keystroke before asking; time itself is a parameter.

Invariant: the wait is a little longer than the user's own time between two keys, so that a
request goes out when the hand pauses and not in the middle of a word. The first key after
a rest does not wait, as long as early answers often enough foresee what is typed then.
An editor that asks only when the hand has paused is not made to wait a second time: it is
known by several characters having been typed from one request to the next.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from statistics import median
from typing import Protocol

SHORTEST, LONGEST = 0.06, 0.25
REST = 1.0
_FIRST_GUESS = 0.12
_REMEMBERED = 10
_WEIGHT = 0.25
_WORTHWHILE = 0.2
_TRY_AGAIN = 5
_MOSTLY = 0.6


class Clock(Protocol):
    """What the engine knows of time."""

    def now(self) -> float:
        """Return seconds since any fixed moment."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class RealClock:
    """The machine's monotonic clock."""

    def now(self) -> float:
        """Return seconds since any fixed moment."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


class Debounce:
    """The typing speed of one user and the wait that follows from it, in seconds."""

    def __init__(self, fixed: float | None = None) -> None:
        """Wait a fixed time instead of an adaptive one if `fixed` is given."""
        self._fixed = fixed
        self._gaps: deque[float] = deque(maxlen=_REMEMBERED)
        self._last: float | None = None
        self._first_of_burst = True
        self._agreement = 0.5
        self._bursts = 0
        self._batched = 0.0
        self._accepted = False

    def keystroke(self, now: float, characters: int = 1) -> None:
        """Take note of a request, and of how many characters were typed since the last."""
        gap = REST if self._last is None else now - self._last
        self._last = now
        self._accepted = False
        self._first_of_burst = gap >= REST
        if self._first_of_burst:
            self._bursts += 1
        else:
            self._gaps.append(gap)
            self._batched += _WEIGHT * ((characters > 1) - self._batched)

    def acceptance(self) -> None:
        """Take note that a suggestion was accepted: the hand waits for the next, and rests."""
        self._last = None
        self._accepted = True

    def note_prediction(self, agreed: bool) -> None:
        """Take note whether an answer agreed with what was typed while it was made."""
        self._agreement += _WEIGHT * (agreed - self._agreement)

    @property
    def leading(self) -> bool:
        """Whether asking at the first key of a burst pays; tried now and then in any case."""
        return self._agreement >= _WORTHWHILE or self._bursts % _TRY_AGAIN == 0

    @property
    def pause(self) -> float:
        """How long after a key the hand is taken to have paused."""
        gaps = self._gaps or (_FIRST_GUESS,)
        typical = median(gaps)
        spread = sum(abs(gap - typical) for gap in gaps) / len(gaps)
        return max(SHORTEST, min(LONGEST, 1.06 * typical + 0.5 * spread))

    def delay(self, now: float) -> float:
        """Return how long to wait from now on."""
        if self._accepted:
            return 0.0
        if self._fixed is None and self._first_of_burst and self.leading:
            return 0.0
        if self._fixed is None and self._batched > _MOSTLY:
            return 0.0
        wait = self.pause if self._fixed is None else self._fixed
        return max(0.0, wait - (now - (self._last if self._last is not None else now)))

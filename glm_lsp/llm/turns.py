"""What has arrived at once is not worked on at once.

Reading what is there already never waits, so that a service which sends much in one go, or
someone far down who takes long over each word, would keep everybody else waiting.

Invariant: whoever reads a stream lets others have their turn after a few milliseconds of work.
"""

from __future__ import annotations

import asyncio

_TURN = 0.003  # Seconds.


class Turns:
    """Counts the time since others had their turn."""

    def __init__(self) -> None:
        self._clock = asyncio.get_running_loop().time
        self._began = self._clock()

    async def give(self) -> None:
        """Let others have their turn, if it is time."""
        if self._clock() - self._began > _TURN:
            await asyncio.sleep(0)
            self._began = self._clock()

"""What was used today, by every server that writes to the same usage store.

Invariants: the day is the user's own, from midnight to midnight; what this process recorded
before it asks is counted; reading never blocks the loop and never fails who asks.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from datetime import datetime
from typing import TYPE_CHECKING

from glm_lsp.timeout import timeout

if TYPE_CHECKING:
    from glm_lsp.llm.usage_store import UsageStore, Used

_log = logging.getLogger(__name__)

_WITHIN = 2.0  # Seconds; another server may hold the usage store, and nobody waits long for it.


async def used_today(store: UsageStore, now: float) -> Used | None:
    """Return what was used since midnight (`now` in seconds since the epoch); None: not known."""
    try:
        reading = asyncio.wrap_future(store.used(midnight(now)))
        async with timeout(_WITHIN):
            return await reading
    except (sqlite3.Error, OSError, asyncio.TimeoutError) as error:
        _log.warning("Today’s usage is not known: %r", error)
        return None


def midnight(now: float) -> float:
    """Return when the user's day began, in seconds since the epoch."""
    moment = datetime.fromtimestamp(now)  # noqa: DTZ006  # The user's own day.
    return moment.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()

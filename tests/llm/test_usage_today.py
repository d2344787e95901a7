"""What was used today: whose requests count, and when a day begins."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from glm_lsp.llm.usage_store import UsageStore, Used
from glm_lsp.llm.usage_today import midnight, used_today
from tests.llm.test_usage_store import record

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2026, 11, 24, 12).timestamp()  # noqa: DTZ001  # The user's own day.
HOUR = 3600.0


@pytest.fixture
def store(tmp_path: Path) -> UsageStore:
    return UsageStore(tmp_path / "usage.sqlite3")


def ask(store: UsageStore, now: float) -> Used | None:
    return asyncio.run(used_today(store, now))


def test_today_is_everybodys_requests_since_midnight(store: UsageStore) -> None:
    """Another window's requests count; yesterday's do not."""
    other = UsageStore(store.path)
    other.add(evolve(record("m", 0), at=NOON - 13 * HOUR, prompt=7000))
    other.add(evolve(record("m", 0), at=NOON - 11 * HOUR, cost=0.25))
    other.close()
    store.add(evolve(record("m", 0), at=NOON, cost=0.5))
    assert ask(store, NOON) == Used(220, 0.75)
    store.close()


def test_at_midnight_the_day_begins_with_nothing(store: UsageStore) -> None:
    """One second before midnight the day has its tokens, at midnight it has none."""
    store.add(evolve(record("m", 0), at=NOON))
    assert ask(store, NOON + 12 * HOUR - 1) == Used(110, 0.001)
    assert ask(store, NOON + 12 * HOUR) == Used(0, None)
    store.close()


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the time zone cannot be set here")
def test_the_day_is_the_users_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Midnight is where the user is, also on the day whose clocks change."""
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    try:
        evening = datetime(2026, 10, 25, 20).timestamp()  # noqa: DTZ001  # Local, of set purpose.
        assert evening - midnight(evening) == 21 * HOUR
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_usage_store_that_cannot_be_read_is_not_known(store: UsageStore) -> None:
    """Nobody fails because the file is broken: the day's usage is just not known."""
    store.path.write_text("no database " * 1000)
    assert ask(store, NOON) is None
    store.close()

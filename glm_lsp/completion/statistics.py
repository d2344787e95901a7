"""How often what happened to suggestions, by day.

Invariant: counts hold no text, stay on this machine, and several editors may count at once.
Losing some is better than keeping a keystroke waiting.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

Event = Literal["shown", "accepted", "partly_accepted", "kept", "changed", "refused"]

_TABLE = (
    "CREATE TABLE IF NOT EXISTS tally (day TEXT, event TEXT, count INT, PRIMARY KEY (day, event))"
)
_ADD = (
    "INSERT INTO tally VALUES (?, ?, ?)"
    " ON CONFLICT (day, event) DO UPDATE SET count = count + excluded.count"
)
_PATIENCE = 0.2


def open_tally(directory: Path | None = None) -> Tally:
    """Return the user's counts, in the operating system's place for such data."""
    if directory is None:
        from platformdirs import user_data_path

        directory = user_data_path("glm-lsp", appauthor=False)
    return Tally(directory / "completions.sqlite3", lambda: datetime.now().date().isoformat())  # noqa: DTZ005


class Tally:
    """Counts of each day; without a path they are only held."""

    def __init__(self, path: Path | None, today: Callable[[], str]) -> None:
        """Count into the SQLite file `path`; `today` returns the day as `2026-11-23`."""
        self._path = path
        self._today = today
        self._new: Counter[tuple[str, Event]] = Counter()

    def add(self, event: Event) -> None:
        """Count an event."""
        self._new[self._today(), event] += 1

    def write(self) -> None:
        """Add the new counts to the file; when that fails they wait for the next time."""
        if self._path is None or not self._new:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._connect()) as database, database:
                database.executemany(_ADD, [(*key, count) for key, count in self._new.items()])
        except (OSError, sqlite3.Error):
            return
        self._new.clear()

    def read(self) -> Mapping[str, Mapping[str, int]]:
        """Return the counts by day and event, those not yet written included."""
        days: dict[str, Counter[str]] = {}
        for day, event, count in [
            *self._written(),
            *((*key, count) for key, count in self._new.items()),
        ]:
            days.setdefault(day, Counter())[event] += count
        return days

    def _written(self) -> list[tuple[str, str, int]]:
        if self._path is None or not self._path.exists():
            return []
        try:
            with closing(self._connect()) as database:
                return database.execute("SELECT day, event, count FROM tally").fetchall()
        except sqlite3.Error:
            return []

    def _connect(self) -> sqlite3.Connection:
        database = sqlite3.connect(str(self._path), timeout=_PATIENCE)
        try:
            database.execute("PRAGMA synchronous = OFF")
            database.execute(_TABLE)
        except sqlite3.Error:
            database.close()
            raise
        return database

"""What became of the suggestions, counted by day.

Invariants: each suggestion counts once as shown, however much of it was typed meanwhile, and
those behind it when one of them is taken. It
counts as kept when most of its lines still stand where it was put 30 seconds after it was
accepted. Counts hold no text, are this user's alone, and several editors may count at once;
losing some is better than keeping a keystroke waiting.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, OrderedDict
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from attrs import frozen

from glm_lsp import private_files
from glm_lsp.context.cursor import with_line_feeds
from glm_lsp.text import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from glm_lsp.completion.types import Suggestion
    from glm_lsp.text import Snapshot

KEPT_AFTER = 30.0
_REMEMBERED = 50
_NEAR = 2_000
_MOST = 0.5

Event = Literal["shown", "accepted", "partly_accepted", "kept", "changed", "refused"]

_TABLE = (
    "CREATE TABLE IF NOT EXISTS tally (day TEXT, event TEXT, count INT, PRIMARY KEY (day, event))"
)
_ADD = (
    "INSERT INTO tally VALUES (?, ?, ?)"
    " ON CONFLICT (day, event) DO UPDATE SET count = count + excluded.count"
)
_PATIENCE = 0.2


@frozen
class ShownSuggestion:
    """A suggestion and the document it was made for."""

    uri: str
    suggestion: Suggestion


class Acceptance:
    """Follows the suggestions of one client."""

    def __init__(self, statistics: Statistics, current: Callable[[str], Snapshot | None]) -> None:
        """Count into `statistics`; `current` returns a document as it is now."""
        self._statistics = statistics
        self._current = current
        self._shown: OrderedDict[str, ShownSuggestion] = OrderedDict()
        self._seen: set[str] = set()
        self._partly: set[str] = set()

    def shown(self, uri: str, suggestions: Sequence[Suggestion]) -> None:
        """Count the suggestion that the user sees, the first time; the others wait behind it."""
        self._see(suggestions[0].id)
        for suggestion in suggestions:
            self._shown[suggestion.id] = ShownSuggestion(uri, suggestion)
            self._shown.move_to_end(suggestion.id)
        while len(self._shown) > _REMEMBERED:
            old, _ = self._shown.popitem(last=False)
            self._seen.discard(old)
            self._partly.discard(old)

    def accepted(self, suggestion_id: str) -> ShownSuggestion | None:
        """Count a suggestion that the user took; None when it is not known (any more)."""
        known = self._shown.pop(suggestion_id, None)
        if known is not None:
            self._see(suggestion_id)
            self._seen.discard(suggestion_id)
            self._statistics.add("accepted")
            self._statistics.write()
        return known

    def with_accepted(self, known: ShownSuggestion) -> Snapshot | None:
        """Return the document that holds an accepted suggestion, None if it does not (yet)."""
        snapshot, suggestion = self._current(known.uri), known.suggestion
        if snapshot is None:
            return None
        end = suggestion.span.start + len(suggestion.text)
        if end > len(snapshot.text):
            return None
        span = Span(suggestion.span.start, end)
        return snapshot if snapshot.slice(span) == suggestion.text else None

    def partly_accepted(self, suggestion_id: str) -> None:
        """Count a suggestion of which the user took a part, once."""
        if suggestion_id in self._shown and suggestion_id not in self._partly:
            self._see(suggestion_id)
            self._partly.add(suggestion_id)
            self._statistics.add("partly_accepted")

    def refused(self) -> None:
        """Count a suggestion that the user typed past or dismissed."""
        self._statistics.add("refused")

    def look_again(self, known: ShownSuggestion) -> None:
        """Count whether an accepted suggestion was kept, unless its document is closed."""
        snapshot = self._current(known.uri)
        if snapshot is not None:
            self._statistics.add("kept" if is_kept(known.suggestion, snapshot) else "changed")
            self._statistics.write()

    def close(self) -> None:
        """Write what was counted."""
        self._statistics.write()

    def _see(self, suggestion_id: str) -> None:
        if suggestion_id not in self._seen:
            self._seen.add(suggestion_id)
            self._statistics.add("shown")


class Statistics:
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
            with closing(self._connect(self._path)) as database, database:
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
            with closing(self._connect(self._path)) as database:
                return database.execute("SELECT day, event, count FROM tally").fetchall()
        except (OSError, sqlite3.Error):
            return []

    def _connect(self, path: Path) -> sqlite3.Connection:
        database = sqlite3.connect(private_files.file(path), timeout=_PATIENCE)
        try:
            database.execute("PRAGMA synchronous = OFF")
            database.execute(_TABLE)
        except sqlite3.Error:
            database.close()
            raise
        return database


def open_statistics(directory: Path | None = None) -> Statistics:
    """Return the user's counts, in the operating system's place for such data."""
    if directory is None:
        from platformdirs import user_data_path

        directory = user_data_path("glm-lsp", appauthor=False)
    return Statistics(directory / "completions.sqlite3", lambda: datetime.now().date().isoformat())  # noqa: DTZ005


def is_kept(suggestion: Suggestion, snapshot: Snapshot) -> bool:
    """Tell whether most lines of a suggestion still stand near where it was put."""
    start = max(0, min(suggestion.span.start, len(snapshot.text)) - _NEAR)
    end = min(len(snapshot.text), suggestion.span.start + len(suggestion.text) + _NEAR)
    near = with_line_feeds(snapshot.slice(Span(start, max(start, end))))
    lines = [line.strip() for line in with_line_feeds(suggestion.text).split("\n") if line.strip()]
    return sum(line in near for line in lines) > _MOST * len(lines)

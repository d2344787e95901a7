"""What was asked and what it took: one row per request, in SQLite.

Invariants: recording never blocks and never fails a request (a thread of its own writes);
several servers write to one file at once; a row that was committed survives the end of
any of them. No text is ever stored: only names, counts and times.
"""

from __future__ import annotations

import atexit
import logging
import queue
import sqlite3
import threading
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from attrs import astuple, fields, frozen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_log = logging.getLogger(__name__)

_WAIT = 30.0  # Seconds to wait for another server's commit.
_LAST_WAIT = 5.0  # Seconds that the end of a server may wait for the disk.
_BATCH = 500  # The most rows of one commit.
_RECENT = 300  # How many requests of a model say how long its tokens are.


@frozen
class Record:
    """One request.

    Attributes:
        at: when it was asked, in seconds since the epoch.
        size: the characters of its prompt, by which token estimates are calibrated.
        first_token: seconds until the first piece of the answer; None without one.
        duration: seconds until its end.
        outcome: "done", "abandoned" (nobody wanted the rest), or the name of an error.
        cost: an estimate in USD; None when the price is unknown. Failures cost nothing.
        counted: False when the service reported no usage and the tokens are estimates.
    """

    at: float
    provider: str
    model: str
    feature: str
    prompt: int
    cached: int
    output: int
    reasoning: int
    size: int
    first_token: float | None
    duration: float
    outcome: str
    cost: float | None
    counted: bool = True


_COLUMNS = tuple(attribute.name for attribute in fields(Record))

# "or" and plain names: all text here is ours, nothing a user wrote.
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS request ({", ".join(_COLUMNS)});
CREATE INDEX IF NOT EXISTS request_at ON request (at);
CREATE INDEX IF NOT EXISTS request_model ON request (model, at);
CREATE TABLE IF NOT EXISTS acceptance (at, model, feature);
"""
_INSERT = f"INSERT INTO request VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608
_ACCEPT = "INSERT INTO acceptance VALUES (?, ?, ?)"

_Row = tuple[str, tuple[object, ...]]


class Ledger:
    """Writes to the file in a thread of its own, which starts with the first record.

    What is still to be written when the process ends is written then.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._rows: queue.SimpleQueue[_Row | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def add(self, record: Record) -> None:
        """Record a request; returns at once."""
        self._put((_INSERT, astuple(record)))

    def accepted(self, at: float, model: str, feature: str) -> None:
        """Record that the user took what a model suggested; returns at once."""
        self._put((_ACCEPT, (at, model, feature)))

    def close(self) -> None:
        """Write what is still to be written, and end the thread."""
        thread, self._thread = self._thread, None
        if thread is not None:
            atexit.unregister(self.close)
            self._rows.put(None)
            thread.join(_LAST_WAIT)

    def spent(self, since: float) -> float:
        """Return the estimated USD spent since a moment; reads the file, so not in the loop."""
        with opened(self.path) as connection:
            (total,) = connection.execute(
                "SELECT coalesce(sum(cost), 0) FROM request WHERE at >= ?", (since,)
            ).fetchone()
        return float(total)

    def lengths(self) -> dict[str, tuple[int, int]]:
        """Return characters and tokens of the latest prompts by model; not in the loop."""
        with opened(self.path) as connection:
            rows = connection.execute(
                "SELECT model, sum(size), sum(prompt) FROM ("
                " SELECT model, size, prompt, row_number()"
                "  OVER (PARTITION BY model ORDER BY at DESC) AS number"
                " FROM request WHERE counted AND prompt > 0 AND size > 0"
                ") WHERE number <= ? GROUP BY model",
                (_RECENT,),
            ).fetchall()
        return {model: (size, tokens) for model, size, tokens in rows}

    def _put(self, row: _Row) -> None:
        if self._thread is None:
            self._rows = queue.SimpleQueue()  # The thread before may still empty its own.
            self._thread = threading.Thread(
                target=self._write, args=(self._rows,), name="ledger", daemon=True
            )
            self._thread.start()
            atexit.register(self.close)
        self._rows.put(row)

    def _write(self, waiting: queue.SimpleQueue[_Row | None]) -> None:
        """Commit rows as they come, all that are waiting at once."""
        ended = False
        try:
            with opened(self.path) as connection:
                while not ended:
                    batch = [waiting.get()]
                    while len(batch) < _BATCH and not waiting.empty():
                        batch.append(waiting.get())
                    ended = None in batch
                    self._commit(connection, [row for row in batch if row is not None])
        except (sqlite3.Error, OSError) as error:
            _log.warning("Usage is not recorded: %s cannot be written (%s).", self.path, error)
            while not ended:  # Keep the queue empty, for nobody else reads it.
                ended = waiting.get() is None

    def _commit(self, connection: sqlite3.Connection, rows: list[_Row]) -> None:
        try:
            connection.execute("BEGIN IMMEDIATE")
            for statement, values in rows:
                connection.execute(statement, values)
            connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            _log.warning("%d requests are missing in the usage: %s", len(rows), error)


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the ledger's file, and make it if need be; each statement commits by itself.

    Raises:
        sqlite3.Error, OSError: it cannot be opened.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, timeout=_WAIT, isolation_level=None)) as connection:
        # A write-ahead log lets readers and one writer work side by side; NORMAL loses
        # nothing when a process dies, only (at worst) the last rows when the power does.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.executescript(_SCHEMA)
        yield connection

"""What was asked and what it took: one row per request, in SQLite.

Invariants: recording never blocks and never fails a request (a thread of its own writes);
several servers write to one file at once; a row that was committed survives the end of
any of them; who asks what was used hears of every row recorded before. No text is ever
stored: only names, counts and times. The file is this user's alone.
"""

from __future__ import annotations

import atexit
import logging
import queue
import sqlite3
import threading
from concurrent.futures import Future
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

from attrs import astuple, fields, frozen

from glm_lsp import private_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_log = logging.getLogger(__name__)

_WAIT = 30.0  # Seconds to wait for another server's commit.
_LAST_WAIT = 5.0  # Seconds that the end of a server may wait for the disk.
_BATCH = 500  # The most rows of one commit.
_RECENT = 300  # How many requests of a model say how long its tokens are.


@frozen
class UsageRecord:
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


@frozen
class Used:
    """What requests took together; `cost` is None when none of them had a known price."""

    tokens: int = 0
    cost: float | None = None


_COLUMNS = tuple(attribute.name for attribute in fields(UsageRecord))

# "or" and plain names: all text here is ours, nothing a user wrote.
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS request ({", ".join(_COLUMNS)});
CREATE INDEX IF NOT EXISTS request_at ON request (at);
CREATE INDEX IF NOT EXISTS request_model ON request (model, at);
CREATE TABLE IF NOT EXISTS acceptance (at, model, feature);
CREATE TABLE IF NOT EXISTS notice (at, provider, model, kind, other);
"""
_INSERT = f"INSERT INTO request VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608
_ACCEPT = "INSERT INTO acceptance VALUES (?, ?, ?)"
_NOTICE = "INSERT INTO notice VALUES (?, ?, ?, ?, ?)"
_USED = "SELECT coalesce(sum(prompt + output), 0), sum(cost) FROM request WHERE at >= ?"

_Row = tuple[str, tuple[object, ...]]


@frozen(eq=False)
class _Question:
    since: float
    answer: Future[Used]


class UsageStore:
    """Writes to the file in a thread of its own, which starts with the first record.

    What is still to be written when the process ends is written then.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._waiting: queue.SimpleQueue[_Row | _Question | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def add(self, record: UsageRecord) -> None:
        """Record a request; returns at once."""
        self._put((_INSERT, astuple(record)))

    def accepted(self, at: float, model: str, feature: str) -> None:
        """Record that the user took what a model suggested; returns at once."""
        self._put((_ACCEPT, (at, model, feature)))

    def noticed(self, at: float, provider: str, model: str, kind: str, other: str) -> None:
        """Record what was noticed of a service, see `substitution.Notice`; returns at once."""
        self._put((_NOTICE, (at, provider, model, kind, other)))

    def close(self) -> None:
        """Write what is still to be written, and end the thread."""
        thread, self._thread = self._thread, None
        if thread is not None:
            atexit.unregister(self.close)
            self._waiting.put(None)
            thread.join(_LAST_WAIT)

    def used(self, since: float) -> Future[Used]:
        """Ask what was used since a moment, in seconds since the epoch; returns at once.

        The future's error is an `sqlite3.Error` or `OSError` when the file cannot be read.
        """
        answer: Future[Used] = Future()
        if self._thread is None and not self.path.exists():
            answer.set_result(Used())  # Asking alone makes no file.
        else:
            self._put(_Question(since, answer))
        return answer

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

    def _put(self, item: _Row | _Question) -> None:
        if self._thread is None:
            self._waiting = queue.SimpleQueue()  # The thread before may still empty its own.
            self._thread = threading.Thread(
                target=self._work, args=(self._waiting,), name="usage", daemon=True
            )
            self._thread.start()
            atexit.register(self.close)
        self._waiting.put(item)

    def _work(self, waiting: queue.SimpleQueue[_Row | _Question | None]) -> None:
        """Commit rows as they come, all that are waiting at once, and then answer."""
        batch: list[_Row | _Question | None] = []
        try:
            with opened(self.path) as connection:
                while None not in batch:
                    batch = [waiting.get()]
                    while len(batch) < _BATCH and not waiting.empty():
                        batch.append(waiting.get())
                    self._commit(connection, [item for item in batch if isinstance(item, tuple)])
                    for item in batch:
                        if isinstance(item, _Question):
                            _answer(connection, item)
        except (sqlite3.Error, OSError) as error:
            _log.warning("Usage is not recorded: %s cannot be written (%s).", self.path, error)
            _refuse(batch, error)
            while None not in batch:  # Keep the queue empty, for nobody else reads it.
                batch = [waiting.get()]
                _refuse(batch, error)

    def _commit(self, connection: sqlite3.Connection, rows: list[_Row]) -> None:
        if not rows:
            return
        try:
            connection.execute("BEGIN IMMEDIATE")
            for statement, values in rows:
                connection.execute(statement, values)
            connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            _log.warning("%d requests are missing in the usage: %s", len(rows), error)


def usage_path() -> Path:
    """Return the file of the user's usage store, in the operating system's place for such data."""
    from platformdirs import user_data_path

    return user_data_path("glm-lsp", appauthor=False) / "usage.sqlite3"


def open_usage_store() -> UsageStore:
    """Return the user's usage store."""
    return UsageStore(usage_path())


def _answer(connection: sqlite3.Connection, question: _Question) -> None:
    if question.answer.set_running_or_notify_cancel():
        try:
            tokens, cost = connection.execute(_USED, (question.since,)).fetchone()
            question.answer.set_result(Used(tokens, cost))
        except sqlite3.Error as error:
            question.answer.set_exception(error)


def _refuse(batch: list[_Row | _Question | None], error: Exception) -> None:
    for item in batch:
        if not isinstance(item, _Question) or item.answer.done():
            continue
        if item.answer.set_running_or_notify_cancel():
            item.answer.set_exception(error)


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the usage store's file, and make it if need be; each statement commits by itself.

    Raises:
        sqlite3.Error, OSError: it cannot be opened.
    """
    private_files.file(path)  # SQLite gives the files beside it the same mode.
    with closing(sqlite3.connect(path, timeout=_WAIT, isolation_level=None)) as connection:
        # A write-ahead log lets readers and one writer work side by side; NORMAL loses
        # nothing when a process dies, only (at worst) the last rows when the power does.
        with suppress(sqlite3.OperationalError):  # Busy: whoever else makes the file turns it on.
            connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA cache_size = -256")  # KiB; the server holds it for days.
        connection.executescript(_SCHEMA)
        yield connection

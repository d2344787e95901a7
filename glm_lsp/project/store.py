"""What was read of files before, kept between starts under the hashes of their texts.

Invariant: it is never trusted over a file: who asks has read the text and hashed it. It may be
deleted at any time, and where it cannot be opened the work is done anew. No text is in it.
"""

from __future__ import annotations

import sqlite3
import struct
from contextlib import suppress
from typing import TYPE_CHECKING

from glm_lsp import private_files
from glm_lsp.project import settled
from glm_lsp.project.facts import Facts
from glm_lsp.project.index import Index

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

_MOST_ROWS = 60_000
_SCHEMA = "CREATE TABLE IF NOT EXISTS facts (key BLOB PRIMARY KEY, facts BLOB) WITHOUT ROWID"
_AT_ONCE = 500
_FEWEST_KEPT = 20
"""Files of an index that is kept as a whole."""


def store_path() -> Path:
    """Return the file of the user's own, in the operating system's place for what may go."""
    from platformdirs import user_cache_path

    return user_cache_path("glm-lsp", appauthor=False) / "index.sqlite3"


class FactsStore:
    """Facts by hash."""

    def __init__(self, path: Path | None) -> None:
        """Open it; with no path, or where it cannot be opened, nothing is kept."""
        self._connection: sqlite3.Connection | None = None
        self._folder = path.parent if path is not None else None
        if path is None:
            return
        with suppress(sqlite3.Error, OSError):
            private_files.file(path)
            self._connection = self._opened(path)

    def _opened(self, path: Path) -> sqlite3.Connection:
        try:
            return _open(path)
        except sqlite3.DatabaseError:  # It is no such file, or broken: it may go.
            path.unlink()
            private_files.file(path)
            return _open(path)

    def find(self, keys: Iterable[bytes]) -> dict[bytes, Facts]:
        """Return what is known of texts."""
        found: dict[bytes, Facts] = {}
        wanted = list(keys)
        if self._connection is None:
            return found
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            marks = ",".join("?" * len(some))
            question = f"SELECT key, facts FROM facts WHERE key IN ({marks})"  # noqa: S608
            with suppress(sqlite3.Error):
                for key, given in self._connection.execute(question, some):
                    with suppress(ValueError, TypeError, struct.error):
                        found[bytes(key)] = Facts.read(given)
        return found

    def keep(self, facts: Iterable[tuple[bytes, Facts]]) -> None:
        """Keep facts; when there are too many, some of the others go."""
        if self._connection is None:
            return
        rows = [(key, each.written()) for key, each in facts]
        with suppress(sqlite3.Error), self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", rows)
            (count,) = self._connection.execute("SELECT count(*) FROM facts").fetchone()
            if count > _MOST_ROWS:
                self._connection.execute(
                    "DELETE FROM facts WHERE key IN (SELECT key FROM facts LIMIT ?)",
                    (count - _MOST_ROWS // 2,),
                )

    def index(self, family: str, roots: Sequence[Path]) -> Index:
        """Return the index of some folders as it was, its files unsure; or an empty one."""
        if self._folder is not None:
            with settled.source(settled.place_of(self._folder, roots, family)) as source:
                if source is not None:
                    return Index.restored(family, source)
        return Index(family)

    def keep_index(self, index: Index, roots: Sequence[Path]) -> Iterator[None]:
        """Keep an index, in steps, where it is not much as it was kept."""
        if self._folder is None or not index.unlike_kept or len(index) < _FEWEST_KEPT:
            return
        place = settled.place_of(self._folder, roots, index.family)
        yield from settled.write(place, index.parts())

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=1.0)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = OFF")  # What is lost is read anew.
        connection.execute("PRAGMA cache_size = -512")
        connection.execute(_SCHEMA)
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection

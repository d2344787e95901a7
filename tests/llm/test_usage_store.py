"""The usage store under several servers, and under their sudden ends."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from glm_lsp.llm.usage_store import UsageRecord, UsageStore, Used, opened

if TYPE_CHECKING:
    from pathlib import Path

SCALE = float(os.environ.get("GLM_TEST_SCALE", "1"))
"""10 is the full run: 20,000 rows, ten kills."""

WRITER = """
import sqlite3, sys, time
from pathlib import Path
from tests.llm.test_usage_store import record, last_row
from glm_lsp.llm.usage_store import UsageStore

path, name, first, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
store = UsageStore(path)
for number in range(first, first + count):
    store.add(record(name, number))
    if number % 50 == 0:
        print(last_row(path, name), flush=True)
store.close()
print(last_row(path, name), flush=True)
print("done", flush=True)
"""


def record(name: str, number: int) -> UsageRecord:
    return UsageRecord(
        at=float(number),
        provider="runapi",
        model=name,
        feature="completion",
        prompt=100,
        cached=50,
        output=10,
        reasoning=0,
        size=300,
        first_token=0.2,
        duration=0.5,
        outcome="done",
        cost=0.001,
    )


def last_row(path: Path, name: str) -> int:
    """Return the number of the last row that a writer sees committed, -1 before the first."""
    if not path.exists():
        return -1
    with closing(sqlite3.connect(path, timeout=60)) as connection:
        try:
            query = "SELECT max(at) FROM request WHERE model = ?"
            (last,) = connection.execute(query, (name,)).fetchone()
        except sqlite3.OperationalError:  # The table is not there yet.
            return -1
    return -1 if last is None else int(last)


def start(path: Path, name: str, first: int, count: int) -> subprocess.Popen[str]:
    arguments = [str(path), name, str(first), str(count)]
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, *arguments], stdout=subprocess.PIPE, text=True
    )


def test_no_committed_row_is_lost_when_a_server_is_killed(tmp_path: Path) -> None:
    """Two servers write one file; one is killed again and again; what was committed is there."""
    path = tmp_path / "usage.sqlite3"
    rows, kills = int(2_000 * SCALE), max(int(SCALE), 2)
    committed = -1
    with start(path, "steady", 0, rows // 2) as steady:
        assert steady.stdout is not None
        # Read all the time, or it would block on a full pipe.
        drained = threading.Thread(target=steady.stdout.read)
        drained.start()
        for kill in range(kills + 1):
            with start(path, "killed", committed + 1, rows) as victim:
                assert victim.stdout is not None
                goal = committed + rows // 2 // (kills + 1)
                for line in victim.stdout:
                    committed = max(committed, int(line))
                    if committed >= goal:
                        break
                victim.kill()
            assert last_row(path, "killed") >= committed, f"lost at kill {kill}"
        assert steady.wait(120) == 0
        drained.join()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        query = "SELECT model, count(DISTINCT at), count(*) FROM request GROUP BY model"
        counts = {model: (numbers, total) for model, numbers, total in connection.execute(query)}
    assert counts["steady"] == (rows // 2, rows // 2)
    numbers, _ = counts["killed"]
    assert numbers >= committed + 1


def test_a_file_that_many_make_at_once_can_be_written_by_all(tmp_path: Path) -> None:
    """Servers that start together find no file: each makes it, and none is turned away."""
    accept = "INSERT INTO acceptance VALUES (1, 'glm-5.1', 'fix')"

    def make(path: Path, ready: threading.Barrier) -> None:
        ready.wait()
        with opened(path) as connection:
            connection.execute(accept)

    for number in range(300):
        path, ready = tmp_path / f"{number}.sqlite3", threading.Barrier(4)
        with ThreadPoolExecutor(4) as makers:
            for made in [makers.submit(make, path, ready) for _ in range(4)]:
                made.result(30)
        with opened(path) as connection:
            assert connection.execute("SELECT count(*) FROM acceptance").fetchone() == (4,)
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_recording_does_not_wait_for_the_disk(tmp_path: Path) -> None:
    """While another process holds the file locked, `add` returns and nothing is lost."""
    store = UsageStore(tmp_path / "usage.sqlite3")
    store.add(record("m", 0))
    while last_row(store.path, "m") < 0:
        time.sleep(0.01)
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for number in range(1, 1000):
            store.add(record("m", number))
        assert last_row(store.path, "m") == 0
        other.execute("COMMIT")
    store.close()
    assert last_row(store.path, "m") == 999


def test_spending_is_summed_from_a_moment_on(tmp_path: Path) -> None:
    """Only what was asked since then counts, whichever server asked it."""
    path = tmp_path / "usage.sqlite3"
    for store in (UsageStore(path), UsageStore(path)):
        for number in range(10):
            store.add(record("m", number))
        store.close()
    used = UsageStore(path).used(since=5.0).result(10)
    assert (used.tokens, round(used.cost or 0.0, 6)) == (1100, 0.01)


def test_what_is_still_to_be_written_is_counted(tmp_path: Path) -> None:
    """Who asks hears of every row recorded before, be it on its way to the disk."""
    store = UsageStore(tmp_path / "usage.sqlite3")
    for number in range(1000):
        store.add(record("m", number))
    assert store.used(since=0.0).result(10).tokens == 110_000
    store.close()


def test_usage_without_a_known_price_has_no_cost(tmp_path: Path) -> None:
    """Tokens are counted, and no price is made up."""
    store = UsageStore(tmp_path / "usage.sqlite3")
    store.add(evolve(record("m", 1), cost=None))
    assert store.used(since=0.0).result(10) == Used(110, None)
    store.close()


def test_a_usage_store_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    """Whoever asks gets the error, before the file is given up and after."""
    path = tmp_path / "usage.sqlite3"
    path.write_text("no database " * 1000)
    store = UsageStore(path)
    for _ in range(2):
        with pytest.raises(sqlite3.Error):
            store.used(since=0.0).result(10)
    store.close()


def test_a_usage_store_of_nothing_is_empty(tmp_path: Path) -> None:
    """Before the first request there is no spending and nothing is learnt."""
    store = UsageStore(tmp_path / "deep" / "usage.sqlite3")
    assert store.used(since=0.0).result(10) == Used(0, None)
    assert not store.path.exists(), "asking alone makes no file"
    assert store.lengths() == {}
    store.close()


def test_the_last_rows_are_written_when_the_process_ends(tmp_path: Path) -> None:
    """A server that ends without closing its store loses nothing."""
    path = tmp_path / "usage.sqlite3"
    script = (
        "import sys; from pathlib import Path; from glm_lsp.llm.usage_store import UsageStore;"
        "from tests.llm.test_usage_store import record; store = UsageStore(Path(sys.argv[1]));"
        "[store.add(record('m', n)) for n in range(300)]"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=True, timeout=60)
    assert last_row(path, "m") == 299

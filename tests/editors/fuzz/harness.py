"""Runs the fuzz: `python -m tests.editors.fuzz --runs 3000 --workers 2`.

Prints how it goes, the totals, and last `N passed, N failed`; odd runs are kept under
.cache/fuzz, and `--replay SEED` types one again.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import queue
import secrets
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import asdict

from tests.editors.fuzz.oracle import SOFT
from tests.editors.fuzz.worker import Run, Worker

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from multiprocessing.context import SpawnProcess
    from multiprocessing.queues import Queue

KEPT = Path(__file__).resolve().parents[3] / ".cache" / "fuzz"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the fuzz; return how many runs failed, at most 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.editors.fuzz", description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=None, help="the first; fresh when not given")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--replay", type=int, nargs="*", metavar="SEED", help="only these")
    parser.add_argument("--kept", type=Path, default=KEPT, help="where odd runs go")
    options = parser.parse_args(arguments)
    first = options.seed if options.seed is not None else secrets.randbelow(10**9)
    seeds = options.replay or list(range(first, first + options.runs))
    print(f"{len(seeds)} runs, seeds from {seeds[0]}", flush=True)
    options.kept.mkdir(parents=True, exist_ok=True)
    tally = Tally(options.kept, verbose=bool(options.replay))
    for run in _runs(seeds, options.workers):
        tally.add(run, len(seeds))
    return tally.report()


class Tally:
    """Counts runs, and keeps the odd ones."""

    def __init__(self, folder: Path, *, verbose: bool = False) -> None:
        self._folder = folder
        self._verbose = verbose
        self._kinds: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()
        self._began = time.monotonic()

    def add(self, run: Run, of: int) -> None:
        """Take note of a run."""
        failed = bool(run.faults)
        self._counts.update(
            failed=failed, passed=not failed, keys=run.keys, edits=run.edits, resyncs=run.resyncs
        )
        self._counts.update(undone=run.undone, streamed=run.edits > 0, interleaved=run.interleaved)
        self._kinds.update({problem.kind for problem in run.problems})
        if failed or self._verbose:
            path = self._folder / f"{run.seed}.json"
            path.write_text(json.dumps(asdict(run), indent=1, ensure_ascii=False))
        if failed or self._verbose:
            print(f"seed {run.seed} {run.shape}/{run.flavour} {' | '.join(run.record['strokes'])}")
            for problem in run.problems:
                print(f"    {problem.kind}: {problem.what[:600]}")
        done = self._counts["failed"] + self._counts["passed"]
        if done % 100 == 0:
            rate = done / (time.monotonic() - self._began)
            print(f"{done} of {of}, {self._counts['failed']} failed, {rate:.1f} a second")
        sys.stdout.flush()

    def report(self) -> int:
        """Print the totals."""
        counts = self._counts
        kinds = ", ".join(f"{kind} {count}" for kind, count in self._kinds.most_common())
        soft = ", ".join(sorted(SOFT))
        print(f"problems, runs each: {kinds or 'none'} (no faults: {soft})")
        print(
            f"{counts['keys']} keys, {counts['edits']} edits, {counts['streamed']} runs with edits,"
            f" {counts['interleaved']} with the user's changes between them,"
            f" {counts['undone']} with an undo while it streamed, {counts['resyncs']} changes that"
            f" on_bytes did not tell, {time.monotonic() - self._began:.0f} s"
        )
        print(f"{counts['passed']} passed, {counts['failed']} failed", flush=True)
        return min(counts["failed"], 1)


def _runs(seeds: Sequence[int], workers: int) -> Iterator[Run]:
    """Yield the runs as they end."""
    context = multiprocessing.get_context("spawn")
    todo: Queue[int | None] = context.Queue()
    done: Queue[Run | Exception] = context.Queue()
    for seed in seeds:
        todo.put(seed)
    processes = [context.Process(target=_work, args=(todo, done)) for _ in range(workers)]
    for process in processes:
        todo.put(None)
        process.start()
    try:
        for _ in seeds:
            yield _next(done, processes)
    finally:
        for process in processes:
            process.join(20)
            if process.is_alive():
                process.terminate()


def _next(done: Queue[Run | Exception], processes: Sequence[SpawnProcess]) -> Run:
    while any(process.is_alive() for process in processes):
        try:
            run = done.get(timeout=5)
        except queue.Empty:
            continue
        if isinstance(run, Exception):
            raise run
        return run
    raise RuntimeError("the workers have ended")


def _work(todo: Queue[int | None], done: Queue[Run | Exception]) -> None:
    """Run what is to be done in a process of its own, which does not outlive its parent."""
    parent = multiprocessing.parent_process()
    done.cancel_join_thread()  # Nobody may be there to read.
    try:
        with Worker() as worker:
            while (seed := todo.get()) is not None and parent is not None and parent.is_alive():
                done.put(worker.run(seed))
        done.close()
        if parent is not None and parent.is_alive():
            done.join_thread()
    except Exception as error:
        done.put(RuntimeError(repr(error)))
        raise

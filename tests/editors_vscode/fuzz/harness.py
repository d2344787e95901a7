"""Runs the fuzz: `python -m tests.editors_vscode.fuzz --runs 150`.

Prints how it goes, the totals, and last `N passed, N failed`; odd runs are kept under
.cache/fuzz-vscode, and `--replay SEED` types one again.
"""

from __future__ import annotations

import argparse
import secrets
import sys
from typing import TYPE_CHECKING

from tests.editors.fuzz.harness import Tally
from tests.editors_vscode import setup_vscode
from tests.editors_vscode.fuzz.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Sequence

KEPT = setup_vscode.CHECKOUT / ".cache" / "fuzz-vscode"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the fuzz; return 1 when a run failed."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.editors_vscode.fuzz", description=__doc__
    )
    parser.add_argument("--runs", type=int, default=150)
    parser.add_argument("--seed", type=int, default=None, help="the first; fresh when not given")
    parser.add_argument("--replay", type=int, nargs="*", metavar="SEED", help="only these")
    options = parser.parse_args(arguments)
    if lacking := setup_vscode.missing():
        print(lacking, file=sys.stderr)
        return 1
    first = options.seed if options.seed is not None else secrets.randbelow(10**9)
    seeds = options.replay or list(range(first, first + options.runs))
    print(f"{len(seeds)} runs, seeds from {seeds[0]}", flush=True)
    KEPT.mkdir(parents=True, exist_ok=True)
    tally = Tally(KEPT, verbose=bool(options.replay))
    meanwhile = 0
    with Worker() as worker:
        for seed in seeds:
            run = worker.run(seed)
            meanwhile += run.record["meanwhile"]
            tally.add(run, len(seeds))
    print(f"{meanwhile} changes by the user between two of GLM's")
    return tally.report()

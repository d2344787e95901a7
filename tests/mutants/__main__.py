"""`python -m tests.mutants`: change lines that matter, and see that a test fails each time."""

from __future__ import annotations

import argparse
import sys
from collections import Counter

from tests.mutants.entries import Mutant, read, sample, stale
from tests.mutants.run import Verdict, try_all


def main() -> int:
    """Try the mutants asked for; return 1 when one went unnoticed or could not be tried."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--room", help="only those of ROOM.toml")
    parser.add_argument(
        "--of", metavar="FILE", help="only those that change a file whose path ends so"
    )
    parser.add_argument("--sample", type=int, help="only so many, none that need an editor")
    parser.add_argument("--seed", type=int, default=0, help="which ones --sample takes")
    parser.add_argument("--list", action="store_true", help="show them, and try none")
    options = parser.parse_args()
    mutants = read(options.room)
    if options.of is not None:
        mutants = [mutant for mutant in mutants if mutant.file.endswith(options.of)]
        if not mutants:
            parser.error(f"no mutant changes {options.of}")
    if options.sample is not None:
        mutants = sample(mutants, options.sample, options.seed)
    if options.list:
        for mutant in mutants:
            print(f"{mutant.room:12} {mutant.file}: {mutant.promise}")
        print(f"{len(mutants)} mutants")
        return 0
    if old := [f"{m.room}: {m.promise}\n    {fault}" for m in mutants for fault in stale(m)]:
        print("Stale:", *old, sep="\n  ")
        return 1
    return _report(mutants)


def _report(mutants: list[Mutant]) -> int:
    verdicts = try_all(mutants, _tell)
    counts = Counter(verdict.word for verdict in verdicts)
    left = [verdict for verdict in verdicts if verdict.word != "killed"]
    print(f"\n{len(verdicts)} mutants:", ", ".join(f"{n} {word}" for word, n in counts.items()))
    for verdict in left:
        print(f"  {verdict.word}: {verdict.mutant.room}: {verdict.mutant.promise}")
        print(f"    {verdict.mutant.file}, {verdict.why or 'no test failed'}")
    return 1 if left else 0


def _tell(verdict: Verdict) -> None:
    mutant = verdict.mutant
    print(
        f"{verdict.word:9} {verdict.seconds:5.1f} s  {mutant.room:12} {mutant.promise}", flush=True
    )


if __name__ == "__main__":
    sys.exit(main())

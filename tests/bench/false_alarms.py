"""How often code that holds no secret has something struck out, or is dropped as a completion.

    python -m tests.bench.false_alarms [--blocks N] [--seed N]

The code of installed packages and of the other benches is cut into blocks of 1 to 12 lines, as
completions show and questions send them. No manuals and data, and of code not the blocks that
begin within an armoured certificate or public key: without its first line nobody could tell it from
a private key's. Each goes through what strikes secrets
out (`seal`), and through the filter that drops a completion with an invented one (`filter`).

Only a person can say what was a secret: `judged.txt` names by their digests the values that were
looked at and are such (keys for tests and in manuals), with their kind. Every other value is
printed, never whole; blocks with one may be 5 in 500,000 of each kind.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import re
import secrets
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from glm_lsp.completion.filters import placeholder
from glm_lsp.completion.types import Draft
from glm_lsp.context.cursor import context_at
from glm_lsp.secrets.marks import find_secrets
from glm_lsp.text import Snapshot, Text
from tests.bench import sources, struck_out

BOUND = 0.00001
_MOST_LINES = 12
_NO_CODE = frozenset(".rst .md .html .xml .json".split())
_ARMOUR = re.compile(
    r"-----BEGIN (?:PGP PUBLIC KEY BLOCK|PUBLIC KEY|CERTIFICATE)-----[\s\S]{0,50000}?-----END"
)
_NOWHERE = context_at(Snapshot("file:///a", 1, "python", Text.of("\n")), 0)


def main(arguments: list[str]) -> int:
    """Print what was found; return 1 when too many blocks have what nobody judged a secret."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--blocks", type=int, default=500_000)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**9))
    options = parser.parse_args(arguments)
    sources.fetch()
    dice = random.Random(options.seed)  # noqa: S311
    texts = struck_out.sources(struck_out.places())
    files = [(str(path), text) for path, text in texts if path.suffix not in _NO_CODE]
    dice.shuffle(files)
    known = judged()
    blocks, seen = 0, set()
    kinds: Counter[str] = Counter()
    false: dict[str, set[str]] = {"seal": set(), "filter": set()}
    with ProcessPoolExecutor() as pool:
        jobs = [(dice.randrange(10**9), path, text) for path, text in files]
        for size, found in pool.map(_work, jobs, chunksize=20):
            blocks += size
            for who, place, value in found:
                if kind := known.get(digest(value)):
                    kinds[kind] += 1
                    continue
                false[who].add(place)
                if value not in seen:
                    print(f"{who:6} {digest(value)} {place}: {value[:10]!r}… ({len(value)})")
                seen.add(value)
            if blocks >= options.blocks:
                break
        pool.shutdown(cancel_futures=True)
    print(f"seed {options.seed}, {blocks} blocks; judged to be secrets: {dict(kinds)}")
    for who, places in false.items():
        print(f"  {who:6} {len(places)} blocks with something else, {len(places) / blocks:.4%}")
    return int(any(len(places) > BOUND * blocks for places in false.values()))


def judged() -> dict[str, str]:
    """Return the kinds of the values that a person judged to be secrets, by their digests."""
    lines = Path(__file__).with_name("judged.txt").read_text("utf-8").splitlines()
    return {line[:10]: line[11:] for line in lines if not line.startswith("#")}


def digest(value: str) -> str:
    """Name a value without saying it."""
    return hashlib.blake2b(value.encode("utf-8", "replace"), digest_size=5).hexdigest()


def _armoured(text: str) -> list[range]:
    """Return the lines that stand within something public which is written as private keys are."""
    found = []
    for match in _ARMOUR.finditer(text):
        first = text.count("\n", 0, match.start())
        found.append(range(first + 1, first + match.group().count("\n") + 1))
    return found


def _work(job: tuple[int, str, str]) -> tuple[int, list[tuple[str, str, str]]]:
    """Return how many blocks a file has; who found what in them, and where."""
    seed, path, text = job
    dice = random.Random(seed)  # noqa: S311
    lines = text.split("\n")
    at = count = 0
    found: list[tuple[str, str, str]] = []
    armoured = _armoured(text)
    while at < len(lines):
        size = dice.randint(1, _MOST_LINES)
        block, place = "\n".join(lines[at : at + size]), f"{path}:{at + 1}"
        within = any(at in lines for lines in armoured)
        at += size
        if block.strip() and not within:
            count += 1
            found += [("seal", place, block[start:end]) for start, end in find_secrets(block)]
            invented = placeholder.invented(Draft(block), _NOWHERE)
            found += [("filter", place, value) for value in invented]
    return count, found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""How often ordinary source has something struck out, and what looking for it costs.

Reads source files of installed packages (nothing is sent anywhere): `python -m
tests.bench.struck_out [FOLDER …]`. Every find is printed with its line, to be looked at by a
person; it fails when looking through a prompt of 32 KB takes longer than a keystroke may wait.
"""

from __future__ import annotations

import hashlib
import random
import statistics
import sys
import sysconfig
import time
from pathlib import Path
from typing import TYPE_CHECKING

from glm_lsp.secrets.marks import Marks, find_secrets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SUFFIXES = frozenset(
    ".py .pyi .js .mjs .cjs .ts .tsx .jsx .lua .rb .pl .pm .sh .bash .c .h .cpp .hpp .go .rs"
    " .java .php .cs .vim .el .css .html .json .yml .yaml .toml .ini .cfg .conf .md .rst .sql"
    " .xml".split()
)
LONGEST = 300_000
PROMPT = 32 * 1024
BOUND = 2.0
"""Milliseconds for a prompt of 32 KB."""


def main(folders: list[str]) -> int:
    """Print what is struck out of the files, and the cost; return 1 when that is too much."""
    roots = [Path(folder) for folder in folders] or places()
    files = finds = struck = characters = 0
    began = time.perf_counter()
    prompts: list[str] = []
    for path, text in sources(roots):
        files += 1
        characters += len(text)
        if len(text) >= PROMPT and len(prompts) < 200:
            prompts.append(text[:PROMPT])
        spans = find_secrets(text)
        finds += len(spans)
        struck += bool(spans)
        for start, end in spans:
            line = text.count("\n", 0, start) + 1
            before = text[max(text.rfind("\n", 0, start) + 1, start - 60) : start].strip()
            print(f"{path}:{line}: {before} ⟦{text[start:end][:90]}⟧")
    took = time.perf_counter() - began
    print(f"{files} files, {characters / 1e6:.0f} million characters, {took:.0f} s")
    print(f"{struck} files with something struck out, {finds} in all")
    return cost(prompts)


def cost(prompts: list[str]) -> int:
    """Print what a prompt of 32 KB costs; return 1 when the median is over the bound."""
    chosen = random.Random(13).sample(prompts, min(50, len(prompts)))  # noqa: S311
    if not chosen:
        return 0
    marks = Marks(["sk-" + "0123456789abcdefghij"])
    marks.strike(chosen[:1])
    times = []
    for prompt in chosen:
        rounds = []
        for _ in range(5):
            began = time.perf_counter()
            marks.strike([prompt])
            rounds.append(1_000 * (time.perf_counter() - began))
        times.append(min(rounds))
    median = statistics.median(times)
    print(f"32 KB: {median:.2f} ms (median of {len(times)} files), {max(times):.2f} ms at most")
    return int(median > BOUND)


def places() -> list[Path]:
    """Return where packages are installed on this machine."""
    paths = sysconfig.get_paths()
    named = [paths["purelib"], paths["stdlib"], "/usr/lib/python3", "/usr/share", ".cache"]
    return [Path(name) for name in named if Path(name).is_dir()]


def sources(roots: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """Yield source files of a usual size, each text once."""
    seen: set[bytes] = set()
    for root in roots:
        for path in sorted(root.rglob("*")):
            if path.suffix not in SUFFIXES or not path.is_file():
                continue
            try:
                if path.stat().st_size > LONGEST:
                    continue
                content = path.read_bytes()
            except OSError:
                continue
            digest = hashlib.blake2b(content, digest_size=16).digest()
            if digest not in seen:
                seen.add(digest)
                yield path, content.decode("utf-8", "replace")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

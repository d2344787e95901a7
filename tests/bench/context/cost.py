"""What an index of 1,000 files costs: its starts, its memory, and a question while one types.

    python -m tests.bench.context.cost [--functions 60]

The files are those of two packages, 14 MB. Each start is a process of its own, which tells the
seconds of a processor that it took and its resident memory with everything that is imported; the
second one finds what the first has kept. Then functions are typed anew, line by line, and each line
is a question. As seconds mean little on a busy machine, those of a loop of a million steps are
said besides.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from glm_lsp.context.workspace_files import WorkspaceFiles
from glm_lsp.languages import language_named
from glm_lsp.project import worker  # The process of an index has all of it.
from glm_lsp.project.gather import Gatherer
from glm_lsp.project.store import FactsStore
from glm_lsp.project.workspace import Workspace
from tests.bench.context.packages import PACKAGES, files

NAMES = ("twisted", "trio")
MOST = 1_000
BUDGETS = (7_000, 1_000)


def fill(root: Path) -> tuple[int, int]:
    """Write the workspace; return how many files it has, and bytes."""
    count = size = 0
    for package in PACKAGES:
        for name, text in files(package).items() if package.name in NAMES else ():
            if count < MOST:
                path = root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, "utf-8")
                count, size = count + 1, size + len(text.encode())
    return count, size


def memory() -> float:
    """Return this process's resident memory in MB; 0 where a system does not tell."""
    status = Path("/proc/self/status")
    found = re.search(r"VmRSS:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return int(found[1]) / 1024 if found is not None else 0.0


def started(root: Path, store: Path) -> tuple[Workspace, dict[str, float]]:
    """Index a workspace; return what it took."""
    before = memory()
    workspace = Workspace(WorkspaceFiles((), [root]), FactsStore(store), lambda _: None)
    start = time.process_time()
    workspace.start()
    while workspace.step():
        pass
    took = time.process_time() - start
    return workspace, {"seconds": took, "MB": memory(), "MB before": before}


def asked(workspace: Workspace, root: Path, functions: int) -> dict[str, float]:
    """Type functions anew; return the milliseconds of questions."""
    python = language_named("python")
    index, dice = workspace.index("python"), random.Random(3)  # noqa: S311
    known = [
        (path, each)
        for path in sorted(index.paths())
        for each in index.definitions(path)
        if each.kind == "function" and 4 <= each.last - each.line <= 40
    ]
    gatherer = Gatherer(workspace)
    spent = []
    for path, each in dice.sample(known, functions):
        lines = (root / path).read_text("utf-8").split("\n")
        for line in range(each.line + 1, each.last + 1):
            text = "\n".join([*lines[:line], "", *lines[each.last + 1 :]])
            start = time.process_time()
            gatherer.gather(str(root / path), python, text, line, BUDGETS)
            spent.append((time.process_time() - start) * 1e3)
    spent.sort()
    return {
        "questions": len(spent),
        "median": spent[len(spent) // 2],
        "p95": spent[int(len(spent) * 0.95)],
        "MB after": memory(),
    }


def loop() -> float:
    """Return the seconds that a million steps take."""
    held: dict[int, int] = {}
    start = time.process_time()
    for step in range(1_000_000):
        held[step & 1023] = step
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--functions", type=int, default=60)
    parser.add_argument("--start", nargs=2, type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    assert worker.TIME_FOR_A_FILE
    if given.start:
        root, store = given.start
        workspace, told = started(root, store)
        if given.functions:
            told |= asked(workspace, root, given.functions)
        print(json.dumps({**told, "loop": loop()}))
        return
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve() / "work"
        count, size = fill(root)
        print(f"{count} files, {size / 1e6:.1f} MB", flush=True)
        for name, functions in (("first start", 0), ("second start", 0), ("typing", 1)):
            command = [sys.executable, "-m", "tests.bench.context.cost"]
            command += ["--start", str(root), f"{folder}/index.sqlite3"]
            command += ["--functions", str(functions * given.functions)]
            run = subprocess.run(command, capture_output=True, text=True, check=True)
            figures: dict[str, Any] = json.loads(run.stdout)
            print(f"{name}: " + ", ".join(f"{k} {v:.2f}" for k, v in figures.items()), flush=True)


if __name__ == "__main__":
    main()

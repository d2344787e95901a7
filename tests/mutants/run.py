"""Tries the changes, each in a copy of the tree, and says which of them nobody noticed.

Invariant: the checkout is only read. A change counts as noticed when a test that passes without
it fails with it; a module that no longer loads, or a run that is still going at the end of its
time, tells nothing and does not count.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from tests.mutants.entries import ROOT, Mutant
from tests.mutants.recorder import TARGET

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_LEFT_OUT = (
    ".git", ".venv*", ".cache", "node_modules", "dist", "__pycache__", "*.egg-info", ".*_cache",
    ".hypothesis",
)  # fmt: skip
_PATIENCE = 20.0  # Seconds a run may take over five times what its tests take alone.


@attrs.frozen
class Ended:
    """How one phase of a test ended; `broken` when the code could not even be loaded."""

    test: str
    outcome: str
    broken: bool
    said: str
    seconds: float


@attrs.frozen
class Verdict:
    """What became of one mutant: `killed`, `survived`, `broken`, `hung` or `untested`."""

    mutant: Mutant
    word: str
    why: str
    seconds: float


def try_all(
    mutants: list[Mutant], tell: Callable[[Verdict], None], root: Path = ROOT, workers: int = 2
) -> list[Verdict]:
    """Try each mutant and return the verdicts, in the order of the list."""
    with tempfile.TemporaryDirectory(prefix="glm-mutants-", ignore_cleanup_errors=True) as folder:
        copies: queue.Queue[Path] = queue.Queue()
        for number in range(min(workers, len(mutants))):
            copies.put(_copy(root, Path(folder) / str(number)))
        without = _without(mutants, copies)

        def one(mutant: Mutant) -> Verdict:
            copy = copies.get()
            try:
                verdict = _try(mutant, without, copy)
            finally:
                copies.put(copy)
            tell(verdict)
            return verdict

        with ThreadPoolExecutor(workers) as pool:
            return list(pool.map(one, mutants))


def _copy(root: Path, target: Path) -> Path:
    shutil.copytree(root, target, ignore=shutil.ignore_patterns(*_LEFT_OUT))
    with suppress(OSError):  # Only the tests with real editors need it.
        (target / ".cache").symlink_to(root / ".cache", target_is_directory=True)
    return target


def _without(mutants: Iterable[Mutant], copies: queue.Queue[Path]) -> list[Ended]:
    """Run the tests of all mutants without a change, once; it also compiles the copy."""
    copy = copies.get()
    try:
        # Whole functions: a case that does not exist would end the run before it began.
        tests = sorted({t.partition("[")[0] for mutant in mutants for t in mutant.tests})
        return _pytest(tests, copy, limit=1800.0)[0]
    finally:
        copies.put(copy)


def _try(mutant: Mutant, without: list[Ended], copy: Path) -> Verdict:
    start = time.monotonic()

    def verdict(word: str, why: str = "") -> Verdict:
        return Verdict(mutant, word, why, time.monotonic() - start)

    before = [ended for ended in without if any(_is(ended.test, test) for test in mutant.tests)]
    if failed := [ended for ended in before if ended.outcome != "passed"]:
        return verdict("untested", f"{failed[0].test} {failed[0].outcome} without the change")
    if missing := [test for test in mutant.tests if not any(_is(e.test, test) for e in before)]:
        return verdict("untested", f"{missing[0]} did not run")
    limit = _PATIENCE + 5 * sum(ended.seconds for ended in before)
    with _Changed(mutant, copy):
        if wrong := _loads(mutant, copy):
            return verdict("broken", wrong)
        ended, in_time = _pytest(["-x", *mutant.tests], copy, limit)
    failures = [one for one in ended if one.outcome == "failed"]
    for one in failures:
        said = one.said.strip().partition("\n")[0]
        return verdict("broken" if one.broken else "killed", f"{one.test}: {said}")
    if not in_time:
        return verdict("killed" if mutant.may_hang else "hung", f"no end within {limit:.0f} s")
    return verdict("survived")


class _Changed:
    """The change in the copy's file, taken back at the end."""

    def __init__(self, mutant: Mutant, copy: Path) -> None:
        self._mutant = mutant
        self._path = copy / mutant.file
        self._text = self._path.read_text("utf-8")

    def __enter__(self) -> None:
        self._write(self._mutant.changed(self._text))

    def __exit__(self, *_: object) -> None:
        self._write(self._text)

    def _write(self, text: str) -> None:
        self._path.write_text(text, "utf-8", newline="\n")
        # Python knows its compiled files by second and size, which a change may leave as they were.
        for compiled in (self._path.parent / "__pycache__").glob(f"{self._path.stem}.*.pyc"):
            compiled.unlink()


def _loads(mutant: Mutant, copy: Path) -> str | None:
    """Return why the changed module cannot be imported, or None when it can."""
    path = Path(mutant.file)
    if path.parts[0] != "glm_lsp" or path.suffix != ".py" or path.stem == "__main__":
        return None
    name = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
    result = subprocess.run(
        [sys.executable, "-c", f"import {name}"],
        cwd=copy, env=_environ(copy), capture_output=True, text=True, check=False,
    )  # fmt: skip
    return result.stderr.strip().rpartition("\n")[2] if result.returncode else None


def _is(ended: str, named: str) -> bool:
    """Tell whether a test that ran is one that an entry names: itself, or one of its cases."""
    return ended == named or ended.startswith((named + "[", named + "::"))


def _environ(copy: Path) -> dict[str, str]:
    # The copy comes before the checkout, which the virtual environment itself names.
    path = os.pathsep.join([str(copy), str(ROOT)])
    return {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}


def _pytest(arguments: list[str], copy: Path, limit: float) -> tuple[list[Ended], bool]:
    """Run tests in the copy; return how each phase ended, and whether the run ended in time."""
    record = copy / "record.jsonl"
    record.unlink(missing_ok=True)
    words = [sys.executable, "-m", "pytest", "-q", "-p", "tests.mutants.recorder"]
    words += ["-p", "no:cacheprovider", "-p", "no:randomly", *arguments]
    environ = {**_environ(copy), TARGET: str(record)}
    if "-x" not in arguments:  # The first run compiles what all later ones load.
        del environ["PYTHONDONTWRITEBYTECODE"]
    process = subprocess.Popen(
        words, cwd=copy, env=environ, text=True, start_new_session=sys.platform != "win32",
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    in_time = True
    try:
        process.wait(limit)
    except subprocess.TimeoutExpired:
        in_time = False
    finally:
        _end(process)
    lines = record.read_text("utf-8").splitlines() if record.exists() else []
    return [Ended(**json.loads(line)) for line in lines], in_time


def _end(process: subprocess.Popen[str]) -> None:
    """End the run and the servers it has started."""
    if sys.platform == "win32":
        process.kill()
    else:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()

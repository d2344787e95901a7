"""The list of changes to lines that matter: reads it, and says which entries are stale.

Each `ROOM.toml` beside this file holds the mutants of one room:

    [[mutant]]
    promise = "What the user can rely on, one sentence."
    file = "glm_lsp/text.py"
    find = '''exact text, occurring once in the file'''
    replace = '''what it becomes'''
    tests = ["tests/test_text.py::test_y"]  # one of them must fail with the change
    may_hang = true  # only where the change makes the program wait for ever
"""

from __future__ import annotations

import ast
import sys
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterable

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def _tuple(tests: Iterable[str]) -> tuple[str, ...]:
    return tuple(tests)


@attrs.frozen
class Mutant:
    """One change, and the tests of which at least one must fail with it."""

    room: str
    promise: str
    file: str
    find: str
    replace: str
    tests: tuple[str, ...] = attrs.field(converter=_tuple)
    may_hang: bool = False

    def changed(self, text: str) -> str:
        """Return the file's text with the change."""
        return text.replace(self.find, self.replace, 1)


def read(room: str | None = None, folder: Path = HERE) -> list[Mutant]:
    """Return the mutants of one room, or of all; ValueError where an entry is malformed."""
    files = [path for path in sorted(folder.glob("*.toml")) if room in (None, path.stem)]
    if not files:
        raise ValueError(f"No list of mutants named {room!r} in {folder}.")
    return [_mutant(path, entry) for path in files for entry in _entries(path)]


def _entries(path: Path) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = tomllib.loads(path.read_text("utf-8")).get("mutant", [])
    return entries


def _mutant(path: Path, entry: dict[str, Any]) -> Mutant:
    try:
        return Mutant(room=path.stem, **entry)
    except TypeError as error:
        raise ValueError(f"{path.name}: {entry.get('promise', entry)}: {error}") from None


def sample(mutants: list[Mutant], count: int, seed: int) -> list[Mutant]:
    """Return a few that need no editor; a new entry changes the choice by one at most."""
    quick = [m for m in mutants if not any(test.startswith("tests/editors") for test in m.tests)]
    return sorted(quick, key=lambda m: _rank(m, seed))[:count]


def _rank(mutant: Mutant, seed: int) -> str:
    return sha256(f"{seed}\0{mutant.room}\0{mutant.promise}".encode()).hexdigest()


def stale(mutant: Mutant, root: Path = ROOT) -> list[str]:
    """Return what no longer holds of an entry: its text, its file or its tests."""
    path = root / mutant.file
    if not path.is_file():
        return [f"{mutant.file} does not exist"]
    text = path.read_text("utf-8")
    faults = [f"no such test: {test}" for test in mutant.tests if not _exists(test, root)]
    if not mutant.tests:
        faults.append("names no test")
    if (count := text.count(mutant.find)) != 1:
        faults.append(f"its text occurs {count} times in {mutant.file}")
    elif mutant.changed(text) == text:
        faults.append("changes nothing")
    elif path.suffix == ".py" and (wrong := _syntax_error(mutant.changed(text))):
        faults.append(f"no Python: {wrong}")
    return faults


def _syntax_error(text: str) -> str | None:
    try:
        ast.parse(text)
    except SyntaxError as error:
        return str(error)
    return None


def _exists(test: str, root: Path) -> bool:
    """Tell whether a test id names a function of its file; its case, in brackets, is not read."""
    name, *path = test.partition("[")[0].split("::")
    file = root / name
    if not file.is_file():
        return False
    body: list[ast.stmt] = ast.parse(file.read_text("utf-8")).body
    for part in path:
        found = [node for node in body if getattr(node, "name", None) == part]
        if not found:
            return False
        body = getattr(found[0], "body", [])
    return True

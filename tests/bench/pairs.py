"""Functions that really changed: the same package in two releases, from PyPI.

Nothing of them is kept in the repository: wheels are fetched into `.cache/` when a benchmark
runs, and read from there.
"""

from __future__ import annotations

import ast
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "pairs"

RELEASES = (
    ("httpx", "0.23.3", "0.28.1"),
    ("requests", "2.25.1", "2.32.3"),
    ("flask", "2.0.3", "3.0.3"),
    ("rich", "12.6.0", "13.9.4"),
    ("attrs", "21.4.0", "25.1.0"),
    ("click", "7.1.2", "8.1.8"),
    ("werkzeug", "2.0.3", "3.1.3"),
    ("jinja2", "2.11.3", "3.1.6"),
    ("pytest", "6.2.5", "8.3.4"),
    ("urllib3", "1.26.20", "2.3.0"),
)


@frozen
class Pair:
    """One function before and after."""

    name: str
    before: str = field(repr=False)
    after: str = field(repr=False)


def pairs() -> list[Pair]:
    """Return the changed functions of all releases, fetching what is not in the cache."""
    found: list[Pair] = []
    for package, old, new in RELEASES:
        before, after = (dict(_functions(fetch(package, v))) for v in (old, new))
        found += [
            Pair(f"{package}: {name}", text, after[name])
            for name, text in before.items()
            if name in after and after[name] != text
        ]
    return found


def fetch(package: str, version: str) -> Path:
    """Return the wheel of a release."""
    CACHE.mkdir(parents=True, exist_ok=True)
    pattern = f"{package.replace('-', '_')}-{version}-*.whl"

    def cached() -> Path | None:
        return next(
            (p for p in CACHE.iterdir() if p.match(pattern) or _is(p, package, version)), None
        )

    if (wheel := cached()) is None:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--only-binary=:all:", "--dest", str(CACHE), f"{package}=={version}"]
        subprocess.run(command, check=True)
        wheel = cached()
    assert wheel is not None
    return wheel


def _is(path: Path, package: str, version: str) -> bool:
    return path.name.lower().startswith(f"{package}-{version}-") and path.suffix == ".whl"


def _functions(wheel: Path) -> Iterator[tuple[str, str]]:
    """Yield the qualified name and the whole lines of each function of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.namelist():
            if not entry.endswith(".py"):
                continue
            source = archive.read(entry).decode("utf-8")
            lines = source.splitlines(keepends=True)
            try:
                tree = ast.parse(source)
            except SyntaxError:
                continue
            yield from _named(tree, entry, lines)


def _named(node: ast.AST, prefix: str, lines: list[str]) -> Iterator[tuple[str, str]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield from _named(child, f"{prefix}.{child.name}", lines)
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([child.lineno, *(d.lineno for d in child.decorator_list)])
            yield f"{prefix}.{child.name}", "".join(lines[first - 1 : child.end_lineno])

"""Typing, made of real source files: what a person would have typed, and when.

A history takes a function out of a file of an installed package and types it in again,
key by key, into the rest of the file. The times between keys are drawn as people type:
log-normal, slower at the start of words and lines, with a rest now and then to think.
Invariant: the same seed gives the same histories on the same machine.
"""

from __future__ import annotations

import ast
import importlib.util
import random
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import field, frozen

from glm_lsp.text import Snapshot, Span, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGES = ("attr", "click", "httpx", "rich", "pathspec", "json", "argparse", "textwrap", "pygls")
_KEY, _WORD, _LINE, _THOUGHT = 0.11, 0.19, 0.45, 1.8
_SPREAD = 0.38
_THINKS = 0.012
_LEAST_LINES, _MOST_LINES = 3, 14


@frozen
class Key:
    """One keystroke: seconds since the one before, and the document it leaves."""

    after: float
    typed: str
    snapshot: Snapshot = field(repr=False)
    offset: int


@frozen
class History:
    """A function body that is typed into a file."""

    uri: str
    before: str = field(repr=False)
    body: str = field(repr=False)
    after: str = field(repr=False)
    seed: int

    def keys(self) -> Iterator[Key]:
        """Yield the keystrokes; the indentation of a new line comes with its line break."""
        rhythm = random.Random(self.seed)  # noqa: S311  # Typing, not secrets.
        text = Text.of(self.before + self.after)
        position = 0
        while position < len(self.body):
            end = position + 1
            if self.body[position] == "\n":
                while end < len(self.body) and self.body[end] in " \t\n":
                    end += 1
            typed = self.body[position:end]
            offset = len(self.before) + position
            text = text.replace(Span(offset, offset), typed)
            last = self.body[position - 1] if position else "\n"
            yield Key(
                _wait(rhythm, last, typed), typed, Snapshot(self.uri, None, "python", text),
                offset + len(typed),
            )  # fmt: skip
            position = end


def histories(count: int, seed: int = 1) -> list[History]:
    """Choose functions of installed packages to be typed."""
    chance = random.Random(seed)  # noqa: S311
    found = [history for path in _files() for history in _of(path, chance)]
    chance.shuffle(found)
    return found[:count]


def files() -> list[Path]:
    """Return the source files that histories and cursor positions are taken from."""
    return _files()


def _files() -> list[Path]:
    paths: list[Path] = []
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            continue
        origin = Path(spec.origin)
        paths += sorted(origin.parent.glob("*.py")) if origin.name == "__init__.py" else [origin]
    return paths


def _of(path: Path, chance: random.Random) -> Iterator[History]:
    source = path.read_text(encoding="utf-8")
    lines = source.splitlines(keepends=True)
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.FunctionDef) or node.end_lineno is None:
            continue
        first, last = node.body[0].lineno - 1, node.end_lineno
        if not _LEAST_LINES <= last - first <= _MOST_LINES or lines[first].lstrip()[0] in "\"'":
            continue
        yield History(
            uri=path.as_uri(),
            before="".join(lines[:first]).rstrip("\n"),
            body="\n" + "".join(lines[first:last]).rstrip("\n"),
            after="\n" + "".join(lines[last:]),
            seed=chance.randrange(1 << 30),
        )


def _wait(rhythm: random.Random, last: str, typed: str) -> float:
    if rhythm.random() < _THINKS:
        return rhythm.lognormvariate(0, _SPREAD) * _THOUGHT
    middle = _KEY
    if typed[0] == "\n" or last == "\n":
        middle = _LINE
    elif not last.isalnum():
        middle = _WORD
    return middle * rhythm.lognormvariate(0, _SPREAD)

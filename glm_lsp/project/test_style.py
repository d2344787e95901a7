"""How the project writes tests: what a test file nearby imports, and one of its tests.

Invariant: the same workspace and file give the same example.
"""

from __future__ import annotations

import re
from textwrap import dedent
from typing import TYPE_CHECKING

from glm_lsp.project.callers import is_test
from glm_lsp.project.wanted import Excerpt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glm_lsp.project.units import Unit, Units

_MOST_READ, _MOST_IMPORTS = 6, 15
_SHORTEST, _LONGEST = 2, 25
_NAMES = ("test", "should")
_CASE = re.compile(r"^\s*(?:it|test)(?:\.\w+)?\(")
_IMPORT = re.compile(r"^(?:import|from|using|use|package|require|const \{?[\w ,]+\}? = require)\b")


def test_style(units: Units, path: str) -> Excerpt | None:
    """Return the imports and one test of the test file nearest to a file; None without one."""
    suffix = path.rpartition(".")[2]
    stem = path.rpartition("/")[2].partition(".")[0]
    folders = path.split("/")[:-1]

    def away(other: str) -> tuple[object, ...]:
        common = sum(1 for a, b in zip(folders, other.split("/"), strict=False) if a == b)
        return (stem not in other.rpartition("/")[2], -common, len(other), other)

    tests = (
        p for p in units.index.paths() if is_test(p) and p.endswith(f".{suffix}") and p != path
    )
    for other in sorted(tests, key=away)[:_MOST_READ]:
        unit = units.get(other)
        found = min(_cases(unit), default=None) if unit is not None else None
        if unit is not None and found is not None:
            _, first, last = found
            heads = [line.rstrip() for line in unit.lines if _IMPORT.match(line)][:_MOST_IMPORTS]
            text = "\n".join([*heads, "", dedent("\n".join(unit.lines[first : last + 1]))])
            return Excerpt("style", other, first, last, "how this project writes tests", text)
    return None


def _cases(unit: Unit) -> Iterator[tuple[int, int, int]]:
    """Yield the tests of a file that are short: how long each is, its first and its last line."""
    spans = [
        (each.line, each.last)
        for each in unit.definitions
        if each.kind == "function" and each.name.lower().startswith(_NAMES)
    ]
    for number, line in enumerate(unit.lines):
        if _CASE.match(line):
            node = unit.at(number, len(line) - len(line.lstrip()))
            while node is not None and node.type != "call_expression":
                node = node.parent
            if node is not None:
                spans.append((node.start_point.row, node.end_point.row))
    for first, last in spans:
        if _SHORTEST <= last - first + 1 <= _LONGEST:
            yield last - first, first, last

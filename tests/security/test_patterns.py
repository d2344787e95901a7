"""Every pattern of the program on hostile lines: none takes more than linear time.

Each is used here as the program uses it (`match`, `search`, …), on lines made of its own
literals and of what patterns usually repeat. What counts is how the time grows with the line.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import time
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import glm_lsp
from glm_lsp import languages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

METHODS = ("match", "fullmatch", "search", "finditer", "findall", "sub", "split")
OPENINGS = ("", "#", "<!-- ", "```", "<think>", "@@ ", "line 1", "import ")  # fmt: skip
REPEATED = (" ", "\t", "a", "1", ".", "`", "-", "_", "(", "'", "<", "> ", "a ", "A ", "a.", ", ", "a, ", "\n", "\u4e2d", "*", ";", "...", "a-", "a::", "\r", " \n", "=", "|", "{", "+", "\\", "/")  # fmt: skip
SMALL, LARGE = 400, 4_000
SLOW = 0.008
"""Seconds of CPU; a linear pattern takes a twentieth of it for the long line."""


def _modules() -> Iterator[Any]:
    for info in pkgutil.walk_packages(glm_lsp.__path__, "glm_lsp."):
        if not info.name.endswith("__main__") and ".samples" not in info.name:
            yield importlib.import_module(info.name)


def _uses() -> Iterator[tuple[str, re.Pattern[Any], str]]:
    """Yield where a pattern is used, the pattern, and by which method."""
    for module in _modules():
        source = ast.parse(Path(module.__file__).read_text("utf-8"))
        for node in ast.walk(source):
            if isinstance(node, ast.Attribute) and node.attr in METHODS:
                owner = node.value
                found = getattr(module, owner.id, None) if isinstance(owner, ast.Name) else None
                if isinstance(found, re.Pattern):
                    yield f"{module.__name__}:{node.lineno}", found, node.attr
            if isinstance(node, ast.Call) and (used := _literal(node)) is not None:
                yield f"{module.__name__}:{node.lineno}", used[0], used[1]
    for language in _languages():
        for name in filter(lambda name: name[0] != "_", dir(language)):
            value = getattr(language, name)
            if isinstance(value, re.Pattern):
                yield f"languages.{name}", value, "match"
            elif name in ("import_line", "import_list") and value:
                yield f"languages.{name}", re.compile(value), "fullmatch"


def _languages() -> list[Any]:
    names = "python javascript typescript go rust c cpp java csharp php ruby lua bash json".split()
    return [languages.language_named(name) for name in names]


def _literal(node: ast.Call) -> tuple[re.Pattern[Any], str] | None:
    """Return the pattern of a call like `re.sub("…", …)`, when it is written out."""
    called = node.func
    if not (isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name)):
        return None
    if called.value.id != "re" or called.attr not in METHODS or not node.args:
        return None
    first = node.args[0]
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        return re.compile(first.value, re.DOTALL), called.attr
    return None


def _runner(pattern: re.Pattern[Any], method: str) -> Callable[[Any], object]:
    if method == "sub":
        return lambda text: pattern.sub(lambda _: "", text)
    if method == "finditer":
        return lambda text: list(pattern.finditer(text))
    used: Callable[[Any], object] = getattr(pattern, method)
    return used


def _seconds(run: Callable[[Any], object], line: Any) -> float:
    started = time.process_time()
    run(line)
    return time.process_time() - started


def _lines(opening: str, repeated: str, length: int) -> tuple[str, str]:
    run = (repeated * length)[:length]
    return f"{opening}{run}\x00", f"{opening}{run}x{run}y!"


def _slowest(pattern: re.Pattern[Any], method: str) -> str:
    """Return the line that a pattern takes more than linear time for; "" when there is none."""
    run = _runner(pattern, method)
    for opening, repeated in product(OPENINGS, REPEATED):
        for length in (SMALL, LARGE):  # Cubic time shows in the one, quadratic in the other.
            for text in _lines(opening, repeated, length):
                line = text.encode() if isinstance(pattern.pattern, bytes) else text
                if all(_seconds(run, line) > SLOW for _ in range(3)):
                    return repr(text[:12])
    return ""


def test_every_pattern_takes_linear_time() -> None:
    """A hostile line of any kind is matched by each pattern: the time grows with its length."""
    uses = {(pattern, method): where for where, pattern, method in _uses()}
    assert len(uses) > 100
    slow = [
        f"{where} {method} {pattern.pattern!r} on {line}"
        for (pattern, method), where in uses.items()
        if (line := _slowest(pattern, method))
    ]
    assert not slow, "\n".join(slow)

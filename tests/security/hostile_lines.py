"""Lines on which a pattern is slow if it is on any, and whether it was.

Each begins with what some part of the pattern matches, goes on with something long that it may
read in more than one way, and ends with what it does not expect.
"""

from __future__ import annotations

import importlib
import sys
import time
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterator

OPENINGS = ("", "#", "```")
REPEATED = (" ", "\t", "a", "1", ".", "`", "-", "_", "(", "'", "<", "> ", "a ", "A ", "a.", ", ", "a, ", "\n", "\u4e2d", "*", ";", "...", "a-", "a::", "\r", " \n", "=", "|", "{", "+", "\\", "/")  # fmt: skip
TINY, SMALL, LARGE = 20, 400, 4_000
"""Characters in which exponential, cubic and quadratic time show."""
SLOW = 0.008
"""Seconds of CPU; a linear pattern takes a twentieth of it for the longest line."""
STEPS = 8
GROWN = 24
"""How many times longer a line `STEPS` times as long may take; 64 would be quadratic."""
_MOST = 12

_parser: Any = importlib.import_module("re._parser" if sys.version_info >= (3, 11) else "sre_parse")


def slowest(pattern: re.Pattern[Any], method: str) -> str:
    """Return how a line begins that a pattern takes more than linear time for; "" for none."""
    run, binary = _runner(pattern, method), isinstance(pattern.pattern, bytes)
    tree = _parser.parse(pattern.pattern, pattern.flags)
    openings = dict.fromkeys((*OPENINGS, *list(_beginnings(tree))[-_MOST:]))
    repeated = dict.fromkeys((*REPEATED, *list(_parts(tree, _REPEATS))[:_MOST]))
    ends = dict.fromkeys(("\0", *list(_parts(tree, _REFUSALS))[:2]))
    for length, opening, unit in product((TINY, SMALL, LARGE), openings, repeated):
        for line in _lines(opening, unit, ends):
            made = partial(_spelled, line, binary)
            if grows(run, made, length):
                return repr(line(12))
    return ""


def grows(run: Callable[[Any], object], made: Callable[[int], Any], length: int) -> bool:
    """Tell whether the time of `run` grows faster than what is `made` for a length."""
    if _seconds(run, made(length)) <= SLOW:
        return False
    long = min(_seconds(run, made(length)) for _ in range(3))
    if long <= SLOW or length <= TINY:
        return long > SLOW
    short = min(_seconds(run, made(length // STEPS)) for _ in range(5))
    return long > GROWN * short


def _seconds(run: Callable[[Any], object], given: Any) -> float:
    started = time.process_time()
    run(given)
    return time.process_time() - started


def _runner(pattern: re.Pattern[Any], method: str) -> Callable[[Any], object]:
    if method in ("sub", "subn"):
        return lambda text: pattern.sub(lambda _: text[:0], text)
    if method == "finditer":
        return lambda text: list(pattern.finditer(text))
    used: Callable[[Any], object] = getattr(pattern, method)
    return used


def _spelled(line: Callable[[int], str], binary: bool, size: int) -> Any:
    return line(size).encode() if binary else line(size)


def _lines(opening: str, unit: str, ends: Any) -> Iterator[Callable[[int], str]]:
    def run(size: int) -> str:
        return (unit * size)[:size]

    yield from (lambda size, end=end: f"{opening}{run(size)}{end}" for end in ends)
    yield lambda size: f"{opening}{run(size)}x{run(size)}y!"


def _beginnings(tree: Any) -> Iterator[str]:
    """Yield an example of each part with which a pattern may begin, the shorter ones first."""
    text = ""
    for item in tree:
        text += _example([item])
        yield text


def _example(tree: Any) -> str:
    """Return a short text that (a part of) a pattern matches, more or less."""
    return "".join(_one(str(kind), value) for kind, value in tree)


def _one(kind: str, value: Any) -> str:
    if kind == "LITERAL":
        return chr(value)
    if kind == "IN":
        return _of_class(value)
    if kind in ("ANY", "NOT_LITERAL"):
        return "x"
    if kind == "BRANCH":
        return _example(value[1][0])
    if kind in _REPEATS:
        return _example(value[2]) * max(1, int(value[0]))
    return _example(value[-1]) if kind == "SUBPATTERN" else ""


def _of_class(items: Any) -> str:
    kind, value = str(items[0][0]), items[0][1]
    if kind == "LITERAL":
        return chr(value)
    if kind == "RANGE":
        return chr(value[0])
    shown = {"CATEGORY_DIGIT": "1", "CATEGORY_SPACE": " ", "CATEGORY_NOT_WORD": "."}
    return str(shown.get(str(value), "x"))


_REPEATS = ("MAX_REPEAT", "MIN_REPEAT")
_REFUSALS = ("NEGATE", "NOT_LITERAL")


def _parts(tree: Any, kinds: tuple[str, ...]) -> Iterator[str]:
    """Yield what a pattern repeats, or what it refuses, each as a text."""
    for kind, value in tree:
        name = str(kind)
        if name in _REPEATS and name in kinds:
            yield from filter(None, _alternatives(value[2]))
        elif name == "NOT_LITERAL" and name in kinds:
            yield chr(value)
        elif name == "IN" and str(value[0][0]) == "NEGATE" in kinds:
            yield from filter(None, (_of_class([item]) for item in value[1:]))
        for inner in _inside(name, value):
            yield from _parts(inner, kinds)


def _alternatives(tree: Any) -> Iterator[str]:
    yield _example(tree)
    for kind, value in tree:
        if str(kind) == "IN":
            yield from (_of_class([item]) for item in value)
        for inner in _inside(str(kind), value):
            yield _example(inner)


def _inside(name: str, value: Any) -> list[Any]:
    """Return the patterns that a part of a pattern holds."""
    if name == "BRANCH":
        return list(value[1])
    if name in (*_REPEATS, "SUBPATTERN"):
        return [value[-1]]
    return [value[1]] if name in ("ASSERT", "ASSERT_NOT") else []

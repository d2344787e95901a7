"""Every pattern of the program on hostile lines: none takes more than linear time.

Each is used here as the program uses it (`match`, `search`, …). What counts is how the time
grows with the line.
"""

from __future__ import annotations

import re
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from tests.security.hostile_lines import slowest
from tests.security.patterns import unread, uses


def test_every_pattern_takes_linear_time() -> None:
    """A hostile line of any kind is matched by each pattern: the time grows with its length."""
    names, patterns, methods = zip(*uses(), strict=True)
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        lines = list(pool.map(slowest, patterns, methods, chunksize=4))
    slow = [
        f"{where} {method} {pattern.pattern!r} on {line}"
        for where, method, pattern, line in zip(names, methods, patterns, lines, strict=True)
        if line
    ]
    assert not slow, "\n".join(slow)


def test_every_pattern_is_found() -> None:
    """A pattern is made where nobody looks for it: the test above would not try it."""
    assert not unread()
    assert len(uses()) > 250


SLOW_ONES = {
    "exponential": r"(?:a+)+b",
    "exponential behind a beginning": r"code: \|\n(?:[ ]+.*\n?|[ \t]*\n)+\Z",
    "cubic": r"^\s*x?\s*y?\s*z$",
    "quadratic": r"\s+$",
    "quadratic before an end": r"^#+[^!]*$",
}


@pytest.mark.parametrize("pattern", SLOW_ONES.values(), ids=SLOW_ONES)
def test_slow_patterns_are_told(pattern: str) -> None:
    """A pattern needs more than linear time: one of the lines tried here shows it."""
    assert slowest(re.compile(pattern), "search")


def test_a_linear_pattern_is_not_blamed() -> None:
    """A pattern reads each line once: it is none of the slow ones."""
    assert not slowest(re.compile(r"^#[^!]*$"), "search")

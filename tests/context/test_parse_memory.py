"""Parsing keeps nothing of the text: an hour of typing parses a file thousands of times."""

from __future__ import annotations

import gc
import tracemalloc

from glm_lsp.context.syntax import parse

FUNCTION = "def area(width, height):\n    return width * height\n"
LONG = FUNCTION * 400


def kept_after(times: int, source: str) -> int:
    """Return how many bytes are held after a text was parsed so often."""
    parse("python", source)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(times):
            tree = parse("python", f"{source}# {number}\n")
            assert tree is not None
            del tree
        gc.collect()
        return tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()


def test_what_was_parsed_is_forgotten() -> None:
    """Not even the library below keeps what it has read."""
    assert kept_after(20, LONG) < len(LONG)


def test_of_short_texts_nothing_at_all_is_kept() -> None:
    """Most files are short, and are parsed at nearly every key."""
    assert kept_after(500, FUNCTION) < 2_000

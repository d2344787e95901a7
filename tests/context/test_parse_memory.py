"""Parsing keeps nothing of the text: an hour of typing parses a file thousands of times."""

from __future__ import annotations

import gc
import tracemalloc

from glm_lsp.context.syntax import parse

SOURCE = "def area(width, height):\n    return width * height\n" * 400


def test_what_was_parsed_is_forgotten() -> None:
    """Not even the library below keeps what it has read."""
    parse("python", SOURCE)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(20):
            tree = parse("python", f"{SOURCE}# {number}\n")
            assert tree is not None
            del tree
        gc.collect()
        kept = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert kept < len(SOURCE), kept

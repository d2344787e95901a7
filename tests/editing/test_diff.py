"""The streaming diff: right hunks, as early as they are certain, and no more than needed."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glm_lsp.editing.diff import Hunk, StreamingDiff, apply_hunks, diff
from glm_lsp.text import Span

if TYPE_CHECKING:
    from collections.abc import Iterable

LINES = st.sampled_from(
    ["a = 1\n", "b = a\n", "    return a\n", "}\n", "\n", "x\r\n", "y\r", "return f(a, b)\n"]
)
TEXTS = st.builds(
    lambda lines, rest: "".join(lines) + rest,
    st.lists(LINES, max_size=12),
    st.sampled_from(["", "end", "    return a"]),
)


def streamed(original: str, pieces: Iterable[str]) -> list[Hunk]:
    difference = StreamingDiff(original)
    hunks = [hunk for piece in pieces for hunk in difference.feed(piece)]
    return hunks + difference.finish()


def cut(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


@given(TEXTS, TEXTS)
@settings(max_examples=400, deadline=None)
def test_a_diff_turns_the_original_into_the_replacement(original: str, replacement: str) -> None:
    """The hunks of finished texts, in order and apart, give the replacement."""
    hunks = diff(original, replacement)
    assert apply_hunks(original, hunks) == replacement
    assert all(a.span.end <= b.span.start for a, b in pairwise(hunks))


@given(TEXTS, TEXTS, st.integers(1, 9))
@settings(max_examples=400, deadline=None)
def test_a_stream_gives_the_same_text_however_it_is_cut(
    original: str, replacement: str, size: int
) -> None:
    """Hunks that come while the replacement does give it in the end, in order and apart."""
    hunks = streamed(original, cut(replacement, size))
    assert apply_hunks(original, hunks) == replacement
    assert all(a.span.end <= b.span.start for a, b in pairwise(hunks))


@given(TEXTS)
def test_a_replacement_that_is_the_original_has_no_hunks(text: str) -> None:
    """Nothing is rewritten when nothing changed."""
    assert streamed(text, cut(text, 5)) == []


ORIGINAL = """\
def total(prices, rate):
    result = 0
    for price in prices:
        result += price * rate
    log(result)
    return result
"""

PAIRS = {
    "a name within a line": (
        ORIGINAL.replace("price * rate", "price * factor"),
        [("rate", "factor")],
    ),
    "a line more": (
        ORIGINAL.replace("    log", "    check(result)\n    log"),
        [("", "    check(result)\n")],
    ),
    "a line less": (ORIGINAL.replace("    log(result)\n", ""), [("    log(result)\n", "")]),
    "deeper by one level": (
        ORIGINAL.replace("        result +=", "            result +="),
        [("        ", "            ")],
    ),
    "another line altogether": (
        ORIGINAL.replace("    log(result)\n", "    if not prices:\n"),
        [("", "    if not prices:\n"), ("    log(result)\n", "")],
    ),
    "no final line end": (ORIGINAL[:-1], [("\n", "")]),
}


@pytest.mark.parametrize(("replacement", "expected"), PAIRS.values(), ids=PAIRS.keys())
def test_only_what_changed_is_touched(replacement: str, expected: list[tuple[str, str]]) -> None:
    """Lines that stay are not rewritten, and within a line only the tokens that differ are."""
    hunks = streamed(ORIGINAL, cut(replacement, 4))
    found = [(ORIGINAL[hunk.span.start : hunk.span.end], hunk.text) for hunk in hunks]
    assert found == expected


def test_a_hunk_comes_as_soon_as_the_next_line_matches() -> None:
    """A changed line is certain once the line after it is there."""
    difference = StreamingDiff(ORIGINAL)
    assert difference.feed("def total(prices, rate):\n    result = 1\n") == []
    (hunk,) = difference.feed("    for price in prices:\n")
    assert ORIGINAL[hunk.span.start : hunk.span.end] == "0"


def test_lines_unlike_any_other_come_at_once() -> None:
    """What is new is shown line by line, not at the end of the reply."""
    difference = StreamingDiff(ORIGINAL)
    start = len("def total(prices, rate):\n")
    difference.feed(ORIGINAL[:start])
    assert difference.feed('    """Sum it up."""\n') == [
        Hunk(Span(start, start), '    """Sum it up."""\n')
    ]


def test_what_comes_after_a_changed_last_line_does_not_wait() -> None:
    """Code added behind the original streams although the last line never matched."""
    difference = StreamingDiff("def f():\n    return a")
    pieces = ["def f():\n", "    return a + 1\n", "\n", "\n", "def g():\n", "    pass\n"]
    early = [hunk for piece in pieces for hunk in difference.feed(piece)]
    assert "".join(hunk.text for hunk in early) == " + 1\n\n\ndef g():\n    pass\n"


def test_lines_left_out_for_good_do_not_drag_later_ones_along() -> None:
    """A line moved up is one insertion and one deletion; those it passed stay."""
    lines = [f"{name}()\n" for name in ("prepare", "collect", "compute", "publish", "cleanup")]
    moved = [lines[3], *lines[:3], lines[4]]
    hunks = streamed("".join(lines), moved)
    assert sum(hunk.size for hunk in hunks) == 2 * len(lines[3])

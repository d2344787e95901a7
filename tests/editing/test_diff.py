"""The streaming diff: right edits, as early as they are certain, and no more than needed."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glm_lsp.editing.diff import StreamingDiff
from glm_lsp.editing.lines import LineEdit, line_edit
from glm_lsp.text import Change, Span, Text

if TYPE_CHECKING:
    from collections.abc import Iterable

LINES = st.sampled_from(
    ["a = 1", "b = a", "    return a", "}", "", "x", "y", "return f(a, b)", "z\u2028", "\f"]
)
TEXTS = st.lists(LINES, min_size=1, max_size=12)


def streamed(original: list[str], pieces: Iterable[str]) -> list[LineEdit]:
    difference = StreamingDiff(original)
    edits = [edit for piece in pieces for edit in difference.feed(piece)]
    return edits + difference.finish()


def applied(original: list[str], edits: list[LineEdit]) -> list[str]:
    lines = list(original)
    for edit in reversed(edits):
        lines[edit.first : edit.end] = edit.lines
    return lines


def cut(lines: list[str], size: int, end: str = "\n") -> list[str]:
    text = end.join(lines)
    return [text[start : start + size] for start in range(0, len(text), size)]


@given(TEXTS, TEXTS, st.integers(1, 9), st.sampled_from(["\n", "\r\n", "\r"]))
@settings(max_examples=400, deadline=None)
def test_a_stream_gives_the_same_lines_however_it_is_cut(
    original: list[str], replacement: list[str], size: int, end: str
) -> None:
    """Edits that come while the replacement does give it in the end, in order and apart."""
    edits = streamed(original, cut(replacement, size, end))
    assert applied(original, edits) == replacement
    assert all(a.end <= b.first for a, b in pairwise(edits))


@given(TEXTS)
def test_a_replacement_that_is_the_original_has_no_edits(lines: list[str]) -> None:
    """Nothing is rewritten when nothing changed."""
    assert streamed(lines, cut(lines, 5)) == []


ORIGINAL = """\
def total(prices, rate):
    result = 0
    for price in prices:
        result += price * rate
    log(result)
    return result""".split("\n")


def changed(line: int, *lines: str) -> list[str]:
    """Return the original with other lines in place of one."""
    return [*ORIGINAL[:line], *lines, *ORIGINAL[line + 1 :]]


PAIRS = {
    "a name within a line": (
        changed(3, "        result += price * factor"),
        [LineEdit(3, 4, ("        result += price * factor",))],
    ),
    "a line more": (
        changed(4, "    check(result)", ORIGINAL[4]),
        [LineEdit(4, 4, ("    check(result)",))],
    ),
    "a line less": (changed(4), [LineEdit(4, 5, ())]),
    "another line altogether": (
        changed(4, "    if not prices:"),
        [LineEdit(4, 4, ("    if not prices:",)), LineEdit(4, 5, ())],
    ),
    "an empty line at the end": ([*ORIGINAL, ""], [LineEdit(6, 6, ("",))]),
}


@pytest.mark.parametrize(("replacement", "expected"), PAIRS.values(), ids=PAIRS.keys())
def test_only_what_changed_is_touched(replacement: list[str], expected: list[LineEdit]) -> None:
    """Lines that stay are not rewritten, and a line that is much the same becomes the other."""
    assert streamed(ORIGINAL, cut(replacement, 4)) == expected


def test_an_edit_comes_as_soon_as_the_next_line_matches() -> None:
    """A changed line is certain once the line after it is there."""
    difference = StreamingDiff(ORIGINAL, 10)
    assert difference.feed("def total(prices, rate):\n    result = 1\n") == []
    assert difference.feed(ORIGINAL[2] + "\n") == [LineEdit(11, 12, ("    result = 1",))]


def test_lines_unlike_any_other_come_at_once() -> None:
    """What is new is shown line by line, not at the end of the reply."""
    difference = StreamingDiff(ORIGINAL)
    difference.feed(ORIGINAL[0] + "\n")
    assert difference.feed('    """Sum it up."""\n') == [LineEdit(1, 1, ('    """Sum it up."""',))]


def test_what_comes_after_a_changed_last_line_does_not_wait() -> None:
    """Code added behind the original streams although the last line never matched."""
    difference = StreamingDiff(["def f():", "    return a"])
    pieces = ["def f():\n", "    return a + 1\n", "\n", "\n", "def g():\n", "    pass\n"]
    early = [edit for piece in pieces for edit in difference.feed(piece)]
    assert [line for edit in early for line in edit.lines] == [
        "    return a + 1",
        "",
        "",
        "def g():",
        "    pass",
    ]


def test_lines_left_out_for_good_do_not_drag_later_ones_along() -> None:
    """A line moved up is one insertion and one deletion; those it passed stay."""
    lines = [f"{name}()" for name in ("prepare", "collect", "compute", "publish", "cleanup")]
    edits = streamed(lines, cut([lines[3], *lines[:3], lines[4]], 7))
    assert edits == [LineEdit(0, 0, ("publish()",)), LineEdit(3, 4, ())]


def test_a_line_of_many_proves_little() -> None:
    """Where one more of several equal lines comes, the line behind it is not rewritten."""
    old = ["def f():", "log(value)", "log(value)", "step()", "log(value)", "log(value)", "end()"]
    more = [*old[:3], "log(value)", *old[3:6], "log(value)", old[6]]
    assert streamed(old, cut(more, 5)) == [
        LineEdit(3, 3, ("log(value)",)),
        LineEdit(6, 6, ("log(value)",)),
    ]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (Change(Span(1, 1), "\nimport b"), LineEdit(1, 1, ("import b",))),
        (Change(Span(0, 0), "import b\n"), LineEdit(0, 0, ("import b",))),
        (Change(Span(0, 3), "a"), LineEdit(1, 2, ())),
        (Change(Span(2, 2), "x"), LineEdit(1, 2, ("xb",))),
        (Change(Span(1, 1), ""), None),
    ],
    ids=["behind a line", "before a line", "a line less", "within", "nothing"],
)
def test_a_change_anywhere_is_one_of_whole_lines(change: Change, expected: LineEdit | None) -> None:
    """However its span is cut, a change says which lines become which."""
    assert line_edit(Text.of("a\nb"), change) == expected

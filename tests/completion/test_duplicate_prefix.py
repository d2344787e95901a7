"""What counts as a repetition of the text before the cursor, and what only looks like one."""

from __future__ import annotations

import pytest

from glm_lsp.completion.filters import duplicate_prefix
from glm_lsp.completion.types import Draft
from glm_lsp.context.cursor import context_at
from glm_lsp.text import Snapshot, Text


def left(before: str, answer: str) -> str:
    """Return what the filter leaves of an answer behind `before`."""
    context = context_at(Snapshot("file:///a.py", 1, "python", Text.of(before)), len(before))
    return duplicate_prefix.apply(Draft(answer), context).text


@pytest.mark.parametrize(
    ("before", "answer", "shown"),
    [
        pytest.param("items.app", "app(1)", "(1)", id="the word that was begun"),
        pytest.param("x = items.app", "items.append(1)", "end(1)", id="a dotted name"),
        pytest.param("    return to", "return total", "tal", id="the cursor's line"),
        pytest.param("if a:\n    ret", "if a:\n    return a", "urn a", id="whole lines"),
        pytest.param("foo(foo", "foo(foo)", ")", id="the line rather than its last word"),
        pytest.param("  value = ", "value = 1", "1", id="the line, without its indentation"),
    ],
)
def test_a_repetition_is_cut_off(before: str, answer: str, shown: str) -> None:
    """What the answer repeats of the text before the cursor is not offered again."""
    assert left(before, answer) == shown


@pytest.mark.parametrize(
    ("before", "answer"),
    [
        pytest.param("reformat", "mat(1)", id="letters from inside a word"),
        pytest.param("x = 123", "123456", id="a number"),
        pytest.param("p = x.y", "x.y + 1", id="letters too few to be a word"),
        pytest.param("if a:\n            ", "            b()", id="blanks"),
        pytest.param("total = a if a else", "if a else b", id="a few words of the line"),
        pytest.param("x = 12", "12", id="too short to tell"),
    ],
)
def test_what_only_looks_like_a_repetition_stays(before: str, answer: str) -> None:
    """Chance is no repetition: the answer goes on as it is."""
    assert left(before, answer) == answer

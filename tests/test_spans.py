"""How a span moves with the changes of its document."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glm_lsp.spans import shift_by
from glm_lsp.text import Change, Span


@pytest.mark.parametrize(
    ("change", "moved_by"),
    [
        pytest.param(Change(Span(0, 2), ""), -2, id="before it"),
        pytest.param(Change(Span(4, 4), "new"), 3, id="inserted right before it"),
        pytest.param(Change(Span(8, 8), "new"), 0, id="inserted right behind it"),
        pytest.param(Change(Span(9, 12), "new"), 0, id="behind it"),
        pytest.param(Change(Span(5, 5), "new"), None, id="inserted into it"),
        pytest.param(Change(Span(2, 5), ""), None, id="its beginning"),
        pytest.param(Change(Span(7, 10), ""), None, id="its end"),
        pytest.param(Change(Span(3, 9), "abcdef"), None, id="all of it"),
    ],
)
def test_a_span_moves_with_what_comes_before_it(change: Change, moved_by: int | None) -> None:
    """Only a change before a span moves it; one that reaches into it loses it."""
    assert shift_by(change)(4, 8) == moved_by


def test_more_than_the_replaced_characters_can_be_lost() -> None:
    """Where a caller thinks in lines, what stands on a changed line is lost."""
    change = Change(Span(5, 5), "x")
    assert shift_by(change, Span(0, 10))(6, 8) is None
    assert shift_by(change, Span(0, 10))(10, 12) == 1


@given(st.text(max_size=20), st.text(max_size=5), st.data())
def test_what_moves_keeps_its_characters(text: str, new: str, data: st.DataObject) -> None:
    """Whatever changes, a span that is not lost holds the same characters as before."""
    bounds = st.integers(0, len(text))
    start, end = sorted((data.draw(bounds), data.draw(bounds)))
    first, last = sorted((data.draw(bounds), data.draw(bounds)))
    after = text[:first] + new + text[last:]
    moved_by = shift_by(Change(Span(first, last), new))(start, end)
    if moved_by is not None:
        assert after[start + moved_by : end + moved_by] == text[start:end]

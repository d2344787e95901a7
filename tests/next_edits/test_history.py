"""A document's history knows which lines became others, whatever was edited, in any order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from glm_lsp.next_edits.history import DocumentHistory
from glm_lsp.text import Change, Span, Text

if TYPE_CHECKING:
    from collections.abc import Sequence

PAGE = "".join(f"line {number} = value({number})\n" for number in range(12))
MOVES = st.lists(
    st.tuples(
        st.integers(0, 400), st.integers(0, 30), st.sampled_from(["", "x", "a\n", "\n", "b\nc"])
    ),
    max_size=25,
)


@given(MOVES)
def test_a_line_that_became_another_stands_where_it_is_said_to(
    moves: Sequence[tuple[int, int, str]],
) -> None:
    text = Text.of(PAGE)
    history = DocumentHistory(text)
    known = {line.rstrip("\n") for line in PAGE.split("\n")}
    for at, length, new in moves:
        start = at % (len(text) + 1)
        change = Change(Span(start, min(len(text), start + length)), new)
        text = text.replace(change.span, change.text)
        history.changed(text, [change])
        for each in history.line_changes():
            assert text.line(each.line).rstrip("\n") == each.after
            assert each.before in known
            assert each.before != each.after


@given(MOVES)
def test_what_is_undone_step_by_step_is_no_change_any_more(
    moves: Sequence[tuple[int, int, str]],
) -> None:
    text = Text.of(PAGE)
    history = DocumentHistory(text)
    back: list[Change] = []
    for at, length, new in moves:
        start = at % (len(text) + 1)
        span = Span(start, min(len(text), start + length))
        back.append(Change(Span(start, start + len(new)), text.slice(span)))
        text = text.replace(span, new)
        history.changed(text, [Change(span, new)])
    for change in reversed(back):
        text = text.replace(change.span, change.text)
        history.changed(text, [change])
    assert str(text) == PAGE
    assert history.line_changes() == ()


def test_of_many_changes_the_oldest_are_forgotten_and_the_newest_known() -> None:
    text = Text.of("".join(f"old_{number}(1)\n\n\n" for number in range(200)))
    history = DocumentHistory(text)
    for number in range(200):
        start = text.line_start(3 * number)
        change = Change(Span(start, start + 3), "new")
        text = text.replace(change.span, change.text)
        history.changed(text, [change])
    found = history.line_changes()
    assert 40 <= len(found) < 200
    assert found[-1].before == "old_199(1)"
    assert found[-1].after == "new_199(1)"
    assert all(each.after == each.before.replace("old", "new") for each in found)


def test_a_line_that_got_its_old_text_back_was_taken_back() -> None:
    text = Text.of("one\ntwo = 1\nthree\n")
    history = DocumentHistory(text)
    for span, new in ((Span(4, 7), "four"), (Span(4, 8), "two")):
        text = text.replace(span, new)
        history.changed(text, [Change(span, new)])
        history.line_changes()
    assert history.taken_back() == {("two = 1", "four = 1")}


def test_a_changed_line_moves_with_what_comes_above_it() -> None:
    text = Text.of("a = 1\nb = 2\nc = 3\nd = 4\n")
    history = DocumentHistory(text)
    for span, new in ((Span(12, 13), "see"), (Span(0, 0), "x = 0\ny = 0\n")):
        text = text.replace(span, new)
        history.changed(text, [Change(span, new)])
    (found,) = history.line_changes()
    assert (found.line, found.before, found.after) == (4, "c = 3", "see = 3")

"""Texts, spans and changes, against plain strings."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glm_lsp.text import Change, Snapshot, Span, Text, split_lines

same_for_every_example = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])

# Line ends of every kind, and what Python wrongly takes for one.
PIECES = st.sampled_from(
    ["", "a", "word", "\n", "\r", "\r\n", "\x0c", "\x85", "\u2028", "é", "\U0001f600", "\ud800"]
)
STRINGS = st.lists(PIECES, max_size=30).map("".join)


@pytest.fixture
def _tiny_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make texts of so small chunks that a few characters are many of them."""
    monkeypatch.setattr("glm_lsp.text._CHUNK", 4)


def reference_lines(text: str) -> list[str]:
    """Split with nothing but LSP's own sentence about what ends a line."""
    lines, line, at = [], "", 0
    while at < len(text):
        end = "\r\n" if text.startswith("\r\n", at) else text[at] if text[at] in "\r\n" else ""
        line += end or text[at]
        at += len(end) or 1
        if end:
            lines.append(line)
            line = ""
    return [*lines, line]


def agrees(text: Text, string: str) -> None:
    """Check all that a text says about itself."""
    lines = reference_lines(string)
    assert str(text) == string
    assert len(text) == len(string)
    assert text.line_count == len(lines)
    assert list(text.lines()) == lines
    chunks = [chunk.string for chunk in text._chunks]
    assert all(chunks) or chunks == [""]
    assert all(chunk.endswith(("\r", "\n")) for chunk in chunks[:-1])
    start = 0
    for index in range(0, len(lines), max(1, len(lines) // 8)):
        start = sum(map(len, lines[:index]))
        assert text.line(index) == lines[index]
        assert text.line_start(index) == start
        assert text.line_span(index) == Span(start, start + len(lines[index]))
        assert text.position(start) == (index, 0)


@pytest.mark.usefixtures("_tiny_chunks")
@same_for_every_example
@given(STRINGS)
def test_a_text_is_its_string(string: str) -> None:
    """Length, lines and positions are those of the string it was made of."""
    agrees(Text.of(string), string)
    assert split_lines(string) == reference_lines(string)


@pytest.mark.usefixtures("_tiny_chunks")
@same_for_every_example
@given(STRINGS, st.lists(st.tuples(st.integers(0), st.integers(0, 40), STRINGS), max_size=8))
def test_edits_are_those_of_strings(string: str, edits: list[tuple[int, int, str]]) -> None:
    """After any replacements a text is what a string would be, and the old one is untouched."""
    text = Text.of(string)
    for at, length, new in edits:
        start = at % (len(string) + 1)
        end = min(start + length, len(string))
        edited = text.replace(Span(start, end), new)
        after = string[:start] + new + string[end:]
        agrees(edited, after)
        assert text.slice(Span(start, end)) == string[start:end]
        assert str(text) == string
        text, string = edited, after


@pytest.mark.usefixtures("_tiny_chunks")
@same_for_every_example
@given(STRINGS, st.integers(0))
def test_positions_lead_back(string: str, at: int) -> None:
    """A line's start and a column make the offset they were read from."""
    offset = at % (len(string) + 1)
    text = Text.of(string)
    line, column = text.position(offset)
    assert text.line_start(line) + column == offset
    assert column <= len(text.line(line))


def test_a_carriage_return_and_a_line_feed_that_meet_are_one_line_end() -> None:
    """Deleting what stood between them joins them, across chunks as well."""
    wide = "x" * 9000 + "\r"
    text = Text.of(wide + "gone" + "\n" + wide * 3)
    joined = text.replace(Span(9001, 9005), "")
    agrees(joined, wide + "\n" + wide * 3)
    assert joined.line_count == text.line_count - 1


def test_what_follows_a_huge_line_can_be_deleted() -> None:
    """Nothing is left of it, not even an empty piece."""
    huge = "x" * 100_000 + "\n"
    agrees(Text.of(huge + "rest").replace(Span(len(huge), len(huge) + 4), ""), huge)


def test_typing_does_not_fragment_a_text() -> None:
    """After thousands of edits and deletions a text is in about as few pieces as a new one."""
    text, string = Text.of("some line\n" * 20_000), "some line\n" * 20_000
    for turn in range(3000):
        start = turn * 7919 % (len(text) - 40)
        span, new = Span(start, start + turn % 40), "\n" * (turn % 3)
        text = text.replace(span, new)
        string = string[: span.start] + new + string[span.end :]
    assert str(text) == string
    assert len(text._chunks) <= 4 * len(Text.of(string)._chunks)


def test_an_edit_shares_what_it_leaves_alone() -> None:
    """All but a few pieces of an edited text are those of the text before."""
    before = Text.of("some line\n" * 50_000)
    after = before.replace(Span(250_000, 250_000), "x")
    assert len({id(c) for c in after._chunks} - {id(c) for c in before._chunks}) <= 2


@pytest.mark.parametrize("span", [Span(0, 4), Span(4, 4)])
def test_nothing_lies_outside_a_text(span: Span) -> None:
    """A span that ends outside is refused, not clamped."""
    text = Text.of("abc")
    for use in (text.slice, lambda s: text.replace(s, "")):
        with pytest.raises(IndexError):
            use(span)
    with pytest.raises(IndexError):
        text.position(4)
    with pytest.raises(IndexError):
        text.line(1)


def test_changes_apply_one_after_the_other() -> None:
    """Each change is in the coordinates that the one before left."""
    changes = [Change(Span(0, 0), "ab"), Change(Span(1, 3), ""), Change(Span(1, 1), "Z")]
    assert str(Text.of("xyz").apply(changes)) == "aZyz"
    assert [change.growth for change in changes] == [2, -2, 1]


def test_texts_are_equal_by_what_they_say() -> None:
    """Two texts of the same characters are one value, however they came about."""
    edited = Text.of("ac").replace(Span(1, 1), "b")
    assert edited == Text.of("abc")
    assert hash(edited) == hash(Text.of("abc"))
    assert edited != Text.of("abd")
    assert edited != "abc"


@pytest.mark.parametrize(("start", "end"), [(-1, 0), (2, 1)])
def test_a_span_starts_before_it_ends(start: int, end: int) -> None:
    """What is no span cannot be made."""
    with pytest.raises(ValueError, match=re.escape(f"{start}..{end}")):
        Span(start, end)


def test_spans_contain_and_touch() -> None:
    """Edges count, for both."""
    assert Span(1, 5).contains(Span(1, 5))
    assert not Span(1, 5).contains(Span(0, 2))
    assert Span(1, 3).touches(Span(3, 4))
    assert not Span(1, 3).touches(Span(4, 4))


@pytest.mark.parametrize(
    ("text", "newline"),
    [("", "\n"), ("a", "\n"), ("a\nb\r\n", "\n"), ("a\r\n", "\r\n"), ("\r", "\r")],
)
def test_a_document_says_how_its_lines_end(text: str, newline: str) -> None:
    """The first line's end stands for the document's."""
    assert Snapshot("file:///a", 1, "python", Text.of(text)).newline == newline

"""The mirror of open documents, against a model that walks a string character by character."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from lsprotocol import types

from glm_lsp.lsp.documents.mirror import Changed, Closed, DocumentEvent, Documents, Opened
from glm_lsp.lsp.documents.positions import to_offset, to_position, to_range, to_span
from glm_lsp.lsp.wire.converter import make_converter
from glm_lsp.text import Span, Text
from tests.lsp_floor.client import changed

SCALE = float(os.environ.get("GLM_TEST_SCALE", "1"))  # 10 is the full run: 10,000 steps.
URI = "file:///model.txt"
CONVERTER = make_converter()

PIECES = ["a", "bc ", "\n", "\r", "\r\n", "\x0c", "\x85", "\u2028", "é", "漢", "\U0001f600"]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
COLUMNS = st.one_of(st.integers(0, 12), st.just(2**31 - 1))
LINES = st.one_of(st.integers(0, 9), st.just(2**31 - 1))
POSITIONS = st.tuples(LINES, COLUMNS)
# A piece of text at a place, or a whole new text.
CHANGES = st.one_of(st.tuples(POSITIONS, POSITIONS, TEXTS), TEXTS)


def reference_offset(text: str, line: int, character: int, encoding: str) -> int:
    """Walk to a position, one character at a time, in the words of LSP's specification."""
    at = 0
    for _ in range(line):
        while at < len(text) and text[at] not in "\r\n":
            at += 1
        if at == len(text):
            return at
        at += 2 if text[at : at + 2] == "\r\n" else 1
    units = 0
    while at < len(text) and text[at] not in "\r\n":
        code = ord(text[at])
        units += {
            "utf-8": 1 + (code > 0x7F) + (code > 0x7FF) + (code > 0xFFFF),
            "utf-16": 1 + (code > 0xFFFF),
            "utf-32": 1,
        }[encoding]
        if units > character:
            break
        at += 1
    return at


class MirrorAgainstModel(RuleBasedStateMachine):
    """Random edits, given to both as an editor would send them."""

    @initialize(text=TEXTS, encoding=st.sampled_from(["utf-8", "utf-16", "utf-32"]))
    def open(self, text: str, encoding: str) -> None:
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr("glm_lsp.text._CHUNK", 4)
        self.documents = Documents(encoding)
        self.encoding = encoding
        self.events: list[DocumentEvent] = []
        self.documents.subscribe(self.events.append)
        self.version = 0
        self.reopen(text)

    @rule(text=TEXTS)
    def reopen(self, text: str) -> None:
        """Open, or open again without closing, which some editors do on reload."""
        item = types.TextDocumentItem(URI, "python", self.version, text)
        self.documents.open(types.DidOpenTextDocumentParams(item))
        self.text = text

    @rule(changes=st.lists(CHANGES, min_size=1, max_size=3))
    def change(self, changes: list[Any]) -> None:
        self.version += 1
        sent: list[Any] = []
        before = self.text
        for change in changes:
            if isinstance(change, str):
                self.text = change
                sent.append(change)
                continue
            first, second, new = change
            start, end = min(first, second), max(first, second)
            sent.append(((*start, *end), new))
            left, right = (
                reference_offset(self.text, line, character, self.encoding)
                for line, character in (start, end)
            )
            self.text = self.text[:left] + new + self.text[right:]
        message = json.loads(json.dumps(changed(URI, self.version, *sent)))
        params = CONVERTER.structure(message, types.DidChangeTextDocumentParams)
        self.documents.change(params)
        event = self.events[-1]
        assert isinstance(event, Changed)
        assert str(event.before.text) == before
        assert event.before.text.apply(event.changes) == event.after.text

    @rule(at=st.integers(0))
    def convert(self, at: int) -> None:
        """Every offset has a position that leads back, save within a line end."""
        snapshot = self.documents.get(URI)
        assert snapshot is not None
        offset = at % (len(self.text) + 1)
        position = to_position(snapshot.text, offset, self.encoding)
        there = reference_offset(self.text, position.line, position.character, self.encoding)
        inside = self.text[max(offset - 1, 0) : offset + 1] == "\r\n"
        assert there == (offset - 1 if inside else offset)
        assert to_offset(snapshot.text, position, self.encoding) == there

    @invariant()
    def agrees(self) -> None:
        snapshot = self.documents.get(URI)
        assert snapshot is not None
        assert str(snapshot.text) == self.text
        assert snapshot.version == self.version

    def teardown(self) -> None:
        if hasattr(self, "patch"):
            self.patch.undo()


TestMirror = MirrorAgainstModel.TestCase
TestMirror.settings = settings(max_examples=int(20 * SCALE), stateful_step_count=50, deadline=None)


def mirror(text: str, encoding: str = "utf-16") -> Documents:
    documents = Documents(encoding)
    item = types.TextDocumentItem(URI, "python", 1, text)
    documents.open(types.DidOpenTextDocumentParams(item))
    return documents


def change(documents: Documents, *changes: Any, version: int = 2) -> None:
    params = CONVERTER.structure(changed(URI, version, *changes), types.DidChangeTextDocumentParams)
    documents.change(params)


@pytest.mark.parametrize(
    ("encoding", "character", "offset"),
    [
        ("utf-8", 0, 0),
        ("utf-8", 1, 0),
        ("utf-8", 2, 1),
        ("utf-8", 3, 1),
        ("utf-8", 6, 2),
        ("utf-8", 7, 3),
        ("utf-8", 8, 3),
        ("utf-16", 1, 1),
        ("utf-16", 2, 1),
        ("utf-16", 3, 2),
        ("utf-16", 99, 3),
        ("utf-32", 2, 2),
        ("utf-32", 4, 3),
    ],
)
def test_positions_count_in_the_negotiated_units(
    encoding: str, character: int, offset: int
) -> None:
    """Positions within a character are its start; past the end of the line, its end."""
    text = Text.of("é\U0001f600a\r\nb")
    assert to_offset(text, types.Position(0, character), encoding) == offset


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_long_lines_convert_exactly(encoding: str) -> None:
    """Columns are right at every place of a line longer than any block."""
    line = "aé漢\U0001f600" * 5000
    text = Text.of(line)
    for offset in (0, 1, 4095, 4096, 4097, 8191, 12_345, 19_999, 20_000):
        position = to_position(text, offset, encoding)
        assert to_offset(text, position, encoding) == offset
        assert reference_offset(line, 0, position.character, encoding) == offset


def test_surrogates_that_meet_stay_two_characters() -> None:
    """A pair that an editor sent in two halves counts as in the editor: two units."""
    documents = mirror("\ud83dx")
    change(documents, ((0, 1, 0, 1), "\ude00"), ((0, 3, 0, 3), "!"))
    snapshot = documents.get(URI)
    assert snapshot is not None
    assert str(snapshot.text) == "\ud83d\ude00x!"


def test_a_range_that_ends_before_it_starts_is_empty() -> None:
    """It stands at its start."""
    backwards = types.Range(types.Position(1, 1), types.Position(0, 0))
    assert to_span(Text.of("ab\ncd"), backwards, "utf-16") == Span(4, 4)


def test_spans_become_ranges() -> None:
    """Both ends convert."""
    text = Text.of("ab\n\U0001f600d")
    assert to_range(text, Span(1, 4), "utf-16") == types.Range(
        types.Position(0, 1), types.Position(1, 2)
    )


def test_a_whole_new_text_is_told_as_what_differs() -> None:
    """What points outside the difference stays where it is when an editor reloads a file."""
    documents = mirror("def f():\n    return 1\n")
    events: list[DocumentEvent] = []
    documents.subscribe(events.append)
    change(documents, "def f():\n    return 12\n")
    (event,) = events
    assert isinstance(event, Changed)
    (only,) = event.changes
    assert (only.span, only.text) == (Span(21, 21), "2")


def test_listeners_hear_everything_in_order_until_they_leave() -> None:
    """Events come once the mirror shows the new text; a listener's fault hides none."""
    documents = Documents()
    heard: list[str] = []

    def note(event: DocumentEvent) -> None:
        now = documents.get(URI)
        heard.append(f"{type(event).__name__} {now and str(now.text)}")

    def fail(_: DocumentEvent) -> None:
        raise KeyError

    documents.subscribe(fail)
    leave = documents.subscribe(note)
    item = types.TextDocumentItem(URI, "python", 1, "a")
    documents.open(types.DidOpenTextDocumentParams(item))
    change(documents, "b")
    documents.close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(URI)))
    leave()
    documents.open(types.DidOpenTextDocumentParams(item))
    assert heard == ["Opened a", "Changed b", "Closed None"]


def test_opening_again_closes_first() -> None:
    """Who follows a document learns that its old state is gone."""
    documents = mirror("old")
    events: list[DocumentEvent] = []
    documents.subscribe(events.append)
    item = types.TextDocumentItem(URI, "python", 5, "new")
    documents.open(types.DidOpenTextDocumentParams(item))
    assert [type(event) for event in events] == [Closed, Opened]


def test_what_is_not_open_is_left_alone() -> None:
    """A change or a close of an unknown document is passed over."""
    documents = Documents()
    change(documents, "b")
    documents.close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(URI)))
    assert documents.get(URI) is None
    assert len(documents) == 0


def test_percent_encoding_does_not_make_two_documents_of_one() -> None:
    """A document is found whichever way its URI is written."""
    documents = Documents()
    item = types.TextDocumentItem("file:///c%3A/a%20b.py", "python", 1, "x")
    documents.open(types.DidOpenTextDocumentParams(item))
    assert documents.get("file:///c:/a b.py") is documents.get("file:///c%3a/a%20b.py")
    assert [snapshot.uri for snapshot in documents] == ["file:///c%3A/a%20b.py"]

"""What is remembered of other tools' problems while the text changes under them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lsprotocol import types

from glm_lsp.actions.offers import Diagnostic
from glm_lsp.lsp.documents.mirror import Documents
from glm_lsp.lsp.documents.positions import to_range
from glm_lsp.lsp.work.diagnostics import Remembered
from glm_lsp.text import Span

if TYPE_CHECKING:
    from glm_lsp.text import Snapshot

URI = "file:///a.py"
SOURCE = "one\ntwo\nthree\nfour"


class File:
    """An open document and what is remembered of it."""

    def __init__(self, text: str = SOURCE) -> None:
        self.documents = Documents()
        self.remembered = Remembered()
        self.documents.subscribe(self.remembered.follow)
        item = types.TextDocumentItem(URI, "python", 1, text)
        self.documents.open(types.DidOpenTextDocumentParams(item))

    @property
    def snapshot(self) -> Snapshot:
        snapshot = self.documents.get(URI)
        assert snapshot is not None
        return snapshot

    def span(self, words: str) -> Span:
        start = str(self.snapshot.text).index(words)
        return Span(start, start + len(words))

    def note(self, *words: str, replacing: str | None = None) -> None:
        """Show a problem at each of some words, which is also its message."""
        where = self.span(replacing) if replacing is not None else None
        problems = [Diagnostic(self.span(word), word) for word in words]
        self.remembered.note(self.snapshot, problems, replacing=where)

    def change(self, *edits: tuple[Span, str]) -> None:
        """Make edits, each in the coordinates that the one before left."""
        for_now = self.snapshot.text
        events: list[types.TextDocumentContentChangeEvent] = []
        for span, text in edits:
            range_ = to_range(for_now, span, "utf-16")
            events.append(types.TextDocumentContentChangePartial(range_, text))
            for_now = for_now.replace(span, text)
        version = (self.snapshot.version or 0) + 1
        document = types.VersionedTextDocumentIdentifier(version, URI)
        self.documents.change(types.DidChangeTextDocumentParams(document, events))

    def known(self) -> list[str]:
        """Return the words at which problems are remembered to be."""
        spans = sorted(problem.span for problem in self.remembered.known(self.snapshot))
        return [self.snapshot.slice(span) for span in spans]


@pytest.mark.parametrize(
    ("old", "new", "left"),
    [
        pytest.param("two", "too", ["one", "three", "four"], id="a line is changed"),
        pytest.param("two\nthree", "2", ["one", "four"], id="two lines become one"),
        pytest.param("two\n", "", ["one", "three", "four"], id="a line is removed"),
        pytest.param("two\n", "2\n2\n", ["one", "three", "four"], id="a line is replaced"),
        pytest.param("\nthree", "", ["one", "four"], id="a line is removed with the end before"),
        pytest.param("one", "zero\none", ["two", "three", "four"], id="a line is split"),
        pytest.param("", "zero\n", ["one", "two", "three", "four"], id="a line comes first"),
        pytest.param("four", "4", ["one", "two", "three"], id="the last line is changed"),
        pytest.param(SOURCE, "", [], id="everything goes"),
    ],
)
def test_a_problem_stays_on_its_line(old: str, new: str, left: list[str]) -> None:
    """Problems move with their lines; those on lines that were changed are forgotten."""
    file = File()
    file.note("one", "two", "three", "four")
    file.change((file.span(old), new))
    assert file.known() == left


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_opening_a_line_below_changes_no_other(newline: str) -> None:
    """Return at the end of a line leaves that line's problems, and those of the next."""
    file = File(SOURCE.replace("\n", newline))
    file.note("one", "two", "three")
    end = file.span("two").end
    file.change((Span(end, end), f"{newline}    more"))
    assert file.known() == ["one", "two", "three"]
    end = file.span("four").end
    file.note("four")
    file.change((Span(end, end), newline))
    assert file.known() == ["one", "two", "three", "four"]


def test_several_changes_at_once() -> None:
    """Each change of a notification is in the coordinates left by the one before."""
    file = File()
    file.note("one", "two", "three", "four")
    file.change((file.span("three"), "3"), (Span(0, 0), "zero\n"))
    assert file.known() == ["one", "two", "four"]
    three = file.span("3").start + len("zero\n" * 2)
    file.change((Span(0, 0), "zero\n" * 2), (Span(three, three), "+"), (Span(0, 0), "zero\n"))
    assert file.known() == ["one", "two", "four"]


def test_a_problem_at_a_place_without_characters() -> None:
    """What is missing at the end of a line, or of the file, is a problem there too."""
    file = File("call(\n")
    for place in (5, 6):
        missing = Diagnostic(Span(place, place), f"missing at {place}")
        file.remembered.note(file.snapshot, [missing])
    file.change((Span(0, 0), "# Above.\n"))
    assert [p.span.start for p in file.remembered.known(file.snapshot)] == [14, 15]
    file.change((Span(15, 15), "x"))
    assert [p.span.start for p in file.remembered.known(file.snapshot)] == [14]
    file.change((Span(14, 14), ")"))
    assert file.remembered.known(file.snapshot) == []


def test_what_is_shown_again_is_one_problem() -> None:
    """The same message at the same place is the same problem, wherever the place has moved."""
    file = File()
    file.note("two", "three", "two")
    file.change((Span(0, 0), "zero\n"))
    file.note("three", "four")
    assert file.known() == ["two", "three", "four"]


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        pytest.param("one\ntwo", ["four"], id="lines"),
        pytest.param("e\ntw", ["four"], id="parts of both"),
        pytest.param("\n", ["one", "two", "four"], id="between them"),
        pytest.param("", ["two", "four"], id="the cursor"),
    ],
)
def test_what_a_request_leaves_out_is_gone(asked: str, left: list[str]) -> None:
    """An editor shows all problems of a selection: others remembered there are out of date."""
    file = File()
    file.note("one", "two", "four")
    file.note(replacing=asked)
    assert file.known() == left


def test_which_problems_are_of_this_very_version() -> None:
    """After a change only what is shown anew is known to hold for the new text."""
    file = File()
    file.note("two", "four")
    file.change((Span(0, 0), "zero\n"))
    file.note("four")
    of_this = file.remembered.known(file.snapshot, shown_for_this=True)
    assert [problem.message for problem in of_this] == ["four"]
    assert file.remembered.lines(file.snapshot) == [3, 5]


def test_it_is_bounded() -> None:
    """The latest thousand stay; when a change of all lines would cost too much, none does."""
    file = File("line\n" * 1200)
    for index in range(1200):
        span = file.snapshot.text.line_span(index)
        file.remembered.note(file.snapshot, [Diagnostic(span, "long")])
    assert sorted(file.remembered.lines(file.snapshot)) == list(range(201, 1201))
    file.change(*((Span(0, 0), "new\n") for _ in range(10)))
    assert len(file.known()) == 1000
    file.change(*((Span(0, 0), "new\n") for _ in range(11)))
    assert file.known() == []


def test_a_closed_document_is_forgotten() -> None:
    """What is opened anew begins without problems, and other documents keep theirs."""
    file = File()
    file.note("two")
    item = types.TextDocumentItem("file:///b.py", "python", 1, SOURCE)
    file.documents.open(types.DidOpenTextDocumentParams(item))
    file.documents.close(
        types.DidCloseTextDocumentParams(types.TextDocumentIdentifier("file:///b.py"))
    )
    assert file.known() == ["two"]
    file.documents.open(
        types.DidOpenTextDocumentParams(types.TextDocumentItem(URI, "python", 1, SOURCE))
    )
    assert file.known() == []

"""The mirror of notebooks: the cells' texts, and what stands above each."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from lsprotocol import types

from glm_lsp.errors import ReplyError
from glm_lsp.lsp.documents.mirror import Documents
from glm_lsp.lsp.documents.notebooks import Notebooks
from glm_lsp.lsp.wire.converter import make_converter

if TYPE_CHECKING:
    from collections.abc import Iterable

BOOK = "file:///work/load.ipynb"
CONVERTER = make_converter()


def cell_uri(name: str) -> str:
    """Return what VS Code calls a cell."""
    return f"vscode-notebook-cell:/work/load.ipynb#{name}"


def item(name: str, text: str, language: str = "python") -> dict[str, Any]:
    return {"uri": cell_uri(name), "languageId": language, "version": 1, "text": text}


def cells(names: Iterable[str]) -> list[dict[str, Any]]:
    return [{"kind": 2, "document": cell_uri(name)} for name in names]


class Rig:
    """A mirror that is told what an editor tells, as JSON."""

    def __init__(self, texts: dict[str, str], *, longest: int = 10**6) -> None:
        self.documents = Documents(longest=longest)
        self.notebooks = Notebooks(self.documents)
        self.open(texts)

    def open(self, texts: dict[str, str], book: str = BOOK) -> None:
        notebook = {"uri": book, "notebookType": "jupyter-notebook", "version": 1}
        params = {
            "notebookDocument": {**notebook, "cells": cells(texts)},
            "cellTextDocuments": [item(name, text) for name, text in texts.items()],
        }
        self.notebooks.open(_read(params, types.DidOpenNotebookDocumentParams))

    def change(self, *, book: str = BOOK, **changes: Any) -> None:
        params = {"notebookDocument": {"uri": book, "version": 2}, "change": {"cells": changes}}
        self.notebooks.change(_read(params, types.DidChangeNotebookDocumentParams))

    def splice(
        self, start: int, count: int, names: Iterable[str] = (), **more: list[dict[str, Any]]
    ) -> None:
        array = {"start": start, "deleteCount": count, "cells": cells(names)}
        self.change(structure={"array": array, **more})

    def close(self) -> None:
        params = {"notebookDocument": {"uri": BOOK}, "cellTextDocuments": []}
        self.notebooks.close(_read(params, types.DidCloseNotebookDocumentParams))

    def text(self, name: str) -> str:
        return str(self.documents.opened(cell_uri(name)).text)

    def above(self, name: str) -> list[str]:
        found = self.notebooks.above(self.documents.opened(cell_uri(name)))
        return [str(one.text) for one in found]


def _read(params: Any, cls: Any) -> Any:
    return CONVERTER.structure(json.loads(json.dumps(params)), cls)


def edit(name: str, version: int, *changes: tuple[int, int, int, int, str] | str) -> dict[str, Any]:
    """Return a change of a cell's text."""
    events = [
        {"text": each}
        if isinstance(each, str)
        else {
            "range": {
                "start": {"line": each[0], "character": each[1]},
                "end": {"line": each[2], "character": each[3]},
            },
            "text": each[4],
        }
        for each in changes
    ]
    return {"document": {"uri": cell_uri(name), "version": version}, "changes": events}


def test_cells_are_documents_and_stand_in_order() -> None:
    """Each cell has its own text; above the third stand the first and the second."""
    rig = Rig({"a": "import x\n", "b": "y = 1", "c": "print(y)"})
    assert rig.text("b") == "y = 1"
    assert rig.above("c") == ["import x\n", "y = 1"]
    assert rig.above("a") == []
    assert rig.documents.opened(cell_uri("b")).file == BOOK


def test_columns_count_utf_16_units_within_the_cell() -> None:
    """An edit behind an emoji lands where the editor made it, whatever other cells hold."""
    rig = Rig({"a": "😀😀\n", "b": "s = '😀'\nt = 2"})
    rig.change(textContent=[edit("b", 2, (0, 7, 0, 7, "!"), (1, 4, 1, 5, "3"))])
    assert rig.text("b") == "s = '😀!'\nt = 3"
    assert rig.text("a") == "😀😀\n"


def test_a_version_that_runs_backwards_changes_the_text_all_the_same() -> None:
    """What the editor says last is how it is, under the number that it gives."""
    rig = Rig({"a": "one"})
    rig.change(textContent=[edit("a", 7, "two")])
    rig.change(textContent=[edit("a", 3, (0, 3, 0, 3, "!"))])
    assert rig.text("a") == "two!"
    assert rig.documents.opened(cell_uri("a")).version == 3


def test_a_moved_cell_keeps_its_text() -> None:
    """VS Code names a moved cell neither opened nor closed: only the order changes."""
    rig = Rig({"a": "1", "b": "2", "c": "3"})
    rig.splice(0, 3, ["c", "a", "b"], didOpen=[], didClose=[])
    assert rig.above("b") == ["3", "1"]
    assert rig.above("c") == []


def test_cells_come_and_go() -> None:
    """A new cell has its text, one that was deleted is no longer open."""
    rig = Rig({"a": "1", "b": "2"})
    rig.splice(1, 0, ["n"], didOpen=[item("n", "new")])
    assert rig.above("b") == ["1", "new"]
    rig.splice(0, 1, didClose=[{"uri": cell_uri("a")}])
    assert rig.above("b") == ["new"]
    assert rig.documents.get(cell_uri("a")) is None


def test_a_cell_of_another_language_is_the_same_cell_opened_anew() -> None:
    """It is closed and opened in one message, in whichever order a reader would take them."""
    rig = Rig({"a": "# Title", "b": "2"})
    title = item("a", "# Title", "markdown")
    rig.splice(0, 1, ["a"], didOpen=[title], didClose=[{"uri": cell_uri("a")}])
    assert rig.documents.opened(cell_uri("a")).language == "markdown"
    assert rig.above("b") == ["# Title"]


def test_an_order_that_a_change_does_not_fit_is_none(caplog: pytest.LogCaptureFixture) -> None:
    """The texts are kept, a line is logged, and nothing is taken to stand above a cell."""
    rig = Rig({"a": "1", "b": "2"})
    rig.splice(5, 1, ["n"], didOpen=[item("n", "new")])
    assert [rig.text(name) for name in "abn"] == ["1", "2", "new"]
    assert rig.above("b") == []
    rig.splice(0, 0, [])
    assert "Cells of a notebook were changed that are not known." in caplog.text
    rig.open({"a": "1", "b": "2"})
    assert rig.above("b") == ["1"]


def test_a_change_of_an_unknown_cell_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing else comes of it."""
    rig = Rig({"a": "1"})
    with caplog.at_level(logging.WARNING):
        rig.change(textContent=[edit("z", 2, "x"), edit("a", 2, "2")])
    assert "not open" in caplog.text
    assert rig.text("a") == "2"


def test_closing_a_notebook_closes_every_cell() -> None:
    """Even those that the message does not name, and no others."""
    rig = Rig({"a": "1", "b": "2"})
    other = types.TextDocumentItem("file:///work/a.py", "python", 1, "3")
    rig.documents.open(types.DidOpenTextDocumentParams(other))
    rig.close()
    assert [snapshot.uri for snapshot in rig.documents] == ["file:///work/a.py"]


def test_a_document_of_a_cells_name_that_is_no_cell_stands_above_nothing() -> None:
    """What was opened alone is judged by its own name; as a cell it would be by another's."""
    rig = Rig({"a": "1", "b": "2"})
    alone = types.TextDocumentItem(cell_uri("a"), "python", 1, "alone")
    rig.documents.open(types.DidOpenTextDocumentParams(alone))
    assert rig.above("b") == []


def test_a_cell_that_is_too_long_is_left_out_alone() -> None:
    """The others are there; the user is told of the notebook."""
    rig = Rig({"a": "1", "b": "2"}, longest=10)
    told: list[str] = []
    rig.documents.on_left_out = told.append
    rig.change(textContent=[edit("a", 2, "x" * 11)])
    assert rig.above("b") == []
    with pytest.raises(ReplyError, match="too long"):
        rig.text("a")
    assert told == [BOOK]


def test_a_notebook_of_which_too_much_was_said_is_left_out() -> None:
    """Nothing of it is held, cells that come later included, until it is opened anew."""
    rig = Rig({"a": "1", "b": "2"})
    rig.notebooks.leave_out(BOOK, [cell_uri("c")])
    rig.splice(0, 0, ["n"], didOpen=[item("n", "new")])
    for name in "abcn":
        with pytest.raises(ReplyError, match="too long"):
            rig.text(name)
    rig.open({"a": "1", "b": "2"})
    assert rig.above("b") == ["1"]


class MirrorAgainstLists(RuleBasedStateMachine):
    """Random changes of the order, given to both."""

    @initialize(count=st.integers(0, 4))
    def begin(self, count: int) -> None:
        self.made = count
        self.names = [f"n{number}" for number in range(count)]
        self.rig = Rig({name: name for name in self.names})

    @rule(data=st.data(), added=st.integers(0, 3))
    def splice(self, data: st.DataObject, added: int) -> None:
        start = data.draw(st.integers(0, len(self.names)))
        count = data.draw(st.integers(0, len(self.names) - start))
        gone = self.names[start : start + count]
        back = data.draw(st.permutations(gone))[: data.draw(st.integers(0, count))]
        new = [f"n{self.made + number}" for number in range(added)]
        self.made += added
        put = data.draw(st.permutations([*back, *new]))
        self.names[start : start + count] = put
        self.rig.splice(
            start,
            count,
            put,
            didOpen=[item(name, name) for name in new],
            didClose=[{"uri": cell_uri(name)} for name in gone if name not in back],
        )

    @rule(data=st.data(), text=st.sampled_from(["", "x\n", "😀"]))
    def write(self, data: st.DataObject, text: str) -> None:
        if self.names:
            name = data.draw(st.sampled_from(self.names))
            self.rig.change(textContent=[edit(name, 2, (0, 0, 0, 0, text))])

    @invariant()
    def agrees(self) -> None:
        for at, name in enumerate(self.names):
            found = self.rig.above(name)
            assert len(found) == at
            for one, text in zip(self.names, found, strict=False):
                assert text.endswith(one)
        assert len(self.rig.documents) == len(self.names)


TestMirrorAgainstLists = MirrorAgainstLists.TestCase

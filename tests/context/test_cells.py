"""What stands above a cell, as one text."""

from __future__ import annotations

import pytest

from glm_lsp.context.cells import cells_above
from glm_lsp.text import Snapshot, Text

PYTHON, SQL, MARKDOWN = "python", "sql", "markdown"


def above(*cells: tuple[str, str], language: str = PYTHON, budget: int = 1000) -> str:
    """Return what is shown of cells, each a language and a text."""
    snapshots = [cell(f"cell:{n}", each, text) for n, (each, text) in enumerate(cells)]
    return cells_above(snapshots, cell("cell:below", language), budget).text


def cell(uri: str, language: str = PYTHON, text: str = "x") -> Snapshot:
    return Snapshot(uri, 1, language, Text.of(text), "file:///a.ipynb")


@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        pytest.param([(PYTHON, "a = 1\n\n"), (PYTHON, "\nb\n")], "a = 1\n\nb", id="in order"),
        pytest.param([(PYTHON, "a"), (PYTHON, " \n"), (PYTHON, "b")], "a\n\nb", id="blank cells"),
        pytest.param([(PYTHON, "if a:\r\n    b\r\n")], "if a:\n    b", id="line ends"),
        pytest.param([(PYTHON, "a"), (SQL, "select 1")], "a", id="of another language"),
        pytest.param([(MARKDOWN, "# Title\n\nWords.")], "# # Title\n#\n# Words.", id="markdown"),
        pytest.param([], "", id="none"),
    ],
)
def test_cells_are_one_text(cells: list[tuple[str, str]], shown: str) -> None:
    """Cells of the language as they are, Markdown as comments, a blank line between them."""
    assert above(*cells) == shown


def test_markdown_sees_markdown_alone() -> None:
    """As it is, and no code."""
    assert above((MARKDOWN, "Words."), (PYTHON, "a = 1"), language=MARKDOWN) == "Words."


@pytest.mark.parametrize(
    ("budget", "shown"),
    [
        pytest.param(100, "one\ntwo\n\nthree\nfour", id="all"),
        pytest.param(15, "two\n\nthree\nfour", id="the last line of the farther cell"),
        pytest.param(12, "three\nfour", id="the nearest cell"),
        pytest.param(9, "four", id="the nearest line"),
        pytest.param(3, "", id="no line fits"),
        pytest.param(0, "", id="nothing"),
        pytest.param(-5, "", id="less than nothing"),
    ],
)
def test_the_nearest_lines_are_kept(budget: int, shown: str) -> None:
    """Whole lines fill the budget, from the nearest on."""
    cells = ((PYTHON, "one\ntwo"), (PYTHON, "three\nfour"))
    assert above(*cells, budget=budget) == shown
    assert len(shown) <= max(0, budget)


def test_the_cells_that_are_shown_are_named() -> None:
    """And no others: whoever sends the text asks whether they may be sent."""
    snapshots = [cell("cell:0", text="far"), cell("cell:1", SQL), cell("cell:2", text="near")]
    assert cells_above(snapshots, cell("cell:3"), 1000).uris == ("cell:2", "cell:0")
    assert cells_above(snapshots, cell("cell:3"), 5).uris == ("cell:2",)


def test_names_of_one_file_are_judged_once() -> None:
    """VS Code's cells name the notebook's path, and a number each."""
    scheme = "vscode-notebook-cell:/work"
    names = [f"{scheme}/a.ipynb#W0", f"{scheme}/b.ipynb#W1", f"{scheme}/b.ipynb#W2", "x:a#1"]
    below = cell(f"{scheme}/a.ipynb#W9")
    assert cells_above([cell(name) for name in names], below, 1000).uris == (names[3], names[2])
    assert cells_above([cell("x:a#1")], cell("x:a#2"), 1000).uris == ("x:a#1",)

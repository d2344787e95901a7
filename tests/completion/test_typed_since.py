"""What was typed between two cursors, told from the text around them."""

from __future__ import annotations

import pytest

from glm_lsp.context.cursor import CursorContext, closed_by_editor, context_at, typed_since
from glm_lsp.text import Snapshot, Text

LONG = "".join(f"number_{index} = {index}\n" for index in range(40))


def at(marked: str, uri: str = "file:///a.py") -> CursorContext:
    text = Text.of(marked.replace("¦", ""))
    return context_at(Snapshot(uri, 1, "python", text), marked.index("¦"))


@pytest.mark.parametrize(
    ("origin", "now", "typed"),
    [
        pytest.param("x = ¦\ny\n", "x = 12¦\ny\n", "12", id="typed"),
        pytest.param("x = ¦\r\ny\r\n", "x = 1\r\n¦\r\ny\r\n", "1\n", id="a Windows line end"),
        pytest.param("x = f¦\ny\n", "x = f([¦])\ny\n", "([", id="closed by the editor"),
        pytest.param("x = ¦\ny\n", "x = ¦\ny\n", "", id="the same place"),
        pytest.param(f"{LONG}x = ¦\n", f"import a\n{LONG}x = ¦\n", "", id="a line came far above"),
        pytest.param(f"import a\n{LONG}x = ¦\n", f"{LONG}x = ¦\n", "", id="a line went far above"),
        pytest.param("x = ¦\n", "y = 1\nx = ¦\n", None, id="a line came above little text"),
        pytest.param("y = 1\nx = ¦\n", "x = ¦\n", None, id="a line went above little text"),
        pytest.param("x = 1¦\n", "x = ¦\n", None, id="deleted"),
        pytest.param("x = ¦\ny\n", "x = 1¦\nz\n", None, id="other text behind the cursor"),
        pytest.param("x = ¦\ny\n", "z = 1¦\ny\n", None, id="other text before the cursor"),
        pytest.param("x = f¦\ny\n", "x = f(a¦b)\ny\n", None, id="more than closers behind it"),
    ],
)
def test_what_was_typed_is_told_from_the_text_around(
    origin: str, now: str, typed: str | None
) -> None:
    """The text typed since, "" at the same place, and None where it was not that way."""
    assert typed_since(at(origin), at(now)) == typed


def test_another_document_is_never_the_same_place() -> None:
    """Equal text in another file is another place."""
    assert typed_since(at("x = ¦\n"), at("x = 1¦\n", uri="file:///b.py")) is None


def test_what_the_editor_closed_by_itself_is_noticed() -> None:
    """A closing bracket that came behind the cursor is told from one that stood there."""
    assert closed_by_editor(at("x = f¦\n"), at("x = f(¦)\n"))
    assert not closed_by_editor(at("f(¦)\n"), at("f(1¦)\n"))

"""What ends further below than anybody looks."""

from __future__ import annotations

from glm_lsp.completion.filters import pipeline
from glm_lsp.completion.types import Draft
from glm_lsp.context.cursor import context_at
from glm_lsp.text import Snapshot, Text

METHOD = "    int columns() const { return columns_; }\n"


def test_a_bracket_too_many_closes_nothing_out_of_sight() -> None:
    """The class is still open where the view ends, and is not closed by the line's second `}`."""
    head = "class Matrix {\n    int rows() const { "
    text = Text.of(head + "}\n" + METHOD * 100 + "};\n")
    context = context_at(Snapshot("file:///a", 1, "cpp", text), len(head))
    shown = pipeline.run(Draft("return rows_; }}"), context)
    line = head + shown.text + context.tail[shown.replaced :]
    assert line == head + "return rows_;}"

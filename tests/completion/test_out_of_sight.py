"""What is further away than what tells of the line."""

from __future__ import annotations

from glm_lsp.completion.filters import pipeline
from glm_lsp.completion.scope import is_multiline
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


def test_tabs_far_above_are_the_documents_too() -> None:
    """Where lines near the cursor show blanks alone, tabs of an answer are still no mistake."""
    above = "int f() {\n  return one(1,\n\t\t2);\n}\n" + "int zero();\n" * 50
    before = above + "int g() {\n  return one(2);\n}\nint h() {\n  "
    text = Text.of(before + "\n}\n")
    context = context_at(Snapshot("file:///a", 1, "cpp", text), len(before))
    answer = "return one(3,\n\t\t4);"
    draft = Draft(answer, multiline=is_multiline(context))
    assert pipeline.run(draft, context).text == answer

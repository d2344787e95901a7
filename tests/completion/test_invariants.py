"""What holds for any text: the filters are total, and typing is followed exactly."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from glm_lsp.completion.filters import pipeline
from glm_lsp.completion.scope import is_multiline
from glm_lsp.completion.types import Draft
from glm_lsp.context.cursor import CursorContext, context_at, typed_since
from glm_lsp.text import Snapshot, Span, Text

PIECES = st.sampled_from(
    [
        "def f(a):\n", "    ", "\t", "return a", "(", ")", "[", "]", "{", "}", '"', "'", "`", "\n",
        "\r\n", "\r", " ", "x", "# a\n", "// b\n", "/*", "*/", '"""', "```py\n", "```", "<fill>",
        "</fill>", "<hole/>", "<think>", "Here is the code:\n", "end\n", "else:\n", "é", "字", "😀",
        ":", ";", ",", " = ", "\\", "<|endoftext|>", "\f", "\x85",
    ]
)  # fmt: skip
CODE = st.lists(PIECES, max_size=25).map("".join)
LANGUAGES = st.sampled_from(["python", "javascript", "rust", "lua", "markdown", "unknown", "sql"])


def context_of(before: str, after: str, language: str) -> CursorContext:
    text = Text.of(before + after)
    return context_at(Snapshot("file:///a", 1, language, text), len(before))


@given(CODE, CODE, CODE, LANGUAGES)
def test_any_answer_becomes_a_completion_that_fits(
    before: str, raw: str, after: str, language: str
) -> None:
    """Filters never fail; what they show is not blank and replaces closers at most."""
    context = context_of(before, after, language)
    draft = pipeline.run(Draft(raw, multiline=is_multiline(context)), context)
    pipeline.is_finished(Draft(raw), context)
    replaced = context.tail[: draft.replaced]
    assert len(replaced) == draft.replaced
    assert not replaced.strip(")]}\"'`")
    assert not draft.text or draft.text.strip()
    assert draft.text or not draft.replaced
    if not draft.multiline:
        assert "\n" not in draft.text
    assert draft.text.count("\n") < draft.max_lines


@given(CODE, CODE, CODE, LANGUAGES)
def test_what_was_typed_is_told_exactly(before: str, typed: str, after: str, language: str) -> None:
    """Typing anything at a place is recognised as that text, line ends as line feeds."""
    if before.endswith("\r") or typed.endswith("\r"):
        return  # Half a line end.
    origin = context_of(before, after, language)
    text = Text.of(before + after).replace(Span(len(before), len(before)), typed)
    context = context_at(Snapshot("file:///a", 1, language, text), len(before) + len(typed))
    found = typed_since(origin, context)
    if "\r" not in before + typed + after:
        assert found == typed
    elif found is not None:
        assert context.before.endswith(found)

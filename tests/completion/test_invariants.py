"""What holds for any text: the filters are total, and typing is followed exactly."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from glm_lsp.completion.context import Place, place_at
from glm_lsp.completion.filters import pipeline
from glm_lsp.completion.filters.draft import Draft
from glm_lsp.completion.scope import Extent, extent_at
from glm_lsp.completion.typed_through import typed_since
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


def place_of(before: str, after: str, language: str) -> Place:
    text = Text.of(before + after)
    return place_at(Snapshot("file:///a", 1, language, text), len(before))


@given(CODE, CODE, CODE, LANGUAGES)
def test_any_answer_becomes_a_completion_that_fits(
    before: str, raw: str, after: str, language: str
) -> None:
    """Filters never fail; what they show is not blank and replaces closers at most."""
    place = place_of(before, after, language)
    draft = pipeline.run(Draft(raw, extent=extent_at(place)), place)
    pipeline.finished(Draft(raw), place)
    replaced = place.tail[: draft.replaced]
    assert len(replaced) == draft.replaced
    assert not replaced.strip(")]}\"'`")
    assert not draft.text or draft.text.strip()
    assert draft.text or not draft.replaced
    if draft.extent is Extent.LINE:
        assert "\n" not in draft.text
    assert draft.text.count("\n") < draft.max_lines


@given(CODE, CODE, CODE, LANGUAGES)
def test_what_was_typed_is_told_exactly(before: str, typed: str, after: str, language: str) -> None:
    """Typing anything at a place is recognised as that text, line ends as line feeds."""
    if before.endswith("\r") or typed.endswith("\r"):
        return  # Half a line end.
    origin = place_of(before, after, language)
    text = Text.of(before + after).replace(Span(len(before), len(before)), typed)
    place = place_at(Snapshot("file:///a", 1, language, text), len(before) + len(typed))
    found = typed_since(origin, place)
    if "\r" not in before + typed + after:
        assert found == typed
    elif found is not None:
        assert place.before.endswith(found)

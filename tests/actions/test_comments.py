"""Comments that end in AI! or AI?: what they say, and what is theirs."""

from __future__ import annotations

import pytest

from glm_lsp.actions.comments import asking_at
from glm_lsp.actions.offers import offers
from glm_lsp.text import Text

DO, ANSWER = "GLM: Do what this comment asks", "GLM: Answer what this comment asks"


@pytest.mark.parametrize(
    ("marked", "language", "words", "gone"),
    [
        pytest.param(
            "# use ┃floats AI!\nx\n", "python", "use floats", "# use floats AI!\n", id="#"
        ),
        pytest.param("  // now, ai!┃\r\nx", "rust", "now", "  // now, ai!\r\n", id="crlf"),
        pytest.param("/* ┃sort it AI! */\n", "css", "sort it", "/* sort it AI! */\n", id="block"),
        pytest.param("<!-- ┃b: AI! -->", "html", "b", "<!-- b: AI! -->", id="html"),
        pytest.param("# a┃b\n# c AI!\n# d\n", "python", "ab c", "# ab\n# c AI!\n", id="two lines"),
        pytest.param(
            "# Area.\n# b ┃AI!\n", "python", "b", "# b AI!\n", id="a sentence above stays"
        ),
        pytest.param("# a AI!\n# b ┃AI!\n", "python", "b", "# b AI!\n", id="one of two"),
        pytest.param(
            "x = 1  # half ┃it AI!\n", "python", "half it", "  # half it AI!", id="behind"
        ),
        pytest.param('f("a # b")┃ # c AI!', "python", "c", " # c AI!", id="a string before"),
        pytest.param('f("http://b")┃ // c AI!', "go", "c", " // c AI!", id="an address before"),
        pytest.param("f()┃ // see a://b AI!", "go", "see a://b", " // see a://b AI!", id="in it"),
        pytest.param("a {} /* c AI! */┃\n", "css", "c", " /* c AI! */", id="a block behind"),
    ],
)
def test_what_is_asked_to_be_done(marked: str, language: str, words: str, gone: str) -> None:
    """The words are read without the mark; the comment's own lines, or its end of a line, go."""
    text = Text.of(marked.replace("┃", ""))
    found = asking_at(text, marked.index("┃"), language)
    assert found is not None
    assert (found.words, found.does, text.slice(found.span)) == (words, True, gone)
    listed = [offer for offer in offers([], None, "other words", asking=found) if offer.comment]
    assert [(offer.title, offer.command) for offer in listed] == [(DO, "glm.edit")]


@pytest.mark.parametrize(
    ("marked", "words"),
    [
        pytest.param("# why ┃this AI?\nx\n", "why this", id="a question"),
        pytest.param("x = f()  # what┃ is f? AI?\n", "what is f?", id="behind code"),
        pytest.param("# ┃AI?\n", "", id="the mark alone"),
    ],
)
def test_what_is_asked_to_be_explained(marked: str, words: str) -> None:
    """It is answered as an explanation is."""
    text = Text.of(marked.replace("┃", ""))
    found = asking_at(text, marked.index("┃"), "python")
    assert found is not None
    assert (found.words, found.does) == (words, False)
    listed = [offer for offer in offers([], None, asking=found) if offer.comment]
    assert [(offer.title, offer.command) for offer in listed] == [(ANSWER, "glm.explain")]


@pytest.mark.parametrize(
    ("marked", "language"),
    [
        pytest.param("# mentions AI! in the┃ middle\n", "python", id="in the middle"),
        pytest.param("# ┃AI!\n", "python", id="nothing to do"),
        pytest.param("# of OpenAI!┃\n", "python", id="the end of a word"),
        pytest.param("x = 'AI!'┃\n", "python", id="a string"),
        pytest.param("x = '# a AI!'┃\n", "python", id="a comment in a string"),
        pytest.param("x┃ = 1 // 2  AI!\n", "python", id="another language's comment"),
        pytest.param("/* a ┃AI!\n   more */\n", "css", id="a comment that goes on"),
        pytest.param("# Area.┃\n# b AI!\n", "python", id="the sentence above"),
        pytest.param("# b AI!\nx = ┃1\n", "python", id="the code below"),
        pytest.param("#!/bin/sh ┃AI!\n", "shellscript", id="an interpreter"),
        pytest.param("# " + "a " * 2_000 + "┃AI!\n", "python", id="a very long line"),
        pytest.param("┃", "python", id="nothing"),
    ],
)
def test_what_asks_for_nothing(marked: str, language: str) -> None:
    """A mark counts at the end of a comment only, and with words before it."""
    found = asking_at(Text.of(marked.replace("┃", "")), marked.index("┃"), language)
    assert found is None
    assert not any(offer.comment for offer in offers([], None, asking=found))

"""The syntax guard: broken replies are found, whole ones are not."""

from __future__ import annotations

from functools import partial

import pytest

from glm_lsp.context.syntax import SyntaxTree, parse
from glm_lsp.editing.answer import IncrementalReader, find_fault
from glm_lsp.errors import ReplyError
from tests.editing.answer.sites import site
from tests.editing.sources import SOURCES, changed

BRACKETS = "()[]{}"


def fault(language: str, after: str, before: str | None = None) -> str | None:
    whole = SOURCES[language] if before is None else before
    return find_fault(partial(parse, language), whole, after)


def brackets(language: str) -> list[int]:
    """Return where the brackets are that are code, not text."""
    tree = parse(language, SOURCES[language])
    assert tree is not None
    found: list[int] = []
    nodes = [tree.root]
    while nodes:
        node = nodes.pop()
        if node.child_count == 0 and node.type in BRACKETS:
            found.append(tree.span(node).start)
        nodes += node.children
    return sorted(found)


@pytest.mark.parametrize("language", SOURCES)
def test_every_missing_or_surplus_bracket_is_found(language: str) -> None:
    """A reply with any one bracket taken away, doubled or swapped breaks the file."""
    source = SOURCES[language]
    found = brackets(language)
    assert len(found) > 20
    missed = []
    for at in found:
        other = BRACKETS[BRACKETS.index(source[at]) ^ 1]
        for instead in ("", source[at] * 2, other):
            broken = source[:at] + instead + source[at + 1 :]
            if fault(language, broken) is None:
                missed.append((at, instead, broken[at - 20 : at + 20]))
    assert not missed


@pytest.mark.parametrize("language", SOURCES)
def test_no_reply_cut_off_anywhere_gets_through(language: str) -> None:
    """Wherever a fenced reply ends too early, parser or guard refuses it."""
    source = SOURCES[language]
    reply = f"Here it is:\n\n```{language}\n{changed(source)}```\n"
    end = len(reply) - len("\n```\n")
    missed = []
    for at in range(end):
        reader = IncrementalReader(site(source, language=language))
        reader.feed(reply[:at])
        try:
            replacement = reader.finish(complete=True).text
        except ReplyError:
            continue
        if replacement != changed(source) and fault(language, replacement) is None:
            missed.append((at, reply[at - 30 : at]))
    assert not missed


@pytest.mark.parametrize("language", SOURCES)
def test_whole_replies_pass(language: str) -> None:
    """A change that leaves the file in order is never held up."""
    source = SOURCES[language]
    assert fault(language, changed(source)) is None
    lines = source.splitlines(keepends=True)
    for at in range(len(lines)):
        blank = "".join([*lines[:at], "\n", *lines[at:]])
        tree = parse(language, blank)
        assert isinstance(tree, SyntaxTree)
        assert (fault(language, blank) is not None) == tree.has_error


def test_a_file_that_was_broken_before_is_not_held_up() -> None:
    """The user is in the middle of something; GLM's change is judged by them."""
    assert fault("python", "def f(:\n    return 2\n", before="def f(:\n    return 1\n") is None


def test_a_language_without_a_grammar_is_not_held_up() -> None:
    """What cannot be parsed cannot be refused."""
    assert find_fault(partial(parse, "cobol"), "MOVE A TO B.", "MOVE A TO (((") is None


def test_the_fault_names_the_place_for_the_model() -> None:
    """The model is told where the file breaks."""
    source = "def f(a):\n    return (a + 1)\n"
    found = fault("python", source.replace("(a + 1)", "(a + 1"), before=source)
    assert found is not None
    assert "line 2" in found

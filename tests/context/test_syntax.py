"""Syntax trees: every grammar loads, and positions are code points."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glm_lsp.context.syntax import parse
from glm_lsp.languages import LANGUAGES
from glm_lsp.text import Span

SOURCES = {
    "shellscript": "f() {\n  echo é\n}\n",
    "c": "int f(void) { return 1; }\n",
    "cpp": "auto f() -> int { return 1; }\n",
    "csharp": "class A { int B() => 1; }\n",
    "go": "package a\n\nfunc f() {}\n",
    "java": "class A {}\n",
    "javascript": "const f = () => <a/>;\n",
    "json": '{"a": [1]}\n',
    "lua": "local function f() end\n",
    "objective-c": "int f(void) { return 1; }\n",
    "php": "<?php\nfunction f() {}\n",
    "python": "def f():\n    pass\n",
    "ruby": "def f\nend\n",
    "rust": "fn f() {}\n",
    "typescriptreact": "const f = (): X => <a/>;\n",
    "typescript": "function f<T>(a: T): T { return <T>a; }\n",
}


def test_every_grammar_has_a_source_here() -> None:
    """No grammar goes untested."""
    assert set(SOURCES) == {each.name for each in LANGUAGES if each.grammar is not None}


@pytest.mark.parametrize("language", SOURCES)
def test_every_grammar_parses(language: str) -> None:
    """Good code of the language has no error; code that is no language at all has one."""
    tree = parse(language, SOURCES[language])
    assert tree is not None
    assert not tree.has_error
    assert tree.errors() == []
    broken = parse(language, SOURCES[language] + "}]) é ((")
    assert broken is not None
    assert broken.has_error
    assert broken.errors()


@pytest.mark.parametrize(
    ("language", "known"),
    [
        ("Python", True),
        ("typescriptreact", True),
        ("javascriptreact", True),
        ("shellscript", True),
        ("c++", True),
        ("haskell", False),
        ("", False),
    ],
)
def test_editors_names_of_languages(language: str, known: bool) -> None:
    """The names that editors use lead to the grammar; an unknown one to none."""
    assert (parse(language, "") is not None) is known


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("é = '📐'\nx = (\n", "x = (", id="after wide characters"),
        pytest.param("\ud800 = 1\nfoo(\n", None, id="after a lone surrogate"),
        pytest.param("x = 1\r\n)\r\n", ")", id="crlf"),
    ],
)
def test_errors_are_where_the_text_has_them(source: str, expected: str | None) -> None:
    """An error's span is in code points of the source."""
    tree = parse("python", source)
    assert tree is not None
    spans = tree.errors()
    assert spans
    assert all(span.end <= len(source) for span in spans)
    if expected is not None:
        assert any(expected in source[span.start : span.end] for span in spans)


@given(st.lists(st.sampled_from(["a", "é", "\U0001f600", "\ud800", "\n", "(", " = ", "1"])))
def test_spans_are_the_nodes_own_text(pieces: list[str]) -> None:
    """The source at a node's span is the node's text, whatever the characters before it."""
    source = "".join(pieces)
    tree = parse("python", source)
    assert tree is not None
    stack = [tree.root]
    while stack:
        node = stack.pop()
        span = tree.span(node)
        assert source[span.start : span.end].replace("\ud800", "?") == tree.text(node)
        assert tree.span(tree.smallest(span)).contains(span)
        stack.extend(node.children)


def test_around_goes_outwards() -> None:
    """The nodes around a place come from the smallest to the whole text."""
    tree = parse("python", "é = [1]\n")
    assert tree is not None
    kinds = [node.type for node in tree.around(Span(5, 6))]
    assert kinds[0] == "integer"
    assert kinds[-1] == "module"
    assert "list" in kinds


@pytest.mark.parametrize("source", ["a, " * 200_000, "([{" * 300_000, "x" * 2_000_000])
def test_what_takes_too_much_is_not_parsed(source: str) -> None:
    """Its tree would take more memory than all else: it is treated as without a grammar."""
    assert parse("python", source) is None


def test_a_long_file_of_ordinary_code_is_parsed() -> None:
    """Of nine thousand lines, for example."""
    tree = parse("python", "def f(alpha, beta):\n    return alpha + beta * 42  # é\n\n" * 3_000)
    assert tree is not None
    assert not tree.has_error
    last = tree.root.named_children[-1]
    assert tree.text(last).startswith("def f")


def test_children_that_overlap() -> None:
    """Those that share a character with a span, and nothing beside them."""
    tree = parse("python", "é = 1\nb = 2\nc = 3\n")
    assert tree is not None
    found = [tree.text(node) for node in tree.overlapping(tree.root, Span(6, 13))]
    assert found == ["b = 2", "c = 3"]
    assert [*tree.overlapping(tree.root, Span(5, 6))] == []

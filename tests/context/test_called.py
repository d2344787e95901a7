"""Which names a piece of code calls."""

from __future__ import annotations

import pytest

from glm_lsp.context.called import called_names
from glm_lsp.text import Snapshot, Span, Text

CODE = {
    "python": (
        "def f(a: Shape):\n    g(h(1), a.b.area(2))\n    g(3)\n",
        ["g", "h", "area", "Shape"],
    ),
    "javascript": (
        "function f(a) {\n  g(h(1)); a.area(); new Shape();\n}\n",
        "g h area Shape".split(),
    ),
    "typescript": ("function f(a: Shape): void { a.area(g()); }\n", ["area", "g", "Shape"]),
    "go": ("package p\n\nfunc f(s Shape) {\n\tp.area(g())\n}\n", ["area", "g", "Shape"]),
    "rust": ("fn f(s: Shape) { s.area(g()); m::h(); }\n", ["area", "g", "h", "Shape"]),
    "c": ("void f(shape s) { area(g(s)); }\n", ["area", "g", "shape"]),
    "java": ("class A { void f(Shape s) { s.area(g()); new B(); } }\n", "area g B Shape".split()),
    "ruby": ("def f(s)\n  s.area(g(1))\nend\n", ["area", "g"]),
    "php": ("<?php function f($s) { $s->area(g()); new B(); }\n", ["area", "g"]),
    "csharp": ("class A { void f(Shape s) { s.area(g()); } }\n", ["area", "g"]),
    "lua": ("function f(s)\n  s.area(g())\nend\n", ["area", "g"]),
}


def names(language: str, source: str, span: Span | None = None, most: int = 9) -> list[str]:
    """Return the names called in a span, by default in all of a source."""
    snapshot = Snapshot("file:///a", 1, language, Text.of(source))
    found = called_names(snapshot, span or Span(0, len(source)), most)
    for each in found:
        assert source[each.offset :].startswith(each.name)
    return [each.name for each in found]


@pytest.mark.parametrize("language", CODE)
def test_what_is_called_and_which_types_are_named(language: str) -> None:
    """Each name once, calls before types, whatever the language."""
    source, expected = CODE[language]
    assert names(language, source) == expected


def test_members_of_different_things_are_different() -> None:
    """Two members of one name may be defined in different places: each is asked about."""
    source = "a.area()\nb.area()\na.area()\narea()\n"
    assert names("python", source) == ["area", "area", "area"]


def test_only_of_the_span_and_only_so_many() -> None:
    """What stands around the span is not of it."""
    source = "a()\nb(é, c())\nd()\n"
    middle = Span(source.index("b"), source.index("\nd"))
    assert names("python", source, middle) == ["b", "c"]
    assert names("python", source, middle, most=1) == ["b"]


def test_a_language_without_a_grammar() -> None:
    """Nothing is guessed."""
    assert names("plaintext", "f(1)") == []

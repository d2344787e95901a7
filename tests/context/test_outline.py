"""What texts define, and what of them is code."""

from __future__ import annotations

import pytest

from glm_lsp.context.outline import Definition, Grammar

SOURCES = {
    "python": (
        "@d\ndef f(a):\n    def g():\n        return 1\n    return g\n"
        "class A:\n    def m(self): pass\n    if x:\n        def n(self): pass\n",
        ["f 0-4", "f.g 2-3 local", "A 5-8", "A.m 6-6", "A.n 8-8"],
    ),
    "typescript": (
        "export class A {\n  m(): void {\n  }\n}\nexport const f = (a) => {\n  return a;\n};\n"
        "interface I {\n  a: number;\n}\n",
        ["A 0-3 public", "A.m 1-2", "f 4-6 public", "I 7-9"],
    ),
    "go": (
        "package a\ntype S struct {\n\tx int\n}\nfunc (s *S) M() {\n}\nfunc F() {}\n",
        ["S 1-3", "M 4-5", "F 6-6"],
    ),
    "rust": (
        "struct S { x: i32 }\nimpl S {\n    pub fn m(&self) {\n    }\n}\n",
        ["S 0-0", "S 1-4", "S.m 2-3 public"],
    ),
    "c": (
        "int f(int a)\n{\n  return a;\n}\nstruct p { int x; };\nchar *g(void) { return 0; }\n",
        ["f 0-3", "p 4-4", "g 5-5"],
    ),
    "haskell": ("f x = x\n", []),
}


def said(one: Definition) -> str:
    marks = " local" * one.local + " public" * one.public
    return f"{'.'.join((*one.path, one.name))} {one.first}-{one.last}{marks}"


@pytest.mark.parametrize("language", SOURCES)
def test_definitions_have_a_name_a_path_and_lines(language: str) -> None:
    """Each is listed in order, decorators included, with what it lies in."""
    source, expected = SOURCES[language]
    assert [said(one) for one in Grammar(language).definitions(source)] == expected


def test_what_stands_under_a_condition_or_a_decorator_is_not_plain() -> None:
    """Two of a name may be right there."""
    found = Grammar("python").definitions(SOURCES["python"][0])
    assert [one.name for one in found if not one.plain] == ["f", "n"]


def test_methods_of_two_receivers_are_of_two_kinds() -> None:
    """Go sets methods of one name apart by their receiver."""
    source = "package a\nfunc (s *S) M() {}\nfunc (t T) M() {}\nfunc M() {}\n"
    assert [one.kind for one in Grammar("go").definitions(source)] == [
        "method_declaration:S",
        "method_declaration:T",
        "function_declaration",
    ]


def test_code_is_what_is_neither_comment_nor_docstring() -> None:
    """Strings stay one token; a string that documents is none."""
    grammar = Grammar("python")
    assert grammar.code('"""Doc."""\nx = "a b"  # c\n') == ["x", "=", '"a b"']
    assert Grammar("haskell").code("x = 1") is None

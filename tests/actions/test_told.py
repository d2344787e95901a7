"""What other language servers say of a name wins over what the index found by it."""

from __future__ import annotations

import pytest

from glm_lsp.actions.told import Told, definition_at, merged, signature_of
from glm_lsp.project.wanted import Excerpt
from glm_lsp.text import Text


def excerpt(path: str, line: int, text: str, part: str = "definition") -> Excerpt:
    last = line + text.count("\n")
    return Excerpt(part, path, line, last, "called here", text, f"file:///w/{path}")


RIGHT = excerpt("shapes.py", 4, "def area(w, h):\n    return w * h")
WRONG = excerpt("maps.py", 9, "def area(country): ...")
OTHER = excerpt("maps.py", 1, "def border(country): ...")
CALLER = excerpt("main.py", 3, "area(1, 2)", "caller")


def test_of_several_definitions_the_one_that_is_meant() -> None:
    """The others of that name go; what the index says of other names and callers stays."""
    told = [Told("area", (RIGHT,))]
    assert merged([WRONG, OTHER, CALLER], told) == (RIGHT, OTHER, CALLER)
    assert merged([WRONG, OTHER, CALLER], []) == (WRONG, OTHER, CALLER)


def test_where_both_agree_the_index_has_said_it() -> None:
    """The same lines are not shown twice, and the order of the index stays."""
    same = RIGHT._replace(line=5, text="    return w * h")
    assert merged([OTHER, RIGHT], [Told("area", (same,))]) == (OTHER, RIGHT)


def test_what_is_not_said_of_every_place() -> None:
    """Where a name is used of which nothing was said, the index may be right about that."""
    told = [Told("area", (RIGHT,), sure=False)]
    assert merged([WRONG, OTHER], told) == (RIGHT, WRONG, OTHER)


def test_a_name_that_must_stay_here() -> None:
    """Where what is meant may not be shown, none of the others passes for it."""
    assert merged([WRONG, OTHER], [Told("area", ())]) == (OTHER,)


@pytest.mark.parametrize(
    "text",
    [
        "Shape: def area(self) -> float  # Its area.",
        "@cached\ndef area(self):\n    return 1",
        "class area(Base):",
        "export function area<T>(w: T) {",
        "const area = (w, h) => w * h",
        "func (s *Shape) area(w int) int",
        "public double area(double w)",
        "pub fn area(w: f64) -> f64",
        "type area = number",
    ],
)
def test_what_an_excerpt_defines(text: str) -> None:
    """In whatever language the index shows a definition, its name is found."""
    assert merged([excerpt("maps", 9, text)], [Told("area", (RIGHT,))]) == (RIGHT,)
    kept = excerpt("maps", 9, text.replace("area", "volume"))
    assert merged([kept], [Told("area", (RIGHT,))]) == (RIGHT, kept)


@pytest.mark.parametrize(
    ("source", "first", "last", "shown"),
    [
        ("def a(x):\n    return 1\n\n\ndef b(): ...\n", 0, 0, "def a(x):\n    return 1"),
        ("class A:\n    def a(self):\n        pass\n    b = 1\n", 1, 1, "def a(self):\n    pass"),
        ("int a(int x) {\n  return 1;\n}\nint b;\n", 0, 0, "int a(int x) {\n  return 1;\n}"),
        ("a = 1\nb = 2\nc = 3\n", 0, 1, "a = 1\nb = 2"),
        ("a = 1\n", 7, 9, None),
        ("\na = 1\n", 0, 0, None),
    ],
)
def test_a_definition_at_a_line(source: str, first: int, last: int, shown: str | None) -> None:
    """The lines that are named; of a single one also what belongs to it."""
    found = definition_at(Text.of(source), first, last)
    assert (found[1] if found else None) == shown


def test_a_long_definition_is_cut_at_a_line() -> None:
    """No more lines than anybody wants to see, and none of them in half."""
    source = "def a():\n" + "".join(f"    x{number} = {number}\n" for number in range(90))
    found = definition_at(Text.of(source), 0, 0)
    assert found is not None
    assert found[1].splitlines()[-1] == "x18 = 18".rjust(12)
    wide = "def a():\n" + "".join(f"    {'x' * 400}\n" for _ in range(9))
    assert definition_at(Text.of(wide), 0, 0) == (0, "def a():")


@pytest.mark.parametrize(
    ("hover", "shown"),
    [
        (
            "```python\n(function) def area(w) -> float\n```\n---\nIts words.",
            "(function) def area(w) -> float",
        ),
        ("area(w)\n\nIts words.", "area(w)"),
        ("~~~\nfn area()\n~~~", "fn area()"),
        ("```c\nint \u202earea()\n```", "int area()"),
        ("", ""),
        ("```\n```", ""),
    ],
)
def test_the_signature_in_a_hover(hover: str, shown: str) -> None:
    """What a server says of a name in a block of code, without its documentation."""
    assert signature_of(hover) == shown

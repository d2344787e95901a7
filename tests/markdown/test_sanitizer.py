"""Explanations on their way: ordinary ones stay as they are, wherever they are cut."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glm_lsp.markdown import Sanitizer, sanitized, without_modelines
from tests.security.dangers import dangers

ORDINARY = """\
`area` computes the area of a rectangle from `width` and `height`.

## How it works

1. **`result = width * height`** multiplies; see [the docs](https://docs.python.org/3/?x=1#a_b).
2. It returns a `float | None`, or *nothing*:

   ```python
   def area(width, height):
       return width * height  # <b> ![x](y)

   x = a[0](b)
   ```

- a * b < c && d, items[0], snake_case_name, 100 % ~ 3
  - nested **bold `code` words**, ~~gone~~
> It is said at https://example.org/a_b?c=d

| a | b |
|---|:--|
| `x` | **z** |

中文**粗体**说明。

---
"""


def fed(text: str, cuts: list[int] | None = None, *, plain: bool = False) -> str:
    """Sanitise a text in pieces."""
    sanitizer = Sanitizer(plain=plain)
    places = [0, *sorted(cuts or []), len(text)]
    pieces = [sanitizer.feed(text[a:b]) for a, b in pairwise(places)]
    return "".join(pieces) + sanitizer.finish()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 40, 10_000])
def test_an_ordinary_explanation_is_left_as_it_is(size: int) -> None:
    """Headings, lists, code, tables, links and emphasis come out as the model wrote them."""
    assert fed(ORDINARY, list(range(0, len(ORDINARY), size))) == ORDINARY


def test_words_are_passed_on_before_their_line_ends() -> None:
    """A long paragraph streams word by word, its code and bold words included."""
    sanitizer = Sanitizer()
    given = [
        sanitizer.feed(c) for c in "- The **first `a`** word, then `b c` and so on, 中文也是。"
    ]
    assert "".join(given) == "- The **first `a`** word, then `b c` and so on, 中文也是。"
    assert max(map(len, given)) < 20


def test_plain_text() -> None:
    """Where a client wants plain text there are no marks, and addresses stand behind words."""
    assert fed(ORDINARY, plain=True).startswith(
        "area computes the area of a rectangle from width and height.\n\nHow it works\n\n"
        "1. result = width * height multiplies; see the docs (https://docs.python.org/3/?x=1#a_b)."
        "\n2. It returns a float | None, or nothing:\n\n"
        "def area(width, height):\n    return width * height  # <b> ![x](y)\n"
    )


@pytest.mark.parametrize(
    ("markdown", "safe"),
    [
        ("![x](https://e.example/i)", "x (https\\://e.example/i)"),
        ("[run](command:evil)", "run (command:evil)"),
        ("[https://a.example](https://e.example)", "https\\://a.example (<https://e.example>)"),
        ("[a](https://a.example@e.example)", "a (https\\://a.example@e.example)"),
        ("[a](https://e.example/(b)`c`)", "[a](https://e.example/%28b%29%60c%60)"),
        ("<https://e.example>", "<https://e.example>"),
        ("<img src=x>", "&lt;img src=x>"),
        ("&lt;img src=x&gt;", "&lt;img src=x>"),
        ("a `b", "a \\`b"),
        ("a ![b\nc](https://e.example)", "a \\!\\[b\nc\\](https\\://e.example)"),
        ("``` a`b", "\\`\\`\\` a\\`b"),
        ("text\n2. ```\n![x](y)\n```", "text\n\n2. ```\n   ![x](y)\n   ```"),
        ("```\n``` \ncode", "```\n```\ncode"),
        ("```\nnever closed", "```\nnever closed\n```\n"),
        ("> ```\nout", "> ```\n> ```\nout"),
        ("a | b\n---|---", "a | b\n\\---|---"),
        ("| `a | ![x](y)` |", "| \\`a | x (y)\\` |"),
        ("---\na: b", "\\---\na: b"),
        ("a\u202eb\x1b[2J\rc", "a\\u202eb\\x1b\\[2J\\rc"),
        ("https://a.example/`b` c", "https\\://a.example/`b` c"),
    ],
)
def test_what_is_dangerous(markdown: str, safe: str) -> None:
    """What loads, runs, opens or hides something is shown as text."""
    assert sanitized(markdown) == safe


FRAGMENTS = (
    """
![x](https://e.example/i)·[r](command:e)·<img src=x>·<b>·`·``·```·```py·~~~·~·$·$$·|
|---|---|·---|---·| a | b |·a | b·- ·1. ·2. ·10. ·> ·>·# ·* ·**·*·_·[·]·(·](·(https://e.example)
[a]: command:e·!·![·<·</·<!--·-->·&lt;·&#60;·&·\\·word·x y z ·。中·---·+++·===·:·<https://o.example/>
[o](https://o.example)·`c`·**b `c` d** ·https://o.example ·]`·`[·](<command:e>)
[^1]·[^1]: ·: def·- [ ] ·    ·   ·.
""".strip()
    .replace("\n", "·")
    .split("·")
)
TEXTS = st.lists(
    st.sampled_from([*filter(None, FRAGMENTS), *"\n\n\n\n\t\r\x0b\x0c\u00a0\u2028\u202e"]),
    max_size=40,
).map("".join)


@settings(max_examples=400, deadline=None)
@given(TEXTS, st.lists(st.integers(0, 400), max_size=12))
def test_no_text_is_dangerous(text: str, cuts: list[int]) -> None:
    """Whatever a model writes, and however it is cut, the page does nothing."""
    assert dangers(fed(text, [min(cut, len(text)) for cut in cuts])) == []


@given(TEXTS)
def test_plain_text_hides_nothing(text: str) -> None:
    """Plain text of whatever a model writes has nothing in it that nobody sees."""
    assert not set(sanitized(text, plain=True)) & set("\r\x0b\x0c\u2028\u202e")


def test_modelines() -> None:
    """What editors read as their settings in a file is none any more; words stay."""
    text = "vim: set x\nregex: a\n/* vi:x */ ex:y kate: z -*- mode: x -*-\nLocal Variables:\n"
    assert without_modelines(text) == (
        "vim : set x\nregex: a\n/* vi :x */ ex :y kate : z -* - mode: x -* -\nLocal Variables :\n"
    )

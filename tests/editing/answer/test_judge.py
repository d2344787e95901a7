"""What the promise of an action lets through, and what it says is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from glm_lsp.actions.registry import ACTIONS
from glm_lsp.context.outline import Grammar
from glm_lsp.editing.answer import Promise, judge

PYTHON = """\
class Shop:
    def total(self, prices, rate):
        result = 0
        for price in prices:
            if price < 0:
                continue
            result += price * rate
        print(result)
        return result

    def count(self, prices):
        return len(prices)
"""
BODY = PYTHON[PYTHON.index("        result = 0") : PYTHON.index("\n    def count")]


def fault(
    before: str,
    after: str,
    language: str = "python",
    *,
    action: str = "fix",
    preset: str = "",
    **about: Any,
) -> str | None:
    made = ACTIONS[action]
    about |= {"careful": (made.preset(preset) or made).careful}
    about |= {"comments_only": made.comments_only, "heeds": made.heeds}
    return judge(Promise(Grammar(language), **about), before, after)


def test_a_change_that_keeps_its_promise_has_no_fault() -> None:
    """A fix of one name passes, and so does a file that stays as it was."""
    assert fault(PYTHON, PYTHON) is None
    assert fault(PYTHON, PYTHON.replace("result += price", "result += abs(price)")) is None


@pytest.mark.parametrize(
    ("after", "words"),
    [
        pytest.param(PYTHON.replace("(prices)", "(prices"), "parse", id="syntax"),
        pytest.param(PYTHON.replace("total", "sum_up"), "`total`", id="a name"),
        pytest.param(PYTHON.replace("count", "total"), "`count`", id="a name for another"),
        pytest.param(PYTHON.replace(BODY, "        pass\n"), "empty body", id="a stub"),
        pytest.param(
            PYTHON.replace(BODY, "        return sum(prices) * rate\n"), "loses", id="most lines"
        ),
        pytest.param(
            PYTHON.replace("        print(result)\n", "        # ... existing code ...\n"),
            "leaves out",
            id="code left out",
        ),
        pytest.param(PYTHON.replace("result = 0", "result\u200b = 0"), "U+200B", id="no width"),
        pytest.param(PYTHON.replace("result = 0", "# \u202e x"), "U+202E", id="direction"),
        pytest.param(PYTHON.replace("\n", "\r\n", 1), "line ends", id="line ends"),
        pytest.param("\ufeff" + PYTHON, "byte order mark", id="byte order mark"),
        pytest.param(
            PYTHON.replace("        print(result)\n", "```\n"), "parse|marks", id="a fence"
        ),
        pytest.param(
            PYTHON + "\n    def count(self, prices):\n        return 1\n", "twice", id="twice"
        ),
        pytest.param(PYTHON.replace("return len(prices)", ""), "no body", id="a head only"),
    ],
)
def test_what_breaks_the_promise_of_a_fix_is_named(after: str, words: str) -> None:
    """Each fault is a sentence with what the model must know to do without it."""
    found = fault(PYTHON, after)
    assert found is not None
    assert any(word in found for word in words.split("|"))
    assert found.endswith(".")


@pytest.mark.parametrize(
    ("after", "about"),
    [
        pytest.param(
            PYTHON.replace("total", "sum_up"),
            {"action": "edit", "instruction": "Rename total to sum_up."},
            id="renamed as asked",
        ),
        pytest.param(
            PYTHON.replace("count", "number"),
            {"problems": ("Method name `count` shadows list.count",)},
            id="renamed for the problem",
        ),
        pytest.param(
            PYTHON.replace(BODY, "        return sum(prices) * rate\n"),
            {"action": "refactor", "preset": "simplify"},
            id="simplified",
        ),
        pytest.param(
            PYTHON[: PYTHON.index("\n    def count")],
            {"action": "edit", "instruction": "Remove the method that counts."},
            id="removed as asked",
        ),
    ],
)
def test_what_was_asked_for_is_no_fault(after: str, about: dict[str, Any]) -> None:
    """The user's words and the problem allow what a fix alone does not."""
    assert fault(PYTHON, after, **about) is None


@pytest.mark.parametrize(
    ("language", "before", "after", "right"),
    [
        ("python", "def f(a):\n    return a\n", 'def f(a):\n    """F."""\n    return a\n', True),
        ("python", "def f(a):\n    return a\n", 'def f(a):\n    """F."""\n    return (a)\n', False),
        ("python", "def f(a):\n    pass\n", 'def f(a):\n    """F."""\n', True),
        ("go", "package a\n\nfunc F() {}\n", "package a\n\n// F is.\nfunc F() {}\n", True),
        ("rust", "fn f() -> u8 { 1 }\n", "/// F.\nfn f() -> u8 { 2 }\n", False),
        ("typescript", "f(1);\n", "/** F. */\nf(1);\n", True),
        ("c", "int f(void) { return 1; }\n", "/* F. */\nint f() { return 1; }\n", False),
    ],
)
def test_documenting_changes_no_code(language: str, before: str, after: str, right: bool) -> None:
    """Comments and docstrings come in; every other token stays."""
    assert (fault(before, after, language, action="document") is None) is right


def test_what_is_exported_stays_exported() -> None:
    """Other files may use it."""
    before = "export function f() {\n  return 1;\n}\n"
    assert "export" in (fault(before, before.removeprefix("export "), "typescript") or "")
    asked = {"action": "edit", "instruction": "Make f private."}
    assert fault(before, before.removeprefix("export "), "typescript", **asked) is None


def test_what_was_there_before_is_not_found_at_fault() -> None:
    """Old invisible characters, marks and errors are the user's."""
    odd = 'x = "\u200b"\n# ... existing code ...\ny = (\n'
    assert fault(odd, odd.replace("y", "z")) is None


def test_a_broken_file_may_not_get_much_worse() -> None:
    """Where the file did not parse before, words in it are still found."""
    before = "def f(:\n    return 1\n\n\ndef g():\n    return 2\n"
    words = "The function g was wrong, so I have changed it. It's fine now, isn't it? (Yes.\n"
    assert fault(before, before.replace("return 1", "return 3")) is None
    assert fault(before, before.replace("    return 2\n", f"    return 2\n{words * 3}")) is not None


def test_a_file_without_a_grammar_is_judged_by_its_lines() -> None:
    """Characters and lines left out are found in any language."""
    assert fault("A\nB\n", "A\nC\n", "haskell") is None
    assert fault("A\nB\n", "A\u202e\nB\n", "haskell") is not None
    assert fault("A\nB\n", "A\n-- ... rest unchanged ...\n", "haskell") is not None

"""Texts that a service or a file may hold, read whole: the time grows with the length, no more.

`test_patterns` tries each pattern by itself; here is what stands around them: loops over lines,
slices, joins, comparisons of all with all.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import pytest

from glm_lsp.completion import fallback, scope
from glm_lsp.completion.filters import pipeline
from glm_lsp.completion.types import Draft, Suggestion
from glm_lsp.context.cursor import CursorContext
from glm_lsp.context.syntax import parse
from glm_lsp.editing.answer import IncrementalReader
from glm_lsp.errors import GlmError
from glm_lsp.languages import lexer
from glm_lsp.markdown.sanitizer import Sanitizer
from glm_lsp.secrets.marks import find_secrets
from glm_lsp.text import Snapshot, Span, Text
from tests.editing.answer.sites import site
from tests.security.hostile_lines import grows

if TYPE_CHECKING:
    from collections.abc import Callable

    from glm_lsp.context.syntax import SyntaxTree

LENGTH = 8_000
TARGET = "def f(a, b):\n    a = 1\n    b = 2\n    return a + b\n"
AROUND = ("import os\n\n\nclass K:\n    pass\n\n\n", "\n\ndef g():\n    return f(1, 2)\n")

UNITS = (
    " ", "\t", "\n", "   \n", "\r", "\r\n", "a", "word ", "a.", "\u4e2d", "\u200b", "\u4e2d(", "...",
    "* ", "`", "```\n", "```python\nx = 1\n```\n", "~", "<", "<b>", "<code>", "<code>\n",
    "<code>\nx\n</code>\n", "<![CDATA[\n", "<think>", "@@ -1 +1 @@\n-a\n+b\n", "<<<<<<< SEARCH\n",
    "<<<<<<< SEARCH\n    a = 1\n=======\n    a = 2\n>>>>>>> REPLACE\n", "def f():\n    pass\n", TARGET,
    "def f(a, b):\n", "class A:\n    def f(self):\n        pass\n", "+import: a\n", "import a\n",
    "import (\n", "[", '{"code":', "code: |\n  x\n", "(", ")", "{", '"', "'", '"""\n', "1 | x\n", "> ",
    "> x\n", "&amp;", "\\", "    a = 1\n", "+    a = 1\n", "-    a = 1\n", "Change `a` to `b`. ",
    "Here is the code:\n", "@a\n", "| a | b |\n", "[a](http://x) ", "*a_", "**", "- a\n", "} else {\n",
    "end\n", "x = 1\ny = 2\n", "sk-abcdefghij", 'password = "', "deadbeef", "://",
)  # fmt: skip
COMMENTS = ("# ...\n", "# a\n", "# ... rest of the code ...\n", "# Here is the original code:\n")
"""Not for Python: the grammar itself (tree-sitter-python 0.25) reads from each line of a comment
behind code to the last one."""
COUNTED = (
    "x{0} = {0}\n", "    a = {0}\n", "def f{0}():\n    return {0}\n",
    "    a = {0}\n    # ... rest of the code ...\n", "function f{0}() {{ ... }}\n",
)  # fmt: skip


def _text(unit: str, length: int) -> str:
    """Return about as many characters of a unit; one with a place for a number is never the same."""
    if "{0}" in unit:
        return "".join(unit.format(number) for number in range(length // len(unit)))
    return (unit * length)[:length]


def _read(answer: str, size: int = 0, language: str = "python", target: str = TARGET) -> None:
    reader = IncrementalReader(site(target, language=language, around=AROUND))
    for start in range(0, len(answer), size or len(answer) + 1):
        reader.feed(answer[start : start + (size or len(answer))])
    with suppress(GlmError):
        reader.finish()


def _around(before: str, after: str) -> CursorContext:
    line = before.count("\n")
    return CursorContext("file:///a.py", "python", len(before), line, before, after)


BLOCK = _around("def f(a):\n    b = 1\n    ", "\n    return b\n")
LINE = _around("def f(a):\n    b = (", ")\n    return b\n")


def _filter(answer: str) -> None:
    for context, multiline in ((BLOCK, True), (LINE, False)):
        draft = Draft(answer, multiline=multiline, max_lines=10_000)
        pipeline.run(draft, context)
        pipeline.stable_prefix(draft, context)
        pipeline.is_finished(draft, context)


def _complete_in(text: str) -> None:
    context = _around(text, text)
    scope.is_useful(context)
    scope.is_multiline(context)
    pipeline.run(Draft("x = 1\n"), context)


def _tell_apart(text: str) -> None:
    for language in ("python", "javascript", "lua"):
        lexer.masked(text, language)
        lexer.unclosed(text, language)


def _offer(text: str) -> None:
    snapshot = Snapshot("file:///a.py", 1, "python", Text.of(text + "\n"))
    fallback.to_menu_item(Suggestion("c1", Span(len(text), len(text)), "x"), snapshot, len(text))


def _show(words: str) -> None:
    sanitizer = Sanitizer()
    for start in range(0, len(words), 40):
        sanitizer.feed(words[start : start + 40])
    sanitizer.finish()


def _broken(length: int) -> SyntaxTree:
    tree = parse("python", _text('x = "\u4e2d\n', length))
    assert tree is not None
    return tree


CODE = TARGET.replace("2", "3")
JAVASCRIPT = "function f(a, b) {\n  a = 1;\n  b = 2;\n  return a + b;\n}\n"
WAYS: dict[str, Callable[[str], object]] = {
    "an answer of it alone": _read,
    "an answer behind the code": lambda text: _read(f"```python\n{CODE}{text}\n```\n", 7),
    "an answer in JavaScript": lambda text: _read(text, 0, "javascript", JAVASCRIPT),
    "a completion": _filter,
    "a place for a completion": _complete_in,
    "strings and comments": _tell_apart,
    "an item of a menu": _offer,
    "an explanation": lambda text: _show(text * 4),  # Lines are cut at 1,000.
    "secrets": find_secrets,
}


@pytest.mark.parametrize("way", WAYS)
def test_a_hostile_text_takes_linear_time(way: str) -> None:
    """A service or a file repeats anything as often as it likes: it is read in linear time."""
    python = way.startswith("an answer") and "JavaScript" not in way
    units = (*UNITS, *COUNTED[:3]) if python else (*UNITS, *COUNTED, *COMMENTS)
    slow = [unit for unit in units if grows(WAYS[way], partial(_text, unit), LENGTH)]
    assert not slow


def test_errors_of_syntax_are_told_in_linear_time() -> None:
    """A file is broken in a thousand places behind letters of several bytes: each is counted."""
    assert not grows(lambda tree: tree.errors(), _broken, 4 * LENGTH)

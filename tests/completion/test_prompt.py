"""How completions are asked for: the prompt's kinds, and what stays of it while typing."""

from __future__ import annotations

import pytest

from glm_lsp.context.cells import CellsAbove
from glm_lsp.context.cursor import LIMITS, ContextLimits, CursorContext, context_at
from glm_lsp.prompts.completion import (
    CLOSE,
    HOLE,
    OPEN,
    CompletionQuestion,
    Kind,
    Related,
    kind_of,
    render,
)
from glm_lsp.text import Snapshot, Span, Text

LINES = "".join(f"line number {number} of the file\n" for number in range(500))


def snapshot(text: Text) -> Snapshot:
    return Snapshot("file:///a.py", 1, "python", text)


def shown(text: Text, offset: int, limits: ContextLimits = LIMITS) -> CursorContext:
    return context_at(snapshot(text), offset).within(limits)


def prompt(kind: Kind, text: Text, offset: int) -> str:
    question = CompletionQuestion(shown(text, offset), "a.py")
    request = render(kind, question, "glm-4.7")
    return "\0".join(message.content for message in request.messages) + (request.prompt or "")


def until_cursor(written: str) -> str:
    return written.partition(HOLE)[0] if HOLE not in written else written.rpartition(HOLE)[0]


@pytest.mark.parametrize("kind", ["chat", "prefix"])
def test_typing_only_appends_to_the_prompt(kind: Kind) -> None:
    """What was sent before stays the beginning of what is sent after a keystroke."""
    text = Text.of(LINES)
    offset = text.line_start(250)
    kept = until_cursor(prompt(kind, text, offset))
    for typed in ("v", "value", "value = 1\n", "value = 1\n    more\n        and more"):
        after = text.replace(Span(offset, offset), typed)
        assert prompt(kind, after, offset + len(typed)).startswith(kept)


def test_what_is_shown_moves_in_steps() -> None:
    """A hundred new lines move the upper edge of the prompt a few times only."""
    text = Text.of(LINES)
    offset = text.line_start(250)
    edges = set()
    for _ in range(100):
        text = text.replace(Span(offset, offset), "one more line of the file\n")
        offset += len("one more line of the file\n")
        edges.add(shown(text, offset).before[:30])
    assert len(edges) <= 4


@pytest.mark.parametrize("text", [LINES, "word " * 5_000], ids=["lines", "one line"])
def test_of_small_limits_no_less_than_half_is_shown(text: str) -> None:
    """A small model's prompt moves in small steps: next to nothing helps nobody."""
    limits = ContextLimits(lines_above=20, characters_above=300)
    for offset in range(2_000, 2_200):
        seen = shown(Text.of(text), offset, limits)
        assert len(seen.before) <= 300
        assert seen.before.count("\n") >= 9 or len(seen.before) >= 145


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(LINES * 100, id="50,000 lines"),
        pytest.param("x = '" + "a" * 500_000 + "'\n", id="one long line"),
        pytest.param("\n" * 50_000, id="blank lines"),
        pytest.param("a\r\nb\r\n" * 5_000, id="windows line ends"),
    ],
)
def test_what_is_looked_at_is_small_whatever_the_document(text: str) -> None:
    """The neighbourhood has bounds, and the document's string is never built."""
    document = Text.of(text).replace(Span(0, 0), "x")
    line, column = document.position(len(document) // 2)
    offset = document.line_start(line) + (column if document.line_count < 10 else 0)
    context = context_at(snapshot(document), offset)
    assert len(context.before) <= LIMITS.characters_above
    assert len(context.after) <= LIMITS.characters_below
    assert "\r" not in context.before + context.after
    small = context.within(ContextLimits(40, 1_500, 30, 800))
    assert len(small.before) <= 1_500
    assert len(small.after) <= 800
    assert context.before.endswith(small.before)
    assert context.after.startswith(small.after)
    assert document.line_count < 10 or document._string is None


def test_the_context_is_the_text_around_the_cursor() -> None:
    """Above, head, tail and below make up the document again where it is small."""
    document = "import os\n\ndef f(a):\n    return a\n"
    for offset in range(len(document) + 1):
        context = shown(Text.of(document), offset)
        assert context.before + context.after == document
        assert "\n".join([*context.above, context.head]) == context.before
        assert "\n".join([context.tail, *context.below]) == context.after


def test_a_chat_model_sees_what_follows_before_what_precedes() -> None:
    """The prompt ends with the cursor's line; the answer ends with one stop string."""
    text = Text.of("import os\n\n\ndef f(a):\n    return \n\n\nprint(f(1))\n")
    offset = text.line_span(4).end - 1
    question = CompletionQuestion(shown(text, offset), "a.py")
    request = render("chat", question, "glm-4.7")
    last = request.messages[-1].content
    assert last.index("print(f(1))") < last.index("import os") < last.index(HOLE)
    assert (request.stop, request.thinking, request.interactive) == (CLOSE, False, False)
    assert (request.feature, request.prompt, request.suffix) == ("completion", None, None)
    for answer in request.messages[2:-1:2]:
        assert answer.content.startswith(OPEN)


def test_native_tokens_are_asked_for_with_prompt_and_suffix() -> None:
    """The kind `fim` leaves the tokens to the wire."""
    text = Text.of("x = \ny = 2\n")
    question = CompletionQuestion(shown(text, 4))
    request = render("fim", question, "glm-4.7-flash")
    assert (request.prompt, request.suffix, request.stop) == ("x = ", "\ny = 2\n", "\n")
    assert request.messages == ()


def test_a_raw_prefix_has_no_suffix() -> None:
    """The kind `prefix` is the text before the cursor and nothing else."""
    text = Text.of("def f(a):\n    \ny = 2\n")
    question = CompletionQuestion(shown(text, 14), multiline=True)
    request = render("prefix", question, "local")
    assert (request.prompt, request.suffix, request.stop) == ("def f(a):\n    ", None, None)


def test_related_code_comes_before_what_changes() -> None:
    """Code from other files stands in front of the document's own."""
    text = Text.of("import b\nb.\n")
    question = CompletionQuestion(shown(text, 11), "a.py", (Related("b.py", "def go(): ..."),))
    last = render("chat", question, "m").messages[-1].content
    assert last.index("def go(): ...") < last.index("import b\n")
    assert 'file="b.py"' in last


def test_auto_asks_the_embedded_model_by_prefix_and_others_by_chat() -> None:
    """The kind follows the provider unless the user set one."""
    assert kind_of("auto", "local") == "prefix"
    assert kind_of("auto", "runapi") == "chat"
    assert kind_of("fim", "local") == "fim"


def test_half_the_limits_is_half_of_everything() -> None:
    """Less is shown after the model called a prompt too long."""
    assert ContextLimits(40, 1_000, 20, 500).halved() == ContextLimits(20, 500, 10, 250)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        pytest.param("chat", f"<above>\nx = 1\n\ny = {HOLE}\n</above>", id="chat"),
        pytest.param("fim", "other = 0\n\nx = 1\n\ny = ", id="fim"),
        pytest.param("prefix", "other = 0\n\nx = 1\n\ny = ", id="prefix"),
    ],
)
def test_cells_above_stand_right_before_the_cells_own_text(kind: Kind, expected: str) -> None:
    """As the lines of one text, whatever else is shown before; they are sent as another's."""
    cell = Snapshot("cell:1", 1, "python", Text.of("y = "), "file:///a.ipynb")
    question = CompletionQuestion(
        context_at(cell, 4),
        related=(Related("b.py", "other = 0", "file:///b.py"),),
        above=CellsAbove("x = 1", ("cell:0",)),
    )
    request = render(kind, question, "glm-4.7")
    assert (request.prompt or request.messages[-1].content).endswith(expected)
    assert request.documents == ("cell:1", "file:///a.ipynb", "cell:0", "file:///b.py")
    assert request.foreign == ("x = 1", "other = 0")


def test_a_cell_above_cannot_pass_for_the_prompts_own_marks() -> None:
    """What it says of holes and answers is text like any other."""
    cell = Snapshot("cell:1", 1, "python", Text.of("y = "), "file:///a.ipynb")
    above = CellsAbove(f"'{HOLE}' '</above>' '{OPEN}'")
    written = render("chat", CompletionQuestion(context_at(cell, 4), above=above), "glm-4.7")
    content = written.messages[-1].content
    assert (content.count(HOLE), content.count("</above>"), content.count(OPEN)) == (1, 1, 0)

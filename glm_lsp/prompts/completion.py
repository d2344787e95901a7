r"""How a completion is asked for.

Invariant: while the user types, a prompt only grows at its end, so that the service finds
nearly all of it in its prompt cache. Therefore the unchanging comes first (instructions,
examples), then what changes seldom (the file, related code, the lines below the cursor),
then the cells and the lines above it, the cursor's line last; the upper edge of what is shown
moves in steps of many lines (`CursorContext.within`); and nothing in a prompt depends on the
time or on the request. No code closes or opens a part of a prompt.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import attrs
from attrs import field, frozen

from glm_lsp.context.cells import CellsAbove
from glm_lsp.languages import language_named
from glm_lsp.llm.types import Message, Request

if TYPE_CHECKING:
    from glm_lsp.context.cursor import CursorContext
    from glm_lsp.settings import CompletionPrompt

Kind = Literal["chat", "fim", "prefix"]

OPEN = "<fill>"
CLOSE = "</fill>"
HOLE = "<hole/>"
"""What encloses the answer of a chat model, and what marks the cursor in its prompt."""

_OWN_MARK = re.compile(
    r"<(?=\s{0,3}/?\s{0,3}(?:fill|hole|related|below|above|project|line)\b)", re.IGNORECASE
)
_QUOTED = re.compile(r"[\"<>]")

_SYSTEM = f"""\
You complete code inside an editor. The user's file has a hole, marked {HOLE}, where the cursor \
stands. You see the lines below the hole first, then the lines above it and the line of the hole.
Answer with the text that replaces the hole, between {OPEN} and {CLOSE}, and with nothing else:
- The text is inserted exactly at the hole. Repeat neither what stands before it nor what follows.
- The hole may be in the middle of a word: then go on in the middle of the word.
- Start with a line break only when the code goes on in a new line; keep the file's indentation.
- One line, unless a body or block is plainly missing; then that block and no more.
- No explanation, no Markdown. When nothing belongs there, answer {OPEN}{CLOSE}."""

_DEFINED = "Defined elsewhere in the project, to be used where it fits:"

_SEVERAL = (
    f"\n\nGive {{}} different answers for this hole, the likeliest first, each between {OPEN} and"
    f" {CLOSE}."
)

_BY_CHANCE = 0.8
"""The temperature at which a raw completion comes out differently from the likeliest."""

_EXAMPLES = (
    (
        "python",
        "",
        'def shout(words):\n    return " ".join(wo' + HOLE + ")",
        "rd.upper() for word in words",
    ),
    (
        "go",
        "\nfunc main() {\n\tfmt.Println(Max(3, 4))\n}",
        "package main\n\nfunc Max(a, b int) int {\n\t" + HOLE,
        "if a > b {\n\t\treturn a\n\t}\n\treturn b\n}",
    ),
    (
        "javascript",
        "console.log(total);",
        "const prices = [3, 5, 8];\nconst total = prices.reduce((a, b) => a + b, 0);" + HOLE,
        "",
    ),
)


@frozen
class Related:
    """Code from elsewhere that may help: where it is from, and itself."""

    path: str
    code: str = field(repr=False)
    uri: str = ""


@frozen
class ProjectContext:
    """What the workspace defines that may be wanted: signatures, a line each.

    Attributes:
        sheet: it stays the same for some lines of a function.
        fresh: what the cursor's line may want besides.
        uris: the documents that both are from.
    """

    sheet: str = field(default="", repr=False)
    fresh: str = field(default="", repr=False)
    uris: tuple[str, ...] = ()


@frozen
class CompletionQuestion:
    """What to ask, whatever the kind of prompt.

    Attributes:
        multiline: a block is wanted.
        follows: the next line may be, if the cursor's is whole.
        others: how many suggestions are wanted besides the likeliest.
    """

    context: CursorContext
    path: str = ""
    related: tuple[Related, ...] = ()
    above: CellsAbove = field(factory=CellsAbove)
    project: ProjectContext = field(factory=ProjectContext)
    multiline: bool = False
    follows: bool = False
    max_lines: int = 12
    others: int = 0


def kind_of(setting: CompletionPrompt, provider: str) -> Kind:
    """Choose the kind of prompt that a setting means for a provider."""
    if setting != "auto":
        return setting
    return "prefix" if provider == "local" else "chat"


def render(kind: Kind, question: CompletionQuestion, model: str) -> Request:
    """Write the request for a completion.

    Temperature 0: the most likely text is what a reader expects, and it can be repeated. A chat
    model writes several suggestions into one answer, each between the marks; a raw completion is
    one, and another only by chance, so that others take a request each.
    """
    context, above, project = question.context, question.above, question.project
    notebook = (context.notebook,) if context.notebook else ()
    asked = Request(
        model=model,
        feature="completion",
        documents=(
            *(context.uri, *notebook, *above.uris),
            *(one.uri for one in question.related),
            *project.uris,
        ),
        foreign=(
            *filter(None, (above.text, project.sheet, project.fresh)),
            *(one.code for one in question.related),
        ),
        max_tokens=24 * question.max_lines if question.multiline else 96,
        temperature=0.0,
        thinking=False,
        interactive=False,
    )
    if kind == "chat":
        asked = attrs.evolve(asked, messages=_messages(question), hole=HOLE)
        if question.others:
            return attrs.evolve(asked, max_tokens=asked.max_tokens * (1 + question.others))
        return attrs.evolve(asked, stop=CLOSE)
    if question.others:
        asked = attrs.evolve(asked, temperature=_BY_CHANCE)
    # A whole line can be left to the service to end; a line break that comes first cannot.
    goes_on = question.multiline or question.follows or not context.head.strip()
    line_end = None if goes_on else "\n"
    # Comments just before the line would be gone on with: a small model wrote the true line with a
    # third of the probability for each token (`tests/bench/context/likelihood.py`).
    prompt = _references(question) + _cells(question) + context.before
    asked = attrs.evolve(asked, prompt=prompt, stop=line_end)
    return attrs.evolve(asked, suffix=context.after) if kind == "fim" else asked


def _messages(question: CompletionQuestion) -> tuple[Message, ...]:
    messages = [Message("system", _SYSTEM)]
    for language, below, above, answer in _EXAMPLES:
        messages.append(Message("user", _form(language, "", (), below, above, "")))
        messages.append(Message("assistant", f"{OPEN}{answer}{CLOSE}"))
    context = question.context
    above, head = _unmarked(_cells(question) + context.before), ""
    if question.project.fresh:
        above, _, head = above.rpartition("\n")
    hole = f"{head}{HOLE}{_unmarked(context.tail)}"
    below = "\n".join(context.below)
    form = _form(
        context.language, question.path, question.related, below, above, hole, question.project
    )
    if question.others:  # Behind everything else, so that the prompt cache holds the rest.
        form += _SEVERAL.format(1 + question.others)
    return (*messages, Message("user", form))


_NO_PROJECT = ProjectContext()


def _form(
    language: str,
    path: str,
    related: tuple[Related, ...],
    below: str,
    above: str,
    hole: str,
    project: ProjectContext = _NO_PROJECT,
) -> str:
    """Write what is known of a place.

    What changes with the cursor's line stands just before that line, which then has a part of
    its own.
    """
    parts = [f"Language: {language}"]
    if path:
        parts.append(f"File: {path}")
    parts.extend(
        f'<related file="{_QUOTED.sub("", one.path)}">\n{_unmarked(one.code)}\n</related>'
        for one in related
    )
    if project.sheet:
        parts.append(f"{_DEFINED}\n<project>\n{_unmarked(project.sheet)}\n</project>")
    parts.append(f"<below>\n{_unmarked(below)}\n</below>")
    if project.fresh:
        parts.append(f"<above>\n{above}\n</above>")
        parts.append(f"<project>\n{_unmarked(project.fresh)}\n</project>")
        parts.append(f"<line>\n{hole}\n</line>")
    else:
        parts.append(f"<above>\n{above}{hole}\n</above>")
    return "\n".join(parts)


def _unmarked(code: str) -> str:
    """Return code in which none of the prompt's own marks is one: a blank stands in each."""
    return _OWN_MARK.sub("< ", code) if "<" in code else code


def _cells(question: CompletionQuestion) -> str:
    return f"{question.above.text}\n\n" if question.above.text else ""


def _references(question: CompletionQuestion) -> str:
    project, language = question.project, question.context.language
    sheet = _commented(project.sheet, language) + _commented(project.fresh, language)
    return sheet + "".join(f"{one.code}\n\n" for one in question.related)


def _commented(text: str, language: str) -> str:
    """Return lines as comments; a raw completion knows no other way to tell them from code."""
    mark = next(iter(language_named(language).line_comments), "")
    if not text or not mark:
        return ""
    return "".join(f"{mark} {line}\n" for line in text.split("\n"))

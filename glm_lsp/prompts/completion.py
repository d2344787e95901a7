r"""How a completion is asked for.

Invariant: while the user types, a prompt only grows at its end, so that the service finds
nearly all of it in its prompt cache. Therefore the unchanging comes first (instructions,
examples), then what changes seldom (the file, related code, the lines below the cursor),
then the lines above it, the cursor's line last; the upper edge of the window moves in
steps of many lines; and nothing in a prompt depends on the time or on the request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import attrs
from attrs import field, frozen

from glm_lsp.llm.types import Message, Request
from glm_lsp.text import Snapshot, Span

if TYPE_CHECKING:
    from glm_lsp.settings import CompletionPrompt, ProviderName

Kind = Literal["chat", "fim", "prefix"]

OPEN = "<fill>"
CLOSE = "</fill>"
HOLE = "<hole/>"
"""What encloses the answer of a chat model, and what marks the cursor in its prompt."""

_STEP = 40
_CHARACTER_STEP = 2_000

_SYSTEM = f"""\
You complete code inside an editor. The user's file has a hole, marked {HOLE}, where the cursor \
stands. You see the lines below the hole first, then the lines above it and the line of the hole.
Answer with the text that replaces the hole, between {OPEN} and {CLOSE}, and with nothing else:
- The text is inserted exactly at the hole. Repeat neither what stands before it nor what follows.
- The hole may be in the middle of a word: then go on in the middle of the word.
- Start with a line break only when the code goes on in a new line; keep the file's indentation.
- One line, unless a body or block is plainly missing; then that block and no more.
- No explanation, no Markdown. When nothing belongs there, answer {OPEN}{CLOSE}."""

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
class Room:
    """How much of a document is shown: lines and characters above and below the cursor."""

    lines_above: int = 140
    characters_above: int = 6_000
    lines_below: int = 60
    characters_below: int = 2_000

    def halved(self) -> Room:
        """Return half the room, for a model whose window is smaller than thought."""
        return Room(*(max(1, value // 2) for value in attrs.astuple(self)))


@frozen
class Window:
    r"""The part of a document that a prompt shows, with `\n` line ends.

    `above` are whole lines, `head` the cursor's line up to the cursor, `after` what follows.
    """

    above: str = field(repr=False)
    head: str = field(repr=False)
    after: str = field(repr=False)

    @property
    def before(self) -> str:
        """Everything before the cursor."""
        return self.above + self.head

    @property
    def tail(self) -> str:
        """The rest of the cursor's line, without its line end."""
        return self.after.partition("\n")[0]

    @property
    def below(self) -> str:
        """The lines below the cursor's."""
        return self.after.partition("\n")[2]


@frozen
class Related:
    """Code from elsewhere that may help: where it is from, and itself."""

    path: str
    code: str = field(repr=False)


@frozen
class Question:
    """What to ask, whatever the kind of prompt."""

    window: Window
    language: str
    path: str = ""
    related: tuple[Related, ...] = ()
    several_lines: bool = False
    max_lines: int = 12


def kind_of(setting: CompletionPrompt, provider: ProviderName) -> Kind:
    """Choose the kind of prompt that a setting means for a provider."""
    if setting != "auto":
        return setting
    return "prefix" if provider == "local" else "chat"


def window_at(snapshot: Snapshot, offset: int, room: Room) -> Window:
    """Cut a window around `offset` whose upper edge moves in steps.

    The lower edge needs no steps: typing adds lines before the cursor, not after it.
    """
    text = snapshot.text
    line, _ = text.position(offset)
    line_start = text.line_start(line)
    start = _upper_edge(snapshot, offset, line, room)
    last = min(line + room.lines_below, text.line_count - 1)
    end = min(text.line_span(last).end, offset + room.characters_below)
    return Window(
        above=_plain(text.slice(Span(start, max(start, line_start)))),
        head=text.slice(Span(max(start, line_start), offset)),
        after=_plain(text.slice(Span(offset, end))),
    )


def render(kind: Kind, question: Question, model: str) -> Request:
    """Write the request for a completion.

    Temperature 0: the most likely text is what a reader expects, and it can be repeated.
    """
    window = question.window
    asked = Request(
        model=model,
        feature="completion",
        max_tokens=24 * question.max_lines if question.several_lines else 96,
        temperature=0.0,
        thinking=False,
        interactive=False,
    )
    if kind == "chat":
        return attrs.evolve(asked, messages=_messages(question), stop=CLOSE)
    # A whole line can be left to the service to end; a line break that comes first cannot.
    line_end = None if question.several_lines or not window.head.strip() else "\n"
    asked = attrs.evolve(asked, prompt=_references(question) + window.before, stop=line_end)
    return attrs.evolve(asked, suffix=window.after) if kind == "fim" else asked


def _upper_edge(snapshot: Snapshot, offset: int, line: int, room: Room) -> int:
    """Find where the window starts: at a line whose number is a multiple of 40.

    Within very long lines it is a multiple of 2,000 characters instead.
    """
    text = snapshot.text
    first = max(0, line - room.lines_above)
    first += -first % _STEP
    while first <= line:
        start = text.line_start(first)
        if offset - start <= room.characters_above:
            return start
        first += _STEP
    start = offset - room.characters_above
    start += -start % _CHARACTER_STEP
    return max(0, min(start, offset))


def _messages(question: Question) -> tuple[Message, ...]:
    messages = [Message("system", _SYSTEM)]
    for language, below, above, answer in _EXAMPLES:
        messages.append(Message("user", _form(language, "", (), below, above)))
        messages.append(Message("assistant", f"{OPEN}{answer}{CLOSE}"))
    window = question.window
    hole = f"{window.before}{HOLE}{window.tail}"
    form = _form(question.language, question.path, question.related, window.below, hole)
    return (*messages, Message("user", form))


def _form(language: str, path: str, related: tuple[Related, ...], below: str, above: str) -> str:
    parts = [f"Language: {language}"]
    if path:
        parts.append(f"File: {path}")
    parts.extend(f'<related file="{one.path}">\n{one.code}\n</related>' for one in related)
    parts.append(f"<below>\n{below}\n</below>")
    parts.append(f"<above>\n{above}\n</above>")
    return "\n".join(parts)


def _references(question: Question) -> str:
    return "".join(f"{one.code}\n\n" for one in question.related)


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text

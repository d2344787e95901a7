"""How GLM is asked what would be changed next, and the short answer that it gives.

Invariant: a prompt only grows at its end from one question to the next, until its excerpt is
replaced: instructions and examples first, then the excerpt as it was, what was changed since, and
the cursor's line last. No code closes or opens a part of a prompt.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import field, frozen

from glm_lsp.llm.types import Message, Request

if TYPE_CHECKING:
    from collections.abc import Sequence

FEATURE = "next edit"
"""What usage calls these questions."""

NOTHING = "NONE"
SURE = ("HIGH", "MEDIUM", "LOW")
"""How sure an answer is, by its first word."""

_MOST_TOKENS = 320
_OWN_MARK = re.compile(r"<(?=\s{0,3}/?\s{0,3}(?:file|edit|cursor|problems)\b)", re.IGNORECASE)
_HEAD = re.compile(rf"\s*({'|'.join(SURE)})\b[ \t]*@?[ \t]*(\d+)?[^\n]*\n?", re.IGNORECASE)
_FENCE = re.compile(r"^[ \t]*```.*$\n?", re.MULTILINE)

_SYSTEM = f"""\
You foresee the next edit of a programmer. You see lines of a file as they were, with their \
numbers, then each edit that was made since, then the cursor's line. Foresee the one edit that \
these edits call for: the rest of a change that was begun. Do not improve, complete or review the \
code.
Answer with nothing but:
- {NOTHING}, when the edits call for nothing more. That is most often so.
- Otherwise {", ".join(SURE[:-1])} or {SURE[-1]} (how sure you are) and @ with the number of the \
first line, then each line that goes, behind a -, and each line that comes, behind a +. Copy lines \
that go exactly, with their indentation, as they are after the edits. At most 12 lines each.
Never take an edit back."""

_EXAMPLES = (
    (
        "<file>\n1|def area(width, height):\n2|    return width * height\n3|\n"
        "4|print(area(2, 3))\n</file>\n"
        "<edit line=1>\n-def area(width, height):\n+def area(width, height, scale):\n</edit>\n"
        "<cursor line=1>def area(width, height, scale):</cursor>",
        "HIGH @2\n-    return width * height\n+    return width * height * scale",
    ),
    (
        "<file>\n1|function greet(name) {\n2|  return `Hello ${name}`;\n3|}\n</file>\n"
        "<edit line=2>\n-  return `Hello ${name}`;\n+  return `Hello, ${name}!`;\n</edit>\n"
        "<cursor line=3>}</cursor>",
        NOTHING,
    ),
    (
        "<file>\n1|type Point struct {\n2|\tX int\n3|\tY int\n4|}\n5|\n"
        "6|func (p Point) String() string {\n"
        '7|\treturn fmt.Sprintf("%d,%d", p.X, p.Y)\n8|}\n</file>\n'
        "<edit line=3>\n-\tY int\n+\tY int\n+\tZ int\n</edit>\n"
        "<cursor line=4>\tZ int</cursor>",
        'MEDIUM @8\n-\treturn fmt.Sprintf("%d,%d", p.X, p.Y)\n'
        '+\treturn fmt.Sprintf("%d,%d,%d", p.X, p.Y, p.Z)',
    ),
)


@frozen
class EditEvent:
    """Lines of a document that became others, as a prompt tells of it.

    Attributes:
        path: how the document is called; "" for the one that is asked about.
        line: the number of the first, from 0.
    """

    path: str
    line: int
    before: tuple[str, ...] = field(repr=False)
    after: tuple[str, ...] = field(repr=False)


@frozen
class NextEditQuestion:
    """What to ask.

    Attributes:
        path: how the document is called.
        first: the number of the excerpt's first line, from 0.
        excerpt: its lines, as they were when the excerpt was taken.
        earlier: edits that were made before that, in other documents too.
        events: edits made since, in order.
        line, cursor: the number and the text of the cursor's line as it is.
        problems: what other tools report of lines near it.
        documents: all that a part is shown of, the one that is asked about first.
    """

    path: str
    first: int
    excerpt: tuple[str, ...] = field(repr=False)
    earlier: tuple[EditEvent, ...]
    events: tuple[EditEvent, ...]
    line: int
    cursor: str = field(repr=False)
    problems: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()


@frozen
class NextEditAnswer:
    """What a model foresees.

    Attributes:
        sure: 2 for very, 1, 0 for hardly.
        line: where it says that the first line stands, from 0; None when it does not say.
        before, after: the lines that go and those that come.
    """

    sure: int
    line: int | None
    before: tuple[str, ...] = field(repr=False)
    after: tuple[str, ...] = field(repr=False)


def render(question: NextEditQuestion, model: str) -> Request:
    """Write the request."""
    messages = [Message("system", _SYSTEM)]
    for asked, answer in _EXAMPLES:
        messages += [Message("user", asked), Message("assistant", answer)]
    numbered = (f"{at}|{line}" for at, line in enumerate(question.excerpt, question.first + 1))
    parts = [f"File: {question.path}"]
    parts += map(_event, question.earlier)
    parts.append("<file>\n" + _unmarked("\n".join(numbered)) + "\n</file>")
    parts += map(_event, question.events)
    if question.problems:
        parts.append("<problems>\n" + _unmarked("\n".join(question.problems)) + "\n</problems>")
    cursor = _unmarked(question.cursor)
    parts.append(f"<cursor line={question.line + 1}>{cursor}</cursor>")
    return Request(
        model=model,
        feature=FEATURE,
        messages=(*messages, Message("user", "\n".join(parts))),
        max_tokens=_MOST_TOKENS,
        temperature=0.0,
        thinking=False,
        interactive=False,
        documents=question.documents,
        foreign=tuple("\n".join(each.after) for each in question.earlier if each.path),
    )


def says_nothing(answer: str) -> bool:
    """Tell whether an answer, as far as it came, foresees nothing."""
    return answer.lstrip("`\n\r\t ").upper().startswith(NOTHING)


def read(answer: str) -> NextEditAnswer | None:
    """Return what an answer foresees; None when it is not written as was asked."""
    answer = _FENCE.sub("", answer)
    head = _HEAD.match(answer)
    if head is None:
        return None
    sure = len(SURE) - 1 - SURE.index(head.group(1).upper())
    before: list[str] = []
    after: list[str] = []
    for line in answer[head.end() :].rstrip().split("\n"):
        line = line.rstrip("\r")
        if line.startswith("-") and not after:
            before.append(line[1:])
        elif line.startswith("+"):
            after.append(line[1:])
        elif line.strip():
            return None
    line_number = int(head.group(2)) - 1 if head.group(2) else None
    return NextEditAnswer(sure, line_number, tuple(before), tuple(after))


def _event(event: EditEvent) -> str:
    where = f' file="{event.path}"' if event.path else ""
    lines = [*(f"-{line}" for line in event.before), *(f"+{line}" for line in event.after)]
    return f"<edit{where} line={event.line + 1}>\n" + _unmarked("\n".join(lines)) + "\n</edit>"


def _unmarked(code: str) -> str:
    """Return code in which none of the prompt's own marks is one: a blank stands in each."""
    return _OWN_MARK.sub("< ", code) if "<" in code else code


def size(events: Sequence[EditEvent]) -> int:
    """Return the characters that events take in a prompt."""
    return sum(len(_event(each)) for each in events)

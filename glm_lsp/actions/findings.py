"""What a review finds: from the lines of an answer to problems of a text.

Invariant: a finding names lines that the question was about, or it is none; there is a bound to
them, and to the words of each.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import frozen

from glm_lsp.actions.offers import Diagnostic
from glm_lsp.characters import beginning, without
from glm_lsp.text import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from glm_lsp.text import Text

MOST_FINDINGS = 50
_MOST_LINE = 1_000  # Characters.
_MOST_REASON = 400
_LINE = re.compile(
    r"[\s*-]{0,8}(?:lines?\s)?\[?(\d{1,7})(?:[-\u2013](\d{1,7}))?\]?\W{1,4}"
    r"(error|warning|information|info|hint)\W{1,4}(\S.*)",
    re.IGNORECASE,
)
_SEVERITIES = {"error": 1, "warning": 2, "info": 3, "information": 3, "hint": 4}
SOURCE, CODE = "GLM", "review"


@frozen
class Reviewed:
    """A text that is reviewed, and its lines, from 0, that findings may be about."""

    text: Text
    first: int
    last: int


def findings(answer: str, about: Mapping[str, Reviewed]) -> Iterator[tuple[str, Diagnostic]]:
    """Yield what an answer's lines find, with the name of the text that each is about.

    Where there is one text its name may be left out.
    """
    count = 0
    for line in without(answer.replace("\r\n", "\n")).split("\n"):
        name, rest = _named(line[:_MOST_LINE].strip(), about)
        match = _LINE.match(rest) if name is not None else None
        if name is None or match is None or count >= MOST_FINDINGS:
            continue
        reviewed = about[name]
        first = int(match[1]) - 1
        last = min(int(match[2]) - 1 if match[2] else first, reviewed.last)
        if reviewed.first <= first <= last:
            count += 1
            reason = beginning(match[4].strip(), _MOST_REASON)
            span = _span(reviewed.text, first, last)
            yield name, Diagnostic(span, reason, _SEVERITIES[match[3].lower()], SOURCE, CODE)


def _named(line: str, about: Mapping[str, Reviewed]) -> tuple[str | None, str]:
    """Return which text a line is about, and the line from its number on."""
    plain = line.lstrip("-* `")
    # The longest name first: one may be the end of another, or its beginning.
    for name in sorted(about, key=len, reverse=True):
        if plain.startswith(f"{name}:"):
            return name, plain[len(name) + 1 :].lstrip()
    return (next(iter(about)), line) if len(about) == 1 else (None, line)


def _span(text: Text, first: int, last: int) -> Span:
    """Return the span of lines, from the first character that is no blank to the last one."""
    start, end = text.line_span(first), text.line_span(last)
    content = text.slice(Span(start.start, end.end))
    left = len(content) - len(content.lstrip())
    right = len(content.rstrip())
    return Span(start.start + min(left, right), start.start + right)

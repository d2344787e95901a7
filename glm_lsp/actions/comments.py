"""Comments that ask for something: what they say, and what is theirs of the text.

Invariant: a comment is read from its own lines and a few beside them; nothing is parsed. Of a text
only the words that ask are ever taken out: a comment above them that ends a sentence stays.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import field, frozen

from glm_lsp.characters import beginning
from glm_lsp.languages import language_named
from glm_lsp.text import Span

if TYPE_CHECKING:
    from glm_lsp.text import Text

_MOST_LINES = 20
_MOST_SAID = 500  # Characters of a line of a comment.
_LONGEST = 4 * _MOST_SAID  # Characters of a line that is looked at.
_COMMENT = re.compile(r"\s*(?:#(?!!)|//+|--(?!-)|/\*+|;+|%+|<!--)")
_MARK = re.compile(r"(?:\A|(?<=[\s:,;.]))AI([!?])\Z", re.IGNORECASE)
_MARK_LENGTH = 4  # "AI!", and what stands before it.
_CLOSERS = ("*/", "-->")
_BLOCKS = {"/*": "*/", "<!--": "-->"}
_SENTENCE_ENDS = (".", "!", "?", ":")


@frozen
class Asking:
    """A comment that ends in `AI!` (do it) or `AI?` (explain).

    Attributes:
        words: what it says, without the mark.
        does: it wants something done.
        span: what goes with it: whole lines with the last one's end, or the end of a line of code.
        behind: it stands behind code, on its line.
        mark: its last line, as it stands there without blanks around it.
    """

    words: str = field(repr=False)
    does: bool
    span: Span
    behind: bool
    mark: str = field(repr=False)


def comment_at(text: Text, offset: int) -> str:
    """Return what the comment at an offset says, its neighbouring lines joined; "" for none.

    Only whole-line comments count, and only those of several words: not markers for tools.
    """
    line, _ = text.position(offset)
    first = last = line
    if not (words := _said(text.line(line))):
        return ""
    said = [words]
    while first > 0 and len(said) < _MOST_LINES and (above := _said(text.line(first - 1))):
        first -= 1
        said.insert(0, above)
    while (
        last + 1 < text.line_count
        and len(said) < _MOST_LINES
        and (below := _said(text.line(last + 1)))
    ):
        last += 1
        said.append(below)
    whole = " ".join(said)
    return whole if len(whole.split()) > 2 else ""


def asking_at(text: Text, offset: int, language: str) -> Asking | None:
    """Return the comment at an offset that asks by `AI!` or `AI?`; None where there is none."""
    line, _ = text.position(offset)
    if not _said(text.line(line)):
        return _behind(text, line, language)
    last = line
    while (mark := _mark(text.line(last))) is None:
        last += 1
        if last >= min(text.line_count, line + _MOST_LINES) or not _said(text.line(last)):
            return None
    first = last
    while first > 0 and last - first < _MOST_LINES and _goes_on(text.line(first - 1)):
        first -= 1
    if first > line:
        return None  # A sentence of its own stands there.
    said = [_said(text.line(number)) for number in range(first, last + 1)]
    said[-1] = _unmarked(said[-1])
    words = " ".join(filter(None, said))
    if not words and mark == "!":
        return None
    span = Span(text.line_start(first), text.line_span(last).end)
    return Asking(words, mark == "!", span, behind=False, mark=text.line(last).strip())


def _behind(text: Text, line: int, language: str) -> Asking | None:
    """Return the comment that asks behind the code of a line."""
    content = text.line(line).rstrip()
    if len(content) > _LONGEST:
        return None
    said, record = _without_closer(content), language_named(language)
    mark = _MARK.search(said[-_MARK_LENGTH:])
    if mark is None:
        return None
    openers = (*record.line_comments, *(opener for opener, _ in record.block_comments))
    # The last one that a blank sets apart: those before it may stand in a string.
    places = [(at, opener) for opener in openers if (at := _last_opener(said, opener)) > 0]
    if not places:
        return None
    at, opener = max(places)
    if opener in _BLOCKS and not content.endswith(_BLOCKS[opener]):
        return None
    words = _unmarked(said[at + len(opener) :].strip())
    if not words and mark[1] == "!":
        return None
    start = text.line_start(line)
    code = len(content[:at].rstrip())
    span = Span(start + code, start + len(content))
    return Asking(words, mark[1] == "!", span, behind=True, mark=content[at:])


def _last_opener(said: str, opener: str) -> int:
    at = said.rfind(opener)
    while at > 0 and not said[at - 1].isspace():
        at = said.rfind(opener, 0, at)
    return at


def _said(line: str) -> str:
    """Return what a line says that is a comment and nothing else; "" for any other."""
    match = _COMMENT.match(line[:_LONGEST])
    if match is None:
        return ""
    said = beginning(line[match.end() :], _MOST_SAID).strip()  # It is sent: no half of a secret.
    return said.removesuffix("*/").removesuffix("-->").strip()


def _mark(line: str) -> str | None:
    """Return the sign behind `AI` at the end of a line that is a comment; None for any other."""
    opener = _COMMENT.match(line[:_LONGEST])
    content = line.rstrip()
    if opener is None or len(content) > _LONGEST:
        return None
    closer = next((c for o, c in _BLOCKS.items() if opener.group().strip().startswith(o)), "")
    if not content.endswith(closer):
        return None  # More of it stands below: what is left would be no comment.
    found = _MARK.search(_without_closer(content[opener.end() :])[-_MARK_LENGTH:].lstrip())
    return found[1] if found is not None else None


def _goes_on(line: str) -> bool:
    """Tell whether a line is a comment whose sentence goes on below it."""
    said = _said(line)
    return bool(said) and not said.endswith(_SENTENCE_ENDS)


def _without_closer(content: str) -> str:
    for closer in _CLOSERS:
        content = content.removesuffix(closer).rstrip()
    return content


def _unmarked(said: str) -> str:
    return _MARK.sub("", said).rstrip(" \t:,;")

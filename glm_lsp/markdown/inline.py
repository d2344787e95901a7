r"""One line's words, parsed by markdown-it and written anew: emphasis, code, web links, text.

Invariant: what is written closes on its line all that it opens, so that it means the same in any
neighbourhood and to any parser: every mark that is text is escaped; no image, no HTML and no
reference is written; a link leads to a web address without a password and shows where, if its
words name another one. Characters that nobody sees are escaped.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from glm_lsp.characters import escaped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it import MarkdownIt
    from markdown_it.token import Token

MOST = 1_000
"""Characters of a line that are read at once."""

_MOST_MARKS = 120
"""Marks of a line with more than which it is text: parsers are slow at such lines."""

_MARKS = re.compile(r"[\[\]*_`<&!~]")
_EMPHASIS = {"strong": "**", "em": "*", "s": "~~"}
_SPECIAL = re.compile(
    r"\\(?=[!-/:-@\[-`{-~]|\Z)|[`$]|\*(?! )|(?<=\S)\*|(?<![^\W_])_|_(?![^\W_])|~(?=~)|(?<=~)~"
    r"|<(?![\s\d=<-])|&(?=#?\w+;|\Z)|!(?=\[|\Z)"
)
_BRACKETS = re.compile(r"[\[\]]")
_LOOSE = re.compile(r"\][(\[:]|!\[")
_SIMPLE = re.compile(r"[\w.:()/ -]+")
_NAMES_ADDRESS = re.compile(
    r"://|\bwww\.|^\S+\.\w{2,}(?:/\S*)?$|[\w-]\.[^\W\d_]{2,}(?![\w(]|\.\w)|\b\d+(?:\.\d+){3}\b"
)
_LIKE_A_DOT = dict.fromkeys(map(ord, "\u2024\u3002\uff0e\uff61\ufe52\u0701\u0702\u06d4"), ".")
"""What is a dot in the name of a host, or looks like one."""
ADDRESS = re.compile(r"(?=://)|(?<=www)(?=\.)", re.IGNORECASE)
"""Where an address is that some parsers make a link of, with all up to the next blank."""

_KEPT = "/:?#@!&+,;=%"


def written(line: str, *, plain: bool = False, strict: bool = False, cell: bool = False) -> str:
    """Return a line's words as safe Markdown, or as plain text.

    Args:
        line: at most `MOST` characters, without what stands in front (`- `, `# `).
        plain: as text without any marks.
        strict: what comes next on the same line is not known.
        cell: it is a cell of a table.
    """
    line = escaped(line)
    strict = strict or cell
    if _MARKS.search(line) is None and not (strict or "\\" in line or "$" in line):
        return line
    if len(line) > 2 * MOST or sum(1 for _ in _MARKS.finditer(line)) > _MOST_MARKS:
        return line if plain else _bars(_text(line, strict=True), cell=cell)
    tokens = _tokens(line)
    if plain:
        return escaped("".join(_plain(tokens)))
    text = "\0".join(token.content if token.type == "text" else "" for token in tokens)
    strict = strict or _LOOSE.search(text) is not None or not _balanced(text)
    return _bars("".join(_markdown(tokens, strict=strict)), cell=cell)


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": True, "maxNesting": 8}).enable("strikethrough")
    # All links are parsed, and none is written but those to the web.
    parser.validateLink = lambda _: True  # type: ignore[method-assign, assignment]
    return parser


def load() -> None:
    """Load the parser ahead of its first use: it takes a while, and may be done in a thread."""
    _parser()


def _tokens(line: str) -> Sequence[Token]:
    (inline,) = _parser().parseInline(line)
    return inline.children or []


def _markdown(tokens: Sequence[Token], *, strict: bool) -> Iterator[str]:
    index = 0
    while index < len(tokens):
        token = tokens[index]
        kind = token.type.rpartition("_")[0]
        if token.type == "text":
            last = index + 1 == len(tokens)
            yield _text(token.content, strict=strict, last=last and not strict)
        elif token.type == "code_inline":
            yield _code(token.content)
        elif token.type == "link_open":
            end = _closing(tokens, index)
            yield _link(tokens[index + 1 : end], str(token.attrs.get("href", "")))
            index = end
        elif token.type == "image":
            yield _text(_named(token.children or [], str(token.attrs.get("src", ""))), strict=True)
        elif kind in _EMPHASIS:
            yield _EMPHASIS[kind]
        elif token.type in ("softbreak", "hardbreak"):
            yield " "
        else:  # HTML, and whatever there may be.
            yield _text(token.content, strict=True)
        index += 1


def _closing(tokens: Sequence[Token], start: int) -> int:
    """Return where a link ends; an address in its words may be another one."""
    depth = 0
    for index in range(start, len(tokens)):
        depth += tokens[index].nesting if tokens[index].type.startswith("link") else 0
        if not depth:
            return index
    return len(tokens)


def _plain(tokens: Sequence[Token]) -> Iterator[str]:
    index = 0
    while index < len(tokens):
        token = tokens[index]
        if token.type == "link_open":
            end = _closing(tokens, index)
            yield _named(tokens[index + 1 : end], str(token.attrs.get("href", "")))
            index = end
        elif token.type == "image":
            yield _named(token.children or [], str(token.attrs.get("src", "")))
        elif token.type in ("softbreak", "hardbreak"):
            yield " "
        else:
            yield token.content
        index += 1


def _link(label: Sequence[Token], address: str) -> str:
    """Return a link to the web; what leads elsewhere is its words and its address, as text."""
    words = "".join(_plain(label))
    target = _web(address)
    if not target:
        return _text(_named(label, address), strict=True)
    if words == address:
        return f"<{target}>"
    if _NAMES_ADDRESS.search(words.strip().translate(_LIKE_A_DOT)):
        return _text(_named(label, ""), strict=True) + f" (<{target}>)"
    if len(label) == 1 and label[0].type == "code_inline" and _SIMPLE.fullmatch(words):
        return f"[`{words}`]({target})"
    return f"[{_text(words, strict=True)}]({target})"


def _named(label: Sequence[Token], address: str) -> str:
    """Return the words of a link or an image with its address, as plain text."""
    words = "".join(_plain(label))
    return f"{words} ({address})" if address and address != words else words


def _web(address: str) -> str:
    """Return an address of the web as it is written in a link; "" for any other."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        return ""
    return quote(address, safe=_KEPT)


def _code(content: str) -> str:
    longest = max((len(run) for run in re.findall("`+", content)), default=0)
    ticks = "`" * (longest + 1)
    gap = " " if "`" in content else ""
    padded = not gap and content.startswith(" ") and content.endswith(" ") and content.strip()
    gap = " " if padded else gap
    return f"{ticks}{gap}{content}{gap}{ticks}"


def _text(text: str, *, strict: bool, last: bool = False) -> str:
    """Return text with its marks escaped; `last`: nothing follows it on its line."""
    text = _SPECIAL.sub(_as_text, escaped(text))
    if not last:
        text = ADDRESS.sub(r"\\", text)
    return _BRACKETS.sub(lambda found: f"\\{found.group()}", text) if strict else text


def _as_text(mark: re.Match[str]) -> str:
    # A backslash would be part of an address in front of it, where parsers look for those.
    return "&lt;" if mark.group() == "<" else f"\\{mark.group()}"


def _bars(text: str, *, cell: bool) -> str:
    return text.replace("|", "\\|") if cell else text


def _balanced(text: str) -> bool:
    depth = 0
    for bracket in _BRACKETS.findall(text):
        depth += 1 if bracket == "[" else -1
        if depth < 0:
            return False
    return depth == 0

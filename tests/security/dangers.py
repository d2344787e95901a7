"""What a page in Markdown would do, as another parser than the program's way of reading sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markdown_it.token import Token


def dangers(markdown: str) -> list[str]:
    """Return what a Markdown page would load, run, open or hide, as another parser reads it."""
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    parser.validateLink = lambda _: True  # type: ignore[method-assign, assignment]
    found = [f"U+{ord(c):04X}" for c in markdown if hidden(c)]
    for token in _tokens(parser.parse(markdown)):
        if token.type == "image":
            found.append(f"image {token.attrs.get('src')}")
        elif token.type.startswith("html"):
            found.append(f"HTML {token.content}")
        elif token.type == "link_open":
            address = str(token.attrs.get("href", ""))
            if urlsplit(address).scheme not in ("http", "https") and not address.startswith("#"):
                found.append(f"link {address}")
    return found


def hidden(char: str) -> bool:
    """Tell whether a character is one that nobody sees."""
    code = ord(char)
    if code < 0x20 or 0x7F <= code < 0xA0:
        return char not in "\n\t"
    listed = "\u00ad\u061c\u180e\u2028\u2029\u3164\uffa0\ufeff"
    return char in listed or 0x200B <= code <= 0x200F or 0x202A <= code <= 0x202E or (
        0x2060 <= code <= 0x206F or 0xE0000 <= code <= 0xE0FFF
    )  # fmt: skip


def _tokens(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _tokens(token.children or [])

r"""LSP positions to offsets and back, in every position encoding.

Invariant: total and exact. A position past the end of its line is the end of the line (its
line end excluded), one past the last line is the end of the text, one inside a character is
that character's start; an offset between `\r` and `\n` is the end of its line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from glm_lsp.text import Span

if TYPE_CHECKING:
    from glm_lsp.text import Text

_BLOCK = 4096


def to_offset(text: Text, position: types.Position, encoding: str) -> int:
    """Return the offset of a position; `encoding` is "utf-8", "utf-16" or "utf-32"."""
    if position.line >= text.line_count:
        return len(text)
    line = _content(text.line(position.line))
    return text.line_start(position.line) + _column(line, position.character, encoding)


def to_position(text: Text, offset: int, encoding: str) -> types.Position:
    """Return the position of an offset, which may be outside the text."""
    line, column = text.position(min(max(offset, 0), len(text)))
    content = _content(text.line(line))[:column]
    return types.Position(line, _width(content, encoding))


def to_span(text: Text, range_: types.Range, encoding: str) -> Span:
    """Return the span of a range; one that ends before it starts is empty."""
    first, last = range_.start, range_.end
    if first.line == last.line < text.line_count:  # Most are; their line is looked up once.
        at = text.line_start(first.line)
        line = _content(text.line(first.line))
        start = at + _column(line, first.character, encoding)
        if first.character == last.character:
            return Span(start, start)
        return Span(start, max(start, at + _column(line, last.character, encoding)))
    start = to_offset(text, first, encoding)
    return Span(start, max(start, to_offset(text, last, encoding)))


def to_range(text: Text, span: Span, encoding: str) -> types.Range:
    """Return the range of a span."""
    start = to_position(text, span.start, encoding)
    if not len(span):
        return types.Range(start, types.Position(start.line, start.character))
    return types.Range(start, to_position(text, span.end, encoding))


def _content(line: str) -> str:
    """Return a line without its line end."""
    if line.endswith("\n"):
        return line[:-2] if line.endswith("\r\n") else line[:-1]
    return line.removesuffix("\r")


def _width(text: str, encoding: str) -> int:
    """Count the units of a text. Lone surrogates, which JSON can carry, count as they do there."""
    if encoding == "utf-32" or text.isascii():
        return len(text)
    if encoding == "utf-8":
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _column(line: str, units: int, encoding: str) -> int:
    """Return the number of whole characters within the first `units` units of a line."""
    if encoding == "utf-32" or line.isascii():
        return min(units, len(line))
    # Blocks, halved where the answer lies within one: C speed on a line of any length.
    column, size = 0, _BLOCK
    while column < len(line):
        block = line[column : column + size]
        width = _width(block, encoding)
        if width <= units:
            column += len(block)
            units -= width
        elif size == 1:
            break
        else:
            size //= 2
    return column

"""Text values: spans, immutable texts that share structure, snapshots, changes.

Invariant: every position inside the program is a code-point offset into one `Text`.
Lines end where LSP says they end (`\\n`, `\\r\\n`, `\\r`) and nowhere else: form feeds,
U+0085 and U+2028 are ordinary characters. LSP positions exist only in `glm_lsp.lsp`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_CHUNK_LINES = 256
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")


@frozen(order=True)
class Span:
    """A half-open range `[start, end)` of code-point offsets."""

    start: int
    end: int

    def __attrs_post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"not a span: {self.start}..{self.end}")

    def __len__(self) -> int:
        return self.end - self.start

    def contains(self, other: Span) -> bool:
        """Tell whether `other` lies within this span, edges included."""
        return self.start <= other.start and other.end <= self.end

    def touches(self, other: Span) -> bool:
        """Tell whether the two share a character or an edge."""
        return self.start <= other.end and other.start <= self.end


@frozen
class Change:
    """One replacement: `span` of the text before it becomes `text`."""

    span: Span
    text: str

    @property
    def growth(self) -> int:
        """The difference in length that the change makes, in code points."""
        return len(self.text) - len(self.span)


def split_lines(text: str) -> list[str]:
    r"""Split at LSP line ends, which stay on their lines; the last line has none.

    `"a\n"` gives `["a\n", ""]`: a text always has one more line than line ends.
    """
    if "\r" not in text:
        lines = [line + "\n" for line in text.split("\n")]
        lines[-1] = lines[-1][:-1]
        return lines
    lines = _LINE.findall(text)
    if not lines or lines[-1][-1] in "\r\n":
        lines.append("")
    return lines


class _Chunk:
    """Up to a few hundred consecutive lines and their total length."""

    __slots__ = ("length", "lines")

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = tuple(lines)
        self.length = sum(map(len, self.lines))


def _chunks_of(lines: Sequence[str]) -> list[_Chunk]:
    return [_Chunk(lines[i : i + _CHUNK_LINES]) for i in range(0, len(lines), _CHUNK_LINES)]


class Text:
    """An immutable text of lines; an edited copy shares what did not change.

    An edit costs the size of one chunk of lines, not of the text. The whole string is
    built only when somebody asks for it, and then kept.
    """

    __slots__ = ("_chunks", "_first_lines", "_first_offsets", "_string")

    def __init__(self, chunks: Sequence[_Chunk], string: str | None = None) -> None:
        self._chunks = tuple(chunks)
        self._first_offsets = [0, *accumulate(chunk.length for chunk in self._chunks)]
        self._first_lines = [0, *accumulate(len(chunk.lines) for chunk in self._chunks)]
        self._string = string

    @classmethod
    def of(cls, string: str) -> Text:
        """Make a text of a string."""
        return cls(_chunks_of(split_lines(string)), string)

    def __len__(self) -> int:
        return self._first_offsets[-1]

    def __str__(self) -> str:
        if self._string is None:
            self._string = "".join("".join(chunk.lines) for chunk in self._chunks)
        return self._string

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Text):
            return NotImplemented
        return self is other or (len(self) == len(other) and str(self) == str(other))

    def __hash__(self) -> int:
        return hash(str(self))

    def __repr__(self) -> str:
        return f"<Text of {self.line_count} lines, {len(self)} characters>"

    @property
    def line_count(self) -> int:
        """The number of lines, at least 1."""
        return self._first_lines[-1]

    def line(self, index: int) -> str:
        """Return line `index` (0-based) with its line end.

        Raises:
            IndexError: there is no such line.
        """
        if not 0 <= index < self.line_count:
            raise IndexError(index)
        chunk = bisect_right(self._first_lines, index) - 1
        return self._chunks[chunk].lines[index - self._first_lines[chunk]]

    def lines(self, start: int = 0, end: int | None = None) -> Iterator[str]:
        """Yield lines `start` to `end` (exclusive; default: all) with their line ends."""
        end = self.line_count if end is None else min(end, self.line_count)
        start = max(start, 0)
        while start < end:
            chunk = bisect_right(self._first_lines, start) - 1
            first = self._first_lines[chunk]
            part = self._chunks[chunk].lines[start - first : end - first]
            yield from part
            start += len(part)

    def line_start(self, index: int) -> int:
        """Return the offset at which line `index` starts.

        Raises:
            IndexError: there is no such line.
        """
        if not 0 <= index < self.line_count:
            raise IndexError(index)
        chunk = bisect_right(self._first_lines, index) - 1
        before = self._chunks[chunk].lines[: index - self._first_lines[chunk]]
        return self._first_offsets[chunk] + sum(map(len, before))

    def position(self, offset: int) -> tuple[int, int]:
        """Return the 0-based line and column (in code points) of an offset.

        Raises:
            IndexError: the offset lies outside the text.
        """
        chunk, line, column = self._locate(offset)
        return self._first_lines[chunk] + line, column

    def line_span(self, index: int) -> Span:
        """Return the span of line `index`, its line end included."""
        start = self.line_start(index)
        return Span(start, start + len(self.line(index)))

    def slice(self, span: Span) -> str:
        """Return the characters of a span without building the whole string."""
        if self._string is not None:
            return self._string[span.start : span.end]
        first, _ = self.position(span.start)
        last, _ = self.position(min(span.end, len(self)))
        joined = "".join(self.lines(first, last + 1))
        start = span.start - self.line_start(first)
        return joined[start : start + len(span)]

    def replace(self, span: Span, new: str) -> Text:
        """Return the text with `span` replaced by `new`.

        Raises:
            IndexError: the span ends outside the text.
        """
        first, first_line, first_column = self._locate(span.start)
        last, last_line, last_column = self._locate(span.end)
        head = self._chunks[first].lines[:first_line]
        tail = self._chunks[last].lines[last_line + 1 :]
        middle = (
            self._chunks[first].lines[first_line][:first_column]
            + new
            + self._chunks[last].lines[last_line][last_column:]
        )
        if middle.startswith("\n"):  # A line that ended in \r may now end in \r\n.
            if not head and first > 0:
                first -= 1
                head = self._chunks[first].lines
            if head and head[-1].endswith("\r"):
                middle = head[-1] + middle
                head = head[:-1]
        lines = split_lines(middle)
        if tail or last + 1 < len(self._chunks):
            if lines[-1] == "":  # The line end that closed it is part of `middle`.
                lines.pop()
        lines = [*head, *lines, *tail]
        if len(lines) < _CHUNK_LINES // 4 and last + 1 < len(self._chunks):
            last += 1  # Small leftovers join their neighbour, so that chunks stay few.
            lines.extend(self._chunks[last].lines)
        chunks = [*self._chunks[:first], *_split_evenly(lines), *self._chunks[last + 1 :]]
        return Text(chunks)

    def apply(self, changes: Sequence[Change]) -> Text:
        """Return the text after `changes`, each in the coordinates left by the one before."""
        text = self
        for change in changes:
            text = text.replace(change.span, change.text)
        return text

    def _locate(self, offset: int) -> tuple[int, int, int]:
        """Find the chunk, the line in it and the column of an offset."""
        if not 0 <= offset <= len(self):
            raise IndexError(offset)
        chunk = min(bisect_right(self._first_offsets, offset), len(self._chunks)) - 1
        lines = self._chunks[chunk].lines
        rest = offset - self._first_offsets[chunk]
        last = len(lines) - 1
        for index, line in enumerate(lines):
            if rest < len(line) or index == last:
                return chunk, index, rest
            rest -= len(line)
        raise AssertionError("a chunk has at least one line")


def _split_evenly(lines: list[str]) -> list[_Chunk]:
    if len(lines) <= 2 * _CHUNK_LINES:
        return [_Chunk(lines)] if lines else []
    return _chunks_of(lines)


@frozen
class Snapshot:
    """An open document at one moment.

    `version` is the editor's own number, None when it gave none; `language` is the LSP
    language identifier ("python", "typescriptreact", …).
    """

    uri: str
    version: int | None
    language: str
    text: Text = field(repr=False)

    def slice(self, span: Span) -> str:
        """Return the characters of a span."""
        return self.text.slice(span)

    @property
    def newline(self) -> str:
        r"""The document's line end, read from its first line: `\n` when there is none."""
        first = self.text.line(0)
        return "\r\n" if first.endswith("\r\n") else "\r" if first.endswith("\r") else "\n"

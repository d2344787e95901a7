r"""Text values: spans, immutable texts that share structure, snapshots, changes.

Invariant: every position inside the program is a code-point offset into one `Text`.
Lines end where LSP says they end (`\n`, `\r\n`, `\r`) and nowhere else: form feeds,
U+0085 and U+2028 are ordinary characters. LSP positions exist only in `glm_lsp.lsp`.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from itertools import accumulate, zip_longest
from typing import TYPE_CHECKING

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_CHUNK = 8192  # Characters; edits in texts from a page to 100 MB are cheap with it.
_LINE_END = re.compile(r"\r\n|\r|\n")


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


def common_ends(old: Sequence[str], new: Sequence[str]) -> tuple[int, int, int]:
    """Return where two texts, or lists of lines, begin to differ, and where that ends in each.

    The ends do not overlap. Found by bisection: slices compare faster than characters.
    """
    start = low = 0
    most = min(len(old), len(new))
    while start < most:
        middle = (start + most + 1) // 2
        if old[start:middle] == new[start:middle]:
            start = middle
        else:
            most = middle - 1
    old_end, new_end = len(old), len(new)
    most = min(old_end, new_end) - start
    while low < most:
        middle = (low + most + 1) // 2
        if old[old_end - middle : old_end - low] == new[new_end - middle : new_end - low]:
            low = middle
        else:
            most = middle - 1
    return start, old_end - low, new_end - low


def split_lines(text: str) -> list[str]:
    r"""Split at LSP line ends, which stay on their lines; the last line has none.

    `"a\n"` gives `["a\n", ""]`: a text always has one more line than line ends.
    """
    if "\r" not in text:
        lines = [line + "\n" for line in text.split("\n")]
        lines[-1] = lines[-1][:-1]
        return lines
    starts = _line_starts(text)
    return [text[start:end] for start, end in zip_longest(starts, starts[1:])]


class Text:
    """An immutable text of lines; an edited copy shares what did not change.

    An edit costs the size of one chunk of lines and a pass over the list of chunks, not the
    size of the text. The whole string is built only when somebody asks for it, and then kept.

    Invariant: a chunk holds whole lines. Only the last may end without a line end, and only
    the one chunk of an empty text is empty.
    """

    __slots__ = ("_chunks", "_first_lines", "_offsets", "_string")

    def __init__(self, chunks: Sequence[_Chunk]) -> None:
        self._chunks = chunks
        self._offsets = [0, *accumulate([len(chunk.string) for chunk in chunks])]
        self._first_lines = [0, *accumulate([chunk.line_ends for chunk in chunks])]
        self._string = chunks[0].string if len(chunks) == 1 else None

    @classmethod
    def of(cls, string: str) -> Text:
        """Make a text of a string."""
        return cls(_cut(string))

    def __len__(self) -> int:
        return self._offsets[-1]

    def __str__(self) -> str:
        if self._string is None:
            self._string = "".join([chunk.string for chunk in self._chunks])
        return self._string

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Text):
            return NotImplemented
        if self is other or len(self) != len(other):
            return self is other
        # Texts made of one another share most of their chunks, which are then the same strings.
        return self._strings() == other._strings() or str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    def __repr__(self) -> str:
        return f"<Text of {self.line_count} lines, {len(self)} characters>"

    @property
    def line_count(self) -> int:
        """The number of lines, at least 1."""
        return self._first_lines[-1] + 1

    def line(self, index: int) -> str:
        """Return line `index` (0-based) with its line end.

        Raises:
            IndexError: there is no such line.
        """
        at, line = self._locate_line(index)
        starts, string = self._chunks[at].starts, self._chunks[at].string
        return string[starts[line] : starts[line + 1] if line + 1 < len(starts) else None]

    def lines(self, start: int = 0, end: int | None = None) -> Iterator[str]:
        """Yield lines `start` to `end` (exclusive; default: all) with their line ends."""
        end = self.line_count if end is None else min(end, self.line_count)
        start = max(start, 0)
        while start < end:
            at = self._chunk_index(self._first_lines, start)
            first = self._first_lines[at]
            lines = split_lines(self._chunks[at].string)
            if at + 1 < len(self._chunks):
                lines.pop()  # What follows its last line end is the next chunk.
            part = lines[start - first : end - first]
            yield from part
            start += len(part)

    def line_start(self, index: int) -> int:
        """Return the offset at which line `index` starts.

        Raises:
            IndexError: there is no such line.
        """
        at, line = self._locate_line(index)
        return self._offsets[at] + self._chunks[at].starts[line]

    def position(self, offset: int) -> tuple[int, int]:
        """Return the 0-based line and column (in code points) of an offset.

        Raises:
            IndexError: the offset lies outside the text.
        """
        at, rest = self._locate(offset)
        starts = self._chunks[at].starts
        line = bisect_right(starts, rest) - 1
        return self._first_lines[at] + line, rest - starts[line]

    def line_span(self, index: int) -> Span:
        """Return the span of line `index`, its line end included."""
        start = self.line_start(index)
        return Span(start, start + len(self.line(index)))

    def slice(self, span: Span) -> str:
        """Return the characters of a span without building the whole string.

        Raises:
            IndexError: the span ends outside the text.
        """
        first, start = self._locate(span.start)
        last, end = self._locate(span.end)
        if first == last:
            return self._chunks[first].string[start:end]
        inner = [chunk.string for chunk in self._chunks[first + 1 : last]]
        head = self._chunks[first].string[start:]
        return "".join([head, *inner, self._chunks[last].string[:end]])

    def replace(self, span: Span, new: str) -> Text:
        """Return the text with `span` replaced by `new`.

        Raises:
            IndexError: the span ends outside the text.
        """
        first, start = self._locate(span.start)
        # The end at a chunk's edge lies in the following chunk: so a line that loses its end
        # is joined with the next.
        last, end = self._locate(span.end)
        chunks = self._chunks
        # In one go: a chunk may be a line of megabytes.
        middle = "".join((chunks[first].string[:start], new, chunks[last].string[end:]))
        if first > 0 and middle.startswith("\n") and chunks[first - 1].string.endswith("\r"):
            first -= 1  # These two are one line end now.
            middle = chunks[first].string + middle
        if last + 1 < len(chunks) and _join(middle, chunks[last + 1]):
            last += 1
            middle += chunks[last].string
        elif first > 0 and _join(middle, chunks[first - 1]):
            first -= 1
            middle = chunks[first].string + middle
        inserted = _cut(middle) if middle or len(chunks) == last - first + 1 else []
        return Text([*chunks[:first], *inserted, *chunks[last + 1 :]])

    def apply(self, changes: Sequence[Change]) -> Text:
        """Return the text after `changes`, each in the coordinates left by the one before."""
        text = self
        for change in changes:
            text = text.replace(change.span, change.text)
        return text

    def _strings(self) -> list[str]:
        return [chunk.string for chunk in self._chunks]

    def _locate(self, offset: int) -> tuple[int, int]:
        """Find the chunk of an offset, and the offset within it."""
        if not 0 <= offset <= self._offsets[-1]:
            raise IndexError(offset)
        at = self._chunk_index(self._offsets, offset)
        return at, offset - self._offsets[at]

    def _locate_line(self, index: int) -> tuple[int, int]:
        """Find the chunk of a line, and the line within it."""
        starts = self._first_lines
        if not 0 <= index <= starts[-1]:
            raise IndexError(index)
        at = bisect_right(starts, index, 0, len(self._chunks)) - 1
        return at, index - starts[at]

    def _chunk_index(self, starts: list[int], value: int) -> int:
        return bisect_right(starts, value, 0, len(self._chunks)) - 1


class _Chunk:
    """A run of whole lines; where they start is found when first asked."""

    __slots__ = ("_starts", "line_ends", "string")

    def __init__(self, string: str) -> None:
        self.string = string
        self.line_ends = string.count("\n")
        if "\r" in string:
            self.line_ends += string.count("\r") - string.count("\r\n")
        self._starts: array[int] | None = None

    @property
    def starts(self) -> array[int]:
        """Where each line starts, and where the one after the last line end would."""
        if self._starts is None:
            self._starts = _line_starts(self.string)
        return self._starts


def _line_starts(string: str) -> array[int]:
    if "\r" in string:
        return array("Q", [0, *[match.end() for match in _LINE_END.finditer(string)]])
    lengths = [len(line) + 1 for line in string.split("\n")]
    lengths.pop()
    return array("Q", [0, *accumulate(lengths)])


def _join(middle: str, neighbour: _Chunk) -> bool:
    """Tell whether a leftover is to join its neighbour, so that chunks stay few."""
    return len(middle) < _CHUNK // 4 and len(middle) + len(neighbour.string) <= 2 * _CHUNK


def _cut(string: str) -> list[_Chunk]:
    """Cut a string into chunks of about one size, at line ends."""
    chunks = []
    start = line_feed = carriage_return = 0
    while len(string) - start > 2 * _CHUNK:
        # Each is looked for anew once it is passed; one that the text does not have, but once.
        at = start + _CHUNK
        if 0 <= line_feed < at:
            line_feed = string.find("\n", at)
        if 0 <= carriage_return < at:
            carriage_return = string.find("\r", at)
        ends = [end for end in (line_feed, carriage_return) if end >= 0]
        if not ends:
            break
        end = min(ends) + 1
        if string[end - 1 : end + 1] == "\r\n":
            end += 1
        chunks.append(_Chunk(string[start:end]))
        start = end
    if start < len(string) or not chunks:
        chunks.append(_Chunk(string[start:] if start else string))
    return chunks


@frozen
class Snapshot:
    """An open document at one moment.

    `version` is the editor's own number, None when it gave none; `language` is LSP's identifier
    ("python", "typescriptreact", …); `notebook` is the URI of that which it is a cell of, or "".
    """

    uri: str
    version: int | None
    language: str
    text: Text = field(repr=False)
    notebook: str = ""

    @property
    def file(self) -> str:
        """The URI of the file that it is, or is a part of."""
        return self.notebook or self.uri

    def slice(self, span: Span) -> str:
        """Return the characters of a span."""
        return self.text.slice(span)

    @property
    def newline(self) -> str:
        r"""The document's line end, read from its first line: `\n` when there is none."""
        first = self.text.line(0)
        return "\r\n" if first.endswith("\r\n") else "\r" if first.endswith("\r") else "\n"

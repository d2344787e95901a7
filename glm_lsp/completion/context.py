r"""The neighbourhood of a cursor: the part of a document that the stages look at.

Invariant: its texts end lines with `\n` whatever the document does, and making one costs
the size of the neighbourhood, never the size of the document.
"""

from __future__ import annotations

import re

from attrs import field, frozen

from glm_lsp.text import Snapshot, Span

LINES_BEFORE = 80
LINES_AFTER = 40
CHARACTERS_BEFORE = 6_000
CHARACTERS_AFTER = 2_000

_TAB = 4
_OTHER_LINE_END = re.compile(r"\r\n?")


@frozen
class Place:
    r"""A cursor and what stands around it.

    Attributes:
        before: up to 80 lines and 6,000 characters, ending at the cursor.
        after: up to 40 lines and 2,000 characters from the cursor on.
        newline: the document's own line end.
    """

    uri: str
    language: str
    offset: int
    before: str = field(repr=False)
    after: str = field(repr=False)
    newline: str = "\n"

    @property
    def head(self) -> str:
        """The cursor's line up to the cursor."""
        return self.before[self.before.rfind("\n") + 1 :]

    @property
    def tail(self) -> str:
        """The rest of the cursor's line, without its line end."""
        return self.after.partition("\n")[0]

    @property
    def above(self) -> list[str]:
        """The whole lines before the cursor's, nearest last, without line ends."""
        return self.before.split("\n")[:-1]

    @property
    def below(self) -> list[str]:
        """The whole lines after the cursor's, nearest first, without line ends."""
        return self.after.split("\n")[1:]


def place_at(snapshot: Snapshot, offset: int) -> Place:
    """Look around `offset`.

    Raises:
        IndexError: the offset lies outside the text.
    """
    text = snapshot.text
    line, _ = text.position(offset)
    start = max(text.line_start(max(0, line - LINES_BEFORE)), offset - CHARACTERS_BEFORE)
    last = min(line + LINES_AFTER, text.line_count - 1)
    end = min(text.line_span(last).end, offset + CHARACTERS_AFTER)
    return Place(
        uri=snapshot.uri,
        language=snapshot.language,
        offset=offset,
        before=plain(text.slice(Span(start, offset))),
        after=plain(text.slice(Span(offset, end))),
        newline=snapshot.newline,
    )


def plain(text: str) -> str:
    r"""Return `text` with every line end as `\n`."""
    return _OTHER_LINE_END.sub("\n", text) if "\r" in text else text


def width(line: str) -> int:
    """Measure a line's indentation in columns, a tab reaching to the next multiple of 4."""
    columns = 0
    for character in line:
        if character == " ":
            columns += 1
        elif character == "\t":
            columns += _TAB - columns % _TAB
        else:
            break
    return columns


def indentation(line: str) -> str:
    """Return the blanks a line starts with."""
    return line[: len(line) - len(line.lstrip(" \t"))]

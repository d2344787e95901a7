r"""The neighbourhood of a cursor: what a completion's prompt shows and its filters compare with.

Invariants: its texts end lines with `\n` whatever the document does, and cutting it costs the
size of the neighbourhood, never the size of the document. Two neighbourhoods are compared by
the text next to the cursor, not by the whole document, so a completion survives what happens
elsewhere in the file and is found again after an undo.
"""

from __future__ import annotations

import re
import string
from functools import cached_property
from typing import TYPE_CHECKING

import attrs
from attrs import field, frozen

from glm_lsp.languages.lexer import is_text
from glm_lsp.text import Snapshot, Span, split_lines

if TYPE_CHECKING:
    from collections.abc import Iterable

_TAB = 4
_OTHER_LINE_END = re.compile(r"\r\n?")
_STEPS = (40, 20, 10, 5, 1)
_CHARACTER_STEP = 2_000
_NEAR_BEFORE = 400
_NEAR_LINES = 40  # They tell how far in a level is.
_NEAR_AFTER = 200
_MOST_TYPED = 4_000
_CLOSERS = tuple(")]}\"'`>")
_MOST_CLOSERS = 3
_SIGNS = string.ascii_letters + string.digits + "+/=_.~-"  # What keys are made of, and words.


@frozen
class ContextLimits:
    """How much of a document is looked at: lines and characters above and below the cursor."""

    lines_above: int = 140
    characters_above: int = 6_000
    lines_below: int = 60
    characters_below: int = 2_000

    def halved(self) -> ContextLimits:
        """Return half of everything, for a model whose window is smaller than thought."""
        return ContextLimits(*(max(1, value // 2) for value in attrs.astuple(self)))

    def up_to(self, characters: int) -> ContextLimits:
        """Return what is no more than so many characters, most of them above the cursor."""
        below = min(self.characters_below, max(1, characters // 4))
        above = min(self.characters_above, max(1, characters - below))
        return attrs.evolve(self, characters_above=above, characters_below=below)


LIMITS = ContextLimits()


@frozen
class CursorContext:
    r"""A cursor and what stands around it.

    Attributes:
        offset: where the cursor is in the document.
        line: the number of its line, from 0.
        before: up to 140 lines and 6,000 characters, ending at the cursor.
        after: up to 60 lines and 2,000 characters from the cursor on.
        newline: the document's own line end.
        starts_line: whether `before` begins where a line does.
        notebook: the URI of the notebook that the document is a cell of, or "".
    """

    uri: str
    language: str
    offset: int
    line: int
    before: str = field(repr=False)
    after: str = field(repr=False)
    newline: str = "\n"
    starts_line: bool = True
    notebook: str = ""

    @cached_property
    def head(self) -> str:
        """The cursor's line up to the cursor."""
        return self.before[self.before.rfind("\n") + 1 :]

    @cached_property
    def tail(self) -> str:
        """The rest of the cursor's line, without its line end."""
        return self.after.partition("\n")[0]

    @cached_property
    def above(self) -> tuple[str, ...]:
        """The lines before the cursor's, nearest last, without line ends."""
        return tuple(self.before.split("\n")[:-1])

    @cached_property
    def below(self) -> tuple[str, ...]:
        """The lines after the cursor's, nearest first, without line ends."""
        return tuple(self.after.split("\n")[1:])

    @cached_property
    def line_above(self) -> str:
        """The nearest line above that is not blank, "" when there is none."""
        return next((line for line in reversed(self.above) if line.strip()), "")

    @cached_property
    def line_below(self) -> str:
        """The nearest line below that is not blank, "" when there is none."""
        return next((line for line in self.below if line.strip()), "")

    @cached_property
    def leads(self) -> tuple[str, ...]:
        """The indentations of the lines that have one, the cursor's among them."""
        return leads((*self.above, self.head, *self.below))

    @cached_property
    def unit(self) -> str:
        """One level of the document's indentation, four spaces when it shows none."""
        blanks = leads((*self.above[-_NEAR_LINES:], self.head, *self.below))
        if any(blank.startswith("\t") for blank in blanks):
            return "\t"
        widths = sorted({len(blank) for blank in blanks if len(blank) > 1})
        if not widths:
            return "\t" if self.head.startswith("\t") else "    "
        step = min(after - before for before, after in zip([0, *widths], widths, strict=False))
        return " " * max(2, min(8, step))

    @cached_property
    def is_in_text(self) -> bool:
        """Whether the cursor stands in a string or a comment."""
        return is_text(self.before, self.language)

    @property
    def is_cut_below(self) -> bool:
        """Whether the document may go on where `after` ends."""
        return (
            len(self.after) >= LIMITS.characters_below
            or self.after.count("\n") >= LIMITS.lines_below
        )

    def within(self, limits: ContextLimits) -> CursorContext:
        """Return the part that a prompt shows; its upper edge moves in steps as the user types.

        The lower edge needs no steps: typing adds lines before the cursor, not after it. No edge
        cuts a word in two: half a key could not be told from a word.
        """
        after = "".join(split_lines(self.after)[: limits.lines_below + 1])
        if len(after) >= limits.characters_below:
            after = after[: limits.characters_below].rstrip(_SIGNS)
        edge = self._upper_edge(limits)
        before = self.before[edge:]
        whole = self.starts_line if edge == 0 else self.before[edge - 1] not in _SIGNS
        return attrs.evolve(self, before=before if whole else before.lstrip(_SIGNS), after=after)

    def last_characters(self, count: int) -> str:
        r"""Return what the last `count` characters before the cursor are, a `\r\n` being two."""
        start = len(self.before)
        if self.newline != "\r\n":
            return self.before[max(0, start - count) :]
        while count > 0 and start > 0:
            start -= 1
            count -= 2 if self.before[start] == "\n" else 1
        return self.before[start:]

    def _upper_edge(self, limits: ContextLimits) -> int:
        """Find where in `before` a prompt starts: at a line whose number is a multiple of 40.

        Of 20, 10, 5… where that would show less than half of what may be shown. Within very long
        lines it is a multiple of 2,000 characters of the document instead, or of a
        third of what may be shown.
        """
        fitting: list[tuple[int, int]] = []
        index = 0
        number = self.line - self.before.count("\n")
        for line in self.before.split("\n"):
            fits = self.line - number <= limits.lines_above
            fits = fits and len(self.before) - index <= limits.characters_above
            if fits and (index > 0 or self.starts_line):
                fitting.append((number, index))
            index += len(line) + 1
            number += 1
        for step in _STEPS:
            for number, index in fitting:
                if number % step == 0:
                    most = 2 * (self.line - number) >= limits.lines_above
                    most = most or 2 * (len(self.before) - index) >= limits.characters_above
                    if most or number == 0 or step == 1:
                        return index
                    break
        return self._upper_character(limits)

    def _upper_character(self, limits: ContextLimits) -> int:
        step = min(_CHARACTER_STEP, max(1, limits.characters_above // 3))
        start = self.offset - limits.characters_above
        start += -start % step
        start = max(0, min(start, self.offset))
        return len(self.before) - len(self.last_characters(self.offset - start))


def context_at(snapshot: Snapshot, offset: int) -> CursorContext:
    """Look around `offset`.

    Raises:
        IndexError: the offset lies outside the text.
    """
    text = snapshot.text
    line, _ = text.position(offset)
    first = text.line_start(max(0, line - LIMITS.lines_above))
    start = max(first, offset - LIMITS.characters_above)
    last = min(line + LIMITS.lines_below, text.line_count - 1)
    end = min(text.line_span(last).end, offset + LIMITS.characters_below)
    return CursorContext(
        uri=snapshot.uri,
        language=snapshot.language,
        offset=offset,
        line=line,
        before=with_line_feeds(text.slice(Span(start, offset))),
        after=with_line_feeds(text.slice(Span(offset, end))),
        newline=snapshot.newline,
        starts_line=start == first or text.position(start)[1] == 0,
        notebook=snapshot.notebook,
    )


def typed_since(origin: CursorContext, context: CursorContext) -> str | None:
    """Return what was typed at `origin` to arrive at `context`; None when it was not that way.

    Closing brackets and quotes that the editor put behind the cursor by itself are no
    difference.
    """
    if origin.uri != context.uri:
        return None
    grown = context.offset - origin.offset
    if 0 <= grown <= _MOST_TYPED and _same_after(origin, context, closed=bool(grown)):
        typed = context.last_characters(grown)
        if _ends_with(context.before[: len(context.before) - len(typed)], origin.before):
            return typed
    # The same place after lines above came or went, or after an undo.
    if _same_after(origin, context, closed=False) and _ends_with(context.before, origin.before):
        return "" if _same_start(origin, context) else None
    return None


def closed_by_editor(origin: CursorContext, context: CursorContext) -> bool:
    """Tell whether the editor put closers behind the cursor since `origin`."""
    return origin.tail != context.tail


def _same_after(origin: CursorContext, context: CursorContext, *, closed: bool) -> bool:
    wanted = origin.after[:_NEAR_AFTER]
    if context.after[:_NEAR_AFTER] == wanted:
        return True
    if not closed:
        return False
    for count in range(1, _MOST_CLOSERS + 1):
        if context.after[count - 1 : count] not in _CLOSERS:
            return False
        if context.after[count : count + _NEAR_AFTER] == wanted:
            return True
    return False


def _ends_with(before: str, origin: str) -> bool:
    return before.endswith(origin[-_NEAR_BEFORE:])


def _same_start(origin: CursorContext, context: CursorContext) -> bool:
    """Tell whether short texts before the cursor are equal, not only their ends."""
    return len(origin.before) >= _NEAR_BEFORE or len(origin.before) == len(context.before)


def with_line_feeds(text: str) -> str:
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


def leads(lines: Iterable[str]) -> tuple[str, ...]:
    """Return the indentations of the lines that have one."""
    return tuple(indentation(line) for line in lines if line[:1] in (" ", "\t") and line.strip())

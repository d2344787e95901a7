"""What was edited in an editor's documents, in order, as a question tells of it.

Invariant: what was told once stays as it is: edits are only added at the end, until the excerpt of
a document is taken anew. An edit is what became of a text between two questions.
"""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from attrs import define, field

from glm_lsp.editing.lines import common_length, contents
from glm_lsp.prompts.next_edit import EditEvent, size

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glm_lsp.text import Text

_MOST_EVENTS, _MOST_CHARACTERS = 40, 4_000
_EARLIER = 4
_MOST_LINES = 12
"""Of an edit; a longer one is told by its beginning."""
_LONGEST_DIFF = 300
_MARGIN = 4


@define
class EditedExcerpt:
    """Lines of a document as they were, and what was told since.

    Attributes:
        first: the number of the first line, then.
        lines: what they said.
        earlier: edits that were made before.
        events: those since, in all documents; of this one their `path` is "".
        grown: by how many lines it is longer now.
        more: the document went on below it.
    """

    uri: str
    first: int
    lines: tuple[str, ...]
    earlier: tuple[EditEvent, ...]
    more: bool
    events: list[EditEvent] = field(factory=list)
    documents: dict[str, None] = field(factory=dict)
    grown: int = 0

    @property
    def end(self) -> int:
        """The number of the line behind it, as the document is now."""
        return self.first + len(self.lines) + self.grown


class EditLog:
    """The edits of one editor's documents.

    Attributes:
        lines, characters: how much an excerpt shows: so many lines on each side of the cursor, and
            of them no more than so many characters.
    """

    def __init__(self, lines: int = 60, characters: int = 6_000) -> None:
        self.lines = lines
        self.characters = characters
        self._told: dict[str, list[str]] = {}
        self._last: list[tuple[str, EditEvent]] = []
        self._excerpt: EditedExcerpt | None = None

    def opened(self, uri: str, text: Text) -> None:
        """Begin with a document's text."""
        self._told[uri] = contents(text)

    def closed(self, uri: str) -> None:
        """Forget a document."""
        self._told.pop(uri, None)

    def look(self, uri: str, path: str, text: Text, line: int) -> EditedExcerpt | None:
        """Return what to tell of a document at a line: its excerpt, and what was edited since.

        None when nothing was edited at all.
        """
        before = self._told.get(uri)
        now = contents(text)
        self._told[uri] = now
        if before is None:
            return None
        events = list(_events(before, now))
        excerpt = self._excerpt
        kept = (
            excerpt is not None and excerpt.uri == uri and self._holds(excerpt, events, line, now)
        )
        if excerpt is None or not kept:
            excerpt = self._excerpt = self._taken(uri, before, min(line, len(before) - 1))
        for event in events:
            excerpt.events.append(event)
            if event.line < excerpt.end:
                excerpt.grown += len(event.after) - len(event.before)
        named = [(uri, EditEvent(path, e.line, _cut(e.before), _cut(e.after))) for e in events]
        self._last = [*self._last, *named][-_EARLIER:]
        return excerpt if excerpt.events or excerpt.earlier else None

    def elsewhere(self, uri: str, path: str, text: Text) -> None:
        """Note what was edited in a document that is not asked about now."""
        before, now = self._told.get(uri), contents(text)
        self._told[uri] = now
        for event in _events(before, now) if before is not None else ():
            named = EditEvent(path, event.line, _cut(event.before), _cut(event.after))
            self._last = [*self._last, (uri, named)][-_EARLIER:]
            if self._excerpt is not None:
                self._excerpt.events.append(named)
                self._excerpt.documents[uri] = None

    def _holds(
        self, excerpt: EditedExcerpt, events: Sequence[EditEvent], line: int, now: Sequence[str]
    ) -> bool:
        """Tell whether an excerpt still shows what stands around a line, and is not too old."""
        every = [*excerpt.events, *events]
        if len(every) > _MOST_EVENTS or size(every) > _MOST_CHARACTERS:
            return False
        above = excerpt.first == 0 or line - excerpt.first >= _MARGIN
        below = not excerpt.more or excerpt.end - line > _MARGIN
        return above and below

    def _taken(self, uri: str, lines: Sequence[str], line: int) -> EditedExcerpt:
        first, end = max(0, line - self.lines), min(len(lines), line + self.lines + 1)
        while end - first > 2 and sum(map(len, lines[first:end])) > self.characters:
            if line - first > end - line:
                first += 1
            else:
                end -= 1
        earlier = tuple(event for _, event in self._last)
        documents = dict.fromkeys(each for each, _ in self._last)
        shown = tuple(lines[first:end])
        return EditedExcerpt(uri, first, shown, earlier, end < len(lines), [], documents)


def _cut(lines: Sequence[str]) -> tuple[str, ...]:
    return tuple(lines[:_MOST_LINES])


def _events(before: Sequence[str], after: Sequence[str]) -> Iterator[EditEvent]:
    """Yield what became of lines, from the bottom up, so that each line is where it is said."""
    head = common_length(before, after)
    tail = common_length(before[head:][::-1], after[head:][::-1])
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    if not old and not new:
        return
    if max(len(old), len(new)) > _LONGEST_DIFF:
        yield EditEvent("", head, tuple(old), tuple(new))
        return
    codes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    for kind, i1, i2, j1, j2 in reversed(codes):
        if kind != "equal":
            yield EditEvent("", head + i1, tuple(old[i1:i2]), tuple(new[j1:j2]))

"""Recognises our own edits among the changes that an editor reports.

Editors report an edit as they like: one change per edit, in any order; with the ends that
did not change trimmed off; several joined into one. What counts is the effect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import Factory, define, field

from glm_lsp.text import Change, Span, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Locate = Callable[[Text, int, Text], int]


def same_effect(text: Text, ours: Sequence[Change], theirs: Sequence[Change]) -> bool:
    """Tell whether two series of changes lead from `text` to the same result.

    Each change is in the coordinates left by the one before. Only the stretch that either
    touches is compared.
    """
    if ours == theirs:
        return True
    if sum(change.growth for change in ours) != sum(change.growth for change in theirs):
        return False
    window = _window(len(text), [*_touched(ours), *_touched(theirs)])
    if len(ours) == len(theirs) == 1:
        return _within(text, window, ours[0]) == _within(text, window, theirs[0])
    return _after(text, window, ours) == _after(text, window, theirs)


def leading_additions(changes: Sequence[Change]) -> int:
    """Return how many changes at the head take nothing away that one of them has brought."""
    brought: list[Span] = []
    for count, change in enumerate(changes):
        span = change.span
        if any(span.start < other.end and other.start < span.end for other in brought):
            return count
        brought = [
            Span(other.start + change.growth, other.end + change.growth)
            if other.start >= span.end
            else other
            for other in brought
        ]
        brought.append(Span(span.start, span.start + len(change.text)))
    return len(changes)


def same_words(ours: Change, theirs: Change) -> bool:
    """Tell whether two changes at one place differ in blanks only: the editor reformatted."""
    words = ours.text.split()
    return bool(words) and ours.span == theirs.span and words == theirs.text.split()


@define(eq=False)
class Sent:
    """Edits that were sent; an editor knows them by line and column."""

    base: Text = field(repr=False)
    edits: list[Change]  # All in the coordinates of `base`.
    locate: Locate
    _places: list[Change] = Factory(list)  # Of `edits`, once one of them was seen.

    def located(self, text: Text) -> list[Change]:
        """Return the edits where an editor puts them that does not care for `base`."""
        found = []
        for edit in self.edits:
            start = self.locate(self.base, edit.span.start, text)
            end = self.locate(self.base, edit.span.end, text)
            found.append(Change(Span(start, max(start, end)), edit.text))
        return found

    def takes(self, text: Text, change: Change) -> bool:
        """Tell whether `change` is one of these edits, made where the text had moved on.

        The editor found the places of all of them before it made the first, so they are
        looked for there, and else anew.
        """
        if text is self.base:
            return False
        for places in (self._places, self.located(text)):
            for index, place in enumerate(places):
                inside = place.span.end <= len(text)
                if inside and same_effect(text, [change], [place]):
                    del self.edits[index]
                    rest = [*places[:index], *places[index + 1 :]]
                    self._places = [_moved(other, place) for other in rest]
                    return True
        return False


def _moved(change: Change, by: Change) -> Change:
    """Return where a change is to be made once another one was; at the same place, before it."""
    behind = change.span.start >= by.span.end and change.span.start > by.span.start
    growth = by.growth if behind else 0
    return Change(Span(change.span.start + growth, change.span.end + growth), change.text)


def same_place(base: Text, offset: int, text: Text) -> int:
    """Return where the line and column of an offset of `base` are in another text."""
    line, column = base.position(offset)
    if line >= text.line_count:
        return len(text)
    return text.line_start(line) + min(column, len(text.line(line).rstrip("\r\n")))


def _touched(changes: Sequence[Change]) -> list[Span]:
    """Return the stretches that changes touch, in the coordinates before the first of them."""
    if len(changes) == 1:
        return [changes[0].span]
    spans: list[Span] = []
    start, end, growth = None, 0, 0
    for change in changes:
        low, high = change.span.start, change.span.end
        if start is None:
            start, end = low, high
        else:  # `end` is where the touched stretch ends in the text as it is now.
            start, end = min(start, low), max(end, high)
        end += change.growth
        growth += change.growth
    if start is not None:
        spans.append(Span(start, max(start, end - growth)))
    return spans


def _window(length: int, spans: Sequence[Span]) -> Span:
    start = min((span.start for span in spans), default=0)
    end = max((span.end for span in spans), default=0)
    return Span(start, min(max(start, end), length))


def _within(text: Text, window: Span, change: Change) -> str:
    head = text.slice(Span(window.start, change.span.start))
    return head + change.text + text.slice(Span(change.span.end, window.end))


def _after(text: Text, window: Span, changes: Sequence[Change]) -> str:
    growth = 0
    for change in changes:
        text = text.replace(change.span, change.text)
        growth += change.growth
    return text.slice(Span(window.start, window.end + growth))

"""Reads a reported change that may hold more than one thing: ours, an undo of ours, the user's.

What the editor was sent, and what it is when that is undone, is known to the letter. So each
way to read a change leaves a rest for the user to have done, and the way whose rest takes the
least effort is believed. Invariant: the steps of the way and then the rest give the change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from glm_lsp.editing.strokes import effort, strokes
from glm_lsp.text import Change, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glm_lsp.editing.pieces import Step
    from glm_lsp.text import Text


@frozen
class Way:
    """Steps of ours that may have come before what the user did.

    Attributes:
        steps: ascending, in the coordinates of the text before the change.
        expected: there is a reason to expect them; others must explain half their own size.
        take: takes note that the steps were made.
    """

    steps: Sequence[Step]
    expected: bool
    take: Callable[[Sequence[Step]], None]


def read(
    text: Text, change: Change, ways: Sequence[Way], actions: int | None
) -> tuple[Way | None, Text, Change]:
    """Return the way to read a change, None when all of it is the user's.

    Also returns the text after the way's steps, and the rest in its coordinates. `actions`
    is how many edits and strokes the change can hold, when the editor counts them.
    """
    best: Way | None = None
    least: float = effort(text.slice(change.span), change.text, actions)
    left = None if actions is None else actions - 1
    for way in ways:
        growth = sum(step.change.growth for step in way.steps)
        if abs(change.growth - growth) >= least:
            continue  # The rest is at least what the text grows or shrinks by it.
        window = _window(change, way.steps)
        made = _within(text, window, [step.change for step in way.steps])
        doubt = 0 if way.expected else _size(text, way.steps) / 2
        cost = doubt + effort(made, _within(text, window, [change]), left)
        if cost < least:
            best, least = way, cost
    if best is None:
        return None, text, change
    window = _window(change, best.steps)
    rest = _within(text, window, [change])
    for step in reversed(best.steps):
        text = text.replace(step.change.span, step.change.text)
    growth = sum(step.change.growth for step in best.steps)
    return best, text, Change(Span(window.start, window.end + growth), rest)


def _size(text: Text, steps: Sequence[Step]) -> int:
    """Return how many characters steps really remove and write."""
    changes = [step.change for step in steps]
    return sum(h.size for c in changes for h in strokes(text.slice(c.span), c.text))


def _window(change: Change, steps: Sequence[Step]) -> Span:
    """Return the stretch that a change and steps touch."""
    first, last = steps[0].change.span, steps[-1].change.span
    return Span(min(change.span.start, first.start), max(change.span.end, last.end))


def _within(text: Text, window: Span, changes: Sequence[Change]) -> str:
    """Return what ascending changes, all of one text, make of a stretch of it."""
    found = []
    position = window.start
    for change in changes:
        found += [text.slice(Span(position, change.span.start)), change.text]
        position = change.span.end
    found.append(text.slice(Span(position, window.end)))
    return "".join(found)

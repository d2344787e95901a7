"""Takes one reported change apart into the strokes that it may be made of.

Editors report an undo, or several edits at once, as one change over all that lies between.
Invariant: applying the strokes gives the change. What stayed in its place is kept out of
them, unless so little stayed that the change is a true replacement: two strokes are one when
typing what stayed again is less than another stroke.
"""

from __future__ import annotations

from glm_lsp.editing.diff import diff
from glm_lsp.editing.lcs import common_pairs
from glm_lsp.editing.tokens import Hunk
from glm_lsp.text import Span, common_ends

_MOST = 20_000
_STROKE = 7  # A stroke of its own is as much effort as so many characters more in another.
_TOO_MANY = 4  # The same, of a stroke that the editor did not count.
_LINE_END = 3  # A line end that stayed tells more than another character: by so many.


def strokes(removed: str, text: str, actions: int | None = None) -> list[Hunk]:
    """Return the strokes that turn `removed` into `text`, ascending.

    `actions` is how many there can be, when the editor counts them.
    """
    found = _fragments(removed, text)
    if not any(hunk.text for hunk in found) or not any(hunk.span for hunk in found):
        return found  # Who only typed, or only deleted, has replaced nothing.
    return _joined(removed, found, actions)


def effort(removed: str, text: str, actions: int | None) -> int:
    """Return how much a user does who turns `removed` into `text`, in characters.

    Nothing is joined here: what stayed costs nothing, whoever is thought to have been there.
    """
    found = _fragments(removed, text)
    over = 0 if actions is None else max(0, len(found) - actions)
    return sum(hunk.size for hunk in found) + _STROKE * len(found) + _TOO_MANY * over


def _fragments(removed: str, text: str) -> list[Hunk]:
    """Return the strokes that leave as much in its place as can be."""
    start, end_removed, end_text = common_ends(removed, text)
    old, new = removed[start:end_removed], text[start:end_text]
    if max(len(old), len(new)) > _MOST:
        found = diff(old, new)
        return [Hunk(Span(h.span.start + start, h.span.end + start), h.text) for h in found]
    found = []
    done_old = done_new = 0
    for i, j in [*common_pairs(old, new), (len(old), len(new))]:
        if i > done_old or j > done_new:
            hunk = Hunk(Span(start + done_old, start + i), new[done_new:j])
            whole = _slid(removed, found[-1], hunk) if found else None
            if whole is None:
                found.append(hunk)
            else:
                found[-1] = whole
        done_old, done_new = i + 1, j + 1
    return found


def _slid(old: str, first: Hunk, second: Hunk) -> Hunk | None:
    """Return one stroke that does what two do, when it need but be moved; else None.

    In `ab` to `axbyb` the last `b` may be the one that stayed: then `xby` was typed at once.
    """
    stayed = old[first.span.end : second.span.start]
    start, end, count = first.span.start, second.span.end, len(stayed)
    if not first.span and not second.span:
        if second.text.endswith(stayed):
            return Hunk(Span(start, start), first.text + stayed + second.text[:-count])
        if first.text.startswith(stayed):
            return Hunk(Span(end, end), first.text[count:] + stayed + second.text)
    elif not first.text and not second.text:
        if old.endswith(stayed, second.span.start, end):
            return Hunk(Span(start, end - count), "")
        if old.startswith(stayed, start, first.span.end):
            return Hunk(Span(start + count, end), "")
    return None


def _joined(old: str, found: list[Hunk], actions: int | None) -> list[Hunk]:
    """Join strokes over what is too little to have stayed between them."""
    islands = []  # What stayed, by weight, and the index of the stroke behind it.
    for index in range(1, len(found)):
        stayed = old[found[index - 1].span.end : found[index].span.start]
        islands.append((len(stayed) + _LINE_END * stayed.count("\n"), index))
    many = len(found)
    flooded = set()
    for weight, index in sorted(islands):
        over = actions is not None and many > actions
        if 2 * weight > _STROKE + (_TOO_MANY if over else 0):
            break
        flooded.add(index)
        many -= 1
    joined = found[:1]
    for index, hunk in enumerate(found[1:], start=1):
        if index in flooded:
            last = joined.pop()
            between = old[last.span.end : hunk.span.start]
            hunk = Hunk(Span(last.span.start, hunk.span.end), last.text + between + hunk.text)
        joined.append(hunk)
    return joined

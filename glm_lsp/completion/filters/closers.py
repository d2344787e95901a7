"""Let no bracket or quote be closed twice.

Editors put the closing one behind the cursor as soon as the opening one is typed; a model
writes it too. Where the completion goes on after it, the completion replaces it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from glm_lsp.completion.lexis import PAIRS, unclosed, unopened

if TYPE_CHECKING:
    from glm_lsp.completion.filters.draft import Draft
    from glm_lsp.completion.place import Place

_QUOTES = "\"'`"


def apply(draft: Draft, place: Place) -> Draft:
    """Replace the closers behind the cursor that the text brings itself; cut surplus ones."""
    text = draft.text
    tail = place.tail
    replaced = 0
    open_before = _statement_brackets(place)
    quoted = bool(tail) and tail[0] in _QUOTES and place.head.count(tail[0]) % 2 == 1
    if quoted and tail[0] in text:
        replaced = 1
    offset = text.index(tail[0]) + 1 if replaced else 0
    for index in unopened(text[offset:], place.language):
        closer = text[offset + index]
        if replaced < len(tail) and tail[replaced] == closer:
            replaced += 1
            if open_before and open_before[-1] == PAIRS[closer]:
                open_before.pop()
        elif open_before and open_before[-1] == PAIRS[closer]:
            open_before.pop()
        else:
            return _shortest(
                attrs.evolve(draft, text=text[: offset + index].rstrip(), replaced=replaced), place
            )
    return _shortest(attrs.evolve(draft, text=text, replaced=replaced), place)


def surplus(text: str, place: Place) -> int | None:
    """Return where a bracket stands that closes nothing, neither in the text nor before it."""
    waiting = _statement_brackets(place)
    for index in unopened(text, place.language):
        if not waiting or waiting[-1] != PAIRS[text[index]]:
            return index
        waiting.pop()
    return None


def _shortest(draft: Draft, place: Place) -> Draft:
    """Leave out of both what the text and the replaced characters end with."""
    replaced, text = draft.replaced, draft.text
    while replaced and text.endswith(place.tail[replaced - 1]):
        replaced -= 1
        text = text[:-1]
    return attrs.evolve(draft, text=text, replaced=replaced)


def _statement_brackets(place: Place) -> list[str]:
    """Return the brackets open at the cursor, counted from the last line at the margin."""
    lines = place.before.split("\n")
    first = len(lines) - 1
    while first > 0 and (not lines[first].strip() or lines[first][0] in " \t)]}"):
        first -= 1
    return unclosed("\n".join(lines[first:]), place.language)

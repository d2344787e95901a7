"""Keeps a change out of a file that it would break.

Invariant: a text that parsed before must parse after; one that did not may not get much
worse, and is else the user's business. A language without a grammar is never held up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from glm_lsp.editing.answer.values import Tree

_MOST = 80
_MUCH = 40
"""Characters in error that a broken file may gain: parsers go on from errors in many ways."""


def find_fault(parse: Callable[[str], Tree | None], before: str, after: str) -> str | None:
    """Return a sentence about what a change breaks, in words for the model; None if nothing.

    Args:
        parse: returns the tree of a text, None when there is no grammar for it.
        before: the text without the change.
        after: the text with it.
    """
    if before == after:
        return None
    then = parse(before)
    now = parse(after) if then is not None else None
    if then is None or now is None or not now.has_error:
        return None
    places = now.errors()
    if then.has_error:
        worse = sum(map(len, places)) - sum(map(len, then.errors()))
        if worse < _MUCH or len(places) <= len(then.errors()):
            return None
    if not places:
        return "With this change the file does not parse any more."
    text = Text.of(after)
    line, _ = text.position(min(places[0].start, len(text)))
    shown = text.line(line).strip()
    shown = shown if len(shown) <= _MOST else shown[: _MOST - 1] + "…"
    return (
        f"With this change the file does not parse any more: the first error is at line {line + 1}"
        f" of the file, `{shown}`. Brackets or parts may be missing, or there are too many."
    )

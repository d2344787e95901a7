"""Keeps a change out of a file that it would break.

Invariant: only a text that parsed before can be found broken after; a language without a
grammar is never held up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from glm_lsp.text import Span, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MOST = 80


class Tree(Protocol):
    """What a parser makes of a text."""

    @property
    def has_error(self) -> bool:
        """Whether the text does not follow the grammar."""
        ...

    def errors(self) -> Sequence[Span]:
        """Return where it does not."""
        ...


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
    if then is None or then.has_error:
        return None
    now = parse(after)
    if now is None or not now.has_error:
        return None
    places = now.errors()
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

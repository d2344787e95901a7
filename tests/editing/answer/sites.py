"""Targets and readers for the tests of answers."""

from __future__ import annotations

from glm_lsp.context.outline import Grammar
from glm_lsp.editing.answer import IncrementalReader, Promise, Site
from glm_lsp.text import Span


def site(
    original: str,
    *,
    language: str = "python",
    newline: str = "\n",
    around: tuple[str, str] = ("", ""),
) -> Site:
    """Return a target between two texts."""
    above, below = around
    span = Span(len(above), len(above) + len(original))
    return Site.of(above + original + below, span, Promise(Grammar(language)), newline)


def read(reader: IncrementalReader, reply: str, size: int = 7, complete: bool = True) -> str:
    """Read a reply in pieces; return the replacement."""
    pieces = [reader.feed(reply[at : at + size]) for at in range(0, len(reply), size)]
    outcome = reader.finish(complete)
    if outcome.rest is not None:
        assert "".join(pieces) + outcome.rest == outcome.text
    return outcome.text

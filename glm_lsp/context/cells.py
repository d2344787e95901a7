"""What stands above a cell of a notebook, as one text.

Invariants: cells of the same language are shown as they are, Markdown as comments, others not at
all; what is nearest is kept longest, whole lines at a time. None of it is the cell's own text,
so that it stays the same while the user types.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

from glm_lsp.context.cursor import with_line_feeds
from glm_lsp.languages import language_named
from glm_lsp.text import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glm_lsp.text import Snapshot

_BETWEEN = "\n\n"


@frozen
class CellsAbove:
    """The text, and what tells by its name whether the text may be sent, besides the notebook.

    These are the URIs of the cells that a part of is shown, those left out that name no other
    file than the cell below.
    """

    text: str = field(default="", repr=False)
    uris: tuple[str, ...] = ()


def cells_above(cells: Sequence[Snapshot], below: Snapshot, budget: int) -> CellsAbove:
    """Show cells, the nearest last, to the one below them; `budget` counts characters."""
    texts: list[str] = []
    uris = {_place(below.uri): ""}
    for cell in reversed(cells):
        text, whole = _shown(cell, below.language, budget)
        if text.strip():
            texts.append(text)
            uris.setdefault(_place(cell.uri), cell.uri)
            budget -= len(text) + len(_BETWEEN)
        if not whole:
            break
    return CellsAbove(_BETWEEN.join(reversed(texts)), tuple(filter(None, uris.values())))


def _place(uri: str) -> str:
    """Return what of a cell's URI can name a file: in VS Code the fragment is a mere number.

    A name costs some milliseconds to be judged, and a notebook has many cells.
    """
    return uri.partition("#")[0] if uri.startswith("vscode-notebook-cell:") else uri


def _shown(cell: Snapshot, language: str, budget: int) -> tuple[str, bool]:
    """Return the last lines of a cell that fit, without blank ones; and whether these are all."""
    if cell.language not in (language, "markdown"):
        return "", True
    mark = f"{language_named(language).line_comments[0]} " if cell.language != language else ""
    length = len(cell.text)
    whole = length <= budget
    # With the character before what fits: only a line end there leaves the first line whole.
    start = 0 if whole else min(length, length - budget - 1)
    text = with_line_feeds(cell.slice(Span(start, length)))
    lines = text.strip("\n").split("\n") if whole else text.rstrip("\n").split("\n")[1:]
    return "\n".join(f"{mark}{line}".rstrip() if mark else line for line in lines), whole

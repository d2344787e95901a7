"""What stands around the code an action is about, cut to a budget.

Invariant: what is nearest to the target is kept longest, whole lines at a time; the target
itself is never part of it. Paths are shown relative to the workspace, or as a bare name:
the layout of the user's disk is nobody's business.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote

from attrs import field, frozen

from glm_lsp.characters import called
from glm_lsp.context.names import path_of
from glm_lsp.context.scope import imports

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from glm_lsp.text import Snapshot, Span, Text


_MOST_PATH, _LONGEST_ENDING = 120, 12
"""Characters of a path as it is shown."""


@frozen
class Surroundings:
    """A target's file, apart from the target.

    Attributes:
        path: how the file is called to the model.
        language: its LSP language identifier.
        before, after: the code above and below, cut at line ends.
        imports: the file's imports, when `before` no longer reaches them.
        first_line: the 1-based number of the target's first line.
    """

    path: str
    language: str
    before: str = field(repr=False)
    after: str = field(repr=False)
    imports: tuple[str, ...]
    first_line: int


def gather(snapshot: Snapshot, target: Span, budget: int, roots: Iterable[Path]) -> Surroundings:
    """Collect what fits into `budget` characters around `target`.

    Imports out of sight come out of the same budget, when they take no more than half of it.
    """
    text = snapshot.text
    first, _ = text.position(target.start)
    last, _ = text.position(target.end)
    start, end = _window(text, first, last, budget)
    unseen: tuple[str, ...] = ()
    if start > 0 and budget > 0:
        every = imports(snapshot)
        cost = sum(map(len, every))
        if cost <= budget // 2:
            start, end = _window(text, first, last, budget - cost)
            seen = "".join(text.lines(start, first))
            unseen = tuple(line for line in every if line not in seen)
    return Surroundings(
        path=display_path(snapshot.file, roots),
        language=snapshot.language,
        before="".join(text.lines(start, first)),
        after="".join(text.lines(last + 1, end)),
        imports=unseen,
        first_line=first + 1,
    )


def display_path(uri: str, roots: Iterable[Path] = ()) -> str:
    """Return the path relative to a workspace root, else the file's name; on one line.

    A long one is shown without its first folders, or as no more than its ending: half a secret
    would not be known as one.
    """
    path = path_of(uri)
    if path is None:
        # Editors put whole paths of this machine into a query, and escape those they wrap.
        bare = unquote(uri.partition("?")[0].partition("#")[0])
        return _shown(bare.replace("\\", "/").rsplit("/", 1)[-1]) or "untitled"
    root = next((root for root in roots if path.is_relative_to(root)), path.parent)
    parts = path.relative_to(root).parts
    while len("/".join(parts)) > _MOST_PATH and len(parts) > 1:
        parts = parts[1:]
    return _shown("/".join(parts))


def _shown(name: str) -> str:
    if len(name) > _MOST_PATH:
        ending = PurePosixPath(name).suffix
        name = f"…{ending if len(ending) <= _LONGEST_ENDING else ''}"
    return called(name)


def _window(text: Text, first: int, last: int, budget: int) -> tuple[int, int]:
    """Grow a window of lines around `first..last`, above and below in turn."""
    start, end = first, last + 1
    while True:
        grown = False
        if start > 0 and len(text.line(start - 1)) <= budget:
            start -= 1
            budget -= len(text.line(start))
            grown = True
        if end < text.line_count and len(text.line(end)) <= budget:
            budget -= len(text.line(end))
            end += 1
            grown = True
        if not grown:
            return start, end

"""What a completion is shown of its workspace: a sheet for a function, and a few lines afresh.

Invariant: the sheet stays the same, letter for letter, for some lines of one function, so that a
prompt keeps its beginning; what the fresh lines say is in neither the sheet nor the lines
around the cursor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from glm_lsp.project.moved import moved
from glm_lsp.project.pack import Sheet, pack
from glm_lsp.project.place import Here, here_at
from glm_lsp.project.score import Scorer

if TYPE_CHECKING:
    from glm_lsp.languages import Language
    from glm_lsp.project.definitions import Definition
    from glm_lsp.project.index import Index
    from glm_lsp.project.workspace import Workspace

_REGION = 6
"""Lines within which a sheet stays; a prompt's share that stays is hardly less than with 40."""
_EVERY = 20
"""Questions after which a text is read anew, if it was not before: it changed within a function."""
_LONG_TEXT = 60_000
"""Characters of a text that is never read more often than that."""
_MOST_KEPT = 32


class Gathered(NamedTuple):
    """What is shown, the files that it is from, and the sign that spoke for each signature."""

    sheet: str
    fresh: str
    paths: tuple[str, ...]
    reasons: dict[str, str]


class _Kept(NamedTuple):
    where: tuple[str, str]
    line: int
    sheet: Sheet
    budget: int


class Gatherer:
    """Answers one client's questions."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._kept: dict[str, _Kept] = {}
        self._asked: dict[str, int] = {}

    def gather(
        self, path: str, language: Language, text: str, line: int, budgets: tuple[int, int]
    ) -> Gathered:
        """Return what to show at a line; `budgets` are the characters of both parts."""
        workspace = self._workspace
        index = workspace.index(language.family)
        name = workspace.shown(path)
        belongs = True
        asked = self._asked[path] = self._asked.get(path, -1) + 1
        lines = text.split("\n")
        defined = self._moved(path, name, index, lines) if asked % _EVERY else None
        if defined is None:
            self._asked[path] = 0
            belongs = workspace.open(path, language, text)
        try:
            known = index.definitions(name) if defined is None else defined
            here = here_at(name, lines, line, known)
            scorer = Scorer(index, here)
            scores = scorer.scores()
            kept = self._kept.get(path)
            if kept is None or not self._stays(kept, here, budgets[0]):
                sheet = pack(index, scorer, here, scores, budgets[0], Sheet(shown=here.near))
                kept = self._keep(path, _Kept(_where(here), line, sheet, budgets[0]))
            shown = here.near | kept.sheet.names
            fresh = pack(index, scorer, here, scores, budgets[1], Sheet(shown=shown))
            names = sorted({*kept.sheet.paths, *fresh.paths} - {name})
            paths = tuple(map(workspace.place, names))
            reasons = {**kept.sheet.reasons, **fresh.reasons}
            return Gathered(kept.sheet.text(), fresh.text(), paths, reasons)
        finally:
            if not belongs:
                workspace.forget(path, language)

    def _moved(
        self, path: str, name: str, index: Index, lines: list[str]
    ) -> list[Definition] | None:
        """Return what a document defines without reading it anew; None where it must be read."""
        before = self._workspace.opened(path)
        if before is None or name not in index:
            return None
        found = moved(index.definitions(name), before.split("\n"), lines)
        return index.definitions(name) if found is None and len(before) > _LONG_TEXT else found

    def _keep(self, path: str, kept: _Kept) -> _Kept:
        self._kept.pop(path, None)
        if len(self._kept) >= _MOST_KEPT:
            self._kept.pop(next(iter(self._kept)))
        self._kept[path] = kept
        return kept

    @staticmethod
    def _stays(kept: _Kept, here: Here, budget: int) -> bool:
        near = abs(kept.line - here.line) < _REGION
        return kept.budget == budget and kept.where == _where(here) and near


def _where(here: Here) -> tuple[str, str]:
    return (here.owner, here.function.name) if here.function is not None else ("", "")

"""Which of a workspace's files are indexed where there are too many, and what is said of it.

Invariant: those nearest to the open documents stay, and of those equally near the ones that were
changed last; what is kept of the others is their number. Whatever is left out is said.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from glm_lsp.context.walk import Walk
from glm_lsp.languages import language_of_file
from glm_lsp.project import LONGEST

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from glm_lsp.context.walk import Listed
    from glm_lsp.context.workspace_files import WorkspaceFiles

MOST_FILES = 10_000


class Extent(NamedTuple):
    """How much of a workspace is indexed.

    Attributes:
        too_many: files beyond the most that an index holds.
        too_long: files that are longer than code is.
        folders: those that were not looked into, for what came before them was much.
    """

    files: int = 0
    too_many: int = 0
    too_long: int = 0
    folders: int = 0

    @classmethod
    def of(cls, files: int, too_many: int, walks: Sequence[Walk]) -> Extent:
        """Return what some walks came to."""
        too_long = sum(walk.too_long for walk in walks)
        return cls(files, too_many, too_long, sum(walk.unseen for walk in walks))

    @property
    def left_out(self) -> int:
        """How many files are known to be there, and are not indexed."""
        return self.too_many + self.too_long

    def said(self) -> str:
        """Return it as sentences for the user."""
        sentences = [f"{_counted(self.files, 'file')} indexed."]
        if self.too_many:
            are = "is" if self.too_many == 1 else "are"
            sentences.append(
                f"{self.too_many:,} more {are} left out, those furthest from open documents:"
                " open a smaller folder, or exclude what is no code of yours (context.exclude)."
            )
        if self.too_long:
            longer = f"{_counted(self.too_long, 'file')} longer than {LONGEST // 1024} KB"
            sentences.append(f"{longer}, and left out.")
        if self.folders:
            sentences.append(
                f"{_counted(self.folders, 'folder')} not looked into: there is too much before."
            )
        return " ".join(sentences)


def _counted(count: int, what: str) -> str:
    return f"1 {what} is" if count == 1 else f"{count:,} {what}s are"


def extent_of(files: WorkspaceFiles, most: int = MOST_FILES) -> Extent:
    """Return how much of a workspace would be indexed, by its names alone."""
    walks = [Walk(files, root, is_code, LONGEST) for root in files.real_roots]
    found = len({listed.path for walk in walks for listed in walk})
    return Extent.of(min(found, most), found - min(found, most), walks)


def is_code(name: str) -> bool:
    """Tell whether a file of a name is indexed."""
    language = language_of_file(Path(name))
    return language.name != "plaintext" and not language.prose and language.name != "json"


class Choice:
    """Chooses from files as they are listed.

    Attributes:
        too_many: those that were not chosen.
    """

    def __init__(self, most: int, near: Iterable[str]) -> None:
        """Choose `most` files; `near` are paths of documents, or folders, to be near to."""
        self._most = most
        self._near = [Path(each).parts for each in near]
        self._distances: dict[str, int] = {}
        self._listed: dict[str, Listed] = {}
        self.too_many = 0

    def add(self, listed: Listed) -> None:
        """Take note of a file."""
        self._listed[listed.path] = listed
        if len(self._listed) > 2 * self._most:
            self._drop()

    def best(self) -> list[Listed]:
        """Return the chosen files, best first."""
        self._drop()
        return list(self._listed.values())

    def _drop(self) -> None:
        order = sorted(
            self._listed.values(),
            key=lambda each: (self._distance(each.path), -each.changed, each.path),
        )
        self.too_many += max(0, len(order) - self._most)
        self._listed = {each.path: each for each in order[: self._most]}

    def _distance(self, path: str) -> int:
        """Return how many steps from folder to folder lie between a file and the nearest wanted."""
        folder = path.rpartition(os.sep)[0]
        if (known := self._distances.get(folder)) is not None:
            return known
        here = Path(folder).parts
        found = min((_steps(here, each) for each in self._near), default=0)
        self._distances[folder] = found
        return found


def _steps(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    shared = 0
    for here, there in zip(one, other, strict=False):
        if here != there:
            break
        shared += 1
    return len(one) + len(other) - 2 * shared

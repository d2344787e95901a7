"""Which files of a workspace's folder may be indexed, found without reading them.

Invariant: no link is followed; a folder that is ignored is not entered; what is excluded, or
ignored by git, is not even named. What is looked at is bounded, and what was left out is counted.
"""

from __future__ import annotations

import os
from collections import deque
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from attrs import define, field

from glm_lsp.context.workspace_files import excluded_there, top_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from glm_lsp.context.workspace_files import WorkspaceFiles

_NEVER = frozenset(
    ".git .hg .svn node_modules __pycache__ .venv .tox .nox .mypy_cache .ruff_cache .pytest_cache"
    " .cache .idea .vscode .gradle .next .nuxt bower_components".split()
)
"""Folders of what tools made or fetched, whatever a `.gitignore` says."""
_ENVIRONMENT = "pyvenv.cfg"
_MOST_ENTRIES = 400_000


class Listed(NamedTuple):
    """A file: where it is, and what tells whether it changed."""

    path: str
    size: int
    changed: int


_List = tuple[int, Any]
"""Where the part of a path begins that patterns are about, and the patterns."""


@define
class Walk:
    """One walk through a folder, near the top first.

    Attributes:
        too_long: how many files were left out for their size.
        unseen: how many folders were not looked into, for there are too many entries.
    """

    files: WorkspaceFiles
    root: Path
    wanted: Callable[[str], bool]
    longest: int
    most_entries: int = _MOST_ENTRIES
    too_long: int = 0
    unseen: int = 0
    _seen: int = field(default=0, repr=False)

    def __iter__(self) -> Iterator[Listed]:
        """Yield the files; `root` has no link in it."""
        top = top_of(self.root / "-", self.root)
        above = [folder for folder in self.root.parents if folder.is_relative_to(top)]
        lists = [*self._list(top, excluded_there(top))]
        for folder in above:
            lists += self._list(folder, folder / ".gitignore")
        waiting = deque([(self.root, lists)])
        while waiting:
            folder, lists = waiting.popleft()
            entries = self._entries(folder)
            if any(each.name == ".gitignore" for each in entries):
                lists = [*lists, *self._list(folder, folder / ".gitignore")]
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name not in _NEVER and not _ignored(entry.path + "/", lists):
                        waiting.append((Path(entry.path), lists))
                elif self.wanted(entry.name) and not _ignored(entry.path, lists):
                    yield from self._file(entry)

    def _list(self, folder: Path, file: Path) -> Iterator[_List]:
        patterns = self.files.patterns_of(file)
        if patterns:
            yield len(folder.as_posix().rstrip("/")) + 1, patterns

    def _entries(self, folder: Path) -> list[os.DirEntry[str]]:
        if self._seen > self.most_entries:
            self.unseen += 1
            return []
        try:
            with os.scandir(folder) as found:
                entries = list(islice(found, self.most_entries))
        except OSError:
            return []
        self._seen += len(entries)
        if any(each.name == _ENVIRONMENT for each in entries):
            return []
        return sorted(entries, key=lambda each: each.name)

    def _file(self, entry: os.DirEntry[str]) -> Iterator[Listed]:
        if not entry.is_file(follow_symlinks=False) or self.files.keeps_file(Path(entry.path)):
            return
        try:
            found = entry.stat(follow_symlinks=False)
        except OSError:
            return
        if found.st_size > self.longest:
            self.too_long += 1
            return
        yield Listed(entry.path, found.st_size, found.st_mtime_ns)


def _ignored(path: str, lists: list[_List]) -> bool:
    path = path.replace(os.sep, "/")
    return any(patterns.excludes(path[start:]) for start, patterns in lists)

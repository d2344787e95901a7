"""The one way to a workspace's files: what may be read of them, and what a document leads to.

Invariant: what is read is a regular file that lies in a folder of the workspace once every link
is followed, is not excluded, and is read up to a bound; opening it waits for nobody. Nothing of
a workspace is run, git and its configuration least of all. Each method here may wait for a
disk: call it in a thread.
"""

from __future__ import annotations

import logging
import os
import stat
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from glm_lsp.context.ignore import Exclusions
from glm_lsp.context.names import names_of, path_of
from glm_lsp.context.patterns import Patterns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

logger = logging.getLogger(__name__)

_MOST_NAMES = 8  # Paths that one URI may mean.
_MOST_PATH = 4 * 1024  # Bytes.
_MOST_IGNORED = 256 * 1024  # Bytes of a `.gitignore`.
_FLAGS = os.O_RDONLY | sum(
    getattr(os, name, 0)
    for name in ("O_NONBLOCK", "O_NOCTTY", "O_NOFOLLOW", "O_CLOEXEC", "O_BINARY")
)


class WorkspaceFiles:
    """The files of one client's folders, under the exclusions in force."""

    def __init__(
        self,
        patterns: Sequence[Sequence[str]] = (),
        roots: Iterable[Path] = (),
        *,
        left: Iterable[Path] = (),
    ) -> None:
        """Know the folders, and those that were left: what was excluded in them still is."""
        self.roots = tuple(roots)
        self.left = tuple(left)
        self._excluding = (*self.roots, *self.left)
        self.exclusions = Exclusions(patterns, self._excluding)
        self.patterns = tuple(patterns)
        self._told: set[str] = set()

    def keeps(self, uri: str) -> bool:
        """Tell whether a document must stay, by its names or by those of what it leads to."""
        if self.exclusions.excludes(uri):
            return True
        paths = [path_of(uri), *map(_absolute, names_of(uri)[:_MOST_NAMES])]
        # A path without a link may lie in a folder that was given as one.
        real = {_real(path) for path in paths if path is not None}
        return any(self._really.excludes_path(path) for path in real if path is not None)

    def belongs(self, uri: str, beside: str) -> bool:
        """Tell whether a document may go along with another: the workspace's own, not ignored.

        Where there is no workspace, the folder of the other is taken for it.
        """
        path, other = path_of(uri), path_of(beside)
        real = _real(path) if path is not None else None
        if real is None or self.keeps(uri):
            return False
        roots = self.real_roots
        if not self.roots and other is not None and (folder := _real(other.parent)) is not None:
            roots = (folder,)
        root = next((root for root in roots if real.is_relative_to(root)), None)
        return root is not None and not self._ignored(real, root)

    def read(self, name: str, most: int, beside: str = "") -> str:
        """Return the first lines of the first folder's file of that name; "" for none.

        They are `most` characters at the most, and no line is cut: half a key could not be told
        from a word. Of a single longer line nothing is returned. Where a folder on the way up
        from the document `beside` has such a file, the nearest one's lines follow.
        """
        tops = (self._read(root / name, root, most) for root in self.roots)
        near = (self._read(folder / name, root, most) for folder, root in self._upward(beside))
        found = (next(filter(None, each), "") for each in (tops, near))
        return "\n\n".join(filter(None, found))

    def text_of(self, uri: str, beside: str, most: int) -> str:
        """Return the text of a file that may go along with a document; "" for any other, or more.

        `most` counts bytes.
        """
        path = path_of(uri)
        real = _real(path) if path is not None and self.belongs(uri, beside) else None
        text = contents(real, most + 1) if real is not None else ""
        return text if len(text.encode()) <= most else ""

    def _read(self, path: Path, root: Path, most: int) -> str:
        return "" if self.exclusions.excludes_path(path) else self._text(path, root, most)

    def _upward(self, uri: str) -> Iterator[tuple[Path, Path]]:
        """Yield the folders from a document up to its root, which is none of them."""
        path = path_of(uri)
        root = next((r for r in self.roots if path is not None and path.is_relative_to(r)), None)
        if path is None or root is None:
            return
        for folder in path.parents:
            if folder == root:
                return
            yield folder, root

    def keeps_file(self, path: Path) -> bool:
        """Tell whether a file must stay that no link leads to, by its path alone."""
        return self._really.excludes_file(path)

    def holds(self, path: Path) -> bool:
        """Tell whether a path lies in the workspace once every link is followed."""
        real = _real(path)
        return real is not None and any(map(real.is_relative_to, self.real_roots))

    def _ignored(self, path: Path, root: Path) -> bool:
        """Tell whether git would ignore a file, by the `.gitignore` files from its top down.

        A folder's own `!` does not take back what one above it says: in doubt a file is ignored.
        """
        top = top_of(path, root)
        folders = [folder for folder in path.parents if folder.is_relative_to(top)]
        lists = [(folder, folder / ".gitignore") for folder in folders]
        lists.append((top, excluded_there(top)))
        return any(
            self.patterns_of(file).excludes(path.relative_to(folder).as_posix())
            for folder, file in lists
        )

    def patterns_of(self, file: Path) -> Patterns:
        """Return the patterns of a file, if any; what is wrong with them is said once."""
        text = contents(file, _MOST_IGNORED + 1).removeprefix("\ufeff")
        patterns = Patterns(line.removesuffix("\r") for line in text.split("\n"))
        problems = patterns.problems
        if len(text.encode()) > _MOST_IGNORED:  # What is not read may be about any file.
            patterns = Patterns(["*"])
            over = f"and what follows take more than {_MOST_IGNORED} bytes"
            problems = [(1, f"{over}, so all is left out: make the file shorter")]
        for number, sentence in problems:
            if (told := f"{file}:{number}: this pattern {sentence}") not in self._told:
                self._told.add(told)
                logger.warning("%s", told)
        return patterns

    def _text(self, path: Path, root: Path, most: int) -> str:
        real, inside = _real(path), _real(root)
        if real is None or inside is None or not real.is_relative_to(inside):
            return ""
        if self._really.excludes_path(real):
            return ""
        text = contents(real, 4 * most + 1)
        return text if len(text) <= most else text[: text.rfind("\n", 0, most) + 1]

    @cached_property
    def real_roots(self) -> tuple[Path, ...]:
        """The workspace's folders, without links."""
        return tuple(real for real in map(_real, self.roots) if real is not None)

    @cached_property
    def _really(self) -> Exclusions:
        """The exclusions for paths without links."""
        real = (real for real in map(_real, self._excluding) if real is not None)
        return Exclusions(self.patterns, (*self._excluding, *real))


def _absolute(name: str) -> Path | None:
    path = Path(name if ":" in name.partition("/")[0] else f"/{name}")
    return path if path.is_absolute() else None


def _real(path: Path) -> Path | None:
    """Return where a path leads; None when no system can tell."""
    try:
        return path.resolve()
    except (OSError, ValueError, RuntimeError):  # Too long, impossible, a circle of links.
        return None


def contents(path: Path, most: int) -> str:
    """Return the beginning of a regular file that no link leads to any more; "" for others."""
    try:
        file = os.open(path, _FLAGS)
    except (OSError, ValueError):
        return ""
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            return ""
        with os.fdopen(file, "rb", closefd=False) as opened:
            return opened.read(most).decode("utf-8-sig", "replace")
    except OSError:
        return ""
    finally:
        os.close(file)


def top_of(path: Path, root: Path) -> Path:
    """Return the folder of a file's repository; the workspace's where it is in none."""
    return next((folder for folder in path.parents if (folder / ".git").exists()), root)


def excluded_there(top: Path) -> Path:
    """Return the file of patterns that a repository keeps for itself, shared by its worktrees."""
    git = top / ".git"
    named = contents(git, _MOST_PATH).strip()  # Of a worktree, which has a file there.
    if named.startswith("gitdir:"):
        git = top / named.removeprefix("gitdir:").strip()
        git /= contents(git / "commondir", _MOST_PATH).strip() or "."
    return git / "info/exclude"

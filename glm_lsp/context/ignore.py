"""Which files never leave this machine, by their names.

Invariant: every path to a model asks `Exclusions` first, and once more when it sends. Files that
hold secrets by their name are excluded whatever the settings say; `context.exclude` adds to
them, as gitignore patterns relative to each workspace folder. Each layer of settings has a group
of patterns: what one takes back with `!` is taken back from its own group alone. A document is
judged by every name that its URI may mean; what a link leads to is found by
`glm_lsp.context.workspace_files`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from glm_lsp.context.names import folded, names_of, path_of
from glm_lsp.context.patterns import Patterns
from glm_lsp.context.secret_files import is_secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


_PLAIN = re.compile(r"(?:[A-Za-z]:)?[\w/. @+-]*", re.ASCII)
_MOST_KNOWN = 1_024  # Documents; it is asked about the same ones at every key.
_MOST_STEPS = 15_000  # Of a list and a name, of which a document may have a few.


class Exclusions:
    """Tells whether a document must stay on this machine; touches no file."""

    def __init__(self, patterns: Iterable[Sequence[str]] = (), roots: Iterable[Path] = ()) -> None:
        groups = [list(group) for group in patterns]
        self._chosen = [Patterns(group, _MOST_STEPS) for group in groups]
        folds = sys.platform in ("win32", "darwin")
        lower = [[pattern.lower() for pattern in group] for group in groups if folds]
        self._without_case = [Patterns(group, _MOST_STEPS) for group in lower]
        self._roots = tuple(roots)
        self._known: dict[str, bool] = {}

    @property
    def problems(self) -> list[str]:
        """What was read otherwise than it is written: a sentence for each, behind "exclude"."""
        return [
            f"pattern {number} {sentence}"
            for chosen in self._chosen
            for number, sentence in chosen.problems
        ]

    def excludes(self, uri: str) -> bool:
        """Tell whether the document at `uri` is excluded by any name that it may have."""
        if uri not in self._known:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[uri] = any(map(self._excludes_name, self._names(uri)))
        return self._known[uri]

    def excludes_path(self, path: Path) -> bool:
        """Tell whether a file is excluded by its path, however it was reached."""
        return self.excludes(path.as_uri())

    def excludes_file(self, path: Path) -> bool:
        """Tell the same of a path that was found on the disk: it has no other reading."""
        if _PLAIN.fullmatch(path.as_posix()) is None:
            return self.excludes_path(path)
        whole = path.as_posix()
        if _is_secret(whole.lstrip("/")):
            return True
        if not any(self._chosen):
            return False
        tops = [root.as_posix().rstrip("/") + "/" for root in self._roots]
        names = [whole[len(top) :] for top in tops if whole.startswith(top)]
        return any(map(self._is_chosen, (whole.lstrip("/"), path.name, *names)))

    def _excludes_name(self, name: str) -> bool:
        return _is_secret(name) or self._is_chosen(name)

    def _is_chosen(self, name: str) -> bool:
        if any(chosen.excludes(name) for chosen in self._chosen):
            return True
        return any(chosen.excludes(name.lower()) for chosen in self._without_case)

    def _names(self, uri: str) -> Iterator[str]:
        """Yield the names to judge: whole, the last part alone, relative to each root."""
        paths: list[PurePath] = [PurePath("/" + name) for name in names_of(uri)]
        if (local := path_of(uri)) is not None:
            paths.append(local)
        for path in paths:
            yield path.as_posix().lstrip("/")
            yield path.name
            for root in self._roots:
                if path.is_relative_to(root):
                    yield path.relative_to(root).as_posix()


def _is_secret(name: str) -> bool:
    return any(map(is_secret, folded(name)))

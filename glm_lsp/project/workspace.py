"""A workspace's files in indexes, one for each family of languages, brought up to date in steps.

Invariant: a file is read only after the rules about files have let it through, and its text is
forgotten once its facts are known, but for the open documents'. A step takes as long as one file;
who calls bounds it.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from glm_lsp.context.syntax import parse
from glm_lsp.context.walk import Listed, Walk
from glm_lsp.context.workspace_files import contents
from glm_lsp.languages import language_of_file
from glm_lsp.project import LONGEST
from glm_lsp.project.extent import MOST_FILES, Choice, Extent, is_code
from glm_lsp.project.facts import Facts, facts_of, key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from glm_lsp.context.syntax import SyntaxTree
    from glm_lsp.context.workspace_files import WorkspaceFiles
    from glm_lsp.languages import Language
    from glm_lsp.project.index import Index
    from glm_lsp.project.store import FactsStore

_AT_ONCE = 64
_ACTUAL = "utf-8"


class Workspace:
    """The files of one client's folders, as far as they are known.

    Attributes:
        extent: how many files are in it, and how many are not.
        complete: every file was looked at.
    """

    def __init__(
        self,
        files: WorkspaceFiles,
        store: FactsStore,
        reading: Callable[[str], None],
        *,
        most: int = MOST_FILES,
        skipped: Iterable[str] = (),
        near: Iterable[str] = (),
    ) -> None:
        """Know the files; `reading` is told each that is about to be parsed.

        `skipped` are those that took too long: they are known by their words alone. `near` are
        documents that are about to be asked about.
        """
        self._files = files
        self._store = store
        self._reading = reading
        self._most = most
        self._skipped = set(skipped)
        self._near = tuple(near)
        self._indexes: dict[str, Index] = {}
        self._seen: dict[str, tuple[int, int]] = {}
        self._open: dict[str, bytes] = {}
        self._texts: dict[str, str] = {}
        self._allowed: dict[str, bool] = {}
        self._steps: Iterator[None] = iter(())
        self._waiting: deque[str] = deque()
        self.extent = Extent()
        self.complete = False

    def index(self, family: str) -> Index:
        """Return the index of a family of languages."""
        if family not in self._indexes:
            self._indexes[family] = self._store.index(family, self._files.real_roots)
        return self._indexes[family]

    @property
    def count(self) -> int:
        """How many files it knows."""
        return sum(map(len, self._indexes.values()))

    def shown(self, path: str) -> str:
        """Return how a file is called: relative to its folder of the workspace."""
        place = Path(path)
        for number, root in enumerate(self._files.real_roots):
            if place.is_relative_to(root):
                relative = place.relative_to(root).as_posix()
                return relative if number == 0 else f"{root.name}/{relative}"
        return place.name

    def place(self, name: str) -> str:
        """Return the path of a file by how it is called."""
        roots = self._files.real_roots
        for root in roots[1:]:
            if name.startswith(f"{root.name}/") and (found := root.parent / name).exists():
                return str(found)
        return str(roots[0] / name) if roots else name

    def start(self) -> None:
        """Begin to look at every file; what is known stays until it is found to have changed."""
        self._steps = self._look()
        self.complete = False

    def step(self) -> bool:
        """Do a little of what is to be done; False when there is nothing."""
        if self._waiting:
            self._refresh(self._waiting.popleft())
            return True
        if not self.complete:
            self.complete = next(self._steps, self) is self
            return True
        return False

    def open(self, path: str, language: Language, text: str) -> bool:
        """Put the text of an open document in the place of its file.

        False when it does not belong to the workspace: its own questions may still use it.
        """
        name, index = self.shown(path), self.index(language.family)
        key = key_of(language.name, text.encode(_ACTUAL, "replace"))
        if self._open.get(path) != key or name not in index:
            if self.extent.too_many and path not in self._open and path not in self._seen:
                self.start()  # What is near to it was left out, too.
            if not index.confirm(name, key):
                index.replace(name, self._facts(path, language, text), key)
            self._open[path] = key
            self._texts[path] = text
        return self._may(path)

    def opened(self, path: str) -> str | None:
        """Return the text of an open document, as it was when it was last put in."""
        return self._texts.get(path)

    def text(self, name: str) -> str:
        """Return the text of a file that is known and may be read: as it is open, else on the disk.

        "" for any other.
        """
        path = self.place(name)
        if path in self._texts:
            return self._texts[path]
        if path not in self._seen or not self._may(path):
            return ""
        return contents(Path(path), LONGEST)

    def parsed(self, name: str, language: Language, text: str) -> SyntaxTree | None:
        """Parse the text of a file, watched over; None for one that took too long before."""
        path = self.place(name)
        if path in self._skipped:
            return None
        self._reading(path)
        try:
            return parse(language.name, text)
        finally:
            self._reading("")

    def forget(self, path: str, language: Language) -> None:
        """Take out a document that was only put in for a question of its own."""
        self._open.pop(path, None)
        self._texts.pop(path, None)
        self.index(language.family).remove(self.shown(path))

    def close(self, path: str) -> None:
        """Go back to what is on the disk."""
        self._texts.pop(path, None)
        if self._open.pop(path, None) is not None:
            self._seen.pop(path, None)
            self.changed([path])

    def changed(self, paths: Iterable[str]) -> None:
        """Look again at files that may have changed, come or gone."""
        for path in paths:
            if len(self._waiting) >= self._most:
                self.start()
                return
            self._waiting.append(path)

    def _may(self, path: str) -> bool:
        if path not in self._allowed:
            if len(self._allowed) > self._most:
                self._allowed.clear()
            uri = Path(path).as_uri()
            self._allowed[path] = self._files.belongs(uri, beside=uri) and bool(self._files.roots)
        return self._allowed[path]

    def _facts(self, path: str, language: Language, text: str) -> Facts:
        if path in self._skipped:
            return facts_of(language._replace(grammar=None), text)
        self._reading(path)
        try:
            return facts_of(language, text)
        finally:
            self._reading("")

    def _look(self) -> Iterator[None]:
        """List every file, choose, and read some at a time, the nearest to what is open first."""
        roots = self._files.real_roots
        choice = Choice(self._most, self._open or self._near or map(str, roots))
        walks = [Walk(self._files, root, is_code, LONGEST) for root in roots]
        for walk in walks:
            for number, listed in enumerate(walk):
                choice.add(listed)
                if number % _AT_ONCE == 0:
                    yield
        chosen = choice.best()
        found = {listed.path for listed in chosen}
        for path in [path for path in self._seen if path not in found]:
            self._remove(path)
        for start in range(0, len(chosen), _AT_ONCE):
            yield from self._read(chosen[start : start + _AT_ONCE])
        self.extent = Extent.of(len(found), choice.too_many, walks)
        yield
        for index in self._indexes.values():
            index.drop_unsure()
            yield from self._store.keep_index(index, roots)
        yield

    def _read(self, some: Sequence[Listed]) -> Iterator[None]:
        """Bring files up to date: what the store knows of at once, others one at a time."""
        texts: list[tuple[bytes, Listed, str]] = []  # Copies have one key.
        for listed in some:
            stamp = (listed.size, listed.changed)
            if self._seen.get(listed.path) == stamp or listed.path in self._open:
                continue
            self._seen[listed.path] = stamp
            text = contents(Path(listed.path), LONGEST)
            language = language_of_file(Path(listed.path))
            key = key_of(language.name, text.encode(_ACTUAL, "replace"))
            if not self.index(language.family).confirm(self.shown(listed.path), key):
                texts.append((key, listed, text))
        known = self._store.find([key for key, _, _ in texts])
        fresh: list[tuple[bytes, Facts]] = []
        for key, listed, text in texts:
            language = language_of_file(Path(listed.path))
            facts = known.get(key)
            if facts is None:
                facts = self._facts(listed.path, language, text)
                fresh.append((key, facts))
            self.index(language.family).replace(self.shown(listed.path), facts, key)
            if key not in known:
                yield
        if fresh:
            self._store.keep(fresh)
        yield

    def _refresh(self, path: str) -> None:
        place = Path(path)
        if path in self._open or not is_code(place.name):
            return
        self._allowed.pop(path, None)
        found = _stamp(place)
        if found is None or not self._may(path) or found[0] > LONGEST:
            self._remove(path)
            return
        if path not in self._seen and self.count >= self._most:
            return
        for _ in self._read([Listed(path, *found)]):
            pass

    def _remove(self, path: str) -> None:
        self._seen.pop(path, None)
        if path not in self._open:
            self.index(language_of_file(Path(path)).family).remove(self.shown(path))


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns

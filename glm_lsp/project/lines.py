"""Lines of a workspace's files that hold what is looked for: some words, or uses of a name.

Invariant: a line comes from a file that may be read, as it is open or on the disk. A use means what
was looked for, by the file's imports or by inference: where neither can tell, it is none.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from glm_lsp.languages import language_of_file
from glm_lsp.languages.lexer import masked
from glm_lsp.project.bindings import bindings
from glm_lsp.project.callers import is_test
from glm_lsp.project.expressions import CALLS, MEMBERS, callee, last_name
from glm_lsp.project.facts import PASSAGE, WORD
from glm_lsp.project.imports import ALL
from glm_lsp.project.infer import Inference
from glm_lsp.project.sought import FoundLine, Sought
from glm_lsp.project.units import Units

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tree_sitter import Node

    from glm_lsp.languages import Language
    from glm_lsp.project.bindings import Binding
    from glm_lsp.project.index import Index
    from glm_lsp.project.units import Unit
    from glm_lsp.project.workspace import Workspace

_FAMILIES = ("python", "javascript")
"""Those of whose imports every name is known."""
_OF_TREES = ("member", "keyword")
_MOST_FILES, _MOST_PARSED, _MOST_LINES = 30, 6, 60
_MOST_CHARACTERS = 40_000
"""Of files that are parsed for one question: more takes longer than anybody should wait."""
_MOST_USES = 24
_MOST_PASSAGES = 4_000
_MOST_MASKED = 64
_SHORTEST_NAME = 4
_LONGEST_LINE = 500


class Lines:
    """Looks for lines, for one client; texts that were masked are kept for the next question."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._masked: dict[tuple[str, str], list[str]] = {}

    def find(
        self, path: str, language: Language, text: str, wanted: Sequence[Sought]
    ) -> list[FoundLine]:
        """Return the lines of other files, and of `path` what was looked for from elsewhere.

        `text` is what `path` says now; lines of one file stand together, the nearest file first.
        """
        workspace = self._workspace
        index, here = workspace.index(language.family), workspace.shown(path)
        homes = [workspace.shown(each.home) for each in wanted if each.kind in _OF_TREES]
        belongs = True
        if any(home != here for home in homes):  # Its own tree is looked at.
            belongs = workspace.open(path, language, text)
        try:
            return self._find(index, here, text, wanted)
        finally:
            if not belongs:
                workspace.forget(path, language)

    def _find(
        self, index: Index, here: str, text: str, wanted: Sequence[Sought]
    ) -> list[FoundLine]:
        workspace = self._workspace
        search = _Search(self, index, here, text)
        found: list[FoundLine] = []
        for number, sought in enumerate(wanted):
            home = workspace.shown(sought.home) if sought.home else ""
            for place, line, columns in search.find(sought._replace(home=home)):
                shown, code = search.line(place, line, coded=sought.kind != "words")
                if len(shown) <= _LONGEST_LINE:
                    found.append(FoundLine(number, place, line, shown, code, columns))
        order = {place: at for at, place in enumerate(search.near({each.place for each in found}))}
        found.sort(key=lambda each: (order[each.place], each.line, each.sought))
        return [each._replace(place=workspace.place(each.place)) for each in found[:_MOST_LINES]]

    def text(self, path: str) -> str:
        """Return a file's text; "" where it may not be read."""
        return self._workspace.text(path).replace("\r\n", "\n")

    def code(self, path: str, text: str) -> list[str]:
        """Return the lines of a text with the insides of strings and comments blanked out."""
        key = (path, text)
        if key not in self._masked:
            if len(self._masked) >= _MOST_MASKED:
                self._masked.pop(next(iter(self._masked)))
            self._masked[key] = masked(text, language_of_file(Path(path)).name).split("\n")
        return self._masked[key]

    def units(self, index: Index) -> Units:
        """Return what parses files for one question."""
        return Units(self._workspace, index, _MOST_PARSED)


class _Search:
    """One question."""

    def __init__(self, lines: Lines, index: Index, here: str, text: str) -> None:
        self._lines = lines
        self._index = index
        self._here = here
        self._texts = {here: text}
        self._characters = 0
        self._units = lines.units(index)
        self._inference = Inference(self._units)

    def find(self, sought: Sought) -> Iterator[tuple[str, int, tuple[int, ...]]]:
        """Yield places: a file, a line and the columns of the name."""
        if sought.kind == "words":
            yield from self._words(sought)
        elif len(sought.name) >= _SHORTEST_NAME or sought.kind == "keyword":
            if sought.kind == "name":
                yield from self._names(sought)
            elif self._index.family in _FAMILIES:
                yield from self._parsed(sought)

    def line(self, path: str, line: int, *, coded: bool) -> tuple[str, str]:
        """Return a line, and its code if that is asked for."""
        text = self._text(path)
        code = self._lines.code(path, text)[line] if coded else ""
        return text.split("\n")[line], code

    def near(self, paths: Iterable[str]) -> list[str]:
        """Return paths in order: this file, then those of its folder, tests last."""
        folder = self._here.rpartition("/")[0]

        def away(path: str) -> tuple[object, ...]:
            beside = path.rpartition("/")[0] == folder
            return (path != self._here, is_test(path), not beside, path)

        return sorted(paths, key=away)

    def _text(self, path: str) -> str:
        if path not in self._texts:
            self._texts[path] = self._lines.text(path)
        return self._texts[path]

    # Words.

    def _words(self, sought: Sought) -> Iterator[tuple[str, int, tuple[int, ...]]]:
        indexed = [word for word in sought.words if WORD.fullmatch(word)]
        if not indexed:
            return
        passages = self._index.passages
        rarest = max(indexed, key=passages.rarity)
        held: dict[str, list[int]] = {}
        for number, (path, at) in enumerate(passages.holding(rarest)):
            if number >= _MOST_PASSAGES:
                break
            held.setdefault(path, []).append(at * PASSAGE)
        for path in self.near(held)[:_MOST_FILES]:
            text = self._text(path)
            if path == self._here or not all(word in text for word in sought.known):
                continue
            lines = text.split("\n")
            for first in sorted(set(held[path])):
                for at in range(first, min(first + PASSAGE, len(lines))):
                    if all(word in lines[at] for word in sought.words):
                        yield path, at, ()

    # Names that files import.

    def _names(self, sought: Sought) -> Iterator[tuple[str, int, tuple[int, ...]]]:
        home, name = sought.home, sought.name
        holding = {path for path, _ in self._index.passages.holding(name)}
        if self._here != home and name in self._text(self._here):
            holding.add(self._here)
        holding.discard(home)
        giving = self._giving(home, name, holding)
        for path in self.near(holding)[:_MOST_FILES]:
            whole, modules = self._meanings(path, name, giving)
            if whole or modules:
                yield from self._columns(path, name, modules, whole=whole)

    def _giving(self, home: str, name: str, holding: Iterable[str]) -> set[str]:
        """Return the files under which the name is known: its own, and those that pass it on."""
        giving = {home}
        for _ in range(3):
            more = {path for path in holding if self._meanings(path, name, giving)[0]} - giving
            if not more:
                break
            giving |= more
        return giving

    def _meanings(self, path: str, name: str, giving: set[str]) -> tuple[bool, tuple[str, ...]]:
        """Tell whether the name itself means it in a file, and which modules have it."""
        index = self._index
        if index.family not in _FAMILIES:
            others = (d for d in index.by_name.get(name, ()) if d.path not in giving)
            beside = path.rpartition("/")[0] == next(iter(giving)).rpartition("/")[0]
            return (beside or bool(giving & set(index.imports(path)))) and not any(others), ()
        whole, modules = False, []
        bound = self._bindings(path, name, giving)
        for local, each in ((local, b) for local, found in bound.items() for b in found):
            from_there = bool(giving & set(each.files))
            if each.name in (name, ALL) and from_there:
                whole = True
            elif (not each.name and from_there) or giving & set(each.inner):
                modules.append(local)
        return whole, tuple(modules)

    def _bindings(self, path: str, name: str, giving: set[str]) -> dict[str, list[Binding]]:
        """Return what a file's imports bind, if they can be of the name or of who gives it."""
        stems = {part for each in giving for part in each.rpartition(".")[0].split("/")[-2:]}
        said = [
            each
            for each in self._index.statements(path)
            if name in each or any(stem in each for stem in stems)
        ]
        index = self._index
        return bindings(index.family, path, said, index.files) if said else {}

    def _columns(
        self, path: str, name: str, modules: Sequence[str], *, whole: bool
    ) -> Iterator[tuple[str, int, tuple[int, ...]]]:
        code = self._lines.code(path, self._text(path))
        plain = self._index.family not in _FAMILIES
        alone = re.compile(rf"(?<![\w$.]){re.escape(name)}(?![\w$])")
        behind = [
            re.compile(rf"(?<![\w$.]){re.escape(each)}\.({re.escape(name)})(?![\w$])")
            for each in modules
        ]
        any_of = re.compile(rf"(?<![\w$])(?:{re.escape(name)})(?![\w$])")
        for at, line in enumerate(code):
            if name not in line:
                continue
            columns = {match.start(1) for each in behind for match in each.finditer(line)}
            if whole:
                finding = any_of if plain else alone
                columns |= {match.start() for match in finding.finditer(line)}
            if columns:
                yield path, at, tuple(sorted(columns))

    # What only a tree tells.

    def _parsed(self, sought: Sought) -> Iterator[tuple[str, int, tuple[int, ...]]]:
        passages = self._index.passages
        word = sought.name if sought.kind == "member" else sought.owner
        holding = {path for path, _ in passages.holding(word)}
        if sought.kind == "member":
            if len(sought.owner) >= _SHORTEST_NAME:  # Elsewhere it is seldom known whose it is.
                holding &= {path for path, _ in passages.holding(sought.owner)}
            holding.discard(sought.home)
        marked = re.compile(rf"(?<![\w$]){re.escape(sought.name)}(?![\w$])")
        means = partial(self._is_member if sought.kind == "member" else self._is_keyword, sought)
        left = _MOST_USES
        for path in self.near(holding)[:_MOST_FILES]:
            if left <= 0:
                return
            if marked.search(self._text(path)) is None:
                continue
            self._characters += len(self._text(path))
            if self._characters > _MOST_CHARACTERS:
                continue
            if (unit := self._units.get(path)) is None:
                continue
            for at, line in enumerate(unit.lines):
                starts = [match.start() for match in marked.finditer(line[:_LONGEST_LINE])]
                left -= len(starts)
                columns = tuple(start for start in starts if means(unit, unit.at(at, start)))
                if columns:
                    yield path, at, columns

    def _is_member(self, sought: Sought, unit: Unit, node: Node | None) -> bool:
        """Tell whether a node is the last name of a member of the class."""
        parent = node.parent if node is not None else None
        if parent is None or parent.type not in MEMBERS or last_name(parent) != node:
            return False
        owners = {v.of.name for v in self._inference.receivers(unit, parent) if v.of is not None}
        bases = {base for owner in owners for base in self._index.bases(owner)}
        return bool(owners) and sought.owner in owners | bases

    def _is_keyword(self, sought: Sought, unit: Unit, node: Node | None) -> bool:
        """Tell whether a node names an argument of a call of the function."""
        parent = node.parent if node is not None else None
        if parent is None or parent.type != "keyword_argument":
            return False
        call = parent.parent.parent if parent.parent is not None else None
        if parent.child_by_field_name("name") != node or call is None or call.type not in CALLS:
            return False
        called = callee(call)
        found = self._inference.meant(unit, called) if called is not None else []
        return any(d.name == sought.owner and d.path == sought.home for d in found)

"""Lines of real packages, taken out, with the names that they use and that are not in sight.

Code identifiers only: names of four characters and more, not in strings and comments, that the
100 lines above and 50 below do not show and that the workspace without the line defines.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, NamedTuple

from glm_lsp.context.syntax import parse
from glm_lsp.languages import language_named
from glm_lsp.project.facts import WORD, Facts, facts_of
from glm_lsp.project.index import Index
from glm_lsp.project.place import KEYWORDS, Here, here_at

if TYPE_CHECKING:
    from collections.abc import Iterator

_IDENTIFIERS = frozenset(
    "identifier property_identifier type_identifier field_identifier"
    " shorthand_property_identifier shorthand_field_identifier package_identifier".split()
)
_TESTS = ("test", "example", "docs/", "doc/", "benches", "bundled", "internal/lsp/testdata")
LANGUAGES = {
    ".py": "python",
    ".ts": "typescript",
    ".go": "go",
    ".rs": "rust",
    ".java": "java",
}


class Place(NamedTuple):
    """A line that was taken out, and the names to be shown for it."""

    path: str
    text: str
    line: int
    truth: frozenset[str]


def indexed(texts: dict[str, str], language: str) -> Index:
    """Return the index of texts."""
    spoken = language_named(language)
    index = Index(spoken.family)
    for path, text in texts.items():
        index.replace(path, facts_of(spoken, text))
    return index


class Hole:
    """A place in an index: the line is out while it is looked at."""

    def __init__(self, index: Index, place: Place, language: str, whole: Facts) -> None:
        self._index, self._place, self._whole = index, place, whole
        self._facts = facts_of(language_named(language), place.text)

    def __enter__(self) -> Here:
        place = self._place
        self._index.replace(place.path, self._facts)
        lines = place.text.split("\n")
        definitions = self._index.definitions(place.path)
        return here_at(place.path, lines, place.line, definitions)

    def __exit__(self, *_: object) -> None:
        self._index.replace(self._place.path, self._whole)


def _drawn(
    texts: dict[str, str], dice: random.Random, tries: int
) -> Iterator[tuple[str, list[str]]]:
    """Yield files that are no tests with their lines, the longer ones the more often."""
    paths = [path for path in texts if not any(each in path.lower() for each in _TESTS)]
    weights = [texts[path].count("\n") + 1 for path in paths]
    for _ in range(tries if paths else 0):
        path = dice.choices(paths, weights)[0]
        yield path, texts[path].split("\n")


def places(
    texts: dict[str, str], language: str, index: Index, count: int, seed: int = 1
) -> Iterator[tuple[Place, Hole]]:
    """Yield so many places of a package, each line as likely as any other."""
    dice = random.Random(seed)  # noqa: S311
    spoken = language_named(language)
    yielded = 0
    for path, lines in _drawn(texts, dice, count * 60):
        if yielded >= count:
            return
        line = dice.randrange(len(lines))
        if not lines[line].strip() or lines[line].lstrip().startswith(("import ", "from ", "use ")):
            continue
        around = [*lines[max(0, line - 100) : line], *lines[line + 1 : line + 51]]
        near = set(WORD.findall("\n".join(around)))
        if not set(WORD.findall(lines[line])) - near:
            continue
        code = identifiers(language, texts[path]).get(line, set()) - near
        wanted = {name for name in code if WORD.fullmatch(name) and name not in KEYWORDS}
        if not wanted:
            continue
        text = "\n".join([*lines[:line], "", *lines[line + 1 :]])
        place = Place(path, text, line, frozenset())
        hole = Hole(index, place, language, facts_of(spoken, texts[path]))
        with hole:
            known = {n for n in wanted if n in index.by_name or n in index.by_parameter}
        if known:
            yielded += 1
            yield place._replace(truth=frozenset(known)), hole


def together(
    texts: dict[str, str], language: str, index: Index, count: int, seed: int
) -> Iterator[tuple[Place, Here]]:
    """Yield so many places, some of each file at once: its lines, far apart, are out together."""
    dice = random.Random(seed)  # noqa: S311
    spoken = language_named(language)
    yielded = 0
    for path, lines in _drawn(texts, dice, count * 6):
        if yielded >= count:
            return
        chosen = _far_apart(lines, identifiers(language, texts[path]), dice)
        if not chosen:
            continue
        text = "\n".join("" if at in chosen else line for at, line in enumerate(lines))
        index.replace(path, facts_of(spoken, text))
        for line, wanted in chosen.items():
            known = {n for n in wanted if n in index.by_name or n in index.by_parameter}
            if known:
                yielded += 1
                here = here_at(path, text.split("\n"), line, index.definitions(path))
                yield Place(path, text, line, frozenset(known)), here
        index.replace(path, facts_of(spoken, texts[path]))


def _far_apart(
    lines: list[str], code: dict[int, set[str]], dice: random.Random
) -> dict[int, set[str]]:
    """Return some lines, and their names that are not in sight."""
    chosen: dict[int, set[str]] = {}
    for _ in range(60):
        if len(chosen) >= 5:
            break
        line = dice.randrange(len(lines))
        if any(abs(line - other) < 160 for other in chosen) or not lines[line].strip():
            continue
        if lines[line].lstrip().startswith(("import ", "from ", "use ")):
            continue
        around = [*lines[max(0, line - 100) : line], *lines[line + 1 : line + 51]]
        near = set(WORD.findall("\n".join(around)))
        wanted = code.get(line, set()) - near
        wanted = {name for name in wanted if WORD.fullmatch(name) and name not in KEYWORDS}
        if wanted:
            chosen[line] = wanted
    return chosen


def identifiers(language: str, text: str) -> dict[int, set[str]]:
    """Return the identifiers of each line that are code."""
    tree = parse(language, text)
    found: dict[int, set[str]] = {}
    stack = [tree.root] if tree is not None else []
    while stack:
        node = stack.pop()
        if node.child_count:
            stack.extend(node.children)
        elif tree is not None and node.type in _IDENTIFIERS:
            found.setdefault(node.start_point.row, set()).add(tree.text(node))
    return found

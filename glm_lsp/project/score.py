"""How likely each name of the workspace is to be used at a cursor.

Invariant: no language model; the same index and text give the same scores, but that how often a
name stands in the workspace may be what it was some changes ago. A name that stands near
the cursor needs no showing, and has none. What the cursor's signs are worth, added up, finds the
names that may be among the best; trees over all signs order these, in languages where they do it
better than a sum of all.
"""

from __future__ import annotations

import re
from collections import defaultdict
from heapq import nlargest
from typing import TYPE_CHECKING

from glm_lsp.project.defined import parts_of
from glm_lsp.project.described import signs_of
from glm_lsp.project.facts import PASSAGE, WORD
from glm_lsp.project.named import NAME
from glm_lsp.project.own_text import signs_of as own_text
from glm_lsp.project.place import KEYWORDS
from glm_lsp.project.trees import fitted
from glm_lsp.project.weights import WEIGHTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from glm_lsp.project.definitions import Definition
    from glm_lsp.project.index import Index
    from glm_lsp.project.place import Here

RANKED = ("near", "wide", "own_near", "imported", "parts", "own", "twin")
_MOST_SCORED = 900
_TYPED = re.compile(
    r"\b([A-Za-z_]\w*)\s{0,2}:\s{0,2}(?:&\s?(?:'\w+\s)?(?:mut\s)?|\*)?\"?([A-Za-z_][\w.]*)"
)
_NAMED_TYPE = re.compile(r"\b([A-Z]\w*)(?:<[^<>\n]{0,40}>)?[ \t&*]+([a-z_]\w*)\b")
_GO = re.compile(r"\b([a-z_]\w*)[ ]\*?(?:\w+\.)?([A-Z]\w*)")
_MADE = re.compile(
    r"\b((?:self\.|this\.)?[A-Za-z_]\w*)[ \t]*(?::[^=\n]{1,60})?:?=[ \t]*"
    r"(?:await |new |&)?([A-Za-z_][\w.]*)(?:::\w+)?[ \t]*[({]"
)
_RECEIVER = re.compile(r"\b((?:(?:self|this)\.)?[A-Za-z_]\w*)\s?\??(?:\.|::|->)")
_CALLED = re.compile(r"\b([A-Za-z_]\w+)(?:<[^()\n]{0,60}>)?\(")
_NEAR_MEMBERS = ("scope", "base", "typed")
_MOST_NAMED = 300
_CONSTRUCTORS = frozenset({"__init__", "constructor", "new"})


class Scorer:
    """Scores names for one cursor.

    Attributes:
        signs: names with what speaks for them, by sign.
        own: what the file defines, by name.
        meant: which definitions names mean here, as far as that was asked.
    """

    def __init__(self, index: Index, here: Here) -> None:
        self._index = index
        self._here = here
        self.signs: dict[str, dict[str, float]] = defaultdict(dict)
        self.own: dict[str, list[Definition]] = defaultdict(list)
        self.meant: dict[str, list[Definition]] = {}
        self._own_members: dict[str, list[Definition]] = defaultdict(list)
        for each in here.definitions:
            self.own[each.name].append(each)
            if each.owner:
                self._own_members[each.owner].append(each)
        self.imports = index.imports(here.path)
        self.bases = self._bases(here.owner) if here.owner else []
        self._near = self._weighted(12, 5, 3.0)
        self._cursor: dict[str, float] = {}
        self._scores: dict[str, float] = {}
        self._ranks: dict[str, dict[str, float]] = {}

    def scores(self) -> dict[str, float]:
        """Return the score of each name that may be used, as far as it could be among the best."""
        if not self._scores:
            likely = self.likely()
            if self._index.family in fitted().families:
                self._scores = fitted().worth(likely, self.features())
            else:
                self._scores = dict(self._cursor)
                _add(self._scores, self._described())
        return self._scores

    def likely(self) -> list[str]:
        """Return the names that could be among the best, by the cursor's signs alone, in order."""
        if not self._cursor:
            self._look()
            cursor = dict.fromkeys(self._known_names(), 0.0)
            for sign, found in self.signs.items():
                self.signs[sign] = {n: value for n, value in found.items() if n in cursor}
            self._ranks = self._ranked()
            _add(cursor, {**self.signs, **self._ranks})
            likely = nlargest(_MOST_SCORED, cursor, key=cursor.__getitem__)
            self._cursor = {name: cursor[name] for name in likely}
        return list(self._cursor)

    def features(self) -> dict[str, dict[str, float]]:
        """Return each sign, with the names that have it."""
        described = self._described()
        return {**self.signs, **self._ranks, **described, "cursor": self._cursor}

    def _described(self) -> dict[str, dict[str, float]]:
        near: set[str] = set().union(*(self.signs[sign] for sign in _NEAR_MEMBERS))
        return signs_of(self._index, self.own, self.likely(), near)

    def reason(self, name: str) -> str:
        """Return the sign of the cursor's that speaks most for a name."""
        worth = {
            sign.removesuffix(" rank"): WEIGHTS.get(sign, 0.0) * found[name]
            for sign, found in (*self.signs.items(), *self._ranks.items())
            if name in found
        }
        return max(worth, key=worth.__getitem__, default="")

    def _ranked(self) -> dict[str, dict[str, float]]:
        found = {}
        for sign in RANKED:
            given = self.signs.get(sign, {})
            order = sorted(given, key=given.__getitem__, reverse=True)
            found[f"{sign} rank"] = {name: 30 / (30 + at) for at, name in enumerate(order)}
        return found

    def _known_names(self) -> list[str]:
        given: dict[str, float] = {}
        for found in self.signs.values():
            given.update(found)
        near, own = self._here.near, self.own
        known = self._index.known(given, own)
        return [n for n in known if len(n) > 3 and n not in near and n not in KEYWORDS]

    # Signs.

    def _put(self, name: str, sign: str, value: float) -> None:
        given = self.signs[sign]
        if given.get(name, -1.0) < value:
            given[name] = value

    def _look(self) -> None:
        self._by_passages()
        self._by_own_text()
        self._by_scope()
        self._by_types()
        self._by_calls()
        self._by_twins()
        self.signs.update(self._index.around(self._here.path))
        self._by_parts()

    def _weighted(self, up: int, down: int, half: float) -> dict[str, float]:
        """Return the words around the cursor, worth less with their distance."""
        here = self._here
        found: dict[str, float] = {}
        for at in range(max(0, here.line - up), min(len(here.lines), here.line + down + 1)):
            weight = 1 / (1 + abs(at - here.line) / half)
            for word in WORD.findall(here.lines[at][:1_000]):
                if found.get(word, 0.0) < weight:
                    found[word] = weight
        return found

    def _by_passages(self) -> None:
        """Words that stand in passages like the one at the cursor."""
        index = self._index
        for sign, wanted in (("near", self._near), ("wide", self._weighted(40, 15, 15.0))):
            alike = index.passages.alike(wanted, self._here.path, 40)
            total = sum(score * score for score, _ in alike) or 1.0
            found: dict[str, float] = defaultdict(float)
            for rank, (score, passage) in enumerate(alike):
                share = score * score / total
                for word in index.passages.words(passage):
                    found[word] += share
                    if rank < 4 and sign == "near":
                        self._put(word, "first", 1.0)
            self.signs[sign] = found

    def _by_own_text(self) -> None:
        """Words of the file's other passages, worth more where they are like the cursor's."""
        here, index = self._here, self._index
        rarity = {word: index.passages.rarity(word) * weight for word, weight in self._near.items()}
        self.signs["own"], self.signs["own_near"] = own_text(here.lines, here.line, rarity)
        for each in here.definitions:
            self._put(each.name, "own_definition", 1.0)
            for parameter in each.parameters:
                self._put(parameter.lstrip("*"), "own_definition", 0.5)

    def _members(self, owner: str) -> Iterable[Definition]:
        return self._own_members.get(owner) or self._index.members.get(owner, [])

    def _defined(self, name: str, most: int) -> list[Definition]:
        return (self.own.get(name) or self._index.by_name.first(name, most))[:most]

    def _bases(self, name: str) -> list[str]:
        found: dict[str, None] = {}
        for each in self.own.get(name, ()):
            for base in each.bases:
                if base != name and base not in found:
                    found[base] = None
                    found.update(dict.fromkeys(self._index.bases(base)))
        return list(found)[:12] or self._index.bases(name)

    def _put_members(self, owner: str, sign: str, value: float) -> None:
        for each in self._members(owner):
            self._put(each.name, sign, value)
            for parameter in each.parameters:
                self._put(parameter.lstrip("*"), sign, value * 0.3)

    def _by_scope(self) -> None:
        if self._here.owner:
            self._put_members(self._here.owner, "scope", 1.0)
            for base in self.bases:
                self._put_members(base, "base", 1.0)

    def types(self) -> dict[str, str]:
        """Return the classes of what has a name around the cursor, as far as it is said."""
        here, index = self._here, self._index
        start = here.function.line if here.function is not None else here.line - 40
        start = max(0, start - 1, here.line - 150)
        scope = "\n".join(line[:400] for line in here.lines[start : here.line + 20])
        found = {m[1]: m[2].rpartition(".")[2] for m in _TYPED.finditer(scope)}
        if index.family == "go":
            found.update((m[1], m[2]) for m in _GO.finditer(scope))
        elif index.family in ("java", "csharp", "c", "php"):
            found.update((m[2], m[1]) for m in _NAMED_TYPE.finditer(scope))
        for made in _MADE.finditer(scope):
            what = made[2].rpartition(".")[2]
            if what in index.members or what in self._own_members:
                found[made[1]] = what
                continue
            given = self._defined(what, 1)
            if given and given[0].type:
                found[made[1]] = (NAME.findall(given[0].type) or [""])[-1]
        for owner in (here.owner, *self.bases):
            for each in self._members(owner) if owner else ():
                if each.kind == "field" and each.type:
                    for name in reversed(NAME.findall(each.type)):
                        if name in index.members or name in self._own_members:
                            found.setdefault(f"self.{each.name}", name)
                            found.setdefault(f"this.{each.name}", name)
                            break
        return found

    def _by_types(self) -> None:
        """Members of the classes of what has a name here; of what is likely its class."""
        here, index = self._here, self._index
        typed = self.types()
        low = "\n".join(here.lines[max(0, here.line - 12) : here.line + 6])
        used = set(_RECEIVER.findall(low))
        for name in sorted(used | typed.keys()):
            owner = typed.get(name, "")
            worth = 1.0 if name in used else 0.5
            if owner in index.members or owner in self._own_members:
                self._put_members(owner, "typed", worth)
                for base in self._bases(owner)[:4]:
                    self._put_members(base, "typed", worth * 0.7)
            elif name in used:
                plain = name.rpartition(".")[2].strip("_").lower()
                for each in index.classes_like(plain)[:3]:
                    self._put_members(each, "guessed", 1.0)

    def _by_calls(self) -> None:
        """Parameters of what is called here."""
        here = self._here
        low = "\n".join(here.lines[max(0, here.line - 6) : here.line + 2])
        for name in sorted(set(_CALLED.findall(low))):
            for each in self._defined(name, 3):
                for parameter in each.parameters:
                    self._put(parameter.lstrip("*"), "called", 1.0)
                for member in self._members(name) if each.kind == "class" else ():
                    if member.name in _CONSTRUCTORS:
                        for parameter in member.parameters:
                            self._put(parameter.lstrip("*"), "called", 1.0)
                    elif member.kind == "field":
                        self._put(member.name, "called", 0.6)

    def _by_twins(self) -> None:
        """Words of functions that have the name of the one around the cursor."""
        here, index = self._here, self._index
        if here.function is None:
            return
        name = here.function.name
        for each in [*self.own.get(name, ()), *index.by_name.first(name, 8)][:8]:
            if each == here.function or (each.path or here.path) == here.path:
                continue
            for parameter in each.parameters:
                self._put(parameter.lstrip("*"), "twin", 1.0)
            if each.last - each.line < 80:
                passages = index.passages.of(each.path)
                for at in range(each.line // PASSAGE, each.last // PASSAGE + 1):
                    for word in index.passages.words(passages[at]) if at < len(passages) else ():
                        self._put(word, "twin", 0.5)

    def _by_parts(self) -> None:
        """Names that share words with those at the cursor; names that most files hold."""
        index = self._index
        nearest = sorted(self._near, key=self._near.__getitem__, reverse=True)[:25]
        worth: dict[str, float] = {}
        for word in nearest:
            for part in parts_of(word):
                worth[part] = max(worth.get(part, 0.0), self._near[word])
        self.signs["popular"] = dict.fromkeys(index.popular(), 0.0)
        given: set[str] = set().union(*self.signs.values())
        shared: dict[str, float] = {}
        for part, value in worth.items():
            named = list(index.with_part(part))
            for name in named if len(named) < _MOST_NAMED else filter(given.__contains__, named):
                shared[name] = shared.get(name, 0.0) + value
        count = {name: len(parts_of(name)) or 1 for name in shared}
        self.signs["parts"] = {name: value / count[name] for name, value in shared.items()}


def _add(scores: dict[str, float], signs: Mapping[str, Mapping[str, float]]) -> None:
    """Add what signs are worth to the scores of names, all of which have one."""
    for sign, found in signs.items():
        weight = WEIGHTS.get(sign, 0.0)
        if weight:
            for name, value in found.items():
                scores[name] += weight * value

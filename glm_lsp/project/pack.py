"""From scored names to a text: one short line for each definition, by folder, file and class.

Invariant: the text never is longer than its budget; the same scores give the same text. A name
without a definition that shows it is left out: bare names help nobody.
"""

from __future__ import annotations

import math
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from glm_lsp.project.facts import WORD
from glm_lsp.project.place import beside_the_code

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from glm_lsp.project.definitions import Definition
    from glm_lsp.project.index import Index
    from glm_lsp.project.place import Here
    from glm_lsp.project.score import Scorer

COST = 1.0
"""What the logarithm of a line's length counts against it: scores are logarithms, too."""
_MOST_MISSED = 15
_CHARACTERS_A_NAME, _FEWEST = 14, 40
_MOST_LOOKED_AT = 24
_BY_CLASS = (".java", ".cs")
_MOST_MEANT = 5
"""Definitions of one name that may stand for it, where nothing speaks for one of them."""


class Sheet:
    """Definitions grouped by file and class; it knows its own length.

    Attributes:
        size: no less than the text's characters.
        names: what it shows, and what is shown already.
        reasons: the sign that spoke most for each signature.
    """

    def __init__(self, mark: str = "#", shown: AbstractSet[str] = frozenset()) -> None:
        """`mark` begins a comment; `shown` are names that stand in the prompt already."""
        self._mark = mark
        self._folders: dict[str, dict[str, dict[str, list[tuple[int, str]]]]] = {}
        self._heads: dict[tuple[str, str], str] = {}
        self._taken: set[Definition] = set()
        self.size = 0
        self.names: set[str] = set(shown)
        self.reasons: dict[str, str] = {}

    @property
    def paths(self) -> list[str]:
        """The files that it shows something of."""
        return sorted(
            f"{folder}/{name}".lstrip("/")
            for folder, files in self._folders.items()
            for name in files
        )

    def cost(self, each: Definition) -> int:
        """Return the characters that a definition would add, or a few more."""
        folder, _, name = each.path.rpartition("/")
        files = self._folders.get(folder, {})
        owners = files.get(name)
        cost = len(each.signature) + (2 if each.owner or each.kind == "class" else 1)
        if _said_by_its_class(name):
            if not files:
                cost += len(self._mark) + 3 + len(folder)
            if not _place(each) and "" not in (owners or ()):
                cost += len(self._mark) + 2 + len(name)
        elif owners is None:
            cost += len(self._mark) + 2 + len(name)
            if not files:
                cost += len(folder) + 1
            elif len(files) == 1:  # The folder comes to stand in a line of its own.
                cost += len(self._mark) + 2
        if each.owner and (owners is None or each.owner not in owners):
            cost += len(each.owner) + 2
        return cost

    def add(self, each: Definition, budget: int) -> bool:
        """Take a definition; False when it does not fit any more."""
        if each in self._taken:
            return True
        cost = self.cost(each)
        if self.size + cost > budget:
            return False
        folder, _, name = each.path.rpartition("/")
        owners = self._folders.setdefault(folder, {}).setdefault(name, {})
        if each.kind == "class" and not each.owner:
            owners.setdefault(each.name, [])
            self._heads[each.path, each.name] = each.signature
        else:
            owners.setdefault(each.owner, []).append((each.line, each.signature))
        self._taken.add(each)
        self.size += cost
        for text in (each.signature, each.owner, each.path):
            self.names.update(WORD.findall(text))
        return True

    def text(self) -> str:
        """Return the text."""
        lines = []
        for folder, files in sorted(self._folders.items()):
            alone = len(files) == 1 and not _said_by_its_class(*files)
            if folder and not alone:
                lines.append(f"{self._mark} {folder}/")
            for name, owners in sorted(files.items()):
                path = f"{folder}/{name}".lstrip("/")
                if "" in owners or not _said_by_its_class(name):
                    lines.append(f"{self._mark} {path if alone else name}")
                for owner, members in sorted(owners.items()):
                    head = self._heads.get((path, owner), owner)
                    if owner:
                        lines.append(f"{head}:" if members else head)
                    indent = " " if owner else ""
                    lines += [indent + signature for _, signature in sorted(members)]
        return "\n".join(lines)


def pack(
    index: Index,
    scorer: Scorer,
    here: Here,
    scores: Mapping[str, float],
    budget: int,
    sheet: Sheet,
) -> Sheet:
    """Fill a sheet with the definitions of the best names, as far as the budget reaches.

    What stands in a file or class that is shown already costs less, and comes the sooner.
    """
    fresh = [name for name in scores if name not in sheet.names]
    order = sorted(fresh, key=lambda name: (-scores[name], name))
    beside: dict[str, list[tuple[str, Definition]]] = {}
    for name in order[: max(_FEWEST, budget // _CHARACTERS_A_NAME)]:
        if (found := scorer.meant.get(name)) is None:
            found = scorer.meant[name] = meant(index, scorer, here, name)
        for each in found:
            beside.setdefault(each.path, []).append((name, each))

    def entry(name: str, each: Definition) -> tuple[float, str, str, int, Definition]:
        worth = scores[name] - COST * math.log(sheet.cost(each) + 1)
        return -worth, name, each.path, each.line, each

    waiting = [entry(*one) for some in beside.values() for one in some]
    heapify(waiting)
    missed = 0
    opened: set[tuple[str, str]] = set()
    files: set[str] = set()
    while waiting and missed <= _MOST_MISSED:
        _, name, path, _, each = heappop(waiting)
        if name in sheet.names:
            continue
        if not sheet.add(each, budget):
            missed += 1
            continue
        missed = 0
        sheet.reasons.setdefault(each.signature, scorer.reason(name))
        place = (path, _place(each))
        if place not in opened:
            opened.add(place)
            for other, one in beside[path]:
                if other not in sheet.names and (path not in files or _place(one) == place[1]):
                    heappush(waiting, entry(other, one))
            files.add(path)
    return sheet


def _said_by_its_class(name: str) -> bool:
    """Tell whether a file is of a language where it has the name of its class, which is shown."""
    return name.endswith(_BY_CLASS)


def _place(each: Definition) -> str:
    """Return the class that a definition is, or is of."""
    return each.name if each.kind == "class" else each.owner


def meant(index: Index, scorer: Scorer, here: Here, name: str) -> list[Definition]:
    """Return the definition that most probably shows what a name means here; several if equal."""
    if name in scorer.own:
        return scorer.own[name][:1]
    found = index.by_name.first(name, _MOST_LOOKED_AT)
    if not found:
        called = index.by_parameter.first(name, 60)
        found = [each for each in called if name in WORD.findall(each.signature)]
    if len(found) < 2:
        return found
    owners = {here.owner, *scorer.bases} - {""}
    folder = here.path.rpartition("/")[0]
    ranks = [
        (
            each.owner in owners,
            each.path in scorer.imports,
            not beside_the_code(each.path),
            each.path.rpartition("/")[0] == folder,
            not each.owner,
        )
        for each in found
    ]
    best = max(ranks)
    return [each for each, rank in zip(found, ranks, strict=False) if rank == best][:_MOST_MEANT]

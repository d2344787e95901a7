"""From scored names to a text: one short line for each definition, by file and class.

Invariant: the text never is longer than its budget; the same scores give the same text. A name
without a definition that shows it is left out: bare names help nobody.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from glm_lsp.project.facts import WORD

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
        self._files: dict[str, dict[str, list[tuple[int, str]]]] = {}
        self._taken: set[int] = set()
        self.size = 0
        self.names: set[str] = set(shown)
        self.reasons: dict[str, str] = {}

    @property
    def paths(self) -> list[str]:
        """The files that it shows something of."""
        return sorted(self._files)

    def add(self, each: Definition, budget: int) -> bool:
        """Take a definition; False when it does not fit any more."""
        if id(each) in self._taken:
            return True
        file = self._files.get(each.path)
        cost = len(each.signature) + (3 if each.owner else 1)
        if file is None:
            cost += len(each.path) + len(self._mark) + 2
        if each.owner and (file is None or each.owner not in file):
            cost += len(each.owner) + 2
        if self.size + cost > budget:
            return False
        place = self._files.setdefault(each.path, {}).setdefault(each.owner, [])
        place.append((each.line, each.signature))
        self._taken.add(id(each))
        self.size += cost
        for text in (each.signature, each.owner, each.path):
            self.names.update(WORD.findall(text))
        return True

    def text(self) -> str:
        """Return the text."""
        lines = []
        for path in sorted(self._files):
            lines.append(f"{self._mark} {path}")
            for owner, members in sorted(self._files[path].items()):
                if owner:
                    lines.append(f"{owner}:")
                indent = "  " if owner else ""
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
    """Fill a sheet with the definitions of the best names, as far as the budget reaches."""
    fresh = [name for name in scores if name not in sheet.names]
    order = sorted(fresh, key=lambda name: (-scores[name], name))[: max(40, budget // 10)]
    found = {name: each for name in order if (each := meant(index, scorer, here, name))}
    worth = {n: scores[n] - COST * math.log(len(d.signature) + 1) for n, d in found.items()}
    missed = 0
    for name in sorted(worth, key=lambda name: (-worth[name], name)):
        if name in sheet.names:
            continue
        if sheet.add(found[name], budget):
            sheet.reasons.setdefault(found[name].signature, scorer.reason(name))
            missed = 0
        else:
            missed += 1
            if missed > _MOST_MISSED:
                break
    return sheet


def meant(index: Index, scorer: Scorer, here: Here, name: str) -> Definition | None:
    """Return the definition that most probably shows what a name means here."""
    if name in scorer.own:
        return scorer.own[name][0]
    found = index.by_name.get(name)
    if found is None:
        called = index.by_parameter.get(name, ())
        found = [each for each in called[:60] if name in WORD.findall(each.signature)]
        if not found:
            return None
    if len(found) == 1:
        return found[0]
    owners = {here.owner, *scorer.bases} - {""}
    folder = here.path.rpartition("/")[0]
    return max(
        found[:24],
        key=lambda each: (
            each.owner in owners,
            each.path in scorer.imports,
            each.path.rpartition("/")[0] == folder,
            not each.owner,
        ),
    )

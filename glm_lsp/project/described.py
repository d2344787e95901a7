"""The signs of names that do not depend on the cursor: what they are, and how often they stand.

Invariant: a name has one kind, that of its first definition, the file's own before all others.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from glm_lsp.project.definitions import Definition
    from glm_lsp.project.index import Index

_KINDS = {"type": "class", "variable": "field"}


def signs_of(
    index: Index,
    own: Mapping[str, Sequence[Definition]],
    names: Sequence[str],
    near: Container[str],
) -> dict[str, dict[str, float]]:
    """Return these signs of names.

    `own` are the file's definitions, and `near` the members of classes that are used at the cursor:
    any other private name is marked as such.
    """
    files = math.log(2 + len(index))
    signs: dict[str, dict[str, float]] = defaultdict(dict)
    popular, many, rarity = signs["popular"], signs["many"], signs["rarity"]
    for name in names:
        kind, many[name], rarity[name], spread = index.nature(name)
        if name in own:
            kind = own[name][0].kind
        kind = kind or "parameter"
        signs[_KINDS.get(kind, kind)][name] = 1.0
        popular[name] = math.log(1 + spread) / files
        if name[0] == "_" and name not in own and name not in near:
            signs["private"][name] = 1.0
    return signs

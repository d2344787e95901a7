"""Tells an answer that stops before the end of the definition that it replaces.

Invariant: only what the original goes on with can be missing; what is newly written is not
judged.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glm_lsp.editing.answer.lines import aligned, closes, filled

if TYPE_CHECKING:
    from collections.abc import Sequence

_BARE = re.compile(r"\s*return(?: None)?;?\s*$")
_LEAVES = re.compile(r"\s*(?:return|raise|throw|yield|break|continue|panic|sys\.exit)\b")


def ends_early(lines: Sequence[str], original: Sequence[str], places: set[int]) -> bool:
    """Tell whether lines stop before the end of the definition that they replace.

    They do when their last line stands in the original, unchanged, with more code behind it
    that no problem is about; or when a definition that leaves with a value does not any more.
    """
    old, new = filled(original), [x for x in lines if x.strip()]
    if not old or not new:
        return False
    if len(old) > len(new) and new[-1].rstrip().endswith((":", "{")):
        return True
    pairs = aligned(original, new)
    if not pairs or pairs[-1][1] != len(new) - 1:
        return bool(_LEAVES.match(original[old[-1]])) and not _LEAVES.match(new[-1])
    end, _, same = pairs[-1]
    tail = [i for i in old if i > end and not closes(original[i]) and not _BARE.match(original[i])]
    if not tail or places.intersection(tail):
        return False
    return same == 1.0 or (bool(_LEAVES.match(original[old[-1]])) and not _LEAVES.match(new[-1]))

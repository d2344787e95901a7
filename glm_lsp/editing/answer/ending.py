"""Tells an answer that stops before the end of the definition that it replaces.

Invariant: only what the original goes on with can be missing; what is newly written is not
judged.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glm_lsp.editing.answer.lines import aligned, closes, filled, lead_of, names

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
    if _lost_at_the_end(new, original, places):
        return True
    if not pairs or pairs[-1][1] != len(new) - 1:
        return bool(_LEAVES.match(original[old[-1]])) and not _leaves(new)
    end, _, same = pairs[-1]
    tail = [i for i in old if i > end and not closes(original[i]) and not _BARE.match(original[i])]
    if not tail or places.intersection(tail):
        return False
    return same == 1.0 or (bool(_LEAVES.match(original[old[-1]])) and not _leaves(new))


def _lost_at_the_end(new: Sequence[str], original: Sequence[str], places: set[int]) -> bool:
    """Tell whether the original's last line does something with what lines do not name at all."""
    last = next((i for i in reversed(filled(original)) if not closes(original[i])), None)
    if last is None or last in places or _LEAVES.match(original[last]) or _leaves(new):
        return False
    called = re.findall(r"(\w+)\s*\(", original[last])
    return bool(called) and not names("\n".join(new)).intersection(called)


def _leaves(lines: Sequence[str]) -> bool:
    """Tell whether lines end by leaving, no deeper than the body that they are."""
    last = next((line for line in reversed(lines) if not closes(line)), "")
    body = lines[1] if len(lines) > 1 else last
    return bool(_LEAVES.match(last)) and len(lead_of(last)) <= len(lead_of(body))

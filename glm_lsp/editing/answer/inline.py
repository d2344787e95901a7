"""Applies what an answer says in a sentence: change `this` to `that`.

Invariant: only one such sentence is followed, where what it names stands once, and only when
the promise holds after it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glm_lsp.editing.answer.by_lines import by_lines
from glm_lsp.editing.answer.edits import composed
from glm_lsp.editing.answer.judge import judge

if TYPE_CHECKING:
    from glm_lsp.editing.answer.survey import Survey

_INLINE = re.compile(
    r"(?:(?:(?:replac|chang|renam|correct|fix)\w*\b|将|把)[^`\n]{0,60})?"
    r"`([^`\n]+)`[^`\n]{0,40}?(?:\b(?:to|with|by|into)\b|->|→|改为|改成|替换为|换成)[^`\n]{0,30}"
    r"`([^`\n]+)`",
    re.IGNORECASE,
)
_AT_LINE = re.compile(r"(?:line|第) ?\d+[^`\n]{0,40}`([^`\n]+)`", re.IGNORECASE)


def inline(answer: str, survey: Survey) -> str | None:
    """Apply the one "change `this` to `that`", or "line 3: `this`", of an answer in words."""
    site = survey.site
    found = list(dict.fromkeys(m.groups() for m in _INLINE.finditer(answer)))
    if not found and len(at := list(_AT_LINE.finditer(answer))) == 1:
        placed = by_lines([at[0].group(1)], survey, lone=False)
        if isinstance(placed, str) or placed.whole:
            return None
        text = composed(site, placed.edits)
    elif len(found) == 1:
        old, new = (each.strip() for each in found[0])
        edges = r"(?<!\w)", r"(?!\w)"
        pattern = re.compile(edges[0] + re.escape(old) + edges[1])
        if len(pattern.findall(site.original)) != 1 or not old or old == new:
            return None
        text = pattern.sub(lambda _: new, site.original)
    else:
        return None
    return None if judge(site.promise, site.file, site.placed(text)) else text

"""Applies what an answer says in a sentence: change `this` to `that`.

Invariant: only one such sentence is followed, where what it names stands once, and only when
the promise holds after it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glm_lsp.editing.answer.judge import judge

if TYPE_CHECKING:
    from glm_lsp.editing.answer.definitions import Survey

_INLINE = re.compile(
    r"`([^`\n]+)`[^`\n]{0,40}?(?:\b(?:to|with|by|into)\b|->|→|改为|改成|替换为|换成)[^`\n]{0,30}"
    r"`([^`\n]+)`",
    re.IGNORECASE,
)


def by_sentence(answer: str, survey: Survey) -> str | None:
    """Apply the one "change `this` to `that`" of an answer in words."""
    site = survey.site
    found = {(old.strip(), new.strip()) for old, new in _INLINE.findall(answer)}
    if len(found) != 1:
        return None
    [(old, new)] = found
    text, count = re.subn(rf"(?<!\w){re.escape(old)}(?!\w)", lambda _: new, site.original)
    if not old or count != 1 or judge(site.promise, site.file, site.placed(text)):
        return None
    return text

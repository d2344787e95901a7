"""Offer nothing that stands for a secret: a key's shape, or a redaction mark for what is named so.

What stands around the cursor already, such as a secret that was put back, is no model's invention.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glm_lsp.completion.types import Draft
    from glm_lsp.context.cursor import CursorContext

_LEAST = 6  # Characters of a row of stars.
_NEAR = 80  # Characters between a name and what it names.
_KEY = re.compile(
    r"\bSTRUCK_OUT_"
    r"|\b[spr]k[-_](?:[a-z]{1,12}[-_]){0,3}(?=[A-Za-z]{0,40}[0-9])[A-Za-z0-9]{12,}"
    r"|\b(?:ghp|gho|ghs|glpat|xox[abp])[-_](?=[A-Za-z-]{0,40}[0-9])[A-Za-z0-9-]{10,}"
    r"|\bAKIA[0-9A-Z]{12,}"
    r"|-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----(?=(?:\\n|[\s\"'])*(?:[A-Za-z0-9+/]{16}|\Z))"
    r"|\beyJ[A-Za-z0-9_-]{15,}\.eyJ"
)
_WORDS = r"(?i:redacted|secret|hidden|masked|removed)"
_SAYS = rf"{_WORDS}[\w .-]{{0,40}}"
_MARK = re.compile(
    rf"[\"'`]\s{{0,4}}(?:[<\[(*]{{1,3}}\s?{_SAYS}[>\])*]{{1,3}}|REDACTED)\s{{0,4}}[\"'`]"
    rf"|[=:]\s{{0,4}}(?:<{_SAYS}>|\*{{1,3}}{_WORDS}\*{{1,3}}|REDACTED\b)"
    rf"|[\"'`=][*•x]{{{_LEAST},}}(?=[\"'`\s]|\Z)"
)
"""What stands for a secret, where a name says that there is one."""
_NAME = re.compile(
    r"(?:key|secret|token|passw|pwd|auth|credential|cookie|pin)\w{0,20}[\"'\])]{0,3}\s{0,4}"
    r"(?:[:=]\s{0,4})?\Z",
    re.IGNORECASE,
)
"""The name of a secret, to which what follows is given."""


def apply(draft: Draft, context: CursorContext) -> Draft:
    """Drop a draft that holds a secret of nobody's, or the mark of one."""
    return draft.nothing() if invented(draft, context) else draft


def invented(draft: Draft, context: CursorContext) -> list[str]:
    """Return what stands for a secret in a draft, and nowhere around the cursor."""
    text = context.head + draft.text
    found = [leak.group() for leak in _KEY.finditer(text)]
    found += [mark.group() for mark in _MARK.finditer(text) if _is_named(text, mark.start())]
    return [leak for leak in found if leak not in context.before and leak not in context.after]


def _is_named(text: str, at: int) -> bool:
    """Tell whether what stands at a place is given to the name of a secret."""
    return _NAME.search(text[max(0, at - _NEAR) : at]) is not None

"""Offer nothing that stands for a secret: a key's shape or a redaction mark.

What stands around the cursor already, such as a secret that was put back, is no model's invention.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glm_lsp.completion.types import Draft
    from glm_lsp.context.cursor import CursorContext

_LEAK = re.compile(
    r"[<\[({*]{1,3}\s*(?:redacted|secret|hidden|masked|removed)[^\n>\])}]{0,40}[>\])}*]{1,3}"
    r"|\bREDACTED\b|\bSTRUCK_OUT_"
    r"|\b(?:sk|pk|rk)-[A-Za-z0-9_-]{12,}"
    r"|\b(?:ghp|gho|ghs|glpat|xox[abp])[-_][A-Za-z0-9-]{10,}"
    r"|\bAKIA[0-9A-Z]{12,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|\beyJ[A-Za-z0-9_-]{15,}\.eyJ"
    r"|(?<=[\"'`=])[*•x]{6,}(?=[\"'`\s]|\Z)",
    re.IGNORECASE,
)


def apply(draft: Draft, context: CursorContext) -> Draft:
    """Drop a draft that holds a secret of nobody's, or the mark of one."""
    found = {leak.group() for leak in _LEAK.finditer(draft.text)}
    known = all(leak in context.before or leak in context.after for leak in found)
    return draft if known else draft.nothing()

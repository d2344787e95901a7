"""Offer nothing that stands for a secret: a key's shape or a redaction mark."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glm_lsp.completion.types import Draft
    from glm_lsp.context.cursor import CursorContext

_LEAK = re.compile(
    r"[<\[({*]{1,3}\s*(?:redacted|secret|hidden|masked|removed)[^\n>\])}]{0,40}[>\])}*]{1,3}"
    r"|\bREDACTED\b"
    r"|\b(?:sk|pk|rk)-[A-Za-z0-9_-]{12,}"
    r"|\b(?:ghp|gho|ghs|glpat|xox[abp])[-_][A-Za-z0-9-]{10,}"
    r"|\bAKIA[0-9A-Z]{12,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|\beyJ[A-Za-z0-9_-]{15,}\.eyJ"
    r"|(?<=[\"'`=])[*•x]{6,}(?=[\"'`\s]|\Z)",
    re.IGNORECASE,
)


def apply(draft: Draft, context: CursorContext) -> Draft:  # noqa: ARG001
    """Drop a draft that holds a secret, or the mark of one."""
    return draft.nothing() if _LEAK.search(draft.text) else draft

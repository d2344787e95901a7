"""Where completions are offered at all.

Invariant: what is not eligible costs no request, and nothing of it leaves the machine.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from glm_lsp.completion.context import Place
    from glm_lsp.completion.types import CompletionRequest
    from glm_lsp.settings import CompletionSettings
    from glm_lsp.text import Snapshot

_CLOSING_TAIL = re.compile(r"[\s)\]}>\"'`]*(?:[:;,]|=>)?\s*\{?\s*\Z")
_LONGEST_LINE = 2_000
_ENDED = (";", "}", "*/", '"""', "'''")


def welcome(
    request: CompletionRequest,
    settings: CompletionSettings,
    allowed: Callable[[Snapshot], bool],
) -> bool:
    """Tell whether the document may have completions."""
    return (
        settings.enabled
        and request.snapshot.language not in settings.disabled_languages
        and allowed(request.snapshot)
    )


def worth_asking(place: Place) -> bool:
    """Tell whether a completion nobody called for would help at a place.

    Not inside a word or in front of code, where it would be in the way; not after a
    finished statement; not in a blank document, nor in lines no person wrote.
    """
    if not _CLOSING_TAIL.match(place.tail) or len(place.head) > _LONGEST_LINE:
        return False
    if place.head.strip() and place.head.rstrip().endswith(_ENDED):
        return False
    return bool(place.before.strip() or place.after.strip())

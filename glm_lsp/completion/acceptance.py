"""What became of the suggestions: shown, accepted, partly accepted, kept, refused.

Invariant: each suggestion counts once as shown, however much of it was typed meanwhile. It
counts as kept when most of its lines still stand where it was put 30 seconds after it was
accepted.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from attrs import frozen

from glm_lsp.completion.context import plain
from glm_lsp.text import Span

if TYPE_CHECKING:
    from collections.abc import Callable

    from glm_lsp.completion.statistics import Tally
    from glm_lsp.completion.types import Suggestion
    from glm_lsp.text import Snapshot

KEPT_AFTER = 30.0
_REMEMBERED = 50
_NEAR = 2_000
_MOST = 0.5


@frozen
class Known:
    """A suggestion and the document it was made for."""

    uri: str
    suggestion: Suggestion


class Acceptance:
    """Follows the suggestions of one client."""

    def __init__(self, tally: Tally, current: Callable[[str], Snapshot | None]) -> None:
        """Count into `tally`; `current` returns a document as it is now."""
        self._tally = tally
        self._current = current
        self._known: OrderedDict[str, Known] = OrderedDict()
        self._partly: set[str] = set()

    def shown(self, uri: str, suggestion: Suggestion) -> None:
        """Count a suggestion that the user sees, the first time."""
        if suggestion.id not in self._known:
            self._tally.add("shown")
        self._known[suggestion.id] = Known(uri, suggestion)
        while len(self._known) > _REMEMBERED:
            old, _ = self._known.popitem(last=False)
            self._partly.discard(old)

    def accepted(self, suggestion_id: str) -> Known | None:
        """Count a suggestion that the user took; None when it is not known (any more)."""
        known = self._known.pop(suggestion_id, None)
        if known is not None:
            self._tally.add("accepted")
            self._tally.write()
        return known

    def partly_accepted(self, suggestion_id: str) -> None:
        """Count a suggestion of which the user took a part, once."""
        if suggestion_id in self._known and suggestion_id not in self._partly:
            self._partly.add(suggestion_id)
            self._tally.add("partly_accepted")

    def refused(self) -> None:
        """Count a suggestion that the user typed past or dismissed."""
        self._tally.add("refused")

    def look_again(self, known: Known) -> None:
        """Count whether an accepted suggestion was kept, unless its document is closed."""
        snapshot = self._current(known.uri)
        if snapshot is not None:
            self._tally.add("kept" if is_kept(known.suggestion, snapshot) else "changed")
            self._tally.write()

    def close(self) -> None:
        """Write what was counted."""
        self._tally.write()


def is_kept(suggestion: Suggestion, snapshot: Snapshot) -> bool:
    """Tell whether most lines of a suggestion still stand near where it was put."""
    start = max(0, min(suggestion.span.start, len(snapshot.text)) - _NEAR)
    end = min(len(snapshot.text), suggestion.span.start + len(suggestion.text) + _NEAR)
    near = plain(snapshot.slice(Span(start, max(start, end))))
    lines = [line.strip() for line in plain(suggestion.text).split("\n") if line.strip()]
    return sum(line in near for line in lines) > _MOST * len(lines)

"""Where the user asked for something last: what a command means that names no place.

Invariant: it is a place of a document that is open, where its text has moved to since.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp.errors import ReplyError
from glm_lsp.lsp.documents.mirror import Changed, Closed
from glm_lsp.lsp.documents.positions import to_span
from glm_lsp.spans import shift_by
from glm_lsp.text import Span

if TYPE_CHECKING:
    from lsprotocol import types

    from glm_lsp.lsp.documents.mirror import DocumentEvent, Documents
    from glm_lsp.text import Snapshot


class LastPlace:
    """The last place that one editor asked about."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._uri = ""
        self._span = Span(0, 0)
        documents.subscribe(self._follow)

    def note(self, snapshot: Snapshot, range_: types.Range) -> None:
        """Take a place that the editor asked about."""
        self._uri = snapshot.uri
        self._span = to_span(snapshot.text, range_, self._documents.encoding)

    def get(self) -> tuple[Snapshot, Span]:
        """Return the document and the place.

        Raises:
            ReplyError: nothing was asked about yet, or its document is closed.
        """
        snapshot = self._documents.get(self._uri) if self._uri else None
        if snapshot is None:
            raise ReplyError(
                "GLM does not know which place is meant: list the code actions there, then ask"
                " again."
            )
        return snapshot, self._span

    def _follow(self, event: DocumentEvent) -> None:
        if isinstance(event, Closed) and event.snapshot.uri == self._uri:
            self._uri = ""
        if not isinstance(event, Changed) or event.after.uri != self._uri:
            return
        start, end = self._span.start, self._span.end
        for change in event.changes:
            moved = shift_by(change)(start, end)
            if moved is None:  # It lies where the text is another one now.
                start = end = min(start, change.span.start + len(change.text))
            else:
                start, end = start + moved, end + moved
        self._span = Span(start, end)

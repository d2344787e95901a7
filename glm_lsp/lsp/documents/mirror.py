"""The mirror of the documents that are open in one editor, and who listens to them.

Invariant: after each notification the mirror holds exactly the editor's text, or nothing of a
document that is too long. Listeners are
called in order, within the notification, once the mirror shows the new text. Snapshots never
change: whoever holds one keeps what it saw.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from attrs import evolve, frozen
from lsprotocol import types

from glm_lsp.errors import ReplyError
from glm_lsp.lsp.documents.positions import to_span
from glm_lsp.text import Change, Snapshot, Span, Text, common_ends

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

logger = logging.getLogger(__name__)

_LONG = 200  # Characters.
_LANGUAGE = re.compile(r"[\w.+#() -]{1,60}")
_LONGEST = 4 * 2**20


@frozen
class Opened:
    """A document was opened."""

    snapshot: Snapshot


@frozen
class Changed:
    """A document changed; each of `changes` is in the coordinates left by the one before."""

    before: Snapshot
    after: Snapshot
    changes: tuple[Change, ...]


@frozen
class Closed:
    """A document was closed; `snapshot` is its last state."""

    snapshot: Snapshot


DocumentEvent = Opened | Changed | Closed


class Documents:
    """The documents open in one editor.

    Attributes:
        encoding: the negotiated position encoding: "utf-8", "utf-16" or "utf-32".
        longest: characters of a document; a longer one is left out.
        on_left_out: called with the URI of each that is; of a cell, with its notebook's.
    """

    def __init__(self, encoding: str = "utf-16", *, longest: int = _LONGEST) -> None:
        self.encoding = encoding
        self.longest = longest
        self.on_left_out: Callable[[str], None] = lambda _: None
        self._left_out: set[str] = set()
        self._snapshots: dict[str, Snapshot] = {}
        self._listeners: dict[object, Callable[[DocumentEvent], None]] = {}

    def get(self, uri: str) -> Snapshot | None:
        """Return an open document as it is now. Percent-encoding does not matter."""
        return self._snapshots.get(key(uri))

    def opened(self, uri: str) -> Snapshot:
        """Return an open document as it is now.

        Raises:
            ReplyError: it is not open, or too long.
        """
        snapshot = self.get(uri)
        if snapshot is None and key(uri) in self._left_out:
            raise ReplyError("This file is too long for GLM: ask in a shorter one.")
        if snapshot is None:
            raise ReplyError("The file is not open in the editor: open it, then ask again.")
        return snapshot

    def __iter__(self) -> Iterator[Snapshot]:
        """Iterate over the open documents, in the order in which they were opened."""
        return iter(tuple(self._snapshots.values()))

    def __len__(self) -> int:
        return len(self._snapshots)

    def subscribe(self, listener: Callable[[DocumentEvent], None]) -> Callable[[], None]:
        """Have `listener` called for each event; return what ends that."""
        key = object()
        self._listeners[key] = listener

        def unsubscribe() -> None:
            self._listeners.pop(key, None)

        return unsubscribe

    def open(self, params: types.DidOpenTextDocumentParams, notebook: str = "") -> None:
        """Take a document that was opened; one already open is closed first.

        `notebook` is the URI of the notebook that it is a cell of.
        """
        item = params.text_document
        self._close(item.uri)
        if len(item.text) > self.longest:
            self.leave_out(item.uri, notebook)
            return
        language = str(getattr(item.language_id, "value", item.language_id))
        if not _LANGUAGE.fullmatch(language):
            language = "plaintext"  # In some editors a workspace names languages.
        snapshot = Snapshot(item.uri, item.version, language, Text.of(item.text), notebook)
        self._snapshots[key(item.uri)] = snapshot
        self._tell(Opened(snapshot))

    def change(self, params: types.DidChangeTextDocumentParams) -> None:
        """Apply the changes of a document, in order."""
        before = self.get(params.text_document.uri)
        if before is None:
            if key(params.text_document.uri) not in self._left_out:
                logger.warning("A document that is not open was changed.")
            return
        text = before.text
        changes = []
        for event in params.content_changes:
            if isinstance(event, types.TextDocumentContentChangePartial):
                change = Change(to_span(text, event.range, self.encoding), event.text)
            else:
                change = Change(Span(0, len(text)), event.text)
            if change.span == Span(0, len(text)) or len(change.span) > _LONG:
                change = _difference(text, change)
            text = text.replace(change.span, change.text)
            changes.append(change)
        if len(text) > self.longest:
            self.leave_out(before.uri, before.notebook)
            return
        after = evolve(before, version=params.text_document.version, text=text)
        self._snapshots[key(before.uri)] = after
        self._tell(Changed(before, after, tuple(changes)))

    def close(self, params: types.DidCloseTextDocumentParams) -> None:
        """Forget a document that was closed."""
        self._close(params.text_document.uri)

    def leave_out(self, uri: str, notebook: str = "") -> None:
        """Hold nothing of a document that is too long, until it is opened anew."""
        self._close(uri)
        self._left_out.add(key(uri))
        self.on_left_out(notebook or uri)

    def _close(self, uri: str) -> None:
        self._left_out.discard(key(uri))
        snapshot = self._snapshots.pop(key(uri), None)
        if snapshot is not None:
            self._tell(Closed(snapshot))

    def _tell(self, event: DocumentEvent) -> None:
        for listener in tuple(self._listeners.values()):
            try:
                listener(event)
            except Exception:  # One listener's fault must not hide an event from the others.
                logger.exception("A listener to documents failed.")


def key(uri: str) -> str:
    """Return what names a document however its URI is percent-encoded."""
    return unquote(uri) if "%" in uri else uri


def _difference(text: Text, change: Change) -> Change:
    """Return a change without the ends that stay.

    Editors that send a whole text, or format it, have mostly changed a part of it; what points
    to the rest stays where it is.
    """
    start, old_end, new_end = common_ends(text.slice(change.span), change.text)
    first = change.span.start
    return Change(Span(first + start, first + old_end), change.text[start:new_end])

"""What is asked of the completion engine and what it answers.

Invariant: every offset and span counts code points in the snapshot of the request it
belongs to; a suggestion's text has the document's own line ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

if TYPE_CHECKING:
    from glm_lsp.text import Snapshot, Span


class Superseded(Exception):  # noqa: N818  # Cancellation is not an error.
    """A newer request for the same document took this one's place; answer -32800."""


@frozen
class SelectedCompletion:
    """The entry that is selected in the editor's own popup: `span` would become `text`."""

    span: Span
    text: str = field(repr=False)


@frozen
class CompletionRequest:
    """One question for ghost text.

    Attributes:
        snapshot: the document as the user sees it.
        offset: the cursor.
        automatic: the editor asked by itself; False when the user called for it.
        selected: what the editor's popup would insert; suggestions continue from there.
    """

    snapshot: Snapshot
    offset: int
    automatic: bool = True
    selected: SelectedCompletion | None = None


@frozen
class Suggestion:
    """One completion: `span` of the document would become `text`.

    `id` names it when the editor reports what became of it.
    """

    id: str
    span: Span
    text: str = field(repr=False)

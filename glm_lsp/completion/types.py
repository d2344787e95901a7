"""What is asked of the completion engine, what it answers, and what passes on the way.

Invariant: every offset and span counts code points in the snapshot of the request it
belongs to; a suggestion's text has the document's own line ends, a draft's has line feeds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
from attrs import field, frozen

from glm_lsp.text import Span

if TYPE_CHECKING:
    from glm_lsp.text import Snapshot


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

    def with_selection(self) -> tuple[Snapshot, int]:
        """Return the document and the cursor as if the popup's entry had been taken."""
        selected = self.selected
        if selected is None:
            return self.snapshot, self.offset
        text = self.snapshot.text.replace(selected.span, selected.text)
        return attrs.evolve(self.snapshot, text=text), selected.span.start + len(selected.text)

    def suggestion(self, draft: Draft, newline: str) -> Suggestion:
        """Return a draft as what may be put into the document, with its line ends."""
        span = Span(self.offset, self.offset + draft.replaced)
        text = draft.text.replace("\n", newline)
        if self.selected is not None:
            span = Span(self.selected.span.start, self.selected.span.end + draft.replaced)
            text = self.selected.text + text
        return Suggestion(draft.id, span, text)

    def once_accepted(self, suggestion: Suggestion) -> CompletionRequest:
        """Return the request that an editor makes once a suggestion was accepted."""
        text = self.snapshot.text.replace(suggestion.span, suggestion.text)
        snapshot = attrs.evolve(self.snapshot, text=text)
        return CompletionRequest(snapshot, suggestion.span.start + len(suggestion.text))


@frozen
class Suggestion:
    """One completion: `span` of the document would become `text`.

    `id` names it when the editor reports what became of it.
    """

    id: str
    span: Span
    text: str = field(repr=False)


@frozen
class Draft:
    """A completion on its way from the model, through the filters, to the user.

    Attributes:
        text: what would be inserted, lines ending in a line feed; empty when there is nothing.
        id: what names it, however much of it has been typed.
        multiline: a block was asked for, not the rest of a line.
        follows: what stands before it was just accepted: where that is whole, the next line does.
        max_lines: the most lines it may have.
        replaced: how many characters after the cursor it replaces.
        meets: its end is known to run on into what follows the cursor.
    """

    text: str = field(repr=False)
    id: str = ""
    multiline: bool = False
    follows: bool = False
    max_lines: int = 12
    replaced: int = 0
    meets: bool = False

    def with_text(self, text: str) -> Draft:
        """Return the draft with another text."""
        return attrs.evolve(self, text=text)

    def nothing(self) -> Draft:
        """Return the draft of no completion at all."""
        return attrs.evolve(self, text="", replaced=0)

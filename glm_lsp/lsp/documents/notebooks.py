"""The notebooks that are open in one editor: which cells stand in which order.

Invariant: the texts of cells are documents like all others, and what a message says of them
reaches the mirror whatever is wrong with the order. An order that a change does not fit is no
order at all: then nothing is known to stand above a cell, until the notebook is opened anew.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from lsprotocol import types

from glm_lsp.lsp.documents.mirror import key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glm_lsp.lsp.documents.mirror import Documents
    from glm_lsp.text import Snapshot

logger = logging.getLogger(__name__)


class Notebooks:
    """The notebooks open in one editor; their cells' texts are in its documents."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._cells: dict[str, tuple[str, ...]] = {}  # In their order, by notebook.
        self._left_out: set[str] = set()

    def above(self, snapshot: Snapshot) -> tuple[Snapshot, ...]:
        """Return the cells that stand above one, as they are now, the nearest last."""
        cells = self._cells.get(key(snapshot.notebook), ())
        own, own_file = key(snapshot.uri), key(snapshot.file)
        if own not in cells:
            return ()
        found = map(self._documents.get, cells[: cells.index(own)])
        return tuple(one for one in found if one is not None and key(one.file) == own_file)

    def open(self, params: types.DidOpenNotebookDocumentParams) -> None:
        """Take a notebook that was opened; one already open is closed first."""
        notebook = params.notebook_document
        self._close(notebook.uri)
        self._cells[key(notebook.uri)] = _uris(notebook.cells)
        self._open_cells(notebook.uri, params.cell_text_documents)

    def change(self, params: types.DidChangeNotebookDocumentParams) -> None:
        """Apply a change: what became of the order and of which cells, then of their texts."""
        uri, changes = params.notebook_document.uri, params.change.cells
        if changes is None:
            return
        if changes.structure is not None:
            # A cell whose language changed is closed and opened at once.
            for closed in changes.structure.did_close or ():
                self._documents.close(types.DidCloseTextDocumentParams(closed))
            self._open_cells(uri, changes.structure.did_open or ())
            self._reorder(uri, changes.structure.array)
        for content in changes.text_content or ():
            change = types.DidChangeTextDocumentParams(content.document, content.changes)
            self._documents.change(change)

    def close(self, params: types.DidCloseNotebookDocumentParams) -> None:
        """Forget a notebook that was closed, and all of its cells."""
        for cell in params.cell_text_documents:
            self._documents.close(types.DidCloseTextDocumentParams(cell))
        self._close(params.notebook_document.uri)

    def leave_out(self, uri: str, cells: Iterable[str] = ()) -> None:
        """Hold nothing of a notebook of which too much was said, until it is opened anew.

        `cells` are those that were named besides those known.
        """
        known = [one.uri for one in self._documents if key(one.notebook) == key(uri)]
        self._close(uri)
        self._left_out.add(key(uri))
        for each in dict.fromkeys((*known, *cells)):
            self._documents.leave_out(each, uri)
        self._documents.on_left_out(uri)

    def _open_cells(self, uri: str, items: Iterable[types.TextDocumentItem]) -> None:
        for item in items:
            if key(uri) in self._left_out:
                self._documents.leave_out(item.uri, uri)
            else:
                self._documents.open(types.DidOpenTextDocumentParams(item), uri)

    def _reorder(self, uri: str, change: types.NotebookCellArrayChange) -> None:
        cells = self._cells.get(key(uri))
        end = change.start + change.delete_count
        if cells is None or not 0 <= change.start <= end <= len(cells):
            if key(uri) not in self._left_out:
                logger.warning("Cells of a notebook were changed that are not known.")
                self._cells.pop(key(uri), None)
            return
        self._cells[key(uri)] = (*cells[: change.start], *_uris(change.cells or ()), *cells[end:])

    def _close(self, uri: str) -> None:
        self._left_out.discard(key(uri))
        self._cells.pop(key(uri), None)
        for cell in self._documents:
            if key(cell.notebook) == key(uri):
                closed = types.TextDocumentIdentifier(cell.uri)
                self._documents.close(types.DidCloseTextDocumentParams(closed))


def _uris(cells: Iterable[types.NotebookCell]) -> tuple[str, ...]:
    return tuple(key(cell.document) for cell in cells)

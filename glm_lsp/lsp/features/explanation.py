"""Explanations through standard LSP: virtual documents, and hover where nothing else works."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from glm_lsp.lsp.documents.positions import to_offset, to_range
from glm_lsp.lsp.work.explanations import SCHEME

if TYPE_CHECKING:
    from glm_lsp.lsp.server import Server
    from glm_lsp.lsp.work.explanations import Explanations


def register(server: Server, explanations: Explanations) -> None:
    """Serve the content of virtual documents, and hovers on explained code."""

    @server.feature(types.WORKSPACE_TEXT_DOCUMENT_CONTENT)
    def content(params: types.TextDocumentContentParams) -> types.TextDocumentContentResult:
        return types.TextDocumentContentResult(text=explanations.content(params.uri))

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hover(params: types.HoverParams) -> types.Hover | None:
        snapshot = server.documents.get(params.text_document.uri)
        if snapshot is None:
            return None
        server.last_place.note(snapshot, types.Range(params.position, params.position))
        if not explanations.hovers:
            return None
        encoding = server.documents.encoding
        shown = explanations.at(snapshot.uri, to_offset(snapshot.text, params.position, encoding))
        if shown is None:
            return None
        kind = types.MarkupKind.PlainText if shown.plain else types.MarkupKind.Markdown
        text = types.MarkupContent(kind, shown.markdown)
        return types.Hover(text, to_range(snapshot.text, shown.span, encoding))

    def advertise(capabilities: types.ServerCapabilities) -> None:
        workspace = capabilities.workspace or types.WorkspaceOptions()
        workspace.text_document_content = types.TextDocumentContentOptions(schemes=[SCHEME])
        capabilities.workspace = workspace

    server.advertise(advertise)

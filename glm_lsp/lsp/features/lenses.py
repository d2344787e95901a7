"""textDocument/codeLens: keep, undo and retry above each change, where the editor has lenses.

Invariant: a lens offers nothing that the code actions do not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

if TYPE_CHECKING:
    from glm_lsp.lsp.features.changes import Changes
    from glm_lsp.lsp.server import Server

_ENTRIES = (("Keep", "glm.accept"), ("Undo", "glm.reject"), ("Retry", "glm.retry"))


def register(server: Server, changes: Changes) -> None:
    """Serve lenses, and have the editor ask again when changes come and go."""

    @server.feature(types.TEXT_DOCUMENT_CODE_LENS, types.CodeLensOptions(resolve_provider=False))
    def code_lens(params: types.CodeLensParams) -> list[types.CodeLens]:
        return [
            types.CodeLens(
                types.Range(range_.start, range_.start),
                types.Command(f"GLM: {title}", command, arguments=[{"job": job}]),
            )
            for job, range_ in changes.spans(params.text_document.uri)
            for title, command in _ENTRIES
        ]

    async def refresh() -> None:
        try:
            await server.request(types.WORKSPACE_CODE_LENS_REFRESH)
        except (JsonRpcException, ConnectionError):
            return

    def changed() -> None:
        workspace = server.client_capabilities.workspace
        lenses = workspace.code_lens if workspace is not None else None
        if lenses is not None and lenses.refresh_support:
            server.spawn(refresh())

    changes.on_change(changed)

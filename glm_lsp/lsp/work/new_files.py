"""Creates files in the editor's workspace, where the editor does that for a server."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from glm_lsp.errors import EditError

if TYPE_CHECKING:
    from glm_lsp.lsp.server import Server


def creates_files(server: Server) -> bool:
    """Tell whether the editor creates files for the server."""
    workspace = server.client_capabilities.workspace
    edits = workspace.workspace_edit if workspace is not None else None
    if workspace is None or not workspace.apply_edit or edits is None:
        return False
    return types.ResourceOperationKind.Create in (edits.resource_operations or ())


async def create_file(server: Server, uri: str, text: str, title: str) -> None:
    """Create a file with a text, and show it.

    Raises:
        EditError: the editor did not.
    """
    start = types.Position(0, 0)
    document = types.OptionalVersionedTextDocumentIdentifier(uri=uri, version=None)
    edit = types.WorkspaceEdit(
        document_changes=[
            types.CreateFile(uri, options=types.CreateFileOptions(overwrite=False)),
            types.TextDocumentEdit(document, [types.TextEdit(types.Range(start, start), text)]),
        ]
    )
    params = types.ApplyWorkspaceEditParams(edit=edit, label=title)
    applied = await server.request(types.WORKSPACE_APPLY_EDIT, params)
    if not applied.applied:
        raise EditError("The editor did not create the file: check that its folder exists.")
    window = server.client_capabilities.window
    if window is not None and window.show_document and window.show_document.support:
        with suppress(JsonRpcException):
            show = types.ShowDocumentParams(uri, take_focus=False)
            await server.request(types.WINDOW_SHOW_DOCUMENT, show)

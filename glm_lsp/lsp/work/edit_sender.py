"""Hands edits to one client's editor, by the best way that it has.

Invariant: an edit's answer is passed on as it came; what is true is seen in the mirror.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from glm_lsp.lsp.extension import APPLY_EDIT
from glm_lsp.lsp.work.edit_writer import EditAnswer

if TYPE_CHECKING:
    from glm_lsp.lsp.server import Server
    from glm_lsp.lsp.session import ClientSession
    from glm_lsp.lsp.work.apply import Mode


class EditSender:
    """Sends the edits of one client's jobs."""

    def __init__(self, server: Server, session: ClientSession) -> None:
        self._server = server
        self._session = session
        self._open_steps: set[str] = set()

    @property
    def lists_changes(self) -> bool:
        """Whether the client shows what was changed, and what is offered, by itself."""
        return self._session.extensions.changes

    def mode(self) -> Mode:
        """Return how a change is delivered to this editor, as the user wants it."""
        workspace = self._server.client_capabilities.workspace
        own = self._session.extensions.apply_edit
        delivery = self._session.settings.edits.delivery
        takes_edits = own or (workspace is not None and workspace.apply_edit)
        if delivery == "confirm" or not takes_edits:
            return "offer"
        return "stream" if own and delivery != "once" else "once"

    async def close_step(self, job: str) -> None:
        """Tell a client that groups undo that no more edits of a step come.

        No edit says so itself: what stands there in the end may have to be taken back.
        """
        if job in self._open_steps:
            self._open_steps.discard(job)
            edit = types.WorkspaceEdit(document_changes=[])
            params = {"edit": edit, "job": job, "first": False, "last": True}
            with suppress(JsonRpcException, ConnectionError):
                await self._server.request(APPLY_EDIT, params)

    async def send(
        self, job: str, title: str, edit: types.WorkspaceEdit, first: bool
    ) -> EditAnswer:
        """Have the editor make an edit; `first` begins an undo step, until `close_step`.

        Raises:
            JsonRpcException: the editor answers with an error.
        """
        if not self._session.extensions.apply_edit:
            params = types.ApplyWorkspaceEditParams(edit=edit, label=title)
            result = await self._server.request(types.WORKSPACE_APPLY_EDIT, params)
            return EditAnswer(result.applied)
        self._open_steps.add(job)
        own = await self._server.request(
            APPLY_EDIT, {"edit": edit, "job": job, "first": first, "last": False}
        )
        answer = own if isinstance(own, dict) else {}
        version = answer.get("version")
        return EditAnswer(
            answer.get("applied") is True, version if isinstance(version, int) else None
        )

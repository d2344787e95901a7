"""What happens around asking: the connection is warm, and a day's budget is the user's.

Invariant: opening a document never waits, and never shows an error; nothing of it is sent.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from glm_lsp.lsp.documents.mirror import Opened

if TYPE_CHECKING:
    from glm_lsp.lsp.documents.mirror import DocumentEvent
    from glm_lsp.lsp.server import Server
    from glm_lsp.lsp.session import ClientSession

_MOMENT = 0.05  # Seconds in which an editor asks its first questions of a document.
_YES, _NO = "Ask GLM", "Stop"


def register(server: Server, session: ClientSession) -> None:
    """Get ready with the first document, and ask the user before a budget is passed."""

    def opened(event: DocumentEvent) -> None:
        if isinstance(event, Opened):
            forget()
            server.spawn(warm())

    async def warm() -> None:
        await asyncio.sleep(_MOMENT)
        await session.warm()

    async def approve(question: str) -> bool:
        params = types.ShowMessageRequestParams(
            types.MessageType.Warning,
            question,
            [types.MessageActionItem(_YES), types.MessageActionItem(_NO)],
        )
        try:
            chosen = await server.request(types.WINDOW_SHOW_MESSAGE_REQUEST, params)
        except (JsonRpcException, ConnectionError):  # It cannot ask, or is gone.
            return False
        return isinstance(chosen, types.MessageActionItem) and chosen.title == _YES

    forget = server.documents.subscribe(opened)
    session.ask_before_overspending(approve)

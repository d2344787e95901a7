"""What happens around asking: the connection is warm; a budget and a new host are the user's word.

Invariants: opening a document never waits, never asks, and never shows an error; nothing of it is
sent. About one destination the user is asked once, whatever they answer, and also if they do not.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from glm_lsp.lsp.documents.mirror import Opened

if TYPE_CHECKING:
    from glm_lsp.errors import UnconfirmedHostError
    from glm_lsp.lsp.documents.mirror import DocumentEvent
    from glm_lsp.lsp.server import Server
    from glm_lsp.lsp.session import ClientSession

_MOMENT = 0.05  # Seconds in which an editor asks its first questions of a document.


def register(server: Server, session: ClientSession) -> None:
    """Get ready with the first document, and ask the user before a budget is passed."""

    def opened(event: DocumentEvent) -> None:
        if isinstance(event, Opened):
            forget()
            server.spawn(warm())

    async def warm() -> None:
        await asyncio.sleep(_MOMENT)
        await session.warm()

    async def ask(question: str, yes: str, no: str) -> bool:
        params = types.ShowMessageRequestParams(
            types.MessageType.Warning,
            question,
            [types.MessageActionItem(yes), types.MessageActionItem(no)],
        )
        try:
            chosen = await server.request(types.WINDOW_SHOW_MESSAGE_REQUEST, params)
        except (JsonRpcException, ConnectionError):  # It cannot ask, or is gone.
            return False
        return isinstance(chosen, types.MessageActionItem) and chosen.title == yes

    async def approve(question: str) -> bool:
        return await ask(question, "Ask GLM", "Stop")

    answers: dict[str, asyncio.Task[bool]] = {}

    async def confirm(error: UnconfirmedHostError) -> bool:
        known = answers.get(error.destination)
        if known is None:
            question = ask(error.question, f"Send to {error.host}", "Send nothing")
            known = answers[error.destination] = server.spawn(question)
        return await asyncio.shield(known)

    forget = server.documents.subscribe(opened)
    session.ask_before_overspending(approve)
    session.ask_before_a_new_host(confirm)

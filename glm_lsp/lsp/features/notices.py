"""A service does something else than it was asked, or has a rule: the user is told, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from glm_lsp import characters

if TYPE_CHECKING:
    from glm_lsp.llm.substitution import Notice
    from glm_lsp.lsp.server import Server
    from glm_lsp.lsp.session import ClientSession


def register(server: Server, session: ClientSession) -> None:
    """Tell the user, once for each kind and model, whatever changes of the way there."""
    told: set[tuple[str, str]] = set()

    def noticed(notice: Notice) -> None:
        if (notice.kind, notice.about) in told:
            return
        told.add((notice.kind, notice.about))
        server.show(characters.one_line(notice.sentence), types.MessageType.Warning)

    session.on_notice(noticed)

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
    """Tell the user; the session sees to it that it is once."""

    def noticed(notice: Notice) -> None:
        server.show(characters.one_line(notice.sentence), types.MessageType.Warning)

    session.on_notice(noticed)

"""A document is too long to be read: the user is told, once for each file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp import characters
from glm_lsp.context.gather import display_path

if TYPE_CHECKING:
    from glm_lsp.lsp.server import Server
    from glm_lsp.lsp.session import ClientSession


def register(server: Server, session: ClientSession) -> None:
    """Tell the user, once for each file."""
    told: set[str] = set()

    def left_out(uri: str) -> None:
        if uri in told:
            return
        told.add(uri)
        name = characters.one_line(display_path(uri, session.roots))
        most = server.documents.longest // 10**6
        server.show(
            f"{name} has more than {most} million characters: GLM does nothing in it."
            " Ask in a shorter file."
        )

    server.documents.on_left_out = left_out

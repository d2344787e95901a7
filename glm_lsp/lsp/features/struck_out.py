"""A secret was struck out of a question: the user is told, once for each file."""

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

    def struck(uri: str) -> None:
        if uri in told:
            return
        told.add(uri)
        name = characters.one_line(display_path(uri, session.roots))
        server.show(
            f"{name}: what looks like a secret was struck out before GLM was asked."
            " Keep secrets out of source files."
        )

    session.on_struck(struck)

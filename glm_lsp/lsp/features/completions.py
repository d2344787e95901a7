"""The completion engine of one client: made of the settings, and made anew when they change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp.completion.engine import Engine
from glm_lsp.prompts.completion import Room, kind_of

if TYPE_CHECKING:
    from glm_lsp.completion.types import CompletionRequest, Suggestion
    from glm_lsp.lsp.server import Server
    from glm_lsp.lsp.session import Session


class Completions:
    """Keeps the engine that fits the settings in force."""

    def __init__(self, server: Server, session: Session) -> None:
        self._server = server
        self._session = session
        self._engine: Engine | None = None
        session.on_change(self._settings_changed)

    async def complete(self, request: CompletionRequest) -> list[Suggestion]:
        """Return what may stand at the cursor; see `Engine.complete`."""
        if self._engine is None:
            self._engine = self._make()
        return await self._engine.complete(request)

    def accepted(self, suggestion: str) -> None:
        """Take note that the user took a suggestion."""

    async def close(self) -> None:
        """End what is running."""
        if self._engine is not None:
            await self._engine.close()

    def _settings_changed(self) -> None:
        engine, self._engine = self._engine, None
        if engine is not None:
            self._server.spawn(engine.close())

    def _make(self) -> Engine:
        session = self._session
        local = session.settings.provider == "local"
        return Engine(
            session,
            session.model_name(completion=True),
            session.settings.completion,
            kind=kind_of(session.settings.completion.prompt, session.settings.provider),
            room=Room(lines_above=40, characters_above=1_500) if local else None,
            allowed=lambda snapshot: not session.exclusions.excludes(snapshot.uri),
        )

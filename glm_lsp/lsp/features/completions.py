"""The completion engine of one client: made of the settings, and made anew when they change.

Invariant: a failure is said once, not per keystroke, but each time to a user who called for a
suggestion; it leaves the request without suggestions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp.completion.engine import Engine
from glm_lsp.completion.fallback import Fallback, Menu
from glm_lsp.completion.question import room
from glm_lsp.completion.related import RelatedCode
from glm_lsp.completion.statistics import Acceptance, open_statistics
from glm_lsp.context.cursor import LIMITS, ContextLimits
from glm_lsp.errors import ExcludedError, GlmError
from glm_lsp.llm import catalogue
from glm_lsp.prompts.completion import kind_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from glm_lsp.completion.question import Consult
    from glm_lsp.completion.types import CompletionRequest, Suggestion
    from glm_lsp.lsp.server import Server
    from glm_lsp.lsp.session import ClientSession
    from glm_lsp.settings import Settings
    from glm_lsp.text import Snapshot


class Completions:
    """Keeps the engine that fits the settings in force."""

    def __init__(
        self,
        server: Server,
        session: ClientSession,
        failed: Callable[[GlmError | None], None],
        consult: Consult,
    ) -> None:
        """Tell `failed` each failure, and None when there are suggestions again.

        `consult` says what the workspace defines.
        """
        self._consult = consult
        self._server = server
        self._session = session
        self._failed = failed
        self._acceptance = Acceptance(open_statistics(), server.documents.get)
        self._engine: Engine | None = None
        self._fallback: Fallback | None = None
        self._told: set[str] = set()
        session.on_change(self._settings_changed)

    async def complete(self, request: CompletionRequest) -> list[Suggestion]:
        """Return what may stand at the cursor.

        Raises:
            Superseded: a newer request took this one's place.
        """
        await self._session.be_settled()  # Other settings would end what is asked before them.
        try:
            suggestions = await self._ready().complete(request)
        except ExcludedError:
            return []  # It leads to a file that stays: as in every such file, nothing is said.
        except GlmError as error:
            self._tell(error, asked=not request.automatic)
            return []
        if suggestions:
            self._well()
        return suggestions

    async def menu(self, request: CompletionRequest) -> Menu:
        """Return what a completion menu may show, soon; see `Fallback.complete`."""
        engine = self._ready()
        if self._fallback is None:
            self._fallback = Fallback(engine, self._tell)
        try:
            menu = await self._fallback.complete(request)
        except GlmError as error:
            self._tell(error)
            return Menu()
        if menu.items:
            self._well()
        return menu

    def accepted(self, suggestion: str) -> None:
        """Take note that the user took a suggestion."""
        self._ready().accepted(suggestion)
        self._session.accepted()

    def partly_accepted(self, suggestion: str) -> None:
        """Take note that the user took the beginning of a suggestion."""
        self._ready().partly_accepted(suggestion)

    async def close(self) -> None:
        """End what is running."""
        await _close(self._engine, self._fallback)

    def _settings_changed(self) -> None:
        engine, self._engine = self._engine, None
        fallback, self._fallback = self._fallback, None
        if engine is not None:
            self._server.spawn(_close(engine, fallback))

    def _tell(self, error: GlmError, *, asked: bool = False) -> None:
        """Say a failure: each time to who `asked` for a suggestion, else once in a row."""
        self._failed(error)
        if asked or str(error) not in self._told:
            self._told.add(str(error))
            self._server.report(error, asked=asked)

    def _well(self) -> None:
        if self._told:
            self._told.clear()
            self._failed(None)

    def _ready(self) -> Engine:
        if self._engine is None:
            self._engine = self._make()
        return self._engine

    def _make(self) -> Engine:
        session = self._session
        model = session.model_name(completion=True)
        small = model == catalogue.EMBEDDED
        limits = ContextLimits(lines_above=40, characters_above=1_500) if small else LIMITS
        limits, elsewhere = room(session.settings.context.max_tokens, limits)

        def allowed(snapshot: Snapshot) -> bool:
            return not session.excludes(snapshot)

        def goes_along(other: Snapshot, snapshot: Snapshot) -> bool:
            return session.files.belongs(other.uri, beside=snapshot.file)

        related = RelatedCode(lambda: self._server.documents, goes_along)
        return Engine(
            session,
            model,
            session.settings.completion,
            kind=kind_of(session.settings.completion.prompt, session.settings.provider),
            limits=limits,
            allowed=allowed,
            gather=related.gather if session.settings.context.related_files and not small else None,
            above=self._server.notebooks.above,
            consult=self._consult if not small else None,
            elsewhere=elsewhere,
            acceptance=self._acceptance,
            failed=self._tell,
            ahead=_asks_ahead(session.settings),
        )


def _asks_ahead(settings: Settings) -> bool:
    """Tell whether to ask for what may never be wanted: by itself only where nobody bills."""
    if settings.completion.ahead != "auto":
        return settings.completion.ahead == "on"
    return settings.provider == "local"


async def _close(engine: Engine | None, fallback: Fallback | None) -> None:
    if fallback is not None:
        await fallback.close()
    if engine is not None:
        await engine.close()

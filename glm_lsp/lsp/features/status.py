"""The state of the server, told to clients that show it, and to whoever asks.

Invariants: the state is told when the session has begun, and then when something in it changed;
the tokens and the cost are the day's, of all the user's servers, and reading them keeps nobody
waiting.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal

from attrs import evolve

from glm_lsp.errors import (
    AuthenticationError,
    GlmError,
    LocalModelError,
    NoKeyError,
    ProviderError,
    QuotaError,
    RateLimitError,
    UnconfirmedHostError,
)
from glm_lsp.lsp import extension
from glm_lsp.timeout import timeout

if TYPE_CHECKING:
    from collections.abc import Callable

    from glm_lsp.lsp.server import Server
    from glm_lsp.lsp.session import ClientSession

_MOMENT = 0.5  # Seconds in which a server begins; nobody looks at costs before.
_AGAIN_AFTER = 60.0  # Seconds: other windows ask too, and days end.


class StatusBoard:
    """What one client is told about the server's state."""

    def __init__(self, server: Server, session: ClientSession) -> None:
        self._server = server
        self._session = session
        self._busy = 0
        self._awaited: str | None = None  # What was said of the last wait.
        self._begun = False
        self._booked = asyncio.Event()
        self._status = extension.ServerStatus("ready", session.model_name())
        session.on_change(self._settings_changed)

    @property
    def status(self) -> extension.ServerStatus:
        """The state as last told."""
        return self._status

    def announce(self) -> None:
        """Tell the state for the first time, once the client takes notifications."""
        self._begun = True
        self._notify()
        if self._session.extensions.status:
            self._server.spawn(self._keep_counting())

    def begin(self) -> None:
        """Note that a model is being asked."""
        self._busy += 1
        self._tell(evolve(self._status, state="working", message="", needs=None))

    def waits(self, whom: str, seconds: int) -> None:
        """Note for whom an action waits, and how long if that is known; for "" no longer."""
        if not whom:
            self._tell(evolve(self._status, state="working", message="", needs=None))
            return
        for_long = f", {seconds} s" if seconds else ""
        self._awaited = f"Waits for {whom}{for_long}."
        self._tell(evolve(self._status, state="limited", message=self._awaited, needs=None))

    def end(self, error: GlmError | None = None) -> None:
        """Note that the asking ended, well or with an error."""
        self._busy = max(0, self._busy - 1)
        if (
            error is None
            and self._busy == 0
            and (self._status.state == "working" or self._status.message == self._awaited)
        ):
            self._tell(evolve(self._status, state="ready", message="", needs=None))
        elif error is not None:
            self.failed(error)

    def failed(self, error: GlmError | None) -> None:
        """Show a failure that lasts until something succeeds; None: something did."""
        state: extension.State = "working" if self._busy else "ready"
        if isinstance(error, QuotaError | RateLimitError):
            state = "limited"
        elif isinstance(error, ProviderError | NoKeyError | LocalModelError | UnconfirmedHostError):
            state = "error"
        message = "" if error is None else str(error)
        keyless = isinstance(error, NoKeyError | AuthenticationError)
        needs: Literal["key"] | None = "key" if keyless else None
        self._tell(evolve(self._status, state=state, message=message, needs=needs))

    def booked(self) -> None:
        """Note that a request is in the books."""
        self._booked.set()

    async def answer(self, uri: str | None) -> dict[str, Any]:
        """Return the answer to `glm.status`; with a document's `uri` what GLM does in it."""
        await self._count()
        jobs = [
            {"id": job.id, "title": job.title, "uri": job.uri}
            for job in self._server.jobs.running()
        ]
        here = {} if uri is None else {"document": self._in(uri)}
        return {**self._status.params(), "jobs": jobs, **here}

    def _in(self, uri: str) -> Literal["served", "withoutCompletions", "excluded", "closed"]:
        """Return what is done in a document."""
        snapshot = self._server.documents.get(uri)
        if self._session.exclusions.excludes(uri):
            return "excluded"
        if snapshot is None:
            return "closed"
        completion = self._session.settings.completion
        if not completion.enabled or snapshot.language in completion.disabled_languages:
            return "withoutCompletions"
        return "served"

    async def _keep_counting(self) -> None:
        await asyncio.sleep(_MOMENT)
        while True:
            self._booked.clear()
            await self._count()
            with suppress(asyncio.TimeoutError):
                async with timeout(_AGAIN_AFTER):
                    await self._booked.wait()

    async def _count(self) -> None:
        used = await self._session.used_today()
        if used is not None:
            self._tell(evolve(self._status, tokens=used.tokens, cost=used.cost))

    def _settings_changed(self) -> None:
        settings = self._session.settings
        model = f"{self._session.model_name()} ({settings.provider})"
        self._tell(evolve(self._status, model=model))

    def _tell(self, status: extension.ServerStatus) -> None:
        if status != self._status:
            self._status = status
            self._notify()

    def _notify(self) -> None:
        if self._begun and self._session.extensions.status:
            self._server.notify(extension.STATUS, self._status.params())


def register(
    server: Server,
    board: StatusBoard,
    index: Callable[[], dict[str, Any] | None],
    silent: Callable[[str], str],
) -> None:
    """Serve `glm.status`; `index` says how much of the workspace is indexed.

    `silent` says why no next edit is shown in a document.
    """

    @server.command("glm.status")
    async def status(argument: Any = None) -> dict[str, Any]:
        uri = argument.get("uri") if isinstance(argument, dict) else None
        if not isinstance(uri, str):
            return {**await board.answer(None), "index": index()}
        return {**await board.answer(uri), "index": index(), "nextEdit": silent(uri)}

"""From a task to a question: with what the workspace has for it, and what other servers know.

Invariant: no model is asked. Index and editor are waited for no longer than their time; without
their answers the question goes as it is.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from attrs import evolve

from glm_lsp.actions.plan import Plan, Task, plan, wanted_of
from glm_lsp.actions.told import merged
from glm_lsp.lsp.work import other_tools
from glm_lsp.lsp.work.elsewhere import names_in
from glm_lsp.text import Span
from glm_lsp.timeout import timeout

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from glm_lsp.actions.told import Told
    from glm_lsp.lsp.server import Server
    from glm_lsp.lsp.session import ClientSession
    from glm_lsp.lsp.work.other_tools import Answer, KnownProblems
    from glm_lsp.project.wanted import Excerpt, Wanted
    from glm_lsp.text import Snapshot

    Show = Callable[[Snapshot, Wanted], Awaitable[tuple[Excerpt, ...]]]

_SHOWN_WITHIN = 2.0
"""Seconds that the index may take; after that a question goes without."""


class Planner:
    """Plans one client's questions; `show` asks the index of its workspace."""

    def __init__(self, server: Server, session: ClientSession, show: Show) -> None:
        self._server = server
        self._session = session
        self._show = show

    async def plan(self, task: Task) -> tuple[Plan, KnownProblems | None]:
        """Return the question for a task, and what other tools report before an edit, if known.

        Raises:
            ReplyError: there is nothing there to work on.
        """
        task = evolve(task, above=self._server.notebooks.above(task.snapshot))
        profile = await self._session.profile(task.snapshot.file)
        # Parsing a large file takes longer than a keystroke may wait.
        wanted = await asyncio.to_thread(wanted_of, task, profile)
        shown, (told, before) = await asyncio.gather(
            self._shown(task.snapshot, wanted), self._told(task, wanted)
        )
        every = merged(shown, told)
        return await asyncio.to_thread(plan, task, profile, every), before

    async def ask_others(self, uri: str) -> Answer | None:
        """Ask what the other tools report, where the client can be asked."""
        if not self._session.extensions.context:
            return None
        return await other_tools.ask(self._server, uri)

    async def _shown(self, snapshot: Snapshot, wanted: Wanted | None) -> tuple[Excerpt, ...]:
        if wanted is not None:
            with suppress(asyncio.TimeoutError):
                async with timeout(_SHOWN_WITHIN):
                    return await self._show(snapshot, wanted)
        return ()

    async def _told(
        self, task: Task, wanted: Wanted | None
    ) -> tuple[tuple[Told, ...], KnownProblems | None]:
        """Return what other servers know of what the code uses, and what they report of it."""
        if not self._session.extensions.context:
            return (), None
        server, snapshot, files = self._server, task.snapshot, self._session.files
        related = self._session.settings.context.related_files
        lines = _lines(snapshot, wanted) if wanted is not None and related else Span(0, 0)
        asked = await names_in(snapshot, lines, server.documents.encoding)
        edits = task.action.answer == "edit"
        if not asked.positions and not edits:
            return (), None
        answer = await other_tools.ask(server, snapshot.uri, positions=asked.positions)
        if answer is None:
            return (), None
        uris = {place.uri for places in answer.definitions.values() for place in places}
        opened = {uri: here for uri in uris if (here := server.documents.get(uri)) is not None}
        told = await asyncio.to_thread(asked.told, answer, files, opened)
        before = await other_tools.reported(server, answer, snapshot) if edits else None
        return told, before


def _lines(snapshot: Snapshot, wanted: Wanted) -> Span:
    text = snapshot.text
    return Span(text.line_start(wanted.first), text.line_span(wanted.last).end)

"""Shows what a model writes for people, as it comes, where the editor has a place for it.

Invariant: what began to be shown is ended there, also when the model fails half-way or nobody waits
any more; no word gets there but through `Shown`, which makes it safe.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from glm_lsp.lsp.work.explanations import load

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from glm_lsp.actions.plan import Plan
    from glm_lsp.lsp.server import Server
    from glm_lsp.lsp.session import ClientSession
    from glm_lsp.lsp.work.explanations import Explanations, Shown, Surface

_AT_ONCE = 1_000
"""Characters of an explanation that are read without a pause."""


class Teller:
    """Shows one client's explanations."""

    def __init__(self, server: Server, session: ClientSession, explanations: Explanations) -> None:
        self._server = server
        self._session = session
        self._explanations = explanations

    async def tell(
        self,
        job: str,
        planned: Plan,
        pieces: AsyncGenerator[str, None],
        below: tuple[Shown, str] | None = None,
    ) -> tuple[Shown, str]:
        """Show text, as it comes, where the editor has a place for explanations.

        `below` names one that it goes on, and what its question adds there. Returns where it
        stands, and what the model wrote.
        """
        surface, shown, ahead = self._place(job, planned, below)
        loading = asyncio.ensure_future(load())  # While GLM is asked.
        begun, answer = False, ""

        async def add(delta: str) -> None:
            nonlocal begun
            if delta and not begun:
                begun = True
                await surface.begin(shown)
                delta = ahead + delta
            if delta:
                await surface.add(shown, delta)

        async def end() -> None:
            await loading
            await add(shown.finish())
            shown.done = True
            if begun:
                await surface.end(shown)

        try:
            async for piece in pieces:
                await asyncio.shield(loading)
                answer += piece
                for start in range(0, len(piece), _AT_ONCE):
                    await add(shown.feed(piece[start : start + _AT_ONCE]))
                    if len(piece) > _AT_ONCE:
                        await asyncio.sleep(0)  # It is the others' turn.
        finally:
            await pieces.aclose()
            await asyncio.shield(end())
        return shown, answer

    def _place(
        self, job: str, planned: Plan, below: tuple[Shown, str] | None
    ) -> tuple[Surface, Shown, str]:
        """Return where it is shown, and what comes before its first word."""
        surface = self._explanations.choose(
            own=self._session.extensions.explanation,
            capabilities=self._server.client_capabilities,
        )
        if below is not None:
            return surface, *below
        snapshot, plain = planned.task.snapshot, surface.plain
        shown = self._explanations.open(job, snapshot, planned.target, planned.title, plain=plain)
        return surface, shown, ""

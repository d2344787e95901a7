"""From a cursor to a model's answer: what is asked, and of whom.

Invariant: asking begins with the first delta that is waited for, and ends, with its connection
closed, when the generator does.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

import attrs

from glm_lsp.context.cells import CellsAbove, cells_above
from glm_lsp.context.cursor import LIMITS, ContextLimits
from glm_lsp.context.gather import display_path
from glm_lsp.prompts.completion import CompletionQuestion, Kind, ProjectContext, render
from glm_lsp.timeout import timeout

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

    from glm_lsp.completion.types import CompletionRequest, Draft
    from glm_lsp.context.cursor import CursorContext
    from glm_lsp.llm.types import Delta, Provider
    from glm_lsp.prompts.completion import Related
    from glm_lsp.text import Snapshot

    Gather = Callable[[Snapshot, int], Awaitable[tuple[Related, ...]]]
    Above = Callable[[Snapshot], Sequence[Snapshot]]
    Consult = Callable[[Snapshot, int, int], Awaitable[ProjectContext]]

CHARACTERS_PER_TOKEN = 3.0
"""A cautious rule of thumb for code."""

PROJECT_CHARACTERS = 8_000
"""Of what the workspace defines, in a prompt."""

RELATED_DEADLINE = 0.1
"""Seconds that related code may take; after that the prompt goes without."""


def room(most_tokens: int | None, limits: ContextLimits = LIMITS) -> tuple[ContextLimits, int]:
    """Return how much of the document a prompt shows, and how many characters of elsewhere.

    `most_tokens` bounds both together, the document before the rest; None leaves them as they are.
    """
    if most_tokens is None:
        return limits, PROJECT_CHARACTERS
    characters = int(most_tokens * CHARACTERS_PER_TOKEN)
    limits = limits.up_to(characters)
    left = characters - limits.characters_above - limits.characters_below
    return limits, min(PROJECT_CHARACTERS, left)


class Asker:
    """Asks one model for completions.

    Attributes:
        kind: how it is asked.
    """

    def __init__(
        self,
        provider: Provider,
        model: str,
        kind: Kind = "chat",
        limits: ContextLimits = LIMITS,
        gather: Gather | None = None,
        above: Above | None = None,
        consult: Consult | None = None,
        elsewhere: int = PROJECT_CHARACTERS,
    ) -> None:
        """Ask `provider` for `model`.

        `gather` finds related code for the prompt; `consult` says what the workspace defines, in
        `elsewhere` characters at most, and where it does nobody gathers; `above` returns a
        notebook's cells above one, the nearest last; `limits` says how much of the document is
        sent, and of those cells.
        """
        self.kind: Kind = kind
        self._provider = provider
        self._model = model
        self._limits = limits
        self._gather = gather
        self._above = above
        self._consult = consult
        self._characters = elsewhere

    def shorten(self) -> None:
        """Send half as much of the document and the workspace from now on."""
        self._limits = self._limits.halved()
        self._characters //= 2

    async def ask(
        self,
        request: CompletionRequest,
        context: CursorContext,
        draft: Draft,
        *,
        others: int = 0,
        feature: str = "completion",
    ) -> AsyncGenerator[Delta, None]:
        """Ask for a draft's text, and for so many others, and yield the answer.

        Raises:
            GlmError: the model could not be asked, or failed.
        """
        project = await self._project(request)
        question = CompletionQuestion(
            context=context.within(self._limits),
            path=display_path(request.snapshot.file),
            related=() if project.sheet else await self._related(request),
            project=project,
            above=self._cells(request.snapshot),
            multiline=draft.multiline,
            follows=draft.follows,
            max_lines=draft.max_lines,
            others=others,
        )
        asked = attrs.evolve(render(self.kind, question, self._model), feature=feature)
        async with aclosing(self._provider.stream(asked)) as deltas:
            async for delta in deltas:
                yield delta

    def _cells(self, snapshot: Snapshot) -> CellsAbove:
        cells = self._above(snapshot) if self._above is not None else ()
        return cells_above(cells, snapshot, self._limits.characters_above)

    async def _project(self, request: CompletionRequest) -> ProjectContext:
        if self._consult is None or self._characters <= 0:
            return ProjectContext()
        try:
            async with timeout(RELATED_DEADLINE):
                return await self._consult(*request.with_selection(), self._characters)
        except asyncio.TimeoutError:
            return ProjectContext()

    async def _related(self, request: CompletionRequest) -> tuple[Related, ...]:
        if self._gather is None or self._characters <= 0:
            return ()
        try:
            async with timeout(RELATED_DEADLINE):
                return await self._gather(*request.with_selection())
        except asyncio.TimeoutError:
            return ()

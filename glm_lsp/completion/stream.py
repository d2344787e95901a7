"""One stream in flight, and those who follow it.

Invariant: a flight belongs to the engine, which closes it; followers only look. Its task
ends with it, and ending closes the connection to the model, also in the middle of a word.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

import attrs

from glm_lsp.completion.filters import pipeline
from glm_lsp.errors import GlmError
from glm_lsp.llm.types import Finish, TextDelta, Usage

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from glm_lsp.completion.context import Place
    from glm_lsp.completion.filters.draft import Draft
    from glm_lsp.llm.types import Delta


class Flight:
    """A question that a model is answering.

    `landed` is called once, when the answer is complete or failed; not after `close`.

    Attributes:
        place: where the completion was asked for.
        error: why there is none.
        usage: what the service counted, once it said so.
    """

    def __init__(
        self,
        stream: AsyncGenerator[Delta, None],
        place: Place,
        draft: Draft,
        landed: Callable[[Flight], None],
    ) -> None:
        self.place = place
        self._complete = False
        self._closed = False
        self.error: GlmError | None = None
        self.usage: Usage | None = None
        self._draft = draft
        self._landed = landed
        self._waiting: set[asyncio.Future[None]] = set()
        self._task = asyncio.ensure_future(self._read(stream))

    def complete(self) -> bool:
        """Tell whether the answer is all there, or there will be none."""
        return self._complete

    def closed(self) -> bool:
        """Tell whether it was ended before its time: what has arrived is worth nothing."""
        return self._closed

    @property
    def opening(self) -> str:
        """How the completion begins, as far as that is certain."""
        return pipeline.opening(self._draft, self.place)

    def result(self) -> Draft:
        """Return the filtered completion of what has arrived."""
        return pipeline.run(self._draft, self.place)

    async def changed(self) -> None:
        """Wait until more has arrived, or the flight has ended."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(waiter)
        try:
            await waiter
        finally:
            self._waiting.discard(waiter)

    async def close(self) -> None:
        """End the flight; its connection is closed when this returns."""
        self._closed = True
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _read(self, stream: AsyncGenerator[Delta, None]) -> None:
        try:
            async with aclosing(stream) as deltas:
                async for delta in deltas:
                    if isinstance(delta, TextDelta) and not self._complete:
                        self._take(delta.text)
                        if pipeline.finished(self._draft, self.place):
                            self._land()
                            return
                    elif isinstance(delta, Finish):
                        self._land()
                    elif isinstance(delta, Usage):
                        self.usage = delta
        except GlmError as error:
            if not self._complete:
                self.error = error
        finally:
            self._land()

    def _take(self, text: str) -> None:
        self._draft = attrs.evolve(self._draft, text=self._draft.text + text)
        self._wake()

    def _land(self) -> None:
        if not self._complete:
            self._complete = True
            if not self._closed:
                self._landed(self)
            self._wake()

    def _wake(self) -> None:
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)

"""The engine of ghost text: from a cursor to what may stand behind it.

A request passes through named stages:

    eligible? -> known already (cache, typing along) -> a stream in flight agrees with what
    was typed -> wait for the hand to pause -> context -> prompt -> stream -> early stop
    -> filters -> cache -> answer

Invariants: what is known is answered without waiting; at most one stream is in flight, and
a new one starts only when the old one's connection is closed; every request ends, with
suggestions, with none, with an error, or as `Superseded`.
"""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING

import attrs
from attrs import define, field

from glm_lsp.completion.acceptance import KEPT_AFTER, Acceptance, Known
from glm_lsp.completion.cache import Cache, Entry
from glm_lsp.completion.clock import Clock, RealClock
from glm_lsp.completion.context import Place, place_at
from glm_lsp.completion.debounce import Rhythm
from glm_lsp.completion.eligibility import welcome, worth_asking
from glm_lsp.completion.filters.draft import Draft
from glm_lsp.completion.refusals import Refusals
from glm_lsp.completion.scope import Extent, extent_at
from glm_lsp.completion.stream_owner import Runway
from glm_lsp.completion.typed_through import typed_since
from glm_lsp.completion.types import (
    CompletionRequest,
    SelectedCompletion,
    Suggestion,
    Superseded,
)
from glm_lsp.errors import PromptTooLongError
from glm_lsp.prompts.completion import Kind, Question, Room, render, window_at
from glm_lsp.text import Snapshot, Span

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from glm_lsp.completion.stream import Flight
    from glm_lsp.llm.types import Provider
    from glm_lsp.prompts.completion import Related
    from glm_lsp.settings import CompletionSettings

    Gather = Callable[[Snapshot, int], Awaitable[tuple[Related, ...]]]

__all__ = [
    "CompletionRequest",
    "Engine",
    "SelectedCompletion",
    "Suggestion",
    "Superseded",
]

CONTEXT_DEADLINE = 0.1
"""Seconds that related code may take; after that the prompt goes without."""

ERROR_PAUSE = 10.0
"""Seconds without automatic requests after one failed, unless the service says how long."""


@define(eq=False)
class _Call:
    """A request that waits for its answer."""

    place: Place
    task: asyncio.Task[Draft] | None = None
    superseded: bool = field(default=False)


def everything(_: Snapshot) -> bool:
    """Allow any document."""
    return True


class Engine:
    """Completes at the cursor of one client's documents."""

    def __init__(
        self,
        provider: Provider,
        model: str,
        settings: CompletionSettings,
        *,
        kind: Kind = "chat",
        room: Room | None = None,
        allowed: Callable[[Snapshot], bool] = everything,
        gather: Gather | None = None,
        acceptance: Acceptance | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Make an engine that asks `provider` for `model`.

        `allowed` tells which documents may be sent; `gather` finds related code for the
        prompt; `room` limits how much of the document is sent; `acceptance` counts what
        becomes of the suggestions.
        """
        self._provider = provider
        self._model = model
        self._settings = settings
        self._kind: Kind = kind
        self._room = room or Room()
        self._allowed = allowed
        self._gather = gather
        self._acceptance = acceptance
        self._clock = clock or RealClock()
        self._refusals = Refusals()
        self._cache = Cache()
        self._rhythm = Rhythm(None if settings.delay is None else settings.delay / 1000)
        self._runway = Runway(self._clock, self._landed, self._rhythm.judge)
        self._calls: set[_Call] = set()
        self._watching: set[asyncio.Task[None]] = set()
        self._last: Place | None = None
        self._quiet_until = 0.0
        self._ids = count(1)

    async def complete(self, request: CompletionRequest) -> list[Suggestion]:
        """Return what may stand at the cursor, the best first; often nothing.

        Raises:
            Superseded: a newer request took this one's place.
            GlmError: the model could not be asked, or failed; raised once, then the engine
                keeps quiet for a while.
        """
        now = self._clock.now()
        place = self._place(request)
        self._supersede(place)
        if place is None:
            return []
        self._note_key(place, now)
        if self._refusals.move(place, now) and self._acceptance is not None:
            self._acceptance.refused()
        draft = self._cache.find(place, now)
        if draft is None or (not draft.text and not request.automatic):
            draft = await self._wait_for_answer(_Call(place), request)
        return self._suggestions(draft, request, place)

    def accepted(self, suggestion_id: str) -> None:
        """Take note that the user took a suggestion."""
        self._refusals.accept()
        known = self._acceptance.accepted(suggestion_id) if self._acceptance else None
        if known is not None:
            task = asyncio.ensure_future(self._look_again(known))
            self._watching.add(task)
            task.add_done_callback(self._watching.discard)

    def partly_accepted(self, suggestion_id: str) -> None:
        """Take note that the user took the beginning of a suggestion."""
        if self._acceptance is not None:
            self._acceptance.partly_accepted(suggestion_id)

    def refused(self) -> None:
        """Take note that the user dismissed what was shown, where an editor tells."""
        if self._refusals.refuse(self._clock.now()) and self._acceptance is not None:
            self._acceptance.refused()

    async def close(self) -> None:
        """End every request and the stream in flight."""
        for call in list(self._calls):
            _end(call)
        for task in self._watching:
            task.cancel()
        if self._acceptance is not None:
            self._acceptance.close()
        await self._runway.close()

    # Stages, in the order of the journey.

    def _place(self, request: CompletionRequest) -> Place | None:
        """Look around the cursor; None when nothing is to be offered there."""
        if not welcome(request, self._settings, self._allowed):
            return None
        place = place_at(*_with_selection(request))
        return place if not request.automatic or worth_asking(place) else None

    def _note_key(self, place: Place, now: float) -> None:
        typed = typed_since(self._last, place) if self._last is not None else None
        if typed != "":
            self._rhythm.key(now, len(typed.strip()) if typed else 1)
        self._last = place

    def _supersede(self, place: Place | None) -> None:
        """End the requests for other places; a twin of this one may go on."""
        for call in list(self._calls):
            if call.place != place:
                _end(call)

    async def _wait_for_answer(self, call: _Call, request: CompletionRequest) -> Draft:
        call.task = asyncio.ensure_future(self._answer(call.place, request))
        self._calls.add(call)
        try:
            return await call.task
        except asyncio.CancelledError:
            if call.superseded:
                raise Superseded from None
            raise
        finally:
            self._calls.discard(call)
            if not self._calls:
                self._runway.leave()

    async def _answer(self, place: Place, request: CompletionRequest) -> Draft:
        nothing = Draft("")
        if (draft := await self._runway.follow(place)) is not None:
            return draft
        if request.automatic:
            now = self._clock.now()
            if now < self._quiet_until:
                return nothing
            await self._clock.sleep(self._rhythm.delay(now))
            # The same request may have come twice, and its twin may be faster.
            if (draft := self._cache.find(place, now)) is not None:
                return draft
            if (draft := await self._runway.follow(place)) is not None:
                return draft
        await self._ask(place, request)
        try:
            return await self._runway.follow(place) or nothing
        except PromptTooLongError:
            self._room = self._room.halved()
            self._quiet_until = 0.0
            await self._ask(place, request)
            return await self._runway.follow(place) or nothing

    async def _ask(self, place: Place, request: CompletionRequest) -> None:
        """Write the prompt and start the stream."""
        extent = extent_at(place)
        snapshot, offset = _with_selection(request)
        question = Question(
            window=window_at(snapshot, offset, self._room),
            language=snapshot.language,
            path=snapshot.uri.rpartition("/")[2],
            related=await self._related(snapshot, offset),
            several_lines=extent is Extent.BLOCK,
            max_lines=self._settings.max_lines,
        )
        asked = render(self._kind, question, self._model)
        draft = Draft("", f"c{next(self._ids)}", extent, self._settings.max_lines)
        await self._runway.launch(place, draft, lambda: self._provider.stream(asked))

    async def _related(self, snapshot: Snapshot, offset: int) -> tuple[Related, ...]:
        if self._gather is None:
            return ()
        try:
            return await asyncio.wait_for(self._gather(snapshot, offset), CONTEXT_DEADLINE)
        except asyncio.TimeoutError:
            return ()

    def _landed(self, flight: Flight) -> None:
        """Keep what a flight brought, or keep quiet after an error.

        The user hears of an error once, not at every key.
        """
        now = self._clock.now()
        if flight.error is None:
            self._cache.add(Entry(flight.place, flight.result(), now))
        else:
            self._quiet_until = now + (getattr(flight.error, "retry_after", None) or ERROR_PAUSE)

    def _suggestions(
        self, draft: Draft, request: CompletionRequest, place: Place
    ) -> list[Suggestion]:
        if not draft.text:
            return []
        if request.automatic and self._refusals.has(place, draft, self._clock.now()):
            return []
        self._refusals.show(place, draft)
        span = Span(request.offset, request.offset + draft.replaced)
        text = draft.text.replace("\n", place.newline)
        if request.selected is not None:
            span = Span(request.selected.span.start, request.selected.span.end + draft.replaced)
            text = request.selected.text + text
        suggestion = Suggestion(draft.id, span, text)
        if self._acceptance is not None:
            self._acceptance.shown(place.uri, suggestion)
        return [suggestion]

    async def _look_again(self, known: Known) -> None:
        await self._clock.sleep(KEPT_AFTER)
        if self._acceptance is not None:
            self._acceptance.look_again(known)


def _end(call: _Call) -> None:
    call.superseded = True
    if call.task is not None:
        call.task.cancel()


def _with_selection(request: CompletionRequest) -> tuple[Snapshot, int]:
    """Return the document and the cursor as if the popup's entry had been taken."""
    selected = request.selected
    if selected is None:
        return request.snapshot, request.offset
    text = request.snapshot.text.replace(selected.span, selected.text)
    return attrs.evolve(request.snapshot, text=text), selected.span.start + len(selected.text)

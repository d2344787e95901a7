"""The engine of ghost text: from a cursor to what may stand behind it.

A request passes through named stages:

    offered here? -> known already (cache, typed through) -> a stream in flight agrees with
    what was typed -> wait for the hand to pause -> context -> prompt -> stream -> early stop
    -> filters -> cache -> answer

Invariants: what is known is answered without waiting; at most one stream is in flight, and
a new one starts only when the old one's connection is closed; every request ends, with
suggestions, with none, with an error, or as `Superseded`.
"""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING

from attrs import define

from glm_lsp.completion.cache import CachedCompletion, CompletionCache, Refusals
from glm_lsp.completion.debounce import Debounce, RealClock
from glm_lsp.completion.scope import is_enabled, is_multiline, is_useful
from glm_lsp.completion.statistics import KEPT_AFTER
from glm_lsp.completion.stream import StreamOwner
from glm_lsp.completion.types import CompletionRequest, Draft, Suggestion, Superseded
from glm_lsp.context.cursor import LIMITS, CursorContext, context_at, typed_since
from glm_lsp.context.gather import display_path
from glm_lsp.errors import PromptTooLongError
from glm_lsp.prompts.completion import CompletionQuestion, Kind, render
from glm_lsp.text import Snapshot, Span
from glm_lsp.timeout import timeout

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from glm_lsp.completion.debounce import Clock
    from glm_lsp.completion.statistics import Acceptance, ShownSuggestion
    from glm_lsp.completion.stream import CompletionStream
    from glm_lsp.context.cursor import ContextLimits
    from glm_lsp.llm.types import Provider
    from glm_lsp.prompts.completion import Related
    from glm_lsp.settings import CompletionSettings

    Gather = Callable[[Snapshot, int], Awaitable[tuple[Related, ...]]]

RELATED_DEADLINE = 0.1
"""Seconds that related code may take; after that the prompt goes without."""

ERROR_PAUSE = 10.0
"""Seconds without automatic requests after one failed, unless the service says how long."""


@define(eq=False)
class _Pending:
    """A request that waits for its answer."""

    request: CompletionRequest
    context: CursorContext
    task: asyncio.Task[Draft] | None = None
    superseded: bool = False

    def supersede(self) -> None:
        self.superseded = True
        if self.task is not None:
            self.task.cancel()


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
        limits: ContextLimits = LIMITS,
        allowed: Callable[[Snapshot], bool] = everything,
        gather: Gather | None = None,
        acceptance: Acceptance | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Make an engine that asks `provider` for `model`.

        `allowed` tells which documents may be sent; `gather` finds related code for the
        prompt; `limits` says how much of the document is sent; `acceptance` counts what
        becomes of the suggestions.
        """
        self._provider = provider
        self._model = model
        self._settings = settings
        self._kind: Kind = kind
        self._limits = limits
        self._allowed = allowed
        self._gather = gather
        self._acceptance = acceptance
        self._clock = clock or RealClock()
        self._refusals = Refusals()
        self._cache = CompletionCache()
        self._debounce = Debounce(None if settings.delay is None else settings.delay / 1000)
        self._streams = StreamOwner(self._clock, self._stream_ended, self._debounce.note_prediction)
        self._pending: set[_Pending] = set()
        self._watching: set[asyncio.Task[None]] = set()
        self._last: CursorContext | None = None
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
        context = self._context(request)
        self._supersede(context)
        if context is None:
            return []
        self._note_keystroke(context, now)
        if self._refusals.move(context, now) and self._acceptance is not None:
            self._acceptance.refused()
        draft = self._cache.find(context, now)
        if draft is None or (not draft.text and not request.automatic):
            draft = await self._wait_for_answer(_Pending(request, context))
        return self._suggestions(draft, request, context)

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
        for pending in list(self._pending):
            pending.supersede()
        for task in self._watching:
            task.cancel()
        if self._acceptance is not None:
            self._acceptance.close()
        await self._streams.close()

    # Stages, in the order of the journey.

    def _context(self, request: CompletionRequest) -> CursorContext | None:
        """Look around the cursor; None when nothing is to be offered there."""
        if not is_enabled(request, self._settings, self._allowed):
            return None
        context = context_at(*request.with_selection())
        return context if not request.automatic or is_useful(context) else None

    def _supersede(self, context: CursorContext | None) -> None:
        """End the requests for other places; a twin of this one may go on."""
        for pending in list(self._pending):
            if pending.context != context:
                pending.supersede()

    def _note_keystroke(self, context: CursorContext, now: float) -> None:
        typed = typed_since(self._last, context) if self._last is not None else None
        if typed != "":
            self._debounce.keystroke(now, len(typed.strip()) if typed else 1)
        self._last = context

    async def _wait_for_answer(self, pending: _Pending) -> Draft:
        pending.task = asyncio.ensure_future(self._answer(pending.request, pending.context))
        self._pending.add(pending)
        try:
            return await pending.task
        except asyncio.CancelledError:
            if pending.superseded:
                raise Superseded from None
            raise
        finally:
            self._pending.discard(pending)
            if not self._pending:
                self._streams.close_soon()

    async def _answer(self, request: CompletionRequest, context: CursorContext) -> Draft:
        nothing = Draft("")
        if (draft := await self._streams.follow(context)) is not None:
            return draft
        if request.automatic:
            now = self._clock.now()
            if now < self._quiet_until:
                return nothing
            await self._clock.sleep(self._debounce.delay(now))
            # The same request may have come twice, and its twin may be faster.
            if (draft := self._cache.find(context, now)) is not None:
                return draft
            if (draft := await self._streams.follow(context)) is not None:
                return draft
        await self._ask(request, context)
        try:
            return await self._streams.follow(context) or nothing
        except PromptTooLongError:
            self._limits = self._limits.halved()
            self._quiet_until = 0.0
            await self._ask(request, context)
            return await self._streams.follow(context) or nothing

    async def _ask(self, request: CompletionRequest, context: CursorContext) -> None:
        """Write the prompt and start the stream."""
        multiline = is_multiline(context)
        question = CompletionQuestion(
            context=context.within(self._limits),
            path=display_path(context.uri),
            related=await self._related(request),
            multiline=multiline,
            max_lines=self._settings.max_lines,
        )
        asked = render(self._kind, question, self._model)
        draft = Draft("", f"c{next(self._ids)}", multiline, self._settings.max_lines)
        await self._streams.start(context, draft, lambda: self._provider.stream(asked))

    async def _related(self, request: CompletionRequest) -> tuple[Related, ...]:
        if self._gather is None:
            return ()
        try:
            async with timeout(RELATED_DEADLINE):
                return await self._gather(*request.with_selection())
        except asyncio.TimeoutError:
            return ()

    def _stream_ended(self, stream: CompletionStream) -> None:
        """Keep what a stream brought, or keep quiet after an error.

        The user hears of an error once, not at every key.
        """
        now = self._clock.now()
        if stream.error is None:
            self._cache.add(CachedCompletion(stream.context, stream.result(), now))
        else:
            self._quiet_until = now + (getattr(stream.error, "retry_after", None) or ERROR_PAUSE)

    def _suggestions(
        self, draft: Draft, request: CompletionRequest, context: CursorContext
    ) -> list[Suggestion]:
        if not draft.text:
            return []
        if request.automatic and self._refusals.has(context, draft, self._clock.now()):
            return []
        self._refusals.show(context, draft)
        span = Span(request.offset, request.offset + draft.replaced)
        text = draft.text.replace("\n", context.newline)
        if request.selected is not None:
            span = Span(request.selected.span.start, request.selected.span.end + draft.replaced)
            text = request.selected.text + text
        suggestion = Suggestion(draft.id, span, text)
        if self._acceptance is not None:
            self._acceptance.shown(context.uri, suggestion)
        return [suggestion]

    async def _look_again(self, shown: ShownSuggestion) -> None:
        await self._clock.sleep(KEPT_AFTER)
        if self._acceptance is not None:
            self._acceptance.look_again(shown)

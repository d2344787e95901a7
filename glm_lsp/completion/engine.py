"""The engine of ghost text: from a cursor to what may stand behind it.

A request passes through named stages:

    offered here? -> known already (cache, typed through) -> a stream in flight agrees with
    what was typed -> wait for the hand to pause -> context -> prompt -> stream -> early stop
    -> filters -> cache -> answer

Invariants: what is known is answered without waiting; at most one stream is in flight, and
a new one starts only when the old one's connection is closed; every request ends, with
suggestions, with none, with an error, or as `Superseded`. Where completions come only when
called for, nothing is asked by itself.
"""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING

from attrs import define

from glm_lsp.completion.cache import CachedCompletion, CompletionCache, Refusals, distinct
from glm_lsp.completion.debounce import Debounce, RealClock
from glm_lsp.completion.question import PROJECT_CHARACTERS, Asker
from glm_lsp.completion.scope import is_enabled, is_multiline, is_useful
from glm_lsp.completion.statistics import KEPT_AFTER
from glm_lsp.completion.stream import StreamOwner
from glm_lsp.completion.types import CompletionRequest, Draft, Suggestion, Superseded
from glm_lsp.context.cursor import LIMITS, CursorContext, context_at, typed_since
from glm_lsp.errors import GlmError, PromptTooLongError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from glm_lsp.completion.debounce import Clock
    from glm_lsp.completion.question import Above, Consult, Gather
    from glm_lsp.completion.statistics import Acceptance, ShownSuggestion
    from glm_lsp.completion.stream import CompletionStream
    from glm_lsp.context.cursor import ContextLimits
    from glm_lsp.llm.types import Provider
    from glm_lsp.prompts.completion import Kind
    from glm_lsp.settings import CompletionSettings
    from glm_lsp.text import Snapshot

ERROR_PAUSE = 10.0
"""Seconds without automatic requests after one failed, unless the service says how long."""

AHEAD = "completion ahead"
"""What usage calls the questions for what follows a suggestion that is only shown."""

AHEAD_GRACE = 1.0
"""Seconds in which an editor asks for what follows an accepted suggestion."""


@define(eq=False)
class _Pending:
    """A request that waits for its answer."""

    request: CompletionRequest
    context: CursorContext
    task: asyncio.Task[list[Draft]] | None = None
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
        above: Above | None = None,
        consult: Consult | None = None,
        elsewhere: int = PROJECT_CHARACTERS,
        acceptance: Acceptance | None = None,
        failed: Callable[[GlmError], None] | None = None,
        ahead: bool = False,
        clock: Clock | None = None,
    ) -> None:
        """Make an engine that asks `provider` for `model`.

        `allowed` tells which documents may be sent; `acceptance` counts what becomes of the
        suggestions; `failed` is told why there is nothing besides what is known. With `ahead`, what
        follows a suggestion is asked for while it is shown. For the rest see `Asker`.
        """
        self._asker = Asker(provider, model, kind, limits, gather, above, consult, elsewhere)
        self._settings = settings
        self._allowed = allowed
        self._acceptance = acceptance
        self._failed = failed
        self._ahead = ahead and settings.trigger == "auto"
        self._clock = clock or RealClock()
        self._refusals = Refusals()
        self._cache = CompletionCache()
        self._debounce = Debounce(None if settings.delay is None else settings.delay / 1000)
        self._streams = StreamOwner(self._clock, self._stream_ended, self._debounce.note_prediction)
        self._pending: set[_Pending] = set()
        self._watching: set[asyncio.Task[None]] = set()
        self._last: CursorContext | None = None
        self._chosen: CursorContext | None = None
        self._accepted: CursorContext | None = None
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
        drafts = self._cache.find(context, now)
        if drafts is None or (not request.automatic and self._wants_more(drafts, context)):
            drafts = await self._wait_for_answer(_Pending(request, context))
        suggestions = self._suggestions(drafts, request, context)
        if suggestions and self._ahead:
            self._begin_next(request.once_accepted(suggestions[0]))
        return suggestions

    def accepted(self, suggestion_id: str) -> None:
        """Take note that the user took a suggestion; what follows it is asked for at once."""
        self._refusals.accept()
        if self._acceptance is None or (known := self._acceptance.accepted(suggestion_id)) is None:
            return
        self._watch(self._look_again(known))
        if (snapshot := self._acceptance.with_accepted(known)) is not None:
            end = known.suggestion.span.start + len(known.suggestion.text)
            request = CompletionRequest(snapshot, end)
            self._accepted = self._context(request)
            self._begin_next(request, AHEAD_GRACE)

    def partly_accepted(self, suggestion_id: str) -> None:
        """Take note that the user took the beginning of a suggestion."""
        if self._acceptance is not None:
            self._acceptance.partly_accepted(suggestion_id)

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

    def _wants_more(self, known: list[Draft], context: CursorContext) -> bool:
        """Tell whether to ask although something is known: for something, or for a choice."""
        return not known or (len(known) < self._settings.suggestions and self._chosen != context)

    def _note_keystroke(self, context: CursorContext, now: float) -> None:
        typed = typed_since(self._last, context) if self._last is not None else None
        if self._refusals.taken(context):
            self._accepted = context
        if context == self._accepted:
            self._debounce.acceptance()
        elif typed != "":
            self._debounce.keystroke(now, len(typed.strip()) if typed else 1)
        self._last = context

    async def _wait_for_answer(self, pending: _Pending) -> list[Draft]:
        answer = self._answer if pending.request.automatic else self._choice
        pending.task = asyncio.ensure_future(answer(pending.request, pending.context))
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

    async def _answer(self, request: CompletionRequest, context: CursorContext) -> list[Draft]:
        """Answer an editor that asks by itself."""
        if (drafts := await self._streams.follow(context)) is not None:
            return drafts
        now = self._clock.now()
        if now < self._quiet_until or self._settings.trigger == "manual":
            return []
        await self._clock.sleep(self._debounce.delay(now))
        # The same request may have come twice, and its twin may be faster.
        if (drafts := self._cache.find(context, now)) is not None:
            return drafts
        if (drafts := await self._streams.follow(context)) is not None:
            return drafts
        return await self._ask(request, context)

    async def _choice(self, request: CompletionRequest, context: CursorContext) -> list[Draft]:
        """Answer a user who calls for suggestions, with several to choose from.

        A chat model gives all of them in one answer; of others each costs a request.
        """
        self._chosen = context
        wanted = self._settings.suggestions
        known = await self._streams.follow(context) or self._cache.find(context, self._clock.now())
        drafts = known or []
        for _ in range(1 if self._asker.kind == "chat" else wanted):
            if len(drafts) >= wanted:
                break
            others = wanted - 1 if self._asker.kind == "chat" else min(1, len(drafts))
            try:
                drafts = distinct([*drafts, *await self._ask(request, context, others)])
            except GlmError as error:
                self._chosen = None
                if not drafts or self._failed is None:
                    raise
                self._failed(error)
                break
        drafts = drafts[:wanted]
        for draft in reversed(drafts):  # They are to stay in this order.
            self._cache.add(CachedCompletion(context, draft, self._clock.now()))
        return drafts

    async def _ask(
        self, request: CompletionRequest, context: CursorContext, others: int = 0
    ) -> list[Draft]:
        """Ask the model, and return what it says; once more if the prompt was too long."""
        try:
            await self._start(request, context, others=others)
            return await self._streams.follow(context) or []
        except PromptTooLongError:
            self._asker.shorten()
            self._quiet_until = 0.0
            await self._start(request, context, others=others)
            return await self._streams.follow(context) or []

    async def _start(
        self,
        request: CompletionRequest,
        context: CursorContext,
        *,
        others: int = 0,
        ahead: bool = False,
        feature: str = "completion",
    ) -> CompletionStream:
        """Start a stream of its answer."""
        draft = Draft(
            "",
            f"c{next(self._ids)}",
            multiline=is_multiline(context),
            follows=ahead or self._accepted == context,
            max_lines=self._settings.max_lines,
        )

        return await self._streams.start(
            context,
            draft,
            lambda: self._asker.ask(request, context, draft, others=others, feature=feature),
            count=1 + others if self._asker.kind == "chat" else 1,
            ahead=ahead,
        )

    def _begin_next(self, request: CompletionRequest, within: float | None = None) -> None:
        """Ask before an editor does; within so many seconds it has to, or the question ends."""
        if self._settings.trigger == "auto":
            self._watch(self._look_ahead(request, within))

    async def _look_ahead(self, request: CompletionRequest, within: float | None) -> None:
        context, now = self._context(request), self._clock.now()
        if context is None or now < self._quiet_until or self._pending:
            return
        if self._streams.is_asking(context) or self._cache.find(context, now) is not None:
            return
        if within is None:  # It may come to nothing, so that it is counted apart.
            await self._start(request, context, ahead=True, feature=AHEAD)
            return
        stream = await self._start(request, context, ahead=True)
        await self._clock.sleep(within)
        await self._streams.close_ahead(stream)

    def _stream_ended(self, stream: CompletionStream) -> None:
        """Keep what a stream brought, or keep quiet after an error.

        The user hears of an error once, not at every key.
        """
        now = self._clock.now()
        if stream.error is None:
            for draft in reversed(stream.results()):
                self._cache.add(CachedCompletion(stream.context, draft, now))
        elif not stream.ahead:
            self._quiet_until = now + (getattr(stream.error, "retry_after", None) or ERROR_PAUSE)

    def _suggestions(
        self, drafts: list[Draft], request: CompletionRequest, context: CursorContext
    ) -> list[Suggestion]:
        if request.automatic:
            now = self._clock.now()
            drafts = [one for one in drafts if not self._refusals.has(context, one, now)]
        if not drafts:
            return []
        self._refusals.show(context, drafts)
        suggestions = [request.suggestion(draft, context.newline) for draft in drafts]
        if self._acceptance is not None:
            self._acceptance.shown(context.uri, suggestions)
        return suggestions

    def _watch(self, work: Coroutine[None, None, None]) -> None:
        """Let something go on that nobody waits for."""
        task = asyncio.ensure_future(work)
        self._watching.add(task)
        task.add_done_callback(self._watching.discard)

    async def _look_again(self, shown: ShownSuggestion) -> None:
        await self._clock.sleep(KEPT_AFTER)
        if self._acceptance is not None:
            self._acceptance.look_again(shown)

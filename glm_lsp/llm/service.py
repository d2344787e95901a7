"""A model's service with its accounting: what may be asked, and what it took.

Invariants: every request ends in exactly one row of the usage store; failed generations cost
nothing; a day's budget stops completions first and then asks before actions; a prompt that
is too long is shortened once.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from contextlib import aclosing, contextmanager
from typing import TYPE_CHECKING

from attrs import define, evolve

from glm_lsp.errors import GlmError, PromptTooLongError, QuotaError
from glm_lsp.llm import catalogue
from glm_lsp.llm.breaker import CircuitBreaker
from glm_lsp.llm.estimate import Estimates
from glm_lsp.llm.substitution import Seen, Watch, unlimited
from glm_lsp.llm.types import ReasoningDelta, TextDelta, Usage
from glm_lsp.llm.usage_store import UsageRecord, UsageStore
from glm_lsp.llm.usage_today import midnight, used_today

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping

    from glm_lsp.llm.catalogue import ModelInfo
    from glm_lsp.llm.client import HttpProvider
    from glm_lsp.llm.substitution import Notice
    from glm_lsp.llm.types import Delta, Request
    from glm_lsp.prices import Price
    from glm_lsp.providers import Preset

_log = logging.getLogger(__name__)

_FOR_COMPLETIONS = 0.8
"""The share of a day's budget that completions may use up; the rest is kept for actions."""


@define(eq=False)
class _Account:
    """One request while it runs."""

    at: float
    started: float
    first: float | None = None
    text: int = 0
    thought: bool = False
    usage: Usage | None = None
    outcome: str = "abandoned"

    @property
    def failed(self) -> bool:
        """Whether it ended otherwise than well or unwanted."""
        return self.outcome not in ("done", "abandoned")


class Service:
    """What the rest of the program asks: a provider that accounts for what is asked.

    Attributes:
        estimates: how many tokens a text has, learnt from this service's answers.
        seal: what is struck out of every question.
    """

    def __init__(
        self,
        provider: HttpProvider,
        *,
        prices: Mapping[str, Price],
        daily_budget: float | None,
        store: UsageStore | None,
        clock: Callable[[], float],
        today: Callable[[], float],
    ) -> None:
        self.estimates = Estimates()
        self.seal = provider.seal
        self._provider = provider
        self._prices = prices
        self._budget = daily_budget
        self._store = store
        self._clock = clock
        self._today = today
        self._breaker = CircuitBreaker(clock)
        self._watch = Watch(provider.preset)
        provider.model = self._watch.model
        self._noticed: set[tuple[str, ...]] = set()
        self._tell: Callable[[Notice], None] | None = None
        self._learnt = False
        self._approve: Callable[[str], Awaitable[bool]] | None = None
        self._approved_on: object = None

    @property
    def preset(self) -> Preset:
        """The provider's preset."""
        return self._provider.preset

    @property
    def base_url(self) -> str:
        """The base URL that is asked."""
        return self._provider.base_url

    def ask_before_overspending(self, approve: Callable[[str], Awaitable[bool]]) -> None:
        """Set who is asked (one sentence, yes or no) when the day's budget is used up."""
        self._approve = approve

    def on_notice(self, tell: Callable[[Notice], None]) -> None:
        """Set who is told what the user should know."""
        self._tell = tell

    def model(self, name: str) -> ModelInfo:
        """Return what is known, and was seen, of the model that answers to a name."""
        return self._watch.model(name)

    async def stream(self, request: Request) -> AsyncGenerator[Delta, None]:
        """Ask, and yield the deltas of the answer; see `Provider.stream`."""
        self._breaker.check(interactive=request.interactive)
        await self._afford(request)
        while True:
            request = self._watch.with_room(request)
            account = _Account(self._today(), self._clock())
            try:
                with self._accounted(request, account):
                    async with aclosing(self._provider.stream(request)) as deltas:
                        async for delta in deltas:
                            self._note(account, delta)
                            yield delta
            except PromptTooLongError:
                # An answer that has begun is paid for: nothing is asked in its place.
                if request.shorter is None or account.first is not None:
                    raise
                request = evolve(
                    request.shorter(),
                    shorter=None,
                    permit=request.permit,
                    struck=request.struck,
                    waits=request.waits,
                )
            else:
                return

    def accepted(self, model: str, feature: str) -> None:
        """Record that the user took a suggestion."""
        if self._store:
            self._store.accepted(self._today(), model, feature)

    async def warm(self) -> None:
        """Open a connection, and learn from the past, before anybody waits for it."""
        await self._provider.warm()
        await self._recall()  # After it, not beside it: threads keep the event loop waiting.

    async def close(self) -> None:
        """Close connections; the usage store belongs to who made it."""
        await self._provider.close()

    @contextmanager
    def _accounted(self, request: Request, account: _Account) -> Iterator[None]:
        """Record the request that the block makes, however it ends."""
        try:
            yield
            account.outcome = "done"
        except GlmError as error:
            account.outcome = type(error).__name__
            self._breaker.failed(error)
            raise
        finally:
            if account.outcome == "abandoned":
                self._breaker.abandoned()
            self._record(request, account)

    def _note(self, account: _Account, delta: Delta) -> None:
        if isinstance(delta, TextDelta | ReasoningDelta):
            if account.first is None:
                account.first = self._clock()
                self._breaker.succeeded()
            account.text += len(delta.text)
            account.thought |= isinstance(delta, ReasoningDelta) and bool(delta.text.strip())
        elif isinstance(delta, Usage):
            account.usage = delta

    def _record(self, request: Request, account: _Account) -> None:
        """Record a finished request."""
        usage, size, model = account.usage, request.size, request.model
        if usage:
            self.estimates.learn(model, size, usage.prompt)
        if account.first is not None and not account.failed:
            name = self._provider.names.get(model, "")
            seen = Seen(name, account.thought, usage, self._clock())
            self._notice(*self._watch.ended(request, seen))
        if self._store is None:
            return
        answered = account.first is not None
        counted = usage or Usage(
            prompt=self.estimates.tokens(size, model) if answered else 0,
            output=self.estimates.tokens(account.text, model),
        )
        cost = 0.0 if account.failed else self._cost(model, counted)
        if cost is None and self._budget is not None:
            self._notice(unlimited(model, self.preset))
        self._store.add(
            UsageRecord(
                at=account.at,
                provider=self.preset.name,
                model=model,
                feature=request.feature,
                prompt=counted.prompt,
                cached=counted.cached,
                output=counted.output,
                reasoning=counted.reasoning,
                size=size,
                first_token=None if account.first is None else account.first - account.started,
                duration=self._clock() - account.started,
                outcome=account.outcome,
                cost=cost,
                counted=usage is not None,
            )
        )

    def _notice(self, *notices: Notice) -> None:
        for notice in notices:
            what = (notice.about, notice.kind, notice.other)
            if what in self._noticed:
                continue
            self._noticed.add(what)
            if self._store is not None:
                self._store.noticed(self._today(), self.preset.name, *what)
            if self._tell is not None:
                self._tell(notice)

    def _cost(self, model: str, usage: Usage) -> float | None:
        return catalogue.priced(model, self.preset, self._prices).cost(usage)

    async def _afford(self, request: Request) -> None:
        """Hold a request against the day's budget.

        Raises:
            QuotaError: it does not fit.
        """
        if self._budget is None or self._store is None:
            return
        now = self._today()
        used = await used_today(self._store, now)
        if used is None:
            return
        spent, day = used.cost or 0.0, midnight(now)
        if not request.interactive:
            if spent >= self._budget * _FOR_COMPLETIONS:
                raise QuotaError(
                    f"Completions pause: about ${spent:.2f} of today’s ${self._budget:.2f} are"
                    " used. Raise `glm.limits.dailyBudget` to go on."
                )
        elif spent >= self._budget and self._approved_on != day:
            question = (
                f"Today’s budget of ${self._budget:.2f} is used up (estimated: ${spent:.2f})."
                " Ask GLM all the same?"
            )
            if self._approve is None or not await self._approve(question):
                raise QuotaError(
                    f"Today’s budget of ${self._budget:.2f} is used up (estimated):"
                    " raise `glm.limits.dailyBudget` to go on."
                )
            self._approved_on = day  # Asked once a day, not once an action.

    async def _recall(self) -> None:
        """Calibrate the estimates by what earlier sessions recorded."""
        if self._store is None or self._learnt:
            return
        self._learnt = True
        try:
            lengths = await asyncio.to_thread(self._store.lengths)
        except (sqlite3.Error, OSError) as error:
            _log.warning("Earlier usage cannot be read: %s", error)
            return
        for model, (size, tokens) in lengths.items():
            self.estimates.learn(model, size, tokens)

"""Notices where a service does something else than it was asked, and adapts what is asked next.

Another model answers than the one asked for; a model thinks although it should not; less of a
growing prompt is found in the service's cache than before.

Invariants: nothing is asked in order to find out; another spelling of a name is no other model;
a cached share counts only where a service has reported one, and over several requests whose
prompts grew. What is noticed is told once a session and model: who listens sees to that.
"""

from __future__ import annotations

from collections import deque
from statistics import fmean
from typing import TYPE_CHECKING, Literal

from attrs import Factory, define, evolve, frozen

from glm_lsp.llm import catalogue
from glm_lsp.llm.catalogue import ThinkingMode
from glm_lsp.providers import Billing

if TYPE_CHECKING:
    from glm_lsp.llm.catalogue import ModelInfo
    from glm_lsp.llm.types import Request, Usage
    from glm_lsp.providers import Preset

_ROOM = 1024  # Tokens of thought that a short answer is given on top.
_SEVERAL = 8  # Requests that make up a share.
_MUCH = 0.3  # A share below it was never worth a word.
_WITHIN = 60.0  # Seconds between two requests; later a cache may have forgotten.
_ALIKE = 0.9  # How much of the prompt before a grown one begins with.

Kind = Literal["model", "thinking", "cache", "budget", "plan"]


@frozen
class Notice:
    """What the user should be told once.

    Attributes:
        about: the model or the provider.
        other: the name of the model that answered instead.
    """

    kind: Kind
    about: str
    sentence: str
    other: str = ""


@frozen
class Seen:
    """What came of a request.

    Attributes:
        name: the name that the answer gave its model, "" when it gave none.
        thought: it brought thoughts.
        at: when it ended, in seconds of a clock that only goes on.
    """

    name: str
    thought: bool
    usage: Usage | None
    at: float


@define
class _Cache:
    """What was found in the cache, of the prompts that grew."""

    prompt: str = ""
    at: float = 0.0
    best: float = 0.0
    shares: deque[float] = Factory(lambda: deque(maxlen=2 * _SEVERAL))

    def fell(self, prompt: str, share: float, at: float) -> tuple[float, float] | None:
        """Take note of a share; return the ones before and now when it has fallen."""
        grown = (
            len(prompt) >= len(self.prompt) > 0
            and prompt.startswith(self.prompt[: int(len(self.prompt) * _ALIKE)])
            and at - self.at <= _WITHIN
        )
        self.prompt, self.at = prompt, at
        if not grown:
            return None
        self.shares.append(share)
        if len(self.shares) < 2 * _SEVERAL:
            return None
        shares = list(self.shares)
        self.best = max(self.best, fmean(shares[:_SEVERAL]))
        before, now = self.best, fmean(shares[_SEVERAL:])
        if before < _MUCH or now >= before / 2:
            return None
        self.best = 0.0  # What is told once need not be told again.
        self.shares.clear()
        return before, now


class Watch:
    """What one service was seen to do with each model."""

    def __init__(self, preset: Preset) -> None:
        self._preset = preset
        self._others: dict[str, str] = {}
        self._stubborn: set[str] = set()
        self._caches: dict[str, _Cache] = {}

    def model(self, name: str) -> ModelInfo:
        """Return what a name is asked as: the model that answers to it, as it was seen to think."""
        model = evolve(catalogue.find(self._others.get(name, name)), name=name)
        if name in self._stubborn and model.thinking is not ThinkingMode.ALWAYS:
            return evolve(model, thinking=ThinkingMode.STUBBORN)
        return model

    def with_room(self, request: Request) -> Request:
        """Return a request with room for thoughts that cannot be switched off."""
        model = self.model(request.model)
        if not _should_not_think(request) or not model.thinks_anyway:
            return request
        most = max(request.max_tokens, min(request.max_tokens + _ROOM, model.max_output))
        return evolve(request, max_tokens=most)

    def ended(self, request: Request, seen: Seen) -> list[Notice]:
        """Take note of a request that was answered; return what the user should know."""
        looks = (self._name, self._thoughts, self._cached)
        return [notice for look in looks if (notice := look(request, seen))]

    def _name(self, request: Request, seen: Seen) -> Notice | None:
        asked, named = request.model, seen.name
        if not named or is_same(asked, named):
            self._others.pop(asked, None)
            return None
        other = catalogue.find(named)
        likely = other.thinking is not ThinkingMode.UNKNOWN
        if likely:
            self._others[asked] = named
        # A server of one's own may call its model anything; a name that we do not know may be one
        # that a gateway's owner chose.
        own = self._preset.billing is Billing.NOTHING or not (self._preset.bases or likely)
        if own or not catalogue.find(asked).known:
            return None
        return Notice(
            "model",
            asked,
            f"{self._title} answers as {named} where {asked} was asked for: answers and costs may"
            " differ; choose in `glm.models` what it offers.",
            named,
        )

    def _thoughts(self, request: Request, seen: Seen) -> Notice | None:
        asked = request.model
        if not _should_not_think(request):
            return None
        if not seen.thought and not (seen.usage and seen.usage.reasoning):
            self._stubborn.discard(asked)
            return None
        always = self.model(asked).thinking is ThinkingMode.ALWAYS
        self._stubborn.add(asked)
        why = "always thinks first" if always else "thinks first, although it is asked not to"
        what = "answers from it take longer, and its thoughts are billed"
        if request.feature == "completion":
            what = (
                "ghost text from it is slow, and its thoughts are billed; choose another"
                " `glm.models.completion`"
            )
        return Notice("thinking", asked, f"{asked} {why}: {what}.")

    def _cached(self, request: Request, seen: Seen) -> Notice | None:
        if request.feature != "completion" or seen.usage is None or not seen.usage.prompt:
            return None
        prompt = (request.prompt or "") + "".join(m.content for m in request.messages)
        cache = self._caches.setdefault(request.model, _Cache())
        fell = cache.fell(prompt, seen.usage.cached / seen.usage.prompt, seen.at)
        if fell is None:
            return None
        before, now = fell
        return Notice(
            "cache",
            request.model,
            f"{self._title} finds {now:.0%} of a growing prompt for {request.model} in its cache,"
            f" where it found {before:.0%}: completions start later and cost more.",
        )

    @property
    def _title(self) -> str:
        return self._preset.title[0].upper() + self._preset.title[1:]


def unlimited(model: str, preset: Preset) -> Notice:
    """Return the notice that a day's budget does not hold, for nobody knows what is spent."""
    why = "which takes credits" if preset.billing is Billing.CREDITS else "whose price is not known"
    return Notice(
        "budget",
        model,
        f"`glm.limits.dailyBudget` does not hold for {model} of {preset.title}, {why}: set"
        " `glm.prices`, or leave the budget out.",
    )


def is_same(asked: str, named: str) -> bool:
    """Tell whether two names mean one model, as far as names tell.

    What extends the name asked for and is no other model that we know ("glm-5.1-prod") is it.
    """
    plain = catalogue.plain(asked)
    return catalogue.plain(named) == plain or catalogue.family(named) == plain


def _should_not_think(request: Request) -> bool:
    return request.thinking is False and request.prompt is None

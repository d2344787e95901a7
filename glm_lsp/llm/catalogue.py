"""The models: windows, output limits, how each thinks, what each costs.

Invariant: a name that is not in the list still gets an honest answer, one that promises
little and is marked as unknown; nothing here talks to a service.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from glm_lsp import providers
from glm_lsp.providers import Price

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glm_lsp.llm.types import Usage
    from glm_lsp.settings import Settings


class ThinkingMode(Enum):
    """What a model makes of being asked not to think."""

    SWITCHABLE = "optional"
    ALWAYS = "always"
    NEVER = "never"
    UNKNOWN = "unknown"


@frozen
class ModelInfo:
    """One model.

    Attributes:
        context: tokens of prompt and answer together.
        max_output: tokens of one answer, reasoning included.
        price: USD per 1M tokens, None when nobody told.
        known: False for names that are not in the list.
    """

    name: str
    context: int
    max_output: int
    thinking: ThinkingMode
    price: Price | None
    known: bool = True

    def cost(self, usage: Usage) -> float | None:
        """Return an estimate in USD, or None when the price is unknown."""
        if self.price is None:
            return None
        cached = self.price.input if self.price.cached is None else self.price.cached
        fresh = max(usage.prompt - usage.cached, 0)
        parts = fresh * self.price.input + usage.cached * cached + usage.output * self.price.output
        return parts / 1_000_000


EMBEDDED = "embedded"
"""The name under which the model inside this process is asked."""


def _per_1k(dollars: float) -> Price:
    """Return a flat price: the price list names one figure per 1K tokens."""
    return Price(input=dollars * 1000, output=dollars * 1000)


_SWITCH = ThinkingMode.SWITCHABLE
_K128, _K200, _K96, _M1 = 131_072, 204_800, 98_304, 1_048_576
_LATER = Price(input=1.40, output=4.40, cached=0.26)  # Z.ai's list; RunAPI's is not known.

MODELS: tuple[ModelInfo, ...] = (
    ModelInfo("glm-4.5", _K128, _K96, _SWITCH, _per_1k(0.020)),
    ModelInfo("glm-4.5-air", _K128, _K96, _SWITCH, _per_1k(0.010)),
    ModelInfo("glm-4.6", _K200, _K128, _SWITCH, _per_1k(0.020)),
    ModelInfo("glm-4.7", _K200, _K128, _SWITCH, _per_1k(0.020)),
    ModelInfo("glm-5", _K200, _K128, _SWITCH, _per_1k(0.020)),
    ModelInfo("glm-5-turbo", _K200, _K128, _SWITCH, _per_1k(0.020)),
    ModelInfo("glm-5.1", _K200, _K128, _SWITCH, _per_1k(0.030)),
    ModelInfo("glm-5.2", _M1, _K128, _SWITCH, _LATER),
    ModelInfo("glm-5.3", _M1, _K128, ThinkingMode.ALWAYS, _LATER),
)
"""Every model we know, oldest first."""

# Two slots share a window of 8192 tokens: see glm_lsp.local.embedded.
_EMBEDDED = ModelInfo(EMBEDDED, 4096, 2048, ThinkingMode.NEVER, Price(input=0.0, output=0.0))


def prices(settings: Settings) -> dict[str, Price]:
    """Return the prices that go before the list's: the user's, then the provider's."""
    preset = providers.find(settings.provider, settings.base_url)
    return {**preset.prices, **settings.prices}


def find(name: str, prices: Mapping[str, Price] | None = None) -> ModelInfo:
    """Return the model of a name, with its price of `prices` where there is one.

    Gateways and model hubs write "zai-org/GLM-5.1-FP8" for "glm-5.1": the part after the
    last slash counts, whatever its case and the suffix that names its number format.
    """
    plain = name.rsplit("/", 1)[-1].lower()
    for suffix in ("-fp8", "-bf16", "-int4", "-awq", "-gguf"):
        plain = plain.removesuffix(suffix)
    model = next((m for m in (*MODELS, _EMBEDDED) if m.name == plain), None)
    if model is None:
        model = ModelInfo(name, 32_768, 4096, ThinkingMode.UNKNOWN, None, known=False)
    price = (prices or {}).get(name)
    return evolve(model, name=name, price=price or model.price)

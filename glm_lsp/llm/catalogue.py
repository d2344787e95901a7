"""The models: windows, output limits, how each thinks. What each costs, its provider says.

Invariant: a name that is not in the list still gets an honest answer, one that promises
little and is marked as unknown; nothing here talks to a service.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING

from attrs import evolve, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glm_lsp.llm.types import Usage
    from glm_lsp.prices import Price
    from glm_lsp.providers import Preset


class ThinkingMode(Enum):
    """What a model makes of being asked not to think."""

    SWITCHABLE = "optional"
    ALWAYS = "always"
    NEVER = "never"
    UNKNOWN = "unknown"
    STUBBORN = "always here"  # Seen to think although it was asked not to.


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
    price: Price | None = None
    known: bool = True

    @property
    def thinks_anyway(self) -> bool:
        """Whether it thinks whatever it is asked."""
        return self.thinking in (ThinkingMode.ALWAYS, ThinkingMode.STUBBORN)

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

_SWITCH, _ALWAYS = ThinkingMode.SWITCHABLE, ThinkingMode.ALWAYS
_K128, _K200, _K96, _M1 = 131_072, 204_800, 98_304, 1_048_576

MODELS: tuple[ModelInfo, ...] = (
    ModelInfo("glm-4.5", _K128, _K96, _SWITCH),
    ModelInfo("glm-4.5-air", _K128, _K96, _SWITCH),
    ModelInfo("glm-4.6", _K200, _K128, _SWITCH),
    ModelInfo("glm-4.7", _K200, _K128, _SWITCH),
    ModelInfo("glm-4.7-flash", _K200, _K128, _SWITCH),
    ModelInfo("glm-4.7-flashx", _K200, _K128, _SWITCH),
    ModelInfo("glm-5", _K200, _K128, _SWITCH),
    ModelInfo("glm-5-turbo", _K200, _K128, _SWITCH),
    ModelInfo("glm-5.1", _K200, _K128, _SWITCH),
    ModelInfo("glm-5.2", _M1, _K128, _SWITCH),
    ModelInfo("glm-5.2-highspeed", _M1, _K128, _SWITCH),
    ModelInfo("glm-5.3", _M1, _K128, _ALWAYS),
    ModelInfo("glm-5.3-flash", _M1, _K128, _ALWAYS),
)
"""Every model we know, oldest first."""

# Two slots share a window of 8192 tokens: see glm_lsp.local.embedded.
_EMBEDDED = ModelInfo(EMBEDDED, 4096, 2048, ThinkingMode.NEVER)

# Nobody promises these of a name that is not in the list: see `find`.
_LEAST_CONTEXT, _LEAST_OUTPUT = 32_768, 4096
_FAMILY_CONTEXT = _K128  # Every GLM since 4.5 has this much.
_FAMILY_OUTPUT = 16_384  # The smallest limit that a host of GLM's sets.

# What a name may end in and still mean the same model: a date, the format of its numbers.
_SAME = re.compile(
    r"-20\d\d-\d\d-\d\d$|-(?:20\d{6}|\d{6}|\d{4})$"
    r"|[.-](?:nvfp4|mxfp4|fp4|fp8|bf16|int4|int8|awq|gptq|gguf|(?:ud-)?i?q[1-8](?:_\w{1,8})?)$"
)


def plain(name: str) -> str:
    """Return the model that a name means, whoever spells it.

    Gateways, hubs and files write "zai-org/GLM-5.1-FP8", "z-ai/glm-5.1:free" or
    "/models/GLM-5.1-Q4_K_M.gguf" for "glm-5.1".
    """
    same = re.split(r"[/\\]", name)[-1].lower().partition(":")[0]
    while cut := _SAME.search(same):
        same = same[: cut.start()]
    _, vendor, model = same.partition(".glm-")  # "zai.glm-5.1"
    return f"glm-{model}" if vendor else same


def family(name: str) -> str:
    """Return the known model that a name is, or extends; "" for any other name."""
    meant = f"{plain(name)}-"
    known = (m.name for m in (*MODELS, _EMBEDDED) if meant.startswith(f"{m.name}-"))
    return max(known, key=len, default="")


def find(name: str) -> ModelInfo:
    """Return the model of a name, without a price.

    A name that extends a known one ("glm-5.3-prime") may be a smaller model, or a dearer one:
    it inherits how it thinks, which decides how it is asked, and no more room than every model of
    the family has. Any other unknown name is promised little.
    """
    own = family(name)
    model = next((m for m in (*MODELS, _EMBEDDED) if m.name == own), None)
    if model is None:
        unknown = ThinkingMode.UNKNOWN
        return ModelInfo(name, _LEAST_CONTEXT, _LEAST_OUTPUT, unknown, known=False)
    if own == plain(name):
        return evolve(model, name=name)
    return evolve(
        model,
        name=name,
        context=min(model.context, _FAMILY_CONTEXT),
        max_output=min(model.max_output, _FAMILY_OUTPUT),
        known=False,
    )


def priced(name: str, preset: Preset, own: Mapping[str, Price]) -> ModelInfo:
    """Return the model of a name with its price: the user's `own`, else the provider's."""
    meant = plain(name)
    price = own.get(name) or own.get(meant) or preset.price(meant)
    return evolve(find(name), price=price)

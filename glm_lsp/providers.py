"""The providers: one record each says where it is, how its key is called, what it accepts.

Every list of providers (the setting's values, the command line's, the documentation's) is
read from these records. They stand below the settings for that, and know no wire.

Invariants: no preset points at the Coding Plan's endpoint (it is contractually limited to
listed tools); a base URL the user sets is used as given; every optional field is sent only
where the preset says so, and a service that refuses one is asked without it.
"""

from __future__ import annotations

from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from attrs import evolve, field, frozen, validators

from glm_lsp import address
from glm_lsp.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from attrs import Attribute

    from glm_lsp.address import Address

Protocol = Literal["chat", "responses", "messages"]
"""The wire protocols: each has a file of its name in `glm_lsp/llm/wires/`."""


def _is_price(_: object, attribute: Attribute[Any], value: float) -> None:
    if not 0 <= value < float("inf"):  # NaN is not.
        raise ValueError(attribute.name)


@frozen
class Price:
    """USD per 1M tokens; a ValueError for what is no price."""

    input: float = field(validator=_is_price)
    output: float = field(validator=_is_price)
    cached: float | None = field(default=None, validator=validators.optional(_is_price))


class Billing(Enum):
    """What a provider wants for an answer."""

    TOKENS = "money, by the token"
    CREDITS = "a plan's credits"
    NOTHING = "nothing"


class ThinkingSwitch(Enum):
    """The field that switches thinking on or off."""

    GLM = "thinking"
    TEMPLATE = "chat_template_kwargs"
    REASONING = "reasoning"
    NONE = ""

    def fields(self, on: bool) -> dict[str, Any]:
        """Return the field of the body that switches thinking `on` or off."""
        if self is ThinkingSwitch.GLM:
            return {"thinking": {"type": "enabled" if on else "disabled"}}
        if self is ThinkingSwitch.TEMPLATE:
            return {"chat_template_kwargs": {"enable_thinking": on}}
        if self is ThinkingSwitch.REASONING:
            return {"reasoning": {"enabled": on}}
        return {}


class Infill(Enum):
    """How a fill-in-the-middle question is put on the wire."""

    TOKENS = "GLM's own tokens in a raw prompt"
    LLAMA = "llama.cpp's /infill, for any model that has such tokens"


@frozen
class Preset:
    """A provider.

    Attributes:
        name: the value of the setting `provider`.
        title: its name in sentences for users.
        bases: base URL by wire protocol; the wire's path is appended.
        key_names: environment variables that may hold the key, first found wins.
        needs_key: nothing is sent without one.
        domain: "custom" addresses within it have thinking switched as here.
        thinking: how thinking is switched.
        effort: it takes `reasoning_effort`, for models that always think.
        stream_usage: it wants `stream_options.include_usage` to report tokens.
        greedy: it takes `do_sample: false` for the most likely text.
        hottest: the highest temperature it accepts.
        infill: how fill-in-the-middle is asked for.
        billing: what it wants for an answer.
        prices: its own list, by model; what it does not name has no known price.
    """

    name: str
    title: str
    bases: Mapping[Protocol, str] = field(factory=dict)
    key_names: tuple[str, ...] = ()
    needs_key: bool = True
    domain: str = ""
    thinking: ThinkingSwitch = ThinkingSwitch.GLM
    effort: bool = False
    stream_usage: bool = True
    greedy: bool = False
    hottest: float = 2.0
    infill: Infill = Infill.TOKENS
    billing: Billing = Billing.TOKENS
    prices: Mapping[str, Price] = field(factory=dict)

    def price(self, model: str) -> Price | None:
        """Return what a model costs here, None when nobody told."""
        return self.prices.get(model, _FREE if self.billing is Billing.NOTHING else None)

    def base_url(self, protocol: Protocol, given: str | None = None) -> str:
        """Return the base URL, without a slash at its end; see `address`."""
        return self.address(protocol, given).url

    def address(self, protocol: Protocol, given: str | None = None) -> Address:
        """Return where to ask: the given address before the preset's own.

        Raises:
            SettingsError: none is known, or the given one is not an HTTP address.
        """
        url = (given or self.bases.get(protocol) or "").strip().rstrip("/")
        if not url:
            if self.bases:
                offered = " or ".join(f"`{name}`" for name in self.bases)
                raise SettingsError(
                    f"{self.title} does not offer the protocol “{protocol}”:"
                    f" set `glm.protocol` to {offered}."
                )
            raise SettingsError(
                "No address to ask: set `glm.baseUrl`, for example to"
                " http://localhost:8000/v1, or choose another `glm.provider`."
            )
        try:
            return address.parse(url)
        except ValueError:
            raise SettingsError(
                f"`glm.baseUrl` is not an address ({address.readable(url)}): it should start"
                " with https:// or http:// and hold no `?`, no `#` and no blanks."
            ) from None


_FREE = Price(0.0, 0.0, 0.0)

# Z.ai's list (docs.z.ai/guides/overview/pricing): input, output, cached.
_ZAI: Mapping[str, Price] = MappingProxyType(
    {
        "glm-4.5": Price(0.60, 2.20, 0.11),
        "glm-4.5-air": Price(0.20, 1.10, 0.03),
        "glm-4.6": Price(0.60, 2.20, 0.11),
        "glm-4.7": Price(0.60, 2.20, 0.11),
        "glm-4.7-flash": _FREE,
        "glm-4.7-flashx": Price(0.07, 0.40, 0.01),
        "glm-5": Price(1.00, 3.20, 0.20),
        "glm-5-turbo": Price(1.20, 4.00, 0.24),
        "glm-5.1": Price(1.40, 4.40, 0.26),
        "glm-5.2": Price(1.40, 4.40, 0.26),
        "glm-5.3": Price(1.40, 4.40, 0.26),
        "glm-5.3-flash": Price(0.15, 0.50, 0.03),
    }
)


def _per_1k(dollars: float) -> Price:
    """Return a flat price: RunAPI's list names one figure per 1K tokens."""
    return Price(input=dollars * 1000, output=dollars * 1000)


# RunAPI's list; it names no figure for the last two, which have Z.ai's.
_RUNAPI: Mapping[str, Price] = MappingProxyType(
    {
        "glm-4.5": _per_1k(0.020),
        "glm-4.5-air": _per_1k(0.010),
        "glm-4.6": _per_1k(0.020),
        "glm-4.7": _per_1k(0.020),
        "glm-5": _per_1k(0.020),
        "glm-5-turbo": _per_1k(0.020),
        "glm-5.1": _per_1k(0.030),
        "glm-5.2": _ZAI["glm-5.2"],
        "glm-5.3": _ZAI["glm-5.3"],
    }
)

PRESETS: tuple[Preset, ...] = (
    Preset(
        "runapi",
        "RunAPI",
        {
            "chat": "https://runapi.ai/v1",
            "responses": "https://runapi.ai/v1",
            "messages": "https://runapi.ai/v1",
        },
        key_names=("RUNAPI_KEY", "RUNAPI_API_KEY"),
        domain="runapi.ai",
        hottest=1.0,
        prices=_RUNAPI,
    ),
    Preset(
        "zai",
        "Z.ai",
        {
            "chat": "https://api.z.ai/api/paas/v4",
            "messages": "https://api.z.ai/api/anthropic/v1",
        },
        key_names=("ZAI_API_KEY",),
        domain="z.ai",
        effort=True,
        greedy=True,
        hottest=1.0,
        prices=_ZAI,
    ),
    Preset(
        "bigmodel",
        "BigModel",
        {
            "chat": "https://open.bigmodel.cn/api/paas/v4",
            "messages": "https://open.bigmodel.cn/api/anthropic/v1",
        },
        key_names=("ZHIPUAI_API_KEY",),
        domain="bigmodel.cn",
        effort=True,
        greedy=True,
        hottest=1.0,
    ),
    Preset(
        "local",
        "the local model",
        needs_key=False,
        thinking=ThinkingSwitch.TEMPLATE,
        infill=Infill.LLAMA,
        billing=Billing.NOTHING,
    ),
    Preset(
        "custom",
        "the model’s server",
        needs_key=False,
        thinking=ThinkingSwitch.TEMPLATE,
    ),
)
"""Every preset, in the order in which they are listed."""

if TYPE_CHECKING:
    ProviderName = str
else:  # What the settings take, and what the documentation and the editors' schemas list.
    ProviderName = Literal[tuple(preset.name for preset in PRESETS)]

# How thinking is switched where an address says so; the last ones are gateways without a preset.
_SWITCH_BY_DOMAIN: Mapping[str, ThinkingSwitch] = MappingProxyType(
    {
        **{preset.domain: preset.thinking for preset in PRESETS if preset.domain},
        "infini-ai.com": ThinkingSwitch.GLM,
        "openrouter.ai": ThinkingSwitch.REASONING,
        "opencode.ai": ThinkingSwitch.REASONING,
    }
)


def find(name: ProviderName, base_url: str | None = None) -> Preset:
    """Return a preset; for "custom", with the thinking switch of a gateway we know."""
    preset = next(preset for preset in PRESETS if preset.name == name)
    if name != "custom" or not base_url:
        return preset
    try:
        host = "." + address.parse(base_url).host
    except ValueError:  # Said when it is asked.
        return preset
    for domain, switch in _SWITCH_BY_DOMAIN.items():
        if host.endswith("." + domain):
            return evolve(preset, thinking=switch)
    return preset

"""The providers: one record each says where it is, how its key is called, what it accepts.

Every list of providers (the setting's values, the command line's, the documentation's) is
read from these records. They stand below the settings for that, and know no wire.

Invariants: a plan, which is sold for listed tools only, is never chosen by itself: no other
preset has its address or the names of its key, and who chooses it is told its rule; a base URL
the user sets is used as given; every optional field is sent only where the preset says so, and a
service that refuses one is asked without it.
"""

from __future__ import annotations

from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from attrs import evolve, field, frozen

from glm_lsp import address
from glm_lsp.errors import SettingsError
from glm_lsp.prices import FREE, RUNAPI, ZAI, Price

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glm_lsp.address import Address

Protocol = Literal["chat", "responses", "messages"]
"""The wire protocols: each has a file of its name in `glm_lsp/llm/wires/`."""


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
        counterpart: the preset for the same company's other keys, which answer only there.
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
    counterpart: str = ""

    @property
    def rule(self) -> str:
        """What who asks here has to know, in one sentence; "" where there is nothing."""
        if self.billing is not Billing.CREDITS:
            return ""
        return (
            f"{self.title[0].upper()}{self.title[1:]} is sold for the tools that its terms list,"
            " and glm-lsp may be none of them: other use may be slowed down, or end the plan."
        )

    def price(self, model: str) -> Price | None:
        """Return what a model costs here, None when nobody told."""
        return self.prices.get(model, FREE if self.billing is Billing.NOTHING else None)

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
        prices=RUNAPI,
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
        prices=ZAI,
        counterpart="zai-coding",
    ),
    Preset(
        "zai-coding",
        "the Z.ai Coding Plan",
        {
            "chat": "https://api.z.ai/api/coding/paas/v4",
            "messages": "https://api.z.ai/api/anthropic/v1",
        },
        key_names=("ZAI_CODING_API_KEY",),
        effort=True,
        greedy=True,
        hottest=1.0,
        billing=Billing.CREDITS,
        counterpart="zai",
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
        counterpart="bigmodel-coding",
    ),
    Preset(
        "bigmodel-coding",
        "the BigModel Coding Plan",
        {
            "chat": "https://open.bigmodel.cn/api/coding/paas/v4",
            "messages": "https://open.bigmodel.cn/api/anthropic/v1",
        },
        key_names=("ZHIPUAI_CODING_API_KEY",),
        effort=True,
        greedy=True,
        hottest=1.0,
        billing=Billing.CREDITS,
        counterpart="bigmodel",
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


# Where a plan alone answers, whatever preset an address is written into.
_PLANS: Mapping[str, Preset] = MappingProxyType(
    {
        address.parse(preset.bases["chat"]).place: preset
        for preset in PRESETS
        if preset.billing is Billing.CREDITS
    }
)


def find(name: ProviderName, base_url: str | None = None) -> Preset:
    """Return a preset as it is at an address.

    "custom" switches thinking as a gateway that we know; and a plan's address is a plan.
    """
    preset = next(preset for preset in PRESETS if preset.name == name)
    if not base_url:
        return preset
    try:
        asked = address.parse(base_url)
    except ValueError:  # Said when it is asked.
        return preset
    for domain, switch in _SWITCH_BY_DOMAIN.items():
        if name == "custom" and f".{asked.host}".endswith("." + domain):
            preset = evolve(preset, thinking=switch)
    plan = _PLANS.get(asked.place)
    if plan is None:
        return preset
    return evolve(
        preset,
        title=plan.title,
        billing=plan.billing,
        prices=plan.prices,
        counterpart=plan.counterpart,
    )

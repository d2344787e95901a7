"""Makes a provider of settings and a key: the composition of this room."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from glm_lsp.llm import providers
from glm_lsp.llm.chat import CHAT
from glm_lsp.llm.client import HttpProvider, Patience
from glm_lsp.llm.messages import MESSAGES
from glm_lsp.llm.responses import RESPONSES

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from glm_lsp.llm.credentials import Key
    from glm_lsp.llm.wire import Wire
    from glm_lsp.settings import Protocol, Settings


WIRES: Mapping[Protocol, Wire] = MappingProxyType(
    {"chat": CHAT, "responses": RESPONSES, "messages": MESSAGES}
)
"""The wire of each protocol that settings name."""


def connect(
    settings: Settings,
    key: Key | None,
    *,
    base_url: str | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    patience: Patience | None = None,
) -> HttpProvider:
    """Return a provider; nothing is sent before the first request.

    `base_url` goes before the settings' (it is where the embedded model listens).

    Raises:
        SettingsError: there is no address to ask.
    """
    preset = providers.find(settings.provider, base_url or settings.base_url)
    return HttpProvider(
        preset,
        WIRES[settings.protocol],
        base_url=preset.base_url(settings.protocol, base_url or settings.base_url),
        key=key,
        patience=patience or Patience(token=settings.limits.timeout),
        concurrency=settings.limits.concurrency,
        transport=transport,
    )

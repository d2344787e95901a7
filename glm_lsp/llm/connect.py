"""Makes a provider of settings and a key: the composition of this room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp.llm import providers
from glm_lsp.llm.chat import CHAT
from glm_lsp.llm.client import HttpProvider, Patience

if TYPE_CHECKING:
    import httpx

    from glm_lsp.llm.credentials import Key
    from glm_lsp.settings import Settings


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
        CHAT,
        base_url=preset.base_url(settings.protocol, base_url or settings.base_url),
        key=key,
        patience=patience or Patience(token=settings.limits.timeout),
        concurrency=settings.limits.concurrency,
        transport=transport,
    )

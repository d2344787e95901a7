"""Makes a provider of settings and a key: the composition of this room."""

from __future__ import annotations

import time
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, get_args

from glm_lsp import address, providers
from glm_lsp.llm.client import HttpProvider
from glm_lsp.llm.service import Service
from glm_lsp.llm.shared_slot import SharedSlot
from glm_lsp.llm.timeouts import Timeouts
from glm_lsp.providers import Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import httpx

    from glm_lsp.llm.credentials import Key
    from glm_lsp.llm.usage_store import UsageStore
    from glm_lsp.llm.wires.base import Wire
    from glm_lsp.settings import Settings


WIRES: Mapping[Protocol, Wire] = MappingProxyType(
    {name: import_module(f"glm_lsp.llm.wires.{name}").WIRE for name in get_args(Protocol)}
)
"""The wire of each protocol that settings name: `WIRE` in the file of its name."""


def connect(
    settings: Settings,
    key: Key | None,
    *,
    base_url: str | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    timeouts: Timeouts | None = None,
    store: UsageStore | None = None,
    turns: Callable[[], Path] | None = None,
    clock: Callable[[], float] = time.monotonic,
    today: Callable[[], float] = time.time,
) -> Service:
    """Return a service to ask; nothing is sent before the first request.

    `base_url` goes before the settings' (it is where the embedded model listens). Without a
    `usage` nothing is recorded, and no daily budget can be held. `turns` is the folder in which the
    processes of a user take turns, where one request at a time is allowed. `clock` counts seconds,
    `today` is the time in seconds since the epoch.

    Raises:
        SettingsError: there is no address to ask.
    """
    provider = connect_bare(
        settings,
        key,
        base_url=base_url,
        transport=transport,
        timeouts=timeouts,
        turns=turns,
        clock=clock,
    )
    return Service(
        provider,
        prices=settings.prices,
        daily_budget=settings.limits.daily_budget,
        store=store,
        clock=clock,
        today=today,
    )


def connect_bare(
    settings: Settings,
    key: Key | None,
    *,
    base_url: str | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    timeouts: Timeouts | None = None,
    turns: Callable[[], Path] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> HttpProvider:
    """Return a provider that records nothing; see `connect`.

    Raises:
        SettingsError: there is no address to ask.
    """
    preset = providers.find(settings.provider, base_url or settings.base_url)
    url = preset.base_url(settings.protocol, base_url or settings.base_url)
    place = address.parse(url)
    own = preset.name == "local" or (preset.name == "custom" and place.is_own)
    shares = turns is not None and settings.limits.concurrency == 1 and not own
    return HttpProvider(
        preset,
        WIRES[settings.protocol],
        base_url=url,
        key=key,
        headers=settings.headers,
        timeouts=timeouts or Timeouts(token=settings.limits.timeout),
        concurrency=settings.limits.concurrency,
        shared=SharedSlot(turns, place.name) if turns is not None and shares else None,
        transport=transport,
        clock=clock,
    )

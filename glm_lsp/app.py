"""The composition root: the one place where parts are wired together.

Invariant: `build` makes everything for one client and nothing twice; the clients of a process
share the embedded model, which is a whole neural network, and the usage store, and nothing else.
"""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING

from attrs import frozen

from glm_lsp import __version__, providers
from glm_lsp.background_imports import import_modules
from glm_lsp.llm.credentials import Key, Keyring, find_key, no_key
from glm_lsp.llm.substitution import Notice
from glm_lsp.local.embedded import EmbeddedModel
from glm_lsp.lsp import features
from glm_lsp.lsp.server import Server
from glm_lsp.lsp.session import ClientSession
from glm_lsp.settings.layers import from_environment, load

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from glm_lsp.llm.catalogue import ModelInfo
    from glm_lsp.llm.destination import Destinations
    from glm_lsp.llm.service import Service
    from glm_lsp.llm.types import Request
    from glm_lsp.llm.usage_store import UsageStore, Used
    from glm_lsp.lsp.model_connection import Caller, ModelConnection
    from glm_lsp.settings import Settings


def factory(
    environ: Mapping[str, str] | None = None,
    *,
    model_file: Path | None = None,
    now: Callable[[], float] = time.time,
) -> Callable[[], Server]:
    """Return what makes a server for each client.

    `model_file` is a GGUF file for the embedded model in place of the bundled one; `now` is
    the time in seconds since the epoch.
    """
    given = os.environ if environ is None else environ
    connector = _Connector(given, model_file, now)

    def build() -> Server:
        return _build(given, connector)

    return build


def _build(environ: Mapping[str, str], connector: _Connector) -> Server:
    server = Server("glm-lsp", __version__)
    session = ClientSession(connector, from_environment(environ))
    features.register(server, session)
    server.resources.push_async_callback(session.close)
    return server


@frozen
class _Open:
    """An open way to a model."""

    provider: Service

    async def warm(self) -> None:
        await self.provider.warm()

    def accepted(self, model: str, feature: str) -> None:
        self.provider.accepted(model, feature)

    def model(self, name: str) -> ModelInfo:
        return self.provider.model(name)

    def characters_per_token(self, model: str) -> float:
        return self.provider.estimates.ratio(model)

    def sealed(self, request: Request) -> Request:
        return self.provider.seal.sealed(request)[0]

    async def close(self) -> None:
        await self.provider.close()


# What `initialize` does without: an HTTP library is a third of what there is to import.
_WAY = ("glm_lsp.llm.connect", "glm_lsp.llm.destination", "stamina", "anyio._backends._asyncio")
_BOOKS = ("glm_lsp.llm.usage_today", "glm_lsp.llm.usage_store", "platformdirs")


class _Connector:
    """Finds the key and opens the way; see `glm_lsp.lsp.model_connection.ModelConnector`."""

    def __init__(
        self, environ: Mapping[str, str], model_file: Path | None, now: Callable[[], float]
    ) -> None:
        self._now = now
        self._environ = environ
        self._model_file = model_file
        self._embedded = EmbeddedModel()
        self._keyring = Keyring()
        self._loading = asyncio.Lock()
        self._importing = asyncio.Lock()
        self._address = ""
        self._usage_store: UsageStore | None = None
        self._destinations: Destinations | None = None

    async def __call__(self, settings: Settings, caller: Caller) -> ModelConnection:
        await self._import(*_WAY, *_BOOKS)
        if settings.provider == "local" and settings.base_url is None:
            async with self._loading:
                if not self._address:
                    self._address = await self._embedded.start(self._model_file)
            its_own = Key(self._embedded.key, "the embedded model", "local")
            return self._connected(settings, its_own, self._address, caller)
        # A keyring may ask the user to unlock it: never on the event loop.
        key = await asyncio.to_thread(self._key, settings, caller)
        connection = self._connected(settings, key, None, caller)
        preset = connection.provider.preset
        tell = caller.tell if preset.rule else None
        if tell is not None and await asyncio.to_thread(self._trusted().is_news, preset.rule):
            tell(Notice("plan", preset.name, preset.rule))
        return connection

    async def confirm(self, destination: str) -> None:
        await asyncio.to_thread(self._trusted().confirm, destination)

    async def used_today(self) -> Used | None:
        await self._import(*_BOOKS)
        from glm_lsp.llm.usage_today import used_today

        return await used_today(self._usage(), self._now())

    async def _import(self, *modules: str) -> None:
        """Import modules in a thread, one at a time: the event loop gets every other turn."""
        async with self._importing:
            await import_modules(*modules)

    def _key(self, settings: Settings, caller: Caller) -> Key | None:
        """Return the key to send, if any, once it is certain that it may go there."""
        preset = providers.find(settings.provider, settings.base_url)
        given = caller.api_key
        # Where a workspace may have written the options, the user's own key goes before theirs:
        # whose key it is can read what was asked with it.
        key = find_key(
            preset,
            given=given if caller.users_own else None,
            environ=self._environ,
            keyring=self._keyring,
        )
        key = key or find_key(preset, given=given, environ={}, use_keyring=False)
        if key is None and preset.needs_key:
            raise no_key(preset)
        self._trusted().check(settings, key, users_own=caller.users_own)
        return key

    def _trusted(self) -> Destinations:
        """Return where this user's servers may send to."""
        from glm_lsp.llm.destination import Destinations, state_path

        if self._destinations is None:
            own = load(from_environment(self._environ)).settings
            self._destinations = Destinations(own, state_path)
        return self._destinations

    def _usage(self) -> UsageStore:
        """Return the usage store that all clients of this process write to."""
        from glm_lsp.llm.usage_store import open_usage_store

        if self._usage_store is None:
            self._usage_store = open_usage_store()
        return self._usage_store

    def _connected(
        self, settings: Settings, key: Key | None, address: str | None, caller: Caller
    ) -> _Open:
        from glm_lsp.llm.connect import connect
        from glm_lsp.llm.shared_slot import slots_folder

        service = connect(
            settings,
            key,
            base_url=address,
            store=self._usage(),
            turns=slots_folder,
            today=self._now,
        )
        if caller.tell is not None:
            service.on_notice(caller.tell)
        if caller.approve is not None:
            service.ask_before_overspending(caller.approve)
        return _Open(service)

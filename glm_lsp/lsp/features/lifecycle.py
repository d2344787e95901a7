"""initialize, initialized and the configuration: from the editor's options to settings.

Invariant: a bad key is reported once, by name, and never keeps the server from starting.
The API key is taken out of the options before anything else sees them.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from glm_lsp.characters import one_line
from glm_lsp.context.names import path_of
from glm_lsp.lsp.extension import announced, trust
from glm_lsp.lsp.features.registration import ask_to_announce
from glm_lsp.settings import SECTION
from glm_lsp.settings.layers import Layer

if TYPE_CHECKING:
    from collections.abc import Callable

    from glm_lsp.lsp.server import Server
    from glm_lsp.lsp.session import ClientSession

logger = logging.getLogger(__name__)

_MOST_LISTED = 10  # Bad keys in one message; nobody reads on.

_USERS = "glm.user"
"""The section of what the user set, which a client that tells them apart gives besides."""


class _Configuration:
    """The editor's configuration: pulled or pushed, and its bad keys named once."""

    def __init__(self, server: Server, session: ClientSession) -> None:
        self._server = server
        self._session = session
        self._reported: set[str] = set()

    async def begin(self) -> None:
        """Take what the editor gives once it is ready, and hear of changes."""
        self.report_problems()
        workspace = self._server.client_capabilities.workspace
        dynamic = workspace.did_change_configuration if workspace is not None else None
        try:
            if dynamic is not None and dynamic.dynamic_registration:
                await _watch_configuration(self._server)
            if _is_pulled(self._server.client_capabilities):
                await self._pull()
        finally:
            self._session.settle()

    async def changed(self, params: types.DidChangeConfigurationParams) -> None:
        """Take a change: told to be pulled, or pushed whole."""
        if _is_pulled(self._server.client_capabilities):
            self._session.expect_configuration()
            try:
                await self._pull()
            finally:
                self._session.settle()
        elif isinstance(params.settings, dict):
            self._take(params.settings.get(SECTION, params.settings))

    def report_problems(self) -> None:
        """Name the bad keys that were not named before."""
        problems = [f"{p.key} {p.message}" for p in self._session.loaded.problems]
        problems += [f"context.exclude: {each}" for each in self._session.exclusions.problems]
        fresh = [text for text in dict.fromkeys(problems) if text not in self._reported]
        self._reported.update(fresh)
        if fresh:
            listed = "; ".join(one_line(f"{SECTION}.{text}", 500) for text in fresh[:_MOST_LISTED])
            if len(fresh) > _MOST_LISTED:
                listed += f"; and {len(fresh) - _MOST_LISTED} more"
            self._server.show_once(
                f"Please correct your GLM settings: {listed}.", types.MessageType.Warning
            )

    async def _pull(self) -> None:
        sections = [SECTION, *([_USERS] if self._session.trust.machine_scoped else [])]
        items = [types.ConfigurationItem(section=section) for section in sections]
        params = types.ConfigurationParams(items)
        try:
            values = await self._server.request(types.WORKSPACE_CONFIGURATION, params)
        except JsonRpcException as error:
            logger.info("The editor gives no configuration: %s", error.message)
            return
        self._take(*(values or [None]))

    def _take(self, values: Any, users: Any = None, *_: Any) -> None:
        """Take the settings in force, and the user's own where the editor tells them apart."""
        own = Layer("the user's settings", users or {}, users_own=True)
        self._session.configure(own, Layer("workspace/configuration", values or {}))
        self.report_problems()


def register(server: Server, session: ClientSession, begun: Callable[[], None]) -> None:
    """Serve the session's beginning and its configuration; `begun` hears of the former."""
    configuration = _Configuration(server, session)

    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        options, api_key = _options(params.initialization_options)
        users_own = trust(params.capabilities).machine_scoped
        layer = Layer("initializationOptions", options, users_own)
        client = params.capabilities
        session.start(layer, api_key, _roots(params), announced(client), trust(client))
        if _is_pulled(params.capabilities):
            session.expect_configuration()

    @server.feature(types.INITIALIZED)
    async def initialized(_: types.InitializedParams) -> None:
        begun()
        await configuration.begin()

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    async def changed(params: types.DidChangeConfigurationParams) -> None:
        await configuration.changed(params)

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def folders(params: types.DidChangeWorkspaceFoldersParams) -> None:
        added, removed = (
            [path for folder in folders if (path := path_of(folder.uri)) is not None]
            for folders in (params.event.added, params.event.removed)
        )
        session.change_folders(added, removed)


def _options(given: Any) -> tuple[dict[str, Any], str | None]:
    """Return the options an editor gave, without the key, and the key."""
    options = dict(given) if isinstance(given, dict) else {}
    api_key = options.pop("apiKey", None)
    return options, api_key if isinstance(api_key, str) else None


def _is_pulled(capabilities: types.ClientCapabilities) -> bool:
    """Tell whether the editor gives its configuration when it is asked."""
    workspace = capabilities.workspace
    return workspace is not None and bool(workspace.configuration)


async def _watch_configuration(server: Server) -> None:
    options = types.DidChangeConfigurationRegistrationOptions(section=SECTION)
    method = types.WORKSPACE_DID_CHANGE_CONFIGURATION
    await ask_to_announce(server, "glm-configuration", method, options, "changes of settings")


def _roots(params: types.InitializeParams) -> tuple[Path, ...]:
    """Return the workspace's folders, from whichever field the editor filled."""
    uris = [folder.uri for folder in params.workspace_folders or ()]
    if not uris and params.root_uri:
        uris = [params.root_uri]
    if not uris and params.root_path:  # Of editors older than LSP 3.
        return (Path(params.root_path),)
    return tuple(path for path in map(path_of, uris) if path is not None)

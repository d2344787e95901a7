"""initialize, initialized and the configuration: from the editor's options to settings.

Invariant: a bad key is reported once, by name, and never keeps the server from starting.
The API key is taken out of the options before anything else sees them.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from glm_lsp.context.ignore import path_of
from glm_lsp.lsp.extension import announced
from glm_lsp.settings import SECTION
from glm_lsp.settings.layers import Layer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from glm_lsp.lsp.server import Server
    from glm_lsp.lsp.session import ClientSession

logger = logging.getLogger(__name__)


def register(server: Server, session: ClientSession, begun: Callable[[], None]) -> None:
    """Serve the session's beginning and its configuration; `begun` hears of the former."""
    reported: set[str] = set()

    def report_problems() -> None:
        fresh = [p for p in session.loaded.problems if f"{p.key} {p.message}" not in reported]
        reported.update(f"{p.key} {p.message}" for p in fresh)
        if fresh:
            listed = "; ".join(f"{SECTION}.{p.key} {p.message}" for p in fresh)
            server.show_once(
                f"Please correct your GLM settings: {listed}.", types.MessageType.Warning
            )

    async def pull() -> None:
        item = types.ConfigurationItem(section=SECTION)
        params = types.ConfigurationParams([item])
        try:
            values = await server.request(types.WORKSPACE_CONFIGURATION, params)
        except JsonRpcException as error:
            logger.info("The editor gives no configuration: %s", error.message)
            return
        take(values[0] if values else None)

    def take(values: Any) -> None:
        session.configure(Layer("workspace/configuration", values or {}))
        report_problems()

    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        given = params.initialization_options
        options = dict(given) if isinstance(given, dict) else {}
        api_key = options.pop("apiKey", None)
        session.start(
            Layer("initializationOptions", options),
            api_key if isinstance(api_key, str) else None,
            _roots(params),
            announced(params.capabilities),
        )
        workspace = params.capabilities.workspace
        if workspace is not None and workspace.configuration:
            session.expect_configuration()

    @server.feature(types.INITIALIZED)
    async def initialized(_: types.InitializedParams) -> None:
        begun()
        report_problems()
        workspace = server.client_capabilities.workspace
        if workspace is None:
            return
        dynamic = workspace.did_change_configuration
        try:
            if dynamic is not None and dynamic.dynamic_registration:
                await _watch_configuration(server)
            if workspace.configuration:
                await pull()
        finally:
            session.settle()

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    async def changed(params: types.DidChangeConfigurationParams) -> None:
        workspace = server.client_capabilities.workspace
        if workspace is not None and workspace.configuration:
            await pull()
        elif isinstance(params.settings, dict):
            take(params.settings.get(SECTION, params.settings))


async def _watch_configuration(server: Server) -> None:
    options = types.DidChangeConfigurationRegistrationOptions(section=SECTION)
    registration = types.Registration(
        "glm-configuration", types.WORKSPACE_DID_CHANGE_CONFIGURATION, options
    )
    try:
        params = types.RegistrationParams([registration])
        await server.request(types.CLIENT_REGISTER_CAPABILITY, params)
    except JsonRpcException as error:
        logger.info("The editor does not announce changes of settings: %s", error.message)


def _roots(params: types.InitializeParams) -> tuple[Path, ...]:
    """Return the workspace's folders, from whichever field the editor filled."""
    uris = [folder.uri for folder in params.workspace_folders or ()]
    if not uris and params.root_uri:
        uris = [params.root_uri]
    return tuple(path for path in map(path_of, uris) if path is not None)

"""What the server asks an editor to tell it of, once it has started."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

if TYPE_CHECKING:
    from glm_lsp.lsp.server import Server

logger = logging.getLogger(__name__)


async def ask_to_announce(server: Server, name: str, method: str, options: Any, what: str) -> bool:
    """Register for a notification under a name of ours; tell whether the editor sends it.

    `what` it announces is for the log, where it does not.
    """
    registration = types.Registration(name, method, options)
    try:
        params = types.RegistrationParams([registration])
        await server.request(types.CLIENT_REGISTER_CAPABILITY, params)
    except JsonRpcException as error:
        logger.info("The editor does not announce %s: %s", what, error.message)
        return False
    return True

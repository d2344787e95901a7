"""What the server asks of the editor, and what becomes of it.

Invariant: whoever asks gets an answer or an error, at the latest when the editor leaves.
Whoever stops waiting is forgotten: a late reply finds nobody and disturbs nobody
(pygls issue 621).
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from typing import TYPE_CHECKING, Any

import attrs
from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams

from glm_lsp.lsp.wire.converter import explain

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future as ThreadFuture

    import cattrs

    MsgId = int | str
    AnyFuture = asyncio.Future[Any] | ThreadFuture[Any]

logger = logging.getLogger(__name__)


class Outgoing:
    """The requests to one client that wait for their replies."""

    def __init__(self, converter: cattrs.Converter, send: Callable[[dict[str, Any]], None]) -> None:
        self._converter = converter
        self._send = send
        self._waiting: dict[MsgId, tuple[AnyFuture, Any]] = {}
        self._ids = itertools.count(1)
        self._gone = False

    def __len__(self) -> int:
        return len(self._waiting)

    async def request(self, method: str, params: Any = None, result_type: Any = None) -> Any:
        """Send a request and return its result.

        `result_type` structures the result of a method of our own.

        Raises:
            JsonRpcException: the client answered with an error, or with something else than
                the protocol says.
            ConnectionError: the client is gone.
        """
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.ask(future, method, params, result_type=result_type)
        return await future

    def ask(
        self,
        future: AnyFuture,
        method: str,
        params: Any,
        *,
        result_type: Any = None,
        msg_id: MsgId | None = None,
    ) -> None:
        """Send a request whose reply settles `future`."""
        if self._gone:
            future.set_exception(ConnectionError("the editor is gone"))
            return
        id_ = next(self._ids) if msg_id is None else msg_id
        message: dict[str, Any] = {"id": id_, "method": method}
        if params is not None:
            message["params"] = self._converter.unstructure(params)
        if result_type is None and (known := types.METHOD_TO_TYPES.get(method)) is not None:
            response: Any = known[1]
            result_type = attrs.fields_dict(response)["result"].type
        self._waiting[id_] = future, result_type
        future.add_done_callback(lambda _: self._waiting.pop(id_, None))
        self._send(message)

    def take(self, msg_id: Any, message: dict[str, Any]) -> None:
        """Take a reply."""
        waiting = None if id_or_none(msg_id) is None else self._waiting.pop(msg_id, None)
        if waiting is None or waiting[0].done():
            logger.debug("A reply that nobody waits for was passed over.")
            return
        future, cls = waiting
        if message.get("error") is not None:
            future.set_exception(_error(message["error"]))
            return
        try:
            raw = message.get("result")
            result = raw if cls is None else self._converter.structure(raw, cls)
        except Exception:  # cattrs raises whatever a hook raises.
            reason = explain(lambda converter: converter.structure(raw, cls))
            future.set_exception(JsonRpcInvalidParams(f"the editor's reply is no reply: {reason}"))
        else:
            future.set_result(result)

    def disconnect(self) -> None:
        """Fail what waits for the client, and what will ask it: it is gone."""
        self._gone = True
        for future, _ in list(self._waiting.values()):
            if not future.done():
                future.set_exception(ConnectionError("the editor is gone"))


def id_or_none(value: Any) -> MsgId | None:
    """Return a message's id, or None when the value cannot be one."""
    return value if isinstance(value, int | str) and not isinstance(value, bool) else None


def _error(raw: Any) -> JsonRpcException:
    """Return the error of a reply, whatever it is made of."""
    if not isinstance(raw, dict):
        raw = {}
    code, message = raw.get("code"), raw.get("message")
    return JsonRpcException(
        str(message or "the editor gave no reason"),
        code if isinstance(code, int) else int(types.ErrorCodes.InternalError),
        raw.get("data"),
    )

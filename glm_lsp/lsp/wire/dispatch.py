"""Dispatch: from a frame's body to its handler, and from its result to a reply.

Invariants: every request is answered exactly once, with a result or with an error, in
whatever way its handler ends. Messages are handled in the order they arrive, one per turn of
the loop, so that a handler has started (and sees the documents as they were for it) before
the next message changes them; only cancellation jumps the queue. Nothing that a client sends
ends the server but `exit`.

What stock pygls 2.1.1 does otherwise is marked with its defect's number in
`tests/lsp_floor/test_defects.py`; drop an override when the test passes without it.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import json
import logging
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.feature_manager import is_thread_function
from pygls.protocol import LanguageServerProtocol

from glm_lsp.errors import GlmError
from glm_lsp.lsp.wire.converter import explain
from glm_lsp.lsp.wire.long_message import Cut, LongMessage
from glm_lsp.lsp.wire.outgoing import Outgoing, id_or_none

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator

    import cattrs

    from glm_lsp.lsp.server import Server

    MsgId = int | str
    Handler = Callable[..., Any]

logger = logging.getLogger(__name__)

_SLOW = 0.005  # Seconds; after a handler this slow, what arrived meanwhile is read first.
_TOO_LONG = "This is too much for GLM at once: select less."
_Code = types.ErrorCodes
_LspCode = types.LSPErrorCodes


class Dispatch(LanguageServerProtocol):
    """pygls's protocol with its reading, dispatching and replying replaced."""

    _server: Server

    def __init__(self, server: Server, converter: cattrs.Converter) -> None:
        super().__init__(server, converter)
        self._inbox: deque[dict[str, Any]] = deque()
        self._scheduled = False
        self._initialized = False
        self._incoming: dict[MsgId, asyncio.Future[Any]] = {}
        self._background: set[asyncio.Future[Any]] = set()
        self.outgoing = Outgoing(converter, self._send)
        # ASCII escapes carry even the lone surrogates that some editors send.
        self._to_json = json.JSONEncoder(
            separators=(",", ":"), allow_nan=False, default=converter.unstructure
        ).encode

    # In: from bytes to one message per turn of the loop.

    def receive(self, body: bytes) -> bool:
        """Take the body of one frame; False when it is not JSON."""
        return self._receive(lambda: json.loads(body.decode()))

    def long_message(self) -> LongMessage:
        """Return what takes a long message."""
        return LongMessage(lambda long: self._receive(long.read), self._server.documents.longest)

    def _receive(self, read: Callable[[], Any]) -> bool:
        try:
            message = read()
        except (ValueError, RecursionError):
            self._reply_error(None, _Code.ParseError, "This is not JSON.")
            return False
        if not isinstance(message, dict):
            self._reply_error(None, _Code.InvalidRequest, "A message is one JSON object.")
        elif message.get("method") == types.CANCEL_REQUEST:
            self._cancel(message.get("params"))
        else:
            self._inbox.append(message)
        return True

    async def handle_rest(self) -> None:
        """Handle what was received and not handled yet: no more will come."""
        while self._inbox:
            self.wake()
            await asyncio.sleep(0)  # So that a handler begins before the next message.

    def wake(self) -> None:
        """Start handling what was received."""
        if self._inbox and not self._scheduled:
            self._turn()

    def _turn(self) -> None:
        """Handle one message, and have the next handled in the loop's next turn."""
        loop = asyncio.get_running_loop()
        self._scheduled = False
        if not self._inbox:
            return
        message = self._inbox.popleft()
        started = loop.time()
        try:
            self._dispatch(message)
        except Exception:
            logger.exception("A message could not be handled.")
        if self._inbox:
            self._scheduled = True
            if loop.time() - started > _SLOW:
                # One turn more, so that cancellations that came meanwhile are read before.
                loop.call_soon(loop.call_soon, self._turn)
            else:
                loop.call_soon(self._turn)

    def _dispatch(self, message: dict[str, Any]) -> None:
        method, msg_id = message.get("method"), message.get("id")
        if isinstance(message, Cut):
            self._too_long(message, method, id_or_none(msg_id))
        elif not isinstance(method, str):
            if method is None and ("result" in message or "error" in message):
                self.outgoing.take(msg_id, message)
            else:
                self._reply_error(id_or_none(msg_id), _Code.InvalidRequest, "No method is named.")
        elif "id" not in message:
            self._on_notification(method, message.get("params"))
        elif id_or_none(msg_id) is None:
            self._reply_error(None, _Code.InvalidRequest, "An id is a number or a string.")
        else:
            self._on_request(msg_id, method, message.get("params"))

    def _too_long(self, message: Cut, method: Any, msg_id: MsgId | None) -> None:
        """Answer a message that is too long, or have its document left out."""
        logger.warning("A message is too long: %.80s", method)
        if not isinstance(method, str):
            self.outgoing.take(msg_id, {"error": {"message": "the answer is too long"}})
        elif msg_id is not None:
            self._reply_error(msg_id, _LspCode.RequestFailed, _TOO_LONG)
        elif self._initialized and not self._shutdown:
            self._leave_out(method, message.get("params"))

    def _leave_out(self, method: str, params: Any) -> None:
        """Act on a notification that is too long."""

    def _on_request(self, msg_id: Any, method: str, raw: Any) -> None:
        refusal = self._refusal(msg_id, method)
        if refusal is not None:
            self._reply_error(msg_id, *refusal)
            return
        try:
            params = _structure(self._converter, method, raw)
        except Exception:  # cattrs raises whatever a hook raises.
            reason = explain(lambda converter: _structure(converter, method, raw))
            self._reply_error(msg_id, _Code.InvalidParams, f"{method}: {reason}")
            return
        token = self._ctx_msg_id.set(msg_id)
        try:
            result = self._call(self._get_handler(method), (params,))
        except (Exception, asyncio.CancelledError) as error:
            self._reply_failure(msg_id, method, error)
        else:
            if _awaitable(result):
                answer = self._answer(msg_id, method, result)
                task = asyncio.get_running_loop().create_task(answer)
                self._incoming[msg_id] = task
                task.add_done_callback(partial(self._ended, msg_id, result))
            else:
                self._reply(msg_id, result)
        finally:
            self._ctx_msg_id.reset(token)

    def _refusal(self, msg_id: MsgId, method: str) -> tuple[int, str] | None:
        """Return why a request is not handled at all, or None."""
        if not self.serves(method):
            return _Code.MethodNotFound, f"The method {method[:80]} is not served."
        if msg_id in self._incoming:
            return _Code.InvalidRequest, "A request of this id is still being handled."
        if self._shutdown:
            return _Code.InvalidRequest, "The server was shut down."
        if self._initialized == (method == types.INITIALIZE):
            if self._initialized:
                return _Code.InvalidRequest, "The server is already initialized."
            return _Code.ServerNotInitialized, "The server is not initialized."
        return None

    def serves(self, method: str) -> bool:
        """Tell whether there is a handler for a method."""
        return method in self.fm.builtin_features or method in self.fm.features

    def _on_notification(self, method: str, raw: Any) -> None:
        handler = self.fm.builtin_features.get(method) or self.fm.features.get(method)
        if handler is None:
            logger.debug("The notification %.80s is not served.", method)
            return
        if method != types.EXIT and (self._shutdown or not self._initialized):
            return
        try:
            params = _structure(self._converter, method, raw)
        except Exception:  # cattrs raises whatever a hook raises.
            reason = explain(lambda converter: _structure(converter, method, raw))
            logger.warning("A notification was passed over: %s: %s", method, reason)
            return
        self._notified(method, handler, params)

    def _notified(self, method: str, handler: Handler, params: Any) -> None:
        """Run a notification's handler, whose failure only the log can show."""

        def done(future: asyncio.Future[Any]) -> None:
            self._background.discard(future)
            if not future.cancelled() and (error := future.exception()) is not None:
                self._failed_notification(method, error)

        try:
            result = self._call(handler, (params,))
        except Exception as error:  # Handlers raise what they raise.
            self._failed_notification(method, error)
            return
        if _awaitable(result):
            future = asyncio.ensure_future(result)
            self._background.add(future)
            future.add_done_callback(done)

    def _failed_notification(self, method: str, error: BaseException) -> None:
        if isinstance(error, GlmError):
            self._server.report(error)
        else:
            logger.error("Handling %s failed.", method, exc_info=error)

    def _call(
        self, handler: Handler, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Call a handler of any kind; return its result, or what to await for it."""
        if is_thread_function(handler):  # type: ignore[no-untyped-call]
            call = partial(contextvars.copy_context().run, handler, *args, **(kwargs or {}))
            return asyncio.get_running_loop().run_in_executor(self._server.thread_pool, call)
        result = handler(*args, **(kwargs or {}))
        return self._drive(result) if inspect.isgenerator(result) else result

    async def _drive(self, steps: Generator[Any, Any, Any]) -> Any:
        """Run one of pygls's own handlers, which yield the handlers they call."""
        value: Any = None
        while True:
            try:
                handler, args, kwargs = steps.send(value)
            except StopIteration as end:
                return end.value
            value = self._call(handler, tuple(args or ()), kwargs)
            if _awaitable(value):
                value = await value

    # Out: replies.

    async def _answer(self, msg_id: MsgId, method: str, result: Awaitable[Any]) -> None:
        """Wait for a handler's result and reply, in the very turn in which it comes."""
        try:
            value = await result
        except (Exception, asyncio.CancelledError) as error:
            self._reply_failure(msg_id, method, error)
        else:
            self._reply(msg_id, value)

    def _ended(self, msg_id: MsgId, result: Any, task: asyncio.Future[None]) -> None:
        del self._incoming[msg_id]
        if task.cancelled():  # Before it began: nothing has replied, nothing been awaited.
            if asyncio.iscoroutine(result):
                result.close()
            self._reply_error(msg_id, _LspCode.RequestCancelled, "The request was cancelled.")

    def _reply(self, msg_id: MsgId, result: Any) -> None:
        try:
            self._send({"id": msg_id, "result": self._converter.unstructure(result)})
        except Exception:
            logger.exception("A result could not be written as JSON.")
            self._reply_error(msg_id, _Code.InternalError, "The result could not be written.")

    def _reply_failure(self, msg_id: MsgId, method: str, error: BaseException) -> None:
        """Answer with what went wrong; details are for the log alone."""
        if isinstance(error, JsonRpcException):
            self._reply_error(msg_id, error.code, error.message, error.data)
        elif isinstance(error, GlmError):
            logger.warning("%s: %s %s", method, error, error.detail)
            self._reply_error(msg_id, _LspCode.RequestFailed, str(error))
        elif isinstance(error, asyncio.CancelledError):
            self._reply_error(msg_id, _LspCode.RequestCancelled, "The request was cancelled.")
        else:
            logger.error("Handling %s failed.", method, exc_info=error)
            message = f"{method} failed within the server; its log says how."
            self._reply_error(msg_id, _Code.InternalError, message)

    def _reply_error(self, msg_id: MsgId | None, code: int, text: str, data: Any = None) -> None:
        error = {"code": int(code), "message": text}
        if data is not None:
            error["data"] = data
        self._send({"id": msg_id, "error": error})

    def _send(self, message: dict[str, Any]) -> None:
        message["jsonrpc"] = self.VERSION
        if self.writer is not None:
            self.writer.write(self._to_json(message).encode())

    # Cancellation of what the client asked for.

    def _cancel(self, params: Any) -> None:
        """Cancel a request: not begun, running, or answered while its job runs on."""
        msg_id = id_or_none(params.get("id")) if isinstance(params, dict) else None
        if msg_id is None:
            return
        for message in self._inbox:
            if message.get("id") == msg_id and "method" in message:
                self._inbox.remove(message)
                text = "The request was cancelled before it began."
                self._reply_error(msg_id, _LspCode.RequestCancelled, text)
                return
        future = self._incoming.get(msg_id)
        if future is not None:
            future.cancel()
        else:
            self._server.jobs.cancel_request(msg_id)

    def cancel_all(self, *, but: MsgId | None = None) -> list[asyncio.Future[Any]]:
        """Cancel every handler that runs, and return what to wait for."""
        running = [future for msg_id, future in self._incoming.items() if msg_id != but]
        running.extend(self._background)
        current = asyncio.current_task()
        running = [future for future in running if future is not current]
        for future in running:
            future.cancel()
        return running


def _awaitable(value: Any) -> bool:
    return asyncio.iscoroutine(value) or isinstance(value, asyncio.Future)


def _structure(converter: cattrs.Converter, method: str, raw: Any) -> Any:
    """Structure the params of a method; those of our own methods stay JSON values."""
    message = types.METHOD_TO_TYPES.get(method)
    cls: Any = message[2] if message is not None else None
    return raw if cls is None else converter.structure(raw, cls)

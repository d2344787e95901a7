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
import itertools
import json
import logging
from collections import deque
from concurrent.futures import Future as ThreadFuture
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs
from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams
from pygls.feature_manager import is_thread_function
from pygls.protocol import LanguageServerProtocol, lsp_method

from glm_lsp.errors import GlmError
from glm_lsp.lsp.commands import bind
from glm_lsp.lsp.converter import explain

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    import cattrs

    from glm_lsp.lsp.server import Server

    MsgId = int | str
    Handler = Callable[..., Any]

logger = logging.getLogger(__name__)

_SLOW = 0.005  # Seconds; after a handler this slow, what arrived meanwhile is read first.
_Code = types.ErrorCodes
_LspCode = types.LSPErrorCodes


class Protocol(LanguageServerProtocol):
    """pygls's protocol with its reading, dispatching and replying replaced."""

    _server: Server

    def __init__(self, server: Server, converter: cattrs.Converter) -> None:
        super().__init__(server, converter)
        self._inbox: deque[dict[str, Any]] = deque()
        self._scheduled = False
        self._initialized = False
        self._gone = False
        self._incoming: dict[MsgId, asyncio.Future[Any]] = {}
        self._background: set[asyncio.Future[Any]] = set()
        self._outgoing: dict[MsgId, tuple[asyncio.Future[Any] | ThreadFuture[Any], Any]] = {}
        self._ids = itertools.count(1)

    # In: from bytes to one message per turn of the loop.

    def receive(self, body: bytes) -> bool:
        """Take the body of one frame; False when it is not JSON."""
        try:
            message = json.loads(body)
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
        if not isinstance(method, str):
            if method is None and ("result" in message or "error" in message):
                self._on_response(msg_id, message)
            else:
                self._reply_error(_id_or_none(msg_id), _Code.InvalidRequest, "No method is named.")
        elif "id" not in message:
            self._on_notification(method, message.get("params"))
        elif _id_or_none(msg_id) is None:
            self._reply_error(None, _Code.InvalidRequest, "An id is a number or a string.")
        else:
            self._on_request(msg_id, method, message.get("params"))

    def _on_request(self, msg_id: Any, method: str, raw: Any) -> None:
        refusal = self._refusal(msg_id, method)
        if refusal is not None:
            self._reply_error(msg_id, *refusal)
            return
        try:
            params = self._structure_params(method, raw)
        except Exception as error:  # cattrs raises whatever a hook raises.
            self._reply_error(msg_id, _Code.InvalidParams, f"{method}: {explain(error)}")
            return
        token = self._ctx_msg_id.set(msg_id)
        try:
            result = self._start(self._get_handler(method), (params,))
        except (Exception, asyncio.CancelledError) as error:
            self._reply_failure(msg_id, method, error)
        else:
            if isinstance(result, asyncio.Future):
                self._incoming[msg_id] = result
                result.add_done_callback(partial(self._finish, msg_id, method))
            else:
                self._reply(msg_id, result)
        finally:
            self._ctx_msg_id.reset(token)

    def _refusal(self, msg_id: MsgId, method: str) -> tuple[int, str] | None:
        """Return why a request is not handled at all, or None."""
        if method not in self.fm.builtin_features and method not in self.fm.features:
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

    def _on_notification(self, method: str, raw: Any) -> None:
        handler = self.fm.builtin_features.get(method) or self.fm.features.get(method)
        if handler is None:
            logger.debug("The notification %.80s is not served.", method)
            return
        if method != types.EXIT and (self._shutdown or not self._initialized):
            return
        try:
            params = self._structure_params(method, raw)
        except Exception as error:  # cattrs raises whatever a hook raises.
            logger.warning("A notification was passed over: %s: %s", method, explain(error))
            return
        self._notified(method, handler, params)

    def _notified(self, method: str, handler: Handler, params: Any) -> None:
        """Run a notification's handler, whose failure only the log can show."""

        def done(future: asyncio.Future[Any]) -> None:
            self._background.discard(future)
            if not future.cancelled() and (error := future.exception()) is not None:
                self._failed_notification(method, error)

        try:
            result = self._start(handler, (params,))
        except Exception as error:  # Handlers raise what they raise.
            self._failed_notification(method, error)
            return
        if isinstance(result, asyncio.Future):
            self._background.add(result)
            result.add_done_callback(done)

    def _failed_notification(self, method: str, error: BaseException) -> None:
        if isinstance(error, GlmError):
            self._server.report(error)
        else:
            logger.error("Handling %s failed.", method, exc_info=error)

    def _start(
        self, handler: Handler, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Call a handler of any kind; return its result, or a future of it."""
        loop = asyncio.get_running_loop()
        if is_thread_function(handler):  # type: ignore[no-untyped-call]
            call = partial(contextvars.copy_context().run, handler, *args, **(kwargs or {}))
            return loop.run_in_executor(self._server.thread_pool, call)
        result = handler(*args, **(kwargs or {}))
        if inspect.isgenerator(result):
            result = self._drive(result)
        if asyncio.iscoroutine(result):
            return loop.create_task(result)
        return result

    async def _drive(self, steps: Generator[Any, Any, Any]) -> Any:
        """Run one of pygls's own handlers, which yield the handlers they call."""
        value: Any = None
        while True:
            try:
                handler, args, kwargs = steps.send(value)
            except StopIteration as end:
                return end.value
            value = self._start(handler, tuple(args or ()), kwargs)
            if isinstance(value, asyncio.Future):
                value = await value

    def _structure_params(self, method: str, raw: Any) -> Any:
        """Structure the params of a method; those of our own methods stay JSON values."""
        message = types.METHOD_TO_TYPES.get(method)
        cls: Any = message[2] if message is not None else None
        return raw if cls is None else self._converter.structure(raw, cls)

    # Out: replies.

    def _finish(self, msg_id: MsgId, method: str, future: asyncio.Future[Any]) -> None:
        self._incoming.pop(msg_id, None)
        if future.cancelled():
            self._reply_error(msg_id, _LspCode.RequestCancelled, "The request was cancelled.")
        elif (error := future.exception()) is not None:
            self._reply_failure(msg_id, method, error)
        else:
            self._reply(msg_id, future.result())

    def _reply(self, msg_id: MsgId, result: Any) -> None:
        try:
            body = self._body({"id": msg_id, "result": self._converter.unstructure(result)})
        except Exception:
            logger.exception("A result could not be written as JSON.")
            self._reply_error(msg_id, _Code.InternalError, "The result could not be written.")
            return
        self._write(body)

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
        self._write(self._body({"id": msg_id, "error": error}))

    def _body(self, message: dict[str, Any]) -> bytes:
        message["jsonrpc"] = self.VERSION
        # ASCII escapes carry even the lone surrogates that some editors send.
        return json.dumps(message, separators=(",", ":"), default=self._plain).encode()

    def _plain(self, value: Any) -> Any:
        return self._converter.unstructure(value)

    def _write(self, body: bytes) -> None:
        if self.writer is not None:
            self.writer.write(body)

    # Cancellation of what the client asked for.

    def _cancel(self, params: Any) -> None:
        """Cancel a request: not begun, running, or answered while its job runs on."""
        msg_id = _id_or_none(params.get("id")) if isinstance(params, dict) else None
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

    # What the server asks of the client.

    async def request(self, method: str, params: Any = None, result_type: Any = None) -> Any:
        """Send a request and return its result.

        `result_type` structures the result of a method of our own.

        Raises:
            JsonRpcException: the client answered with an error, or with something else than
                the protocol says.
            ConnectionError: the client is gone.
        """
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._ask(method, params, future, result_type)
        return await future

    def send_request(
        self,
        method: str,
        params: Any | None = None,
        callback: Callable[[Any], None] | None = None,
        msg_id: MsgId | None = None,
    ) -> ThreadFuture[Any]:
        """Send a request from any thread, as pygls's own methods do."""
        future: ThreadFuture[Any] = ThreadFuture()
        if callback is not None:
            given = callback

            def done(ended: ThreadFuture[Any]) -> None:
                if not ended.cancelled() and ended.exception() is None:
                    given(ended.result())

            future.add_done_callback(done)
        self._ask(method, params, future, None, msg_id)
        return future

    def send_request_async(
        self, method: str, params: Any | None = None, msg_id: MsgId | None = None
    ) -> asyncio.Future[Any]:
        """Send a request, as pygls's own `…_async` methods do."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._ask(method, params, future, None, msg_id)
        return future

    def notify(self, method: str, params: Any | None = None) -> None:
        """Send a notification."""
        message: dict[str, Any] = {"method": method}
        if params is not None:
            message["params"] = self._converter.unstructure(params)
        self._write(self._body(message))

    def _ask(
        self,
        method: str,
        params: Any,
        future: asyncio.Future[Any] | ThreadFuture[Any],
        result_type: Any,
        msg_id: MsgId | None = None,
    ) -> None:
        msg_id = next(self._ids) if msg_id is None else msg_id
        message: dict[str, Any] = {"id": msg_id, "method": method}
        if params is not None:
            message["params"] = self._converter.unstructure(params)
        body = self._body(message)
        if result_type is None and (known := types.METHOD_TO_TYPES.get(method)) is not None:
            response: Any = known[1]
            result_type = attrs.fields_dict(response)["result"].type
        if self._gone:
            future.set_exception(ConnectionError("the editor is gone"))
            return
        self._outgoing[msg_id] = future, result_type
        # Whoever stops waiting is forgotten; a late reply then finds nobody.
        future.add_done_callback(lambda _: self._outgoing.pop(msg_id, None))
        self._write(body)

    def _on_response(self, msg_id: Any, message: dict[str, Any]) -> None:
        waiting = None if _id_or_none(msg_id) is None else self._outgoing.pop(msg_id, None)
        if waiting is None or waiting[0].done():
            logger.debug("A reply that nobody waits for was passed over.")
            return
        future, cls = waiting
        if message.get("error") is not None:
            future.set_exception(_client_error(message["error"]))
            return
        try:
            raw = message.get("result")
            result = raw if cls is None else self._converter.structure(raw, cls)
        except Exception as error:  # cattrs raises whatever a hook raises.
            text = f"the editor's reply cannot be read: {explain(error)}"
            future.set_exception(JsonRpcInvalidParams(text))
        else:
            future.set_result(result)

    def disconnect(self) -> None:
        """Fail what waits for the client, and what will ask it: it is gone."""
        self._gone = True
        for future, _ in list(self._outgoing.values()):
            if not future.done():
                future.set_exception(ConnectionError("the editor is gone"))

    # pygls's own handlers, where ours differ.

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> Generator[Any, Any, Any]:
        """Take up the session. pygls logs what it is given: not the options, with their key."""
        self._initialized = True
        logged = attrs.evolve(params, initialization_options=None)
        steps = super().lsp_initialize(logged)
        value: Any = None
        while True:
            try:
                handler, _, kwargs = steps.send(value)
            except StopIteration as end:
                result: types.InitializeResult = end.value
                break
            value = yield handler, (params,), kwargs
        self._server.announce(result.capabilities)
        return result

    @lsp_method(types.SHUTDOWN)
    async def lsp_shutdown(self, *args: Any) -> None:  # type: ignore[override]
        """End all work, then answer. Work may still talk to the client while it cleans up."""
        self._shutdown = True
        if (handler := self.fm.features.get(types.SHUTDOWN)) is not None:
            value = self._start(handler, args)
            if isinstance(value, asyncio.Future):
                await value
        await self._server.end_work(but=self.msg_id)

    @lsp_method(types.EXIT)
    def lsp_exit(self, *_: Any) -> None:  # type: ignore[override]
        """End the session: well when it was shut down before, else with code 1."""
        self._server.leave(0 if self._shutdown else 1)

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        """Mirror a document."""
        self._server.documents.open(params)
        self._then(types.TEXT_DOCUMENT_DID_OPEN, params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> None:
        """Mirror a change."""
        self._server.documents.change(params)
        self._then(types.TEXT_DOCUMENT_DID_CHANGE, params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        """Forget a document."""
        self._server.documents.close(params)
        self._then(types.TEXT_DOCUMENT_DID_CLOSE, params)

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    def lsp_workspace__execute_command(self, params: types.ExecuteCommandParams) -> Any:
        """Run a command as the request's own handler, so that cancelling reaches it."""
        handler = self.fm.commands.get(params.command)
        if handler is None:
            raise JsonRpcInvalidParams(f"The command {params.command[:80]} is not known.")
        return self._start(handler, bind(handler, params.arguments or (), self._converter))

    @lsp_method(types.WINDOW_WORK_DONE_PROGRESS_CANCEL)
    def lsp_work_done_progress_cancel(self, params: types.WorkDoneProgressCancelParams) -> None:
        """Cancel the job whose progress this is."""
        self._server.jobs.cancel(str(params.token))
        self._then(types.WINDOW_WORK_DONE_PROGRESS_CANCEL, params)

    def _then(self, method: str, params: Any) -> None:
        """Run the feature registered for a notification that is handled here first."""
        if (handler := self.fm.features.get(method)) is not None:
            self._notified(method, handler, params)


def _id_or_none(value: Any) -> MsgId | None:
    return value if isinstance(value, int | str) and not isinstance(value, bool) else None


def _client_error(raw: Any) -> JsonRpcException:
    """Return the error of a client's reply, whatever it is made of."""
    if not isinstance(raw, dict):
        raw = {}
    code, message = raw.get("code"), raw.get("message")
    return JsonRpcException(
        str(message or "the editor gave no reason"),
        code if isinstance(code, int) else int(_Code.InternalError),
        raw.get("data"),
    )

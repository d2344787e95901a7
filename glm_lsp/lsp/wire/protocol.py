"""The handlers that pygls brings, where ours differ: lifecycle, documents, commands.

Invariant: `initialize` and `shutdown` take effect once, and between them every change of a
document has reached the mirror before anything else sees the next message.
"""

from __future__ import annotations

import asyncio
import inspect
from concurrent.futures import Future as ThreadFuture
from typing import TYPE_CHECKING, Any

import attrs
from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams
from pygls.protocol import lsp_method

from glm_lsp.lsp.wire.commands import bind
from glm_lsp.lsp.wire.converter import rehearse
from glm_lsp.lsp.wire.dispatch import Dispatch

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from glm_lsp.lsp.server import Server

    MsgId = int | str


_AT_ONCE = (
    types.TEXT_DOCUMENT_DID_OPEN,
    types.TEXT_DOCUMENT_DID_CHANGE,
    types.TEXT_DOCUMENT_CODE_ACTION,
    types.TEXT_DOCUMENT_CODE_LENS,
    types.TEXT_DOCUMENT_INLINE_COMPLETION,
)
"""What editors send as soon as a document is open, without being told to."""


_TEXTS = (types.TEXT_DOCUMENT_DID_OPEN, types.TEXT_DOCUMENT_DID_CHANGE)
_NOTEBOOKS = (types.NOTEBOOK_DOCUMENT_DID_OPEN, types.NOTEBOOK_DOCUMENT_DID_CHANGE)


class Protocol(Dispatch):
    """The protocol of one client."""

    _server: Server

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
        rehearse(self._converter, filter(self.serves, _AT_ONCE))
        return result

    @lsp_method(types.SHUTDOWN)
    def lsp_shutdown(self, *args: Any) -> Any:
        """End all work, then answer. Work may still talk to the client while it cleans up."""
        self._shutdown = True  # At once: `exit` may come with the same bytes.
        return self._end_work(args)

    async def _end_work(self, args: tuple[Any, ...]) -> None:
        if (handler := self.fm.features.get(types.SHUTDOWN)) is not None:
            value = self._call(handler, args)
            if inspect.isawaitable(value):
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

    @lsp_method(types.NOTEBOOK_DOCUMENT_DID_OPEN)
    def lsp_notebook_document__did_open(self, params: types.DidOpenNotebookDocumentParams) -> None:
        """Mirror a notebook."""
        self._server.notebooks.open(params)

    @lsp_method(types.NOTEBOOK_DOCUMENT_DID_CHANGE)
    def lsp_notebook_document__did_change(
        self, params: types.DidChangeNotebookDocumentParams
    ) -> None:
        """Mirror a change of a notebook."""
        self._server.notebooks.change(params)

    @lsp_method(types.NOTEBOOK_DOCUMENT_DID_CLOSE)
    def lsp_notebook_document__did_close(
        self, params: types.DidCloseNotebookDocumentParams
    ) -> None:
        """Forget a notebook."""
        self._server.notebooks.close(params)

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    def lsp_workspace__execute_command(self, params: types.ExecuteCommandParams) -> Any:
        """Run a command as the request's own handler, so that cancelling reaches it."""
        handler = self.fm.commands.get(params.command)
        if handler is None:
            raise JsonRpcInvalidParams(f"The command {params.command[:80]} is not known.")
        takes = self._server.signatures[params.command]
        return self._call(handler, bind(takes, params.arguments or (), self._converter))

    @lsp_method(types.WINDOW_WORK_DONE_PROGRESS_CANCEL)
    def lsp_work_done_progress_cancel(self, params: types.WorkDoneProgressCancelParams) -> None:
        """Cancel the job whose progress this is."""
        self._server.jobs.cancel(str(params.token))
        self._then(types.WINDOW_WORK_DONE_PROGRESS_CANCEL, params)

    def _leave_out(self, method: str, params: Any) -> None:
        """Leave a document out that is too long: the mirror never holds less than the editor."""
        given = params if isinstance(params, dict) else {}
        if method in _TEXTS:
            for uri in _uris([given.get("textDocument")]):
                self._server.documents.leave_out(uri)
        if method in _NOTEBOOKS:
            for uri in _uris([given.get("notebookDocument")]):
                self._server.notebooks.leave_out(uri, _uris(given.get("cellTextDocuments")))

    def _then(self, method: str, params: Any) -> None:
        """Run the feature registered for a notification that is handled here first."""
        if (handler := self.fm.features.get(method)) is not None:
            self._notified(method, handler, params)

    def structure(self, raw: Any, cls: Any) -> Any:
        """Return a JSON value as an LSP type; raises whatever cattrs raises for a wrong one."""
        return self._converter.structure(raw, cls)

    # What the server asks of the client, under the names that pygls's own methods call.

    def send_request(
        self,
        method: str,
        params: Any | None = None,
        callback: Callable[[Any], None] | None = None,
        msg_id: MsgId | None = None,
    ) -> ThreadFuture[Any]:
        """Send a request, from any thread."""
        future: ThreadFuture[Any] = ThreadFuture()
        if callback is not None:
            given = callback

            def done(ended: ThreadFuture[Any]) -> None:
                if not ended.cancelled() and ended.exception() is None:
                    given(ended.result())

            future.add_done_callback(done)
        self.outgoing.ask(future, method, params, msg_id=msg_id)
        return future

    def send_request_async(
        self, method: str, params: Any | None = None, msg_id: MsgId | None = None
    ) -> asyncio.Future[Any]:
        """Send a request; await the result."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.outgoing.ask(future, method, params, msg_id=msg_id)
        return future

    def notify(self, method: str, params: Any | None = None) -> None:
        """Send a notification."""
        message: dict[str, Any] = {"method": method}
        if params is not None:
            message["params"] = self._converter.unstructure(params)
        self._send(message)


def _uris(documents: Any) -> list[str]:
    """Return what documents are called, as far as these are any."""
    given = documents if isinstance(documents, list) else []
    found = [each.get("uri") for each in given if isinstance(each, dict)]
    return [uri for uri in found if isinstance(uri, str)]

"""The server: one client, its documents, its jobs, and everything that ends with it.

Invariant: one `Server` serves one client. When the client leaves, in whatever way, its jobs,
handlers and background tasks are cancelled, its resources closed, and nothing of it is left;
other clients of the same process do not notice.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, TypeVar

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from glm_lsp.errors import GlmError
from glm_lsp.lsp.documents.last_place import LastPlace
from glm_lsp.lsp.documents.mirror import Closed, DocumentEvent, Documents
from glm_lsp.lsp.documents.notebooks import Notebooks
from glm_lsp.lsp.jobs import Job, Jobs
from glm_lsp.lsp.wire import parent_process
from glm_lsp.lsp.wire.commands import Signature, signature
from glm_lsp.lsp.wire.converter import make_converter
from glm_lsp.lsp.wire.protocol import Protocol
from glm_lsp.timeout import timeout

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from glm_lsp.lsp.wire.transport import Connection

    F = TypeVar("F", bound=Callable[..., Any])
    T = TypeVar("T")

logger = logging.getLogger(__name__)

_SAY_AGAIN_AFTER = 60.0  # Seconds in which the same message is shown once.
_CLEAN_UP = 1.0  # Seconds that cancelled work gets to clean up.
_CLOSE = 2.0  # Seconds that all resources together get to close.


class Server(LanguageServer):
    """The language server of one client.

    Attributes:
        documents: the mirror of the editor's documents.
        notebooks: which of them are cells, and what stands above each.
        last_place: where the user asked for something last.
        jobs: the long-running work.
        resources: what is closed when the client leaves, in reverse order of being added,
            all of it within two seconds.
        signatures: what each command takes.
        tell_failure: tells of a job's failure in a better way than a message, and whether it did.
    """

    protocol: Protocol

    def __init__(self, name: str = "glm-lsp", version: str = "0") -> None:
        super().__init__(name, version, protocol_cls=Protocol, converter_factory=make_converter)
        self.documents = Documents()
        self.notebooks = Notebooks(self.documents)
        self.last_place = LastPlace(self.documents)
        self.jobs = Jobs(self, self._job_failed)
        self.resources = AsyncExitStack()
        self.watches_parent = False
        self.signatures: dict[str, Signature] = {}
        self.tell_failure: Callable[[Job, GlmError], bool] = lambda *_: False
        self._advertised: list[Callable[[types.ServerCapabilities], None]] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self._said: dict[str, float] = {}
        self._connection: Connection | None = None
        self._left: asyncio.Future[int] | None = None
        self.documents.subscribe(self._on_document)

    # For features.

    def command(self, command_name: str) -> Callable[[F], F]:
        """Register a command.

        Its arguments are structured by its annotations; wrong ones are answered -32602.

        Raises:
            NameError: an annotation cannot be evaluated at run time.
        """
        register = super().command(command_name)

        def decorator(function: F) -> F:
            self.signatures[command_name] = signature(function)
            return register(function)

        return decorator

    def advertise(self, change: Callable[[types.ServerCapabilities], None]) -> None:
        """Have `change` adapt the capabilities before they are sent."""
        self._advertised.append(change)

    async def request(self, method: str, params: Any = None, result_type: Any = None) -> Any:
        """Send a request to the editor and return its result.

        The result is of the type that the protocol names; of a method that is not LSP's it
        is of `result_type`, or a JSON value.

        Raises:
            JsonRpcException: the editor answered with an error, or with something unreadable.
            ConnectionError: the editor is gone.
        """
        return await self.protocol.outgoing.request(method, params, result_type)

    def notify(self, method: str, params: Any = None) -> None:
        """Send a notification to the editor."""
        self.protocol.notify(method, params)

    def show(self, message: str, kind: types.MessageType = types.MessageType.Info) -> None:
        """Show a message to the user."""
        self.notify(types.WINDOW_SHOW_MESSAGE, types.ShowMessageParams(kind, message))

    def show_once(self, message: str, kind: types.MessageType = types.MessageType.Info) -> None:
        """Show a message that nobody asked for; the same one at most once a minute."""
        now = asyncio.get_running_loop().time()
        self._said = {m: at for m, at in self._said.items() if now - at < _SAY_AGAIN_AFTER}
        if message not in self._said:
            self._said[message] = now
            self.show(message, kind)

    def report(self, error: GlmError, *, asked: bool = False) -> None:
        """Tell the user what went wrong, in the error's one sentence; details go to the log.

        What they `asked` for is always answered; other trouble is told at most once a minute.
        """
        _log(error)
        (self.show if asked else self.show_once)(str(error), types.MessageType.Error)

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run a background task that ends, at the latest, when the client leaves."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._spawned_ended)
        return task

    def structure(self, raw: Any, cls: Any) -> Any:
        """Return a JSON value as an LSP type; raises whatever cattrs raises for a wrong one."""
        return self.protocol.structure(raw, cls)

    @property
    def shows_progress(self) -> bool:
        """Whether the editor lets the server start a progress of its own."""
        capabilities = getattr(self.protocol, "client_capabilities", None)
        window = capabilities.window if capabilities is not None else None
        return bool(window is not None and window.work_done_progress)

    @property
    def current_request(self) -> int | str | None:
        """The id of the request that is being handled."""
        return self.protocol.msg_id

    # For the protocol.

    def announce(self, capabilities: types.ServerCapabilities) -> None:
        """Take up what was negotiated, and add what features advertise."""
        encoding = capabilities.position_encoding
        self.documents.encoding = str(getattr(encoding, "value", encoding) or "utf-16")
        if self.client_capabilities.notebook_document is not None:
            every = types.NotebookDocumentFilterWithNotebook(notebook="*")
            capabilities.notebook_document_sync = types.NotebookDocumentSyncOptions([every])
        for change in self._advertised:
            change(capabilities)
        if self.watches_parent and self.process_id is not None:
            stop = parent_process.watch(self.process_id, self._orphaned)
            self.resources.callback(stop)

    def leave(self, code: int) -> None:
        """End the session; `code` is the exit code of a process that serves it alone."""
        if self._left is not None and not self._left.done():
            self._left.set_result(code)

    async def end_work(self, *, but: int | str | None = None) -> None:
        """Cancel jobs, handlers and tasks, and wait for them to clean up, within bounds."""
        running = self.protocol.cancel_all(but=but)
        for task in self._tasks:
            task.cancel()
        await self.jobs.close(_CLEAN_UP)
        if rest := [*running, *self._tasks]:
            await asyncio.wait(rest, timeout=_CLEAN_UP)

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Log what pygls could not do; a user cannot act on it."""
        logger.error("%s: %s", source, error)

    async def serve(self, connection: Connection) -> int:
        """Serve the client until it leaves; return the code that the process would end with."""
        self._left = asyncio.get_running_loop().create_future()
        self._connection = connection
        self.protocol.set_writer(connection, include_headers=False)
        try:
            ends: list[asyncio.Future[Any]] = [self._left, connection.closed]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            await self.protocol.handle_rest()  # `exit` may have come with the end of the input.
        finally:
            await self._close()
        return self._left.result() if self._left.done() else 1

    async def _close(self) -> None:
        self.protocol.outgoing.disconnect()
        await self.end_work()
        try:
            async with timeout(_CLOSE):
                await self._close_resources()
        except asyncio.TimeoutError:
            logger.warning("The server's resources were not closed in time.")
        if self._connection is not None:
            await self._connection.finish(_CLEAN_UP)
        if self._thread_pool is not None:
            self._thread_pool.shutdown(wait=False, cancel_futures=True)

    async def _close_resources(self) -> None:
        try:
            await self.resources.aclose()
        except Exception:
            logger.exception("A resource could not be closed.")

    def _on_document(self, event: DocumentEvent) -> None:
        if isinstance(event, Closed):
            self.jobs.cancel_document(event.snapshot.uri)

    def _job_failed(self, job: Job, error: Exception) -> None:
        if isinstance(error, GlmError):
            _log(error)
            if not self.tell_failure(job, error):
                self.show(str(error), types.MessageType.Error)
        elif not isinstance(error, ConnectionError):
            logger.error("The job %s failed.", job.title, exc_info=error)
            self.show(
                f"“{job.title}” failed within the server; its log says how.",
                types.MessageType.Error,
            )

    def _spawned_ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, GlmError):
            self.report(error)
        elif error is not None:
            logger.error("A background task failed.", exc_info=error)

    def _orphaned(self) -> None:
        logger.warning("The editor's process ended.")
        self.leave(1)


def _log(error: GlmError) -> None:
    logger.warning("%s: %s %s", type(error).__name__, error, error.detail)

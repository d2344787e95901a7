"""Long-running work: who owns it, how it shows, and every way in which it ends.

Invariant: a job outlives neither its document nor its client, and its progress token neither
the job. However it ends (done, failed, cancelled), the editor's progress ends with it, and
an error is told once, to the callback given to `Jobs`.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from typing import TYPE_CHECKING, Any, Protocol

from lsprotocol import types

from glm_lsp.errors import GlmError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

logger = logging.getLogger(__name__)

_MOST = 50  # Jobs of one client; nobody waits for more.
_REPORT_EVERY = 0.1  # Seconds; a stream reports per token, and nobody reads that fast.


class Client(Protocol):
    """What jobs need of the editor."""

    @property
    def shows_progress(self) -> bool:
        """Whether the editor lets the server start a progress of its own."""
        ...

    @property
    def current_request(self) -> int | str | None:
        """The id of the request that is being handled."""
        ...

    async def request(self, method: str, params: Any = None) -> Any:
        """Send a request and return its result."""

    def notify(self, method: str, params: Any = None) -> None:
        """Send a notification."""


class Job:
    """One piece of work, which runs from the moment the job is made.

    Attributes:
        id: what `glm.cancel` and the like name it by; unique within one client.
        uri: the document it works on, if any; closing it cancels the job.
        request_id: the request from which it was started, if any.
        done: set, to None, when the work has ended in whatever way.
        cancelled: it was asked to stop.
        error: what it failed with; None while it runs, and when it did not fail.
    """

    def __init__(
        self,
        id_: str,
        title: str,
        work: Callable[[Job], Awaitable[None]],
        *,
        uri: str | None = None,
        request_id: int | str | None = None,
        progress: Progress | None = None,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.id = id_
        self.title = title
        self.uri = uri
        self.request_id = request_id
        self.done: asyncio.Future[None] = loop.create_future()
        self.cancelled = False
        self.error: Exception | None = None
        self._progress = progress
        self._task = loop.create_task(self._run(work), name=id_)
        self._task.add_done_callback(self._ended)

    def report(self, message: str, percentage: int | None = None) -> None:
        """Show how far the work is; may be called as often as there is news."""
        if self._progress is not None:
            self._progress.report(message, percentage)

    def cancel(self) -> None:
        """Ask the work to stop. Asking again does not disturb its cleaning up."""
        if not self.cancelled and not self.done.done():
            self.cancelled = True
            self._task.cancel()

    def kill(self) -> None:
        """Stop the work in the midst of its cleaning up."""
        self.cancelled = True
        self._task.cancel()

    async def _run(self, work: Callable[[Job], Awaitable[None]]) -> None:
        if self._progress is not None:
            self._progress.open()
        try:
            await work(self)
        except asyncio.CancelledError:
            self.cancelled = True
        except Exception as error:  # Whatever it is, the callback given to Jobs says it.
            self.error = error

    def _ended(self, _: object) -> None:
        if self._progress is not None:
            self._progress.close()
        self.done.set_result(None)


class Jobs:
    """The jobs of one client."""

    def __init__(self, client: Client, on_error: Callable[[Job, Exception], None]) -> None:
        self._client = client
        self._on_error = on_error
        self._jobs: dict[str, Job] = {}
        self._ids = itertools.count(1)
        self._closed = False

    def start(
        self, title: str, work: Callable[[Job], Awaitable[None]], *, uri: str | None = None
    ) -> Job:
        """Start `work` and return at once.

        Raises:
            ConnectionError: the client is gone.
            GlmError: too many jobs run already.
        """
        if self._closed:
            raise ConnectionError("the editor is gone")
        if len(self._jobs) >= _MOST:
            raise GlmError(f"GLM works on {_MOST} things already: wait for one, or cancel some.")
        id_ = f"job-{next(self._ids)}"
        progress = Progress(self._client, id_, title) if self._client.shows_progress else None
        request = self._client.current_request
        job = Job(id_, title, work, uri=uri, request_id=request, progress=progress)
        self._jobs[id_] = job
        job.done.add_done_callback(lambda _: self._ended(job))
        return job

    def get(self, job_id: str) -> Job | None:
        """Return a running job."""
        return self._jobs.get(job_id)

    def running(self, uri: str | None = None) -> list[Job]:
        """Return the running jobs, oldest first; only those of a document when one is given."""
        return [job for job in self._jobs.values() if uri is None or job.uri == uri]

    def cancel(self, job_id: str) -> bool:
        """Cancel a job by its id or, which is the same, its progress token."""
        job = self._jobs.get(job_id)
        if job is not None:
            job.cancel()
        return job is not None

    def cancel_request(self, request_id: int | str) -> bool:
        """Cancel the jobs started from a request, which was answered while they run on."""
        jobs = [job for job in self._jobs.values() if job.request_id == request_id]
        for job in jobs:
            job.cancel()
        return bool(jobs)

    def cancel_document(self, uri: str) -> None:
        """Cancel the jobs of a document, which was closed."""
        for job in self.running(uri):
            job.cancel()

    async def close(self, seconds: float = 1.0) -> None:
        """Cancel all jobs and wait for them to clean up, at most `seconds`."""
        self._closed = True
        jobs = self.running()
        for job in jobs:
            job.cancel()
        if jobs:
            await asyncio.wait([job.done for job in jobs], timeout=seconds)
        for job in self.running():
            job.kill()

    def _ended(self, job: Job) -> None:
        self._jobs.pop(job.id, None)
        if job.error is not None:
            self._on_error(job, job.error)


class Progress:
    """A progress of our own in the editor: created, begun, reported, ended."""

    def __init__(self, client: Client, token: str, title: str) -> None:
        self._client = client
        self._token = token
        self._title = title
        self._creating: asyncio.Task[None] | None = None
        self._begun = False
        self._closed = False
        self._news: types.WorkDoneProgressReport | None = None
        self._pause: asyncio.TimerHandle | None = None

    def open(self) -> None:
        """Ask the editor for it. The work does not wait for the answer."""
        self._creating = asyncio.get_running_loop().create_task(self._create())

    def report(self, message: str, percentage: int | None) -> None:
        """Show the news, at once or when the last have been up for a moment."""
        self._news = types.WorkDoneProgressReport(message=message, percentage=percentage)
        if self._begun and self._pause is None:
            self._send_news()

    def close(self) -> None:
        """End it, if it ever began."""
        if self._closed:
            return
        self._closed = True
        if self._pause is not None:
            self._pause.cancel()
        if self._creating is not None:
            self._creating.cancel()
        if self._begun:
            self._send(types.WorkDoneProgressEnd())

    async def _create(self) -> None:
        params = types.WorkDoneProgressCreateParams(token=self._token)
        try:
            await self._client.request(types.WINDOW_WORK_DONE_PROGRESS_CREATE, params)
        except Exception as error:  # The work goes on without it.
            logger.info("The editor shows no progress: %s", error)
            return
        self._begun = True
        self._send(types.WorkDoneProgressBegin(title=self._title, cancellable=True))
        if self._news is not None:
            self._send_news()

    def _send_news(self) -> None:
        self._pause = None
        if self._news is not None and not self._closed:
            self._send(self._news)
            self._news = None
            loop = asyncio.get_running_loop()
            self._pause = loop.call_later(_REPORT_EVERY, self._send_news)

    def _send(self, value: Any) -> None:
        with contextlib.suppress(ConnectionError):
            self._client.notify(types.PROGRESS, types.ProgressParams(self._token, value))

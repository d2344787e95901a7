"""Actions that failed: each is said, with what there is to do about it, and can be asked again.

Invariant: every failure is told, whatever was told before. Asking again means the same question
at the same place, wherever typing has moved it; of a document only its last failure is kept.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from attrs import define, evolve
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from glm_lsp.errors import (
    AuthenticationError,
    ExcludedError,
    GlmError,
    NoKeyError,
    UnconfirmedHostError,
)
from glm_lsp.lsp.documents.mirror import Changed, Closed
from glm_lsp.lsp.documents.positions import to_range
from glm_lsp.lsp.extension import range_json
from glm_lsp.spans import shift_by
from glm_lsp.text import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from glm_lsp.actions.plan import Task
    from glm_lsp.lsp.documents.mirror import DocumentEvent
    from glm_lsp.lsp.jobs import Job
    from glm_lsp.lsp.server import Server
    from glm_lsp.lsp.session import ClientSession
    from glm_lsp.text import Change

_SETTING = re.compile(r"`(glm\.[\w.]+)`")

Does = Literal["key", "settings", "retry"]
_TITLES: tuple[tuple[Does, str], ...] = (
    ("key", "Set Key"),
    ("settings", "Open Settings"),
    ("retry", "Retry"),
)


@define(eq=False)
class Attempt:
    """What was asked for by one job, and where that is by now.

    Attributes:
        every: it was about every problem of the document.
        failed: the job has ended with an error.
    """

    job: str
    task: Task
    now: Task
    every: bool = False
    failed: bool = False


class Failures:
    """The attempts of one client that run, and those that failed lately."""

    def __init__(
        self, server: Server, session: ClientSession, again: Callable[[Attempt], dict[str, str]]
    ) -> None:
        """Have `again` start a job for what is asked again."""
        self._server = server
        self._session = session
        self._start = again
        self._attempts: dict[str, Attempt] = {}
        server.documents.subscribe(self._follow)
        server.tell_failure = self._tell

    def watch(self, job: Job, task: Task, *, every: bool = False) -> None:
        """Remember what a job is about until it has succeeded."""
        uri = task.snapshot.uri
        for each in list(self._attempts.values()):
            if each.failed and each.task.snapshot.uri == uri:
                del self._attempts[each.job]  # Whoever asks anew has gone on.
        self._attempts[job.id] = attempt = Attempt(job.id, task, task, every)
        job.done.add_done_callback(lambda _: self._ended(job, attempt))

    def of(self, uri: str) -> Iterator[Attempt]:
        """Yield what failed last in a document, if something did."""
        return (a for a in self._attempts.values() if a.failed and a.now.snapshot.uri == uri)

    def again(self, job: str) -> dict[str, str] | None:
        """Ask again what failed; return the job that does, None when there is no such failure.

        Raises:
            GlmError: the document must stay on this machine by now, or too much runs already.
        """
        attempt = self._attempts.get(job)
        if attempt is None or not attempt.failed:
            return None
        self._session.check(attempt.now.snapshot.uri)
        self._session.check(attempt.now.snapshot.file)
        del self._attempts[job]
        return self._start(attempt)

    def _ended(self, job: Job, attempt: Attempt) -> None:
        if job.error is None:
            self._attempts.pop(attempt.job, None)
        elif not attempt.failed:
            attempt.failed = True
            snapshot = attempt.now.snapshot
            if snapshot.text == attempt.task.snapshot.text:
                # A change that was taken back has moved nothing.
                attempt.now = evolve(attempt.task, snapshot=snapshot)

    def _follow(self, event: DocumentEvent) -> None:
        for attempt in list(self._attempts.values()):
            uri = attempt.now.snapshot.uri
            if isinstance(event, Closed) and event.snapshot.uri == uri:
                del self._attempts[attempt.job]
            elif isinstance(event, Changed) and event.after.uri == uri:
                for change in event.changes:
                    attempt.now = _moved(attempt.now, change)
                attempt.now = evolve(attempt.now, snapshot=event.after)

    def _tell(self, job: Job, error: GlmError) -> bool:
        """Tell of a failure with buttons, where the client shows them; tell whether it does."""
        attempt = self._attempts.get(job.id)
        if attempt is not None:
            self._ended(job, attempt)
        if self._session.extensions.buttons is None:
            return False
        buttons = [*self._buttons(error, attempt)]
        if not buttons:
            return False
        self._server.spawn(self._ask(job.id, error, buttons))
        return True

    def _buttons(self, error: GlmError, attempt: Attempt | None) -> Iterator[dict[str, Any]]:
        """Yield what there is to do about an error, as far as this client can do it."""
        own = self._session.extensions.buttons or frozenset()
        setting = _SETTING.search(str(error))
        wanted = {
            "key": "key" in own and isinstance(error, NoKeyError | AuthenticationError),
            "settings": "settings" in own and setting is not None,
            "retry": not isinstance(error, ExcludedError | UnconfirmedHostError),
        }
        again = None if attempt is None else self._command(attempt)
        for does, title in _TITLES:
            if wanted[does] and (does != "retry" or again is not None):
                more: dict[str, Any] = {"does": does}
                if does == "settings" and setting is not None:
                    more["setting"] = setting[1]
                elif does == "key" and again is not None:
                    more["again"] = again
                yield {"title": title, **more}

    async def _ask(self, job: str, error: GlmError, buttons: list[dict[str, Any]]) -> None:
        kind = types.MessageType.Error
        params = {"type": int(kind), "message": str(error), "actions": buttons}
        try:
            chosen = await self._server.request(types.WINDOW_SHOW_MESSAGE_REQUEST, params)
        except JsonRpcException:  # It shows none after all.
            self._server.show(str(error), kind)
            return
        if isinstance(chosen, types.MessageActionItem) and chosen.title == "Retry":
            try:
                self.again(job)
            except GlmError as failure:
                self._server.report(failure, asked=True)

    def _command(self, attempt: Attempt) -> dict[str, Any]:
        """Return the command that asks the same: for a client whose server is a new one then."""
        task = attempt.now
        text, encoding = task.snapshot.text, self._server.documents.encoding
        argument: dict[str, Any] = {
            "uri": task.snapshot.uri,
            "range": range_json(to_range(text, task.selection, encoding)),
            "diagnostics": [
                {
                    "range": range_json(to_range(text, each.span, encoding)),
                    "message": each.message,
                    "severity": each.severity,
                    "source": each.source,
                    "code": each.code,
                }
                for each in task.diagnostics
            ],
            "preset": task.preset,
            "instruction": task.instruction,
            "all": attempt.every,
        }
        return {"command": task.action.command, "arguments": [argument]}


def _moved(task: Task, change: Change) -> Task:
    """Return a task after a change of its document; its selection takes in what was typed there."""
    shift = shift_by(change)
    after = change.span.end + change.growth

    def at(offset: int, otherwise: int) -> int:
        if offset >= change.span.end:
            return offset + change.growth
        return offset if offset <= change.span.start else otherwise

    selection = Span(
        at(task.selection.start, change.span.start), at(task.selection.end, max(0, after))
    )
    diagnostics = tuple(
        evolve(each, span=Span(each.span.start + by, each.span.end + by))
        for each in task.diagnostics
        if (by := shift(each.span.start, each.span.end)) is not None
    )
    return evolve(task, selection=selection, diagnostics=diagnostics)

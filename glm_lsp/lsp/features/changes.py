"""GLM's changes in one client's documents: delivered, then kept, undone or asked for again.

Invariant: a change is followed from its first edit until it is kept, undone, or its document
closed; so it can be undone after any later typing, which stays.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from glm_lsp.errors import EditError, ReplyError
from glm_lsp.lsp.apply import Applier, Outcome
from glm_lsp.lsp.convert import to_range, to_span
from glm_lsp.lsp.documents import Closed
from glm_lsp.lsp.extension import APPLY_EDIT

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from glm_lsp.actions.plan import Plan, Task
    from glm_lsp.editing.diff import Hunk
    from glm_lsp.lsp.apply import Check, Mode
    from glm_lsp.lsp.documents import DocumentEvent
    from glm_lsp.lsp.jobs import Job
    from glm_lsp.lsp.server import Server
    from glm_lsp.lsp.session import Session
    from glm_lsp.text import Snapshot, Span

    Ask = Callable[[str | None], AsyncGenerator[str | Hunk, None]]

_MOST_KEPT = 50

logger = logging.getLogger(__name__)


@frozen(eq=False)
class Change:
    """One change: the job that made it, and what was asked."""

    job: str
    task: Task
    applier: Applier
    offered: bool = False

    @property
    def uri(self) -> str:
        """The document's."""
        return self.applier.uri


class Changes:
    """The changes of one client."""

    def __init__(self, server: Server, session: Session) -> None:
        self._server = server
        self._session = session
        self._running: dict[str, Applier] = {}
        self._done: dict[str, Change] = {}
        self._open_steps: dict[str, bool] = {}
        self._listeners: list[Callable[[], None]] = []
        server.documents.subscribe(self._follow)

    async def deliver(self, job: Job, planned: Plan, ask: Ask, check: Check | None) -> None:
        """Bring a reply into the document by the best way that the editor has.

        Raises:
            EditError: another job is changing the same code, or the editor takes no edit.
            GlmError: whatever `ask` raises.
        """
        snapshot = planned.task.snapshot
        self._refuse_overlap(snapshot.uri, planned.target)
        applier = Applier(
            self._server.documents,
            snapshot,
            planned.target,
            lambda edit, first, last: self._send(job, planned.title, edit, first, last),
            delivery=self._mode(),
            check=check,
            title=planned.title,
        )
        self._running[job.id] = applier
        try:
            outcome = await applier.run(ask)
            await self._close_step(job)
        except BaseException:
            applier.close()
            raise
        finally:
            del self._running[job.id]
            self._open_steps.pop(job.id, None)
        self._conclude(Change(job.id, planned.task, applier), outcome)

    @property
    def creates_files(self) -> bool:
        """Whether the editor creates files for the server."""
        workspace = self._server.client_capabilities.workspace
        edits = workspace.workspace_edit if workspace is not None else None
        if workspace is None or not workspace.apply_edit or edits is None:
            return False
        return types.ResourceOperationKind.Create in (edits.resource_operations or ())

    async def create(self, uri: str, text: str, title: str) -> None:
        """Create a file with a text, and show it.

        Raises:
            EditError: the editor did not.
        """
        start = types.Position(0, 0)
        document = types.OptionalVersionedTextDocumentIdentifier(uri=uri, version=None)
        edit = types.WorkspaceEdit(
            document_changes=[
                types.CreateFile(uri, options=types.CreateFileOptions(overwrite=False)),
                types.TextDocumentEdit(document, [types.TextEdit(types.Range(start, start), text)]),
            ]
        )
        params = types.ApplyWorkspaceEditParams(edit=edit, label=title)
        applied = await self._server.request(types.WORKSPACE_APPLY_EDIT, params)
        if not applied.applied:
            raise EditError("The editor did not create the file: check that its folder exists.")
        window = self._server.client_capabilities.window
        if window is not None and window.show_document and window.show_document.support:
            with suppress(JsonRpcException):
                show = types.ShowDocumentParams(uri, take_focus=False)
                await self._server.request(types.WINDOW_SHOW_DOCUMENT, show)

    def on_change(self, listener: Callable[[], None]) -> None:
        """Have `listener` called when a change has come or gone."""
        self._listeners.append(listener)

    def keep(self, job: str) -> None:
        """Stop offering to undo a change.

        Raises:
            EditError: there is no such change.
        """
        self._take(job).applier.close()

    async def undo(self, job: str) -> Task:
        """Restore the text before a change, and keep what was typed since; return its task.

        Raises:
            EditError: there is no such change, or the editor did not take the edit.
        """
        change = self._take(job)
        span = change.applier.session.span
        try:
            if not change.offered:
                await change.applier.take_back()
                span = change.applier.session.span or span
        finally:
            change.applier.close()
        snapshot = self._server.documents.get(change.uri)
        if snapshot is None:
            raise EditError("The file is not open any more.")
        if span is None or span.end > len(snapshot.text):
            return evolve(change.task, snapshot=snapshot)
        return evolve(change.task, snapshot=snapshot, selection=span)

    def nearby(self, snapshot: Snapshot, range_: types.Range) -> list[types.CodeAction]:
        """List what can be done with the changes and the jobs at a place."""
        where = to_span(snapshot.text, range_, self._server.documents.encoding)
        actions = [
            _action("GLM: Cancel", "glm.cancel", job.id)
            for job in self._server.jobs.running(snapshot.uri)
        ]
        for change in reversed(self._done.values()):
            span = change.applier.session.span
            if change.uri != snapshot.uri or span is None or not span.touches(where):
                continue
            if change.offered:
                actions += self._application(change)
            else:
                actions.append(_action("GLM: Keep", "glm.accept", change.job))
                actions.append(_action("GLM: Undo", "glm.reject", change.job))
            actions.append(_action("GLM: Retry", "glm.retry", change.job))
        return actions

    def spans(self, uri: str) -> list[tuple[str, types.Range]]:
        """Return the jobs whose change is in a document, and where each is now."""
        snapshot = self._server.documents.get(uri)
        found = []
        for change in self._done.values():
            span = change.applier.session.span
            if snapshot is not None and change.uri == uri and span is not None:
                encoding = self._server.documents.encoding
                found.append((change.job, to_range(snapshot.text, span, encoding)))
        return found

    def _mode(self) -> Mode:
        workspace = self._server.client_capabilities.workspace
        own = self._session.extensions.apply_edit
        if not own and not (workspace is not None and workspace.apply_edit):
            return "offer"
        delivery = self._session.settings.edits.delivery
        if delivery == "auto":
            return "stream" if own else "once"
        return delivery

    async def _close_step(self, job: Job) -> None:
        """Tell a client that groups undo that no more edits come, if no edit has said so.

        Which edit is the last is known only when the model has stopped; holding one back
        until then would show a change of one hunk at the very end.
        """
        if self._open_steps.pop(job.id, False):
            edit = types.WorkspaceEdit(document_changes=[])
            params = {"edit": edit, "job": job.id, "first": False, "last": True}
            with suppress(JsonRpcException):
                await self._server.request(APPLY_EDIT, params)

    async def _send(
        self, job: Job, title: str, edit: types.WorkspaceEdit, first: bool, last: bool
    ) -> bool:
        if self._session.extensions.apply_edit and not edit.change_annotations:
            params = {"edit": edit, "job": job.id, "first": first, "last": last}
            self._open_steps[job.id] = not last
            result = await self._server.request(APPLY_EDIT, params)
            return isinstance(result, dict) and result.get("applied") is True
        applied: types.ApplyWorkspaceEditResult = await self._server.request(
            types.WORKSPACE_APPLY_EDIT, types.ApplyWorkspaceEditParams(edit=edit, label=title)
        )
        return applied.applied

    def _conclude(self, change: Change, outcome: Outcome) -> None:
        if outcome in (Outcome.UNCHANGED, Outcome.DECLINED):
            change.applier.close()
            if outcome is Outcome.UNCHANGED:
                self._server.show("GLM found nothing to change here.")
            return
        if outcome is Outcome.OFFERED:
            change = evolve(change, offered=True)
            self._server.show(
                "GLM's change is ready: choose “GLM: Apply the change” from the code actions there."
            )
        self._done[change.job] = change
        while len(self._done) > _MOST_KEPT:
            self._done.pop(next(iter(self._done))).applier.close()
        self._tell()

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()

    def _application(self, change: Change) -> list[types.CodeAction]:
        edit = change.applier.proposal()
        if edit is None:  # It is in the document: the user picked it.
            self._done[change.job] = evolve(change, offered=False)
            return []
        kind = types.CodeActionKind.RefactorRewrite
        return [types.CodeAction("GLM: Apply the change", kind=kind, edit=edit, is_preferred=True)]

    def _refuse_overlap(self, uri: str, target: Span) -> None:
        for applier in self._running.values():
            if applier.uri == uri and applier.target.touches(target):
                raise EditError("GLM is changing this code already: wait for it, or cancel it.")

    def _take(self, job: str) -> Change:
        change = self._done.pop(job, None)
        if change is None:
            raise EditError("There is no such change of GLM's any more.")
        self._tell()
        return change

    def _follow(self, event: DocumentEvent) -> None:
        if isinstance(event, Closed):
            for change in list(self._done.values()):
                if change.uri == event.snapshot.uri:
                    self._done.pop(change.job).applier.close()


def register(server: Server, changes: Changes, run: Callable[[Task], dict[str, str]]) -> None:
    """Serve keep, undo and retry; `run` starts a task's job."""

    @server.command("glm.accept")
    def accept(argument: Any) -> None:
        changes.keep(_job(argument))

    @server.command("glm.reject")
    async def reject(argument: Any) -> None:
        await changes.undo(_job(argument))

    @server.command("glm.retry")
    async def retry(argument: Any) -> dict[str, str]:
        return run(await changes.undo(_job(argument)))


def _job(argument: Any) -> str:
    job = argument.get("job") if isinstance(argument, dict) else None
    if not isinstance(job, str):
        raise ReplyError("The argument is an object with `job`.")
    return job


def _action(title: str, command: str, job: str) -> types.CodeAction:
    return types.CodeAction(
        title,
        kind=types.CodeActionKind.RefactorRewrite,
        command=types.Command(title, command, arguments=[{"job": job}]),
    )

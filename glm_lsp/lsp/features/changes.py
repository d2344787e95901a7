"""GLM's changes in one client's documents: delivered, then kept, undone or asked for again.

Invariant: a change is followed from its first edit until it is kept, undone (by the user's own
undo as well), or its document closed; so it can be undone after any later typing, which stays.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen
from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams

from glm_lsp.editing.lines import content
from glm_lsp.errors import EditError
from glm_lsp.lsp.documents.mirror import Changed, Closed
from glm_lsp.lsp.documents.positions import to_range
from glm_lsp.lsp.extension import APPLY_EDIT, CHANGES
from glm_lsp.lsp.work.apply import Applier, Outcome
from glm_lsp.lsp.work.edit_writer import Answer
from glm_lsp.text import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glm_lsp.actions.plan import Plan, Task
    from glm_lsp.editing.live.change_set import HunkState
    from glm_lsp.editing.live.session import EditSession
    from glm_lsp.lsp.documents.mirror import DocumentEvent
    from glm_lsp.lsp.server import Server
    from glm_lsp.lsp.session import ClientSession
    from glm_lsp.lsp.work.apply import Ask, Check, Mode
    from glm_lsp.lsp.work.jobs import Job
    from glm_lsp.text import Snapshot, Text

_MOST_KEPT = 50
_REVIEW_AFTER = 0.2  # Seconds; what the user undid is noticed a moment after the last key.

logger = logging.getLogger(__name__)


@frozen(eq=False)
class Change:
    """One change: the job that made it, what was asked, and what it is called."""

    job: str
    task: Task
    title: str
    applier: Applier
    offered: bool = False

    @property
    def uri(self) -> str:
        """The document's."""
        return self.applier.uri

    @property
    def fault(self) -> str | None:
        """What is wrong with it, when it is offered for that reason."""
        return self.applier.fault if self.offered else None

    @property
    def hunks(self) -> list[HunkState]:
        """Those that are in the document, or are offered."""
        return self.applier.session.hunks()


class Changes:
    """The changes of one client."""

    def __init__(self, server: Server, session: ClientSession) -> None:
        self._server = server
        self._session = session
        self._running: dict[str, Applier] = {}
        self._done: dict[str, Change] = {}
        self._open_steps: set[str] = set()
        self._listeners: list[Callable[[], None]] = []
        self._review: asyncio.TimerHandle | None = None
        server.documents.subscribe(self._follow)

    async def deliver(
        self, job: Job, planned: Plan, ask: Ask, check: Check | None, guard: Check | None
    ) -> None:
        """Bring an answer into the document by the best way that the editor has.

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
            lambda edit, first: self._send(job.id, planned.title, edit, first),
            delivery=self._mode(),
            check=check,
            guard=guard,
        )
        self._running[job.id] = applier
        try:
            outcome = await applier.run(ask)
        except BaseException:
            applier.close()
            raise
        finally:
            del self._running[job.id]
            await asyncio.shield(self._close_step(job.id))
        self._conclude(Change(job.id, planned.task, planned.title, applier), outcome)

    def on_change(self, listener: Callable[[], None]) -> None:
        """Have `listener` called when a change has come or gone."""
        self._listeners.append(listener)

    def of(self, uri: str) -> list[Change]:
        """Return the changes in a document, or offered for it, the latest first."""
        return [c for c in reversed(self._done.values()) if c.uri == uri and not c.applier.over]

    def keep(self, job: str, hunk: int | None = None) -> None:
        """Stop offering to undo a change, or one hunk of it.

        Raises:
            EditError: there is no such change.
        """
        change = self._find(job)
        if hunk is not None:
            change.applier.session.keep(hunk)
        if hunk is None or not change.hunks:
            self._drop(change)
        self._tell(change.uri)

    async def undo(self, job: str, hunk: int | None = None) -> Task:
        """Restore the text before a change, and keep what was typed since; return its task.

        The task is about the place where the change, or the one hunk, was.

        Raises:
            EditError: there is no such change, or the editor did not take the edit.
        """
        change = self._find(job)
        session = change.applier.session
        try:
            left = [] if change.offered else await change.applier.take_back(hunk)
            if left:
                self._server.show(
                    f"You have changed GLM's lines near line {_listed(left)}: they stay as you"
                    " left them."
                )
        finally:
            await self._close_step(job)
            if hunk is None or not change.hunks:
                self._drop(change)
            self._tell(change.uri)
        snapshot = self._server.documents.get(change.uri)
        if snapshot is None:
            raise EditError("The file is not open any more.")
        return _again(change.task, snapshot, session, hunk)

    async def apply(self, job: str) -> None:
        """Bring an offered change into the document, since the user wants it.

        Raises:
            EditError: there is no such change, or the editor did not take it.
        """
        change = self._find(job)
        if change.offered:
            await change.applier.apply_offered()
            await self._close_step(job)
            self._done[job] = evolve(change, offered=False)
            self._tell(change.uri)

    # On the way.

    def _mode(self) -> Mode:
        workspace = self._server.client_capabilities.workspace
        own = self._session.extensions.apply_edit
        delivery = self._session.settings.edits.delivery
        takes_edits = own or (workspace is not None and workspace.apply_edit)
        if delivery == "confirm" or not takes_edits:
            return "offer"
        return "stream" if own and delivery != "once" else "once"

    async def _close_step(self, job: str) -> None:
        """Tell a client that groups undo that no more edits of a step come.

        No edit says so itself: what stands there in the end may have to be taken back.
        """
        if job in self._open_steps:
            self._open_steps.discard(job)
            edit = types.WorkspaceEdit(document_changes=[])
            params = {"edit": edit, "job": job, "first": False, "last": True}
            with suppress(JsonRpcException, ConnectionError):
                await self._server.request(APPLY_EDIT, params)

    async def _send(self, job: str, title: str, edit: types.WorkspaceEdit, first: bool) -> Answer:
        if not self._session.extensions.apply_edit:
            params = types.ApplyWorkspaceEditParams(edit=edit, label=title)
            result = await self._server.request(types.WORKSPACE_APPLY_EDIT, params)
            return Answer(result.applied)
        self._open_steps.add(job)
        own = await self._server.request(
            APPLY_EDIT, {"edit": edit, "job": job, "first": first, "last": False}
        )
        answer = own if isinstance(own, dict) else {}
        version = answer.get("version")
        return Answer(answer.get("applied") is True, version if isinstance(version, int) else None)

    def _refuse_overlap(self, uri: str, target: Span) -> None:
        for applier in self._running.values():
            if applier.uri == uri and applier.target.touches(target):
                raise EditError("GLM is changing this code already: wait for it, or cancel it.")

    def _conclude(self, change: Change, outcome: Outcome) -> None:
        """Say what came of a change, and keep it at hand."""
        if outcome is Outcome.UNCHANGED or change.applier.over:
            change.applier.close()
            if outcome is Outcome.UNCHANGED:
                self._server.show("GLM found nothing to change here.")
            return
        left = change.applier.session.left_out()
        if outcome is Outcome.OFFERED:
            change = evolve(change, offered=True)
            if not self._session.extensions.changes:
                self._server.show(_offer(change))
        elif left:
            self._server.show(
                f"GLM's change is in, except near line {_listed(left)}, where you edited"
                " meanwhile: your text was kept. “GLM: Retry” asks again."
            )
        self._done[change.job] = change
        while len(self._done) > _MOST_KEPT:
            self._drop(next(iter(self._done.values())))
        self._tell(change.uri)

    # Afterwards.

    def _find(self, job: str) -> Change:
        change = self._done.get(job)
        if change is None:
            raise EditError("There is no such change of GLM's any more.")
        return change

    def _drop(self, change: Change) -> None:
        self._done.pop(change.job, None)
        change.applier.close()

    def _tell(self, uri: str) -> None:
        for listener in self._listeners:
            listener()
        snapshot = self._server.documents.get(uri)
        if self._session.extensions.changes and snapshot is not None:
            encoding = self._server.documents.encoding
            listed = [_described(change, snapshot.text, encoding) for change in self.of(uri)]
            params = {"uri": uri, "version": snapshot.version, "changes": listed}
            self._server.notify(CHANGES, params)

    def _follow(self, event: DocumentEvent) -> None:
        if isinstance(event, Closed):
            for change in list(self._done.values()):
                if change.uri == event.snapshot.uri:
                    self._drop(change)
        elif isinstance(event, Changed) and self._done and self._review is None:
            loop = asyncio.get_running_loop()
            self._review = loop.call_later(_REVIEW_AFTER, self._look_again)

    def _look_again(self) -> None:
        """Drop what the user undid, and notice what the user picked."""
        self._review = None
        for change in list(self._done.values()):
            session = change.applier.session
            if change.applier.over:
                self._drop(change)
            elif change.offered and session.in_effect and not session.in_flight:
                self._done[change.job] = evolve(change, offered=False)
            else:
                continue
            self._tell(change.uri)


def register(server: Server, changes: Changes, run: Callable[[Task], dict[str, str]]) -> None:
    """Serve keep, undo, retry and apply; `run` starts a task's job."""

    @server.command("glm.accept")
    def accept(argument: Any) -> None:
        changes.keep(*_named(argument))

    @server.command("glm.reject")
    async def reject(argument: Any) -> None:
        await changes.undo(*_named(argument))

    @server.command("glm.retry")
    async def retry(argument: Any) -> dict[str, str]:
        return run(await changes.undo(*_named(argument)))

    @server.command("glm.apply")
    async def apply(argument: Any) -> None:
        await changes.apply(_named(argument)[0])


def range_of(text: Text, first: int, end: int, encoding: str) -> types.Range:
    """Return the range of whole lines, up to the start of the line after them if there is one."""
    start = text.line_start(first) if first < text.line_count else len(text)
    stop = text.line_start(end) if end < text.line_count else len(text)
    return to_range(text, Span(start, max(start, stop)), encoding)


def _named(argument: Any) -> tuple[str, int | None]:
    job = argument.get("job") if isinstance(argument, dict) else None
    hunk = argument.get("hunk") if isinstance(argument, dict) else None
    if not isinstance(job, str) or not isinstance(hunk, int | None):
        raise JsonRpcInvalidParams("The argument is an object with `job`, and perhaps `hunk`.")
    return job, hunk


def _described(change: Change, text: Text, encoding: str) -> dict[str, Any]:
    """Return a change as `glm/changes` tells it."""
    return {
        "job": change.job,
        "title": change.title,
        "state": "offered" if change.offered else "made",
        "fault": change.fault,
        "hunks": [
            {
                "hunk": hunk.number,
                "range": range_of(text, hunk.first, hunk.end, encoding),
                "before": "".join(line + "\n" for line in hunk.before),
                "after": "".join(line + "\n" for line in hunk.after),
            }
            for hunk in change.hunks
        ],
    }


def _offer(change: Change) -> str:
    if change.fault is None:
        return "GLM's change is ready: choose “GLM: Apply the change” from the code actions there."
    return (
        f"GLM's change was not applied. {change.fault} Choose “GLM: Apply the change” from the"
        " code actions there if you want it all the same."
    )


def _listed(lines: Sequence[int]) -> str:
    """Return line numbers as people count them."""
    *most, last = [str(line + 1) for line in lines[:5]]
    return f"{', '.join(most)} and {last}" if most else last


def _again(task: Task, snapshot: Snapshot, session: EditSession, hunk: int | None) -> Task:
    """Return a task for the document as it is now: the whole of it, or where one hunk was."""
    text = snapshot.text

    def moved(span: Span) -> Span | None:
        places = [task.snapshot.text.position(at) for at in (span.start, span.end)]
        lines = [session.current_line(line) for line, _ in places]
        start, end = (
            -1 if line is None else text.line_start(line) + column
            for line, (_, column) in zip(lines, places, strict=True)
        )
        return Span(start, end) if 0 <= start <= end <= len(text) else None

    first, end = session.place(hunk)
    lines = Span(text.line_start(first), max(text.line_start(first), _end_of(text, end - 1)))
    diagnostics = tuple(
        evolve(diagnostic, span=span)
        for diagnostic in task.diagnostics
        if (span := moved(diagnostic.span)) is not None
    )
    if hunk is not None:
        near = tuple(d for d in diagnostics if d.span.touches(lines))
        part = not near and bool(text.slice(lines).strip())
        return evolve(task, snapshot=snapshot, selection=lines, diagnostics=near, part=part)
    selection = moved(task.selection) or lines
    return evolve(task, snapshot=snapshot, selection=selection, diagnostics=diagnostics)


def _end_of(text: Text, line: int) -> int:
    """Return the offset at which a line's text ends."""
    return text.line_start(line) + len(content(text.line(line))) if line >= 0 else 0

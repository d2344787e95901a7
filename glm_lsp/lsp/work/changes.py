"""GLM's changes in one client's documents: delivered, then kept, undone or asked for again.

Invariant: a change is followed from its first edit until it is kept, undone (by the user's own
undo as well), or its document closed; so it can be undone after any later typing, which stays.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from glm_lsp.errors import EditError
from glm_lsp.lsp.documents.mirror import Changed, Closed
from glm_lsp.lsp.work.apply import Applier, Outcome
from glm_lsp.lsp.work.moved_task import moved_task

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glm_lsp.actions.plan import Plan, Task
    from glm_lsp.editing.live.change_set import HunkState
    from glm_lsp.lsp.documents.mirror import DocumentEvent
    from glm_lsp.lsp.jobs import Job
    from glm_lsp.lsp.server import Server
    from glm_lsp.lsp.work.apply import Ask, Check
    from glm_lsp.lsp.work.edit_sender import EditSender
    from glm_lsp.text import Span

_MOST_KEPT = 50
_REVIEW_AFTER = 0.2  # Seconds; what the user undid is noticed a moment after the last key.


@frozen(eq=False)
class DocumentChange:
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

    def __init__(self, server: Server, sender: EditSender) -> None:
        self._server = server
        self._sender = sender
        self._running: dict[str, Applier] = {}
        self._done: dict[str, DocumentChange] = {}
        self._listeners: list[Callable[[str], None]] = []
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
            lambda edit, first: self._sender.send(job.id, planned.title, edit, first),
            delivery=self._sender.mode(),
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
            await asyncio.shield(self._sender.close_step(job.id))
        self._conclude(DocumentChange(job.id, planned.task, planned.title, applier), outcome)

    def on_change(self, listener: Callable[[str], None]) -> None:
        """Have `listener` called with a document's URI when a change has come or gone there."""
        self._listeners.append(listener)

    def of(self, uri: str) -> list[DocumentChange]:
        """Return the changes in a document, or offered for it, the latest first."""
        return [c for c in reversed(self._done.values()) if c.uri == uri and not c.applier.over]

    def find(self, job: str) -> DocumentChange | None:
        """Return a job's change, unless it is kept, taken back or undone by now."""
        change = self._done.get(job)
        return change if change is not None and not change.applier.over else None

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
            await self._sender.close_step(job)
            if hunk is None or not change.hunks:
                self._drop(change)
            self._tell(change.uri)
        snapshot = self._server.documents.get(change.uri)
        if snapshot is None:
            raise EditError("The file is not open any more.")
        return moved_task(change.task, snapshot, session, hunk)

    async def apply(self, job: str) -> None:
        """Bring an offered change into the document, since the user wants it.

        Raises:
            EditError: there is no such change, or the editor did not take it.
        """
        change = self._find(job)
        if change.offered:
            await change.applier.apply_offered()
            await self._sender.close_step(job)
            self._done[job] = evolve(change, offered=False)
            self._tell(change.uri)

    # On the way.

    def _refuse_overlap(self, uri: str, target: Span) -> None:
        for applier in self._running.values():
            if applier.uri == uri and applier.target.touches(target):
                raise EditError("GLM is changing this code already: wait for it, or cancel it.")

    def _conclude(self, change: DocumentChange, outcome: Outcome) -> None:
        """Say what came of a change, and keep it at hand."""
        left = change.applier.session.left_out()
        if outcome is Outcome.UNCHANGED or change.applier.over:
            change.applier.close()
            if outcome is Outcome.UNCHANGED:
                self._server.show("GLM found nothing to change here.")
            elif left:
                self._server.show(
                    "You edited the lines that GLM was rewriting, so your text was kept. Run it"
                    " again when you are done."
                )
            return
        if outcome is Outcome.OFFERED:
            change = evolve(change, offered=True)
            if not self._sender.lists_changes:
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

    def _find(self, job: str) -> DocumentChange:
        change = self._done.get(job)
        if change is None:
            raise EditError("There is no such change of GLM's any more.")
        return change

    def _drop(self, change: DocumentChange) -> None:
        self._done.pop(change.job, None)
        change.applier.close()

    def _tell(self, uri: str) -> None:
        for listener in self._listeners:
            listener(uri)

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


def _offer(change: DocumentChange) -> str:
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

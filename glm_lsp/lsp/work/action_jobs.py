"""The jobs of the actions: from a task to a change in the document, a text or a new file.

Invariant: whatever comes of a job, result or failure, comes through the job; the model is asked
nothing before the job runs.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Protocol

from attrs import evolve

from glm_lsp.actions.ask import AnswerProgress, new_file, prose, replacement
from glm_lsp.actions.offers import FIX_ALL, SHOW, covered
from glm_lsp.actions.promise import promise_of
from glm_lsp.actions.registry import REVIEW
from glm_lsp.actions.sent import in_markdown, in_parts, parted, sent
from glm_lsp.actions.testfile import path_for_tests
from glm_lsp.context.names import path_of
from glm_lsp.editing.answer import find_fault, judge
from glm_lsp.errors import ExcludedError, GlmError, ReplyError
from glm_lsp.lsp.work.after_edit import AfterEdit
from glm_lsp.lsp.work.change_review import plan_changes
from glm_lsp.lsp.work.commit_messages import CommitMessages, message_task
from glm_lsp.lsp.work.diagnostics import every_problem
from glm_lsp.lsp.work.failures import Failures
from glm_lsp.lsp.work.new_files import create_file, creates_files
from glm_lsp.lsp.work.planner import Planner
from glm_lsp.lsp.work.reviews import Reviews, reviewed
from glm_lsp.lsp.work.talks import Talks, asking
from glm_lsp.lsp.work.telling import Teller
from glm_lsp.prompts.actions import fenced
from glm_lsp.text import Span

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator
    from pathlib import Path

    from glm_lsp.actions.plan import Plan, Task
    from glm_lsp.editing.answer import Whole
    from glm_lsp.lsp.jobs import Job
    from glm_lsp.lsp.server import Server
    from glm_lsp.lsp.session import ClientSession
    from glm_lsp.lsp.work.changes import Changes
    from glm_lsp.lsp.work.diagnostics import Remembered
    from glm_lsp.lsp.work.explanations import Explanations, Shown
    from glm_lsp.lsp.work.failures import Attempt
    from glm_lsp.lsp.work.other_tools import KnownProblems
    from glm_lsp.lsp.work.planner import Show
    from glm_lsp.text import Change

    Listener = Callable[[AnswerProgress], None]


class Board(Protocol):
    """Who is told that a model is being asked."""

    def begin(self) -> None:
        """Note that the asking began."""

    def waits(self, whom: str, seconds: int) -> None:
        """Note for whom the asking waits, and how long if that is known; for "" no longer."""

    def end(self, error: GlmError | None = None) -> None:
        """Note that it ended, well or with an error."""


class ActionJobs:
    """Runs the actions of one client.

    Attributes:
        failures: those that failed, to be asked again.
        after: what the other tools say of the changes that they made.
        planner: what makes a question of a task.
        reviews: what reviews have found.
        talks: the explanations that can be asked about.
    """

    def __init__(
        self,
        server: Server,
        session: ClientSession,
        board: Board,
        explanations: Explanations,
        changes: Changes,
        remembered: Remembered,
        show: Show,
    ) -> None:
        """Run jobs; `show` says what the workspace has for one."""
        self._server = server
        self._session = session
        self._board = board
        self._teller = Teller(server, session, explanations)
        self._changes = changes
        self._remembered = remembered
        self.failures = Failures(server, session, self._again)
        self.planner = Planner(server, session, show)
        self.after = AfterEdit(server, session, changes, self.run)
        self.reviews = Reviews(server)
        self.talks = Talks()
        self._messages = CommitMessages(server, session, changes)

    def run(self, task: Task) -> dict[str, str]:
        """Start a job for a task and return its id."""
        job = self._server.jobs.start(
            task.action.title,
            lambda job: self._work(job, task),
            uri=task.snapshot.uri,
        )
        self.failures.watch(job, task)
        return {"job": job.id}

    def run_on_all(self, task: Task) -> dict[str, str]:
        """Start a job for a task on every problem of its document, and return its id."""
        uri = task.snapshot.uri
        # So those of the argument move with the text while the editor is asked.
        self._remembered.note(task.snapshot, task.diagnostics)

        async def work(job: Job) -> None:
            answer = await self.planner.ask_others(uri)
            snapshot, found = await every_problem(self._server, self._remembered, uri, answer)
            if not found:
                raise ReplyError(
                    "No problem of this file is known: put the cursor on one, then ask again."
                )
            place = Span(found[0].span.start, found[0].span.start)
            every = evolve(task, snapshot=snapshot, selection=place, diagnostics=found)
            await self._work(job, every)

        job = self._server.jobs.start(FIX_ALL, work, uri=uri)
        self.failures.watch(job, task, every=True)
        return {"job": job.id}

    def review_changes(self, folder: Path) -> dict[str, str]:
        """Start a job that reviews what differs from the last commit, and return its id."""

        async def work(job: Job) -> None:
            planned, about, more = await plan_changes(self._server, self._session, folder)
            with self._shown(job, planned) as told:
                listen = self._listener(job, told)
                answer = "".join([each async for each in prose(told, self._session, listen)])
            left_out = f" ({more} too large for this question)" if more else ""
            self.reviews.take(answer, f"{told.title}{left_out}", about)

        return {"job": self._server.jobs.start(f"{REVIEW.title} the changes", work).id}

    async def message(self, folder: str, begun: str) -> str:
        """Return the message for what is staged in a folder, for a client that has a box for it.

        `begun` is what stands in the box.

        Raises:
            GlmError: nothing is staged, or the model gave none.
        """
        task, said = message_task(folder, begun), ""

        async def work(job: Job) -> None:
            nonlocal said
            said = await self._asked(job, task)

        job = self._server.jobs.start(task.action.title, work, uri=None)
        try:
            await asyncio.shield(job.done)
        except asyncio.CancelledError:
            job.cancel()
            raise
        return said

    def follow_up(self, job: str | None, question: str) -> dict[str, str]:
        """Start a job that answers a question about an explanation, and return its id.

        Raises:
            GlmError: there is no such explanation, or its document must stay on this machine.
        """
        talk = self.talks.find(job)
        snapshot = talk.planned.task.snapshot
        self._session.check(snapshot.uri)
        self._session.check(snapshot.file)
        planned = asking(talk, question)

        async def work(job: Job) -> None:
            with self._shown(job, planned) as told:
                added = talk.shown.go_on(question)
                listen = self._listener(job, told)
                pieces = prose(told, self._session, listen)
                await self._show(job, told, pieces, below=(talk.shown, added))

        talk.running = self._server.jobs.start(planned.task.action.title, work, uri=snapshot.uri)
        return {"job": talk.running.id}

    def show(self, task: Task) -> dict[str, str]:
        """Start a job that shows what a task would send, and return its id; nothing is sent."""

        async def work(job: Job) -> None:
            planned, _ = await self._plan(task)
            try:
                parts = parted(planned, await self._session.sealed(in_parts(planned)))
            except ExcludedError:
                raise
            except GlmError:  # There is no key that could stand in it.
                parts = sent(planned)

            async def whole() -> AsyncGenerator[str, None]:
                yield in_markdown(planned, parts)

            await self._show(job, evolve(planned, title=f"What is sent: {planned.title}"), whole())

        return {"job": self._server.jobs.start(SHOW, work, uri=task.snapshot.uri).id}

    def _again(self, attempt: Attempt) -> dict[str, str]:
        return self.run_on_all(attempt.now) if attempt.every else self.run(attempt.now)

    async def _plan(self, task: Task) -> tuple[Plan, KnownProblems | None]:
        if task.action.answer == "message":
            return await self._messages.plan(task), None
        return await self.planner.plan(task)

    async def _asked(self, job: Job, task: Task) -> str:
        """Return the message of a commit that is written in no document."""
        planned = await self._messages.plan(task)
        with self._shown(job, planned) as told:
            return await self._messages.words(told, self._listener(job, told))

    @contextmanager
    def _shown(self, job: Job, planned: Plan) -> Iterator[Plan]:
        """Tell that a model is asked, for whom is waited, and how it ended."""
        job.report(planned.title)
        waits = partial(_tell_waiting, job, planned.title, self._board)
        self._board.begin()
        error: GlmError | None = None
        try:
            yield evolve(planned, request=evolve(planned.request, waits=waits))
        except GlmError as failure:
            error = failure
            raise
        finally:
            self._board.end(error)

    async def _work(self, job: Job, task: Task) -> None:
        planned, before = await self._plan(task)
        if len(task.diagnostics) > 1:
            starts = [diagnostic.span.start for diagnostic in task.diagnostics]
            about = covered([task.snapshot.text.position(start)[0] + 1 for start in starts])
            planned = evolve(planned, title=f"{planned.title} ({about})")
        with self._shown(job, planned) as planned:
            listen = self._listener(job, planned)
            if task.action.answer == "prose":
                await self._show(job, planned, prose(planned, self._session, listen))
            elif task.action.answer == "file":
                await self._write_file(job, planned)
            elif task.action.answer == "message":
                await self._messages.write(job, planned, listen)
            elif task.action.answer == "findings":
                answer = "".join([each async for each in prose(planned, self._session, listen)])
                self.reviews.take(answer, planned.title, reviewed(planned))
            else:
                await self._edit(job, planned)
                self.after.check(job.id, before)

    async def _edit(self, job: Job, planned: Plan) -> None:
        """Bring the answer into the document."""
        listen = self._listener(job, planned)
        promise = promise_of(planned)

        def ask(fault: str | None) -> AsyncGenerator[str | Whole | Change, None]:
            return replacement(planned, self._session, listen, fault=fault)

        async def check(before: str, after: str) -> str | None:
            return await asyncio.to_thread(judge, promise, before, after)

        async def guard(before: str, after: str) -> str | None:
            return await asyncio.to_thread(find_fault, promise.grammar.parse, before, after)

        await self._changes.deliver(job, planned, ask, check, guard)

    async def _write_file(self, job: Job, planned: Plan) -> None:
        """Bring the answer into a new file, or show it where the editor creates none."""
        snapshot = planned.task.snapshot
        text = await new_file(planned, self._session, self._listener(job, planned))
        # A cell has no place for tests beside it: they are shown.
        source = None if snapshot.notebook else path_of(snapshot.uri)
        root = next((r for r in self._session.roots if source and source.is_relative_to(r)), None)
        holds = self._session.files.holds
        # Through a link of the workspace nothing is made outside of it.
        inside = root is None or (source is not None and await asyncio.to_thread(holds, source))
        if source is not None and inside and creates_files(self._server):
            path = await asyncio.to_thread(
                path_for_tests,
                source,
                snapshot.language,
                root,
                os.path.lexists,
                holds,
            )
            from glm_lsp.markdown import without_settings

            made = without_settings(text)
            await create_file(self._server, path.as_uri(), made, planned.title)
            return

        async def whole() -> AsyncGenerator[str, None]:
            yield fenced(text.rstrip("\r\n"), snapshot.language)

        await self._show(job, planned, whole())

    async def _show(
        self,
        job: Job,
        planned: Plan,
        pieces: AsyncGenerator[str, None],
        below: tuple[Shown, str] | None = None,
    ) -> None:
        shown, answer = await self._teller.tell(job.id, planned, pieces, below)
        if planned.task.action.answer == "prose":
            self.talks.answered(planned, shown, answer)

    def _listener(self, job: Job, planned: Plan) -> Listener:
        return lambda news: job.report(f"{planned.title}: {news}")


def _tell_waiting(job: Job, title: str, board: Board, whom: str, seconds: int) -> None:
    """Show for whom is waited, and how long it will be if that is known."""
    board.waits(whom, seconds)
    for_long = f", {seconds} s" if seconds else ""
    job.report(f"{title}: waits for {whom}{for_long} …" if whom else f"{title}: {AnswerProgress()}")

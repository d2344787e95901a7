"""The commands: from a code action's argument to a job that explains or edits.

Invariant: a command answers at once with its job's id; whatever comes later, result or
failure, comes through the job. Nothing is read, and nothing sent, of a document that must
stay on this machine.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cattrs
from attrs import evolve
from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from glm_lsp.actions.ask import AnswerProgress, new_file, prose, replacement
from glm_lsp.actions.offers import FIX_ALL, covered
from glm_lsp.actions.plan import Plan, Task, plan
from glm_lsp.actions.promise import promise_of
from glm_lsp.actions.registry import ACTIONS
from glm_lsp.actions.testfile import path_for_tests
from glm_lsp.context.ignore import path_of
from glm_lsp.editing.answer import find_fault, judge
from glm_lsp.errors import GlmError, ReplyError
from glm_lsp.lsp.documents.positions import to_span
from glm_lsp.lsp.features.diagnostics import every_problem, real, to_diagnostic
from glm_lsp.lsp.work.new_files import create_file, creates_files
from glm_lsp.prompts.actions import fenced
from glm_lsp.text import Span

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from glm_lsp.actions.registry import Action
    from glm_lsp.editing.answer import Whole
    from glm_lsp.lsp.features.diagnostics import Remembered
    from glm_lsp.lsp.features.status import StatusBoard
    from glm_lsp.lsp.server import Server
    from glm_lsp.lsp.session import ClientSession
    from glm_lsp.lsp.work.changes import Changes
    from glm_lsp.lsp.work.explanations import Explanations, Surface
    from glm_lsp.lsp.work.jobs import Job
    from glm_lsp.text import Change, Snapshot

    Listener = Callable[[AnswerProgress], None]


class Actions:
    """Runs the actions of one client."""

    def __init__(
        self,
        server: Server,
        session: ClientSession,
        board: StatusBoard,
        explanations: Explanations,
        changes: Changes,
        remembered: Remembered,
    ) -> None:
        self._server = server
        self._session = session
        self._board = board
        self._explanations = explanations
        self._changes = changes
        self._remembered = remembered

    def start(self, action: Action, argument: Any) -> dict[str, str]:
        """Start a job and return its id.

        Raises:
            JsonRpcInvalidParams: the argument is not what the contract says.
            GlmError: the document is not open, or must stay on this machine.
        """
        task = self._task(action, argument)
        if action.offered == "problem" and argument.get("all") is True:
            return self._fix_all(task)
        return self.run(task)

    def run(self, task: Task) -> dict[str, str]:
        """Start a job for a task and return its id."""
        job = self._server.jobs.start(
            task.action.title,
            lambda job: self._work(job, task),
            uri=task.snapshot.uri,
        )
        return {"job": job.id}

    def _fix_all(self, task: Task) -> dict[str, str]:
        """Start a job about every problem of the document, and return its id."""
        uri = task.snapshot.uri
        # So those of the argument move with the text while the editor is asked.
        self._remembered.note(task.snapshot, task.diagnostics)

        async def work(job: Job) -> None:
            ask = self._session.extensions.context
            snapshot, found = await every_problem(self._server, self._remembered, uri, ask=ask)
            if not found:
                raise ReplyError(
                    "No problem of this file is known: put the cursor on one, then ask again."
                )
            place = Span(found[0].span.start, found[0].span.start)
            every = evolve(task, snapshot=snapshot, selection=place, diagnostics=found)
            await self._work(job, every)

        return {"job": self._server.jobs.start(FIX_ALL, work, uri=uri).id}

    async def _work(self, job: Job, task: Task) -> None:
        # Parsing a large file takes longer than a keystroke may wait.
        planned = await asyncio.to_thread(plan, task, self._session.profile())
        if len(task.diagnostics) > 1:
            starts = [diagnostic.span.start for diagnostic in task.diagnostics]
            about = covered([task.snapshot.text.position(start)[0] + 1 for start in starts])
            planned = evolve(planned, title=f"{planned.title} ({about})")
        job.report(planned.title)
        self._board.begin()
        error: GlmError | None = None
        try:
            if task.action.answer == "prose":
                await self._explain(job, planned)
            elif task.action.answer == "file":
                await self._write_file(job, planned)
            else:
                await self._edit(job, planned)
        except GlmError as failure:
            error = failure
            raise
        finally:
            self._board.end(error)

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
        """Bring the answer into a new file, or show them where the editor creates none."""
        snapshot = planned.task.snapshot
        text = await new_file(planned, self._session, self._listener(job, planned))
        source = path_of(snapshot.uri)
        if source is not None and creates_files(self._server):
            root = next((r for r in self._session.roots if source.is_relative_to(r)), None)
            path = await asyncio.to_thread(
                path_for_tests, source, snapshot.language, root, Path.exists
            )
            await create_file(self._server, path.as_uri(), text, planned.title)
            return
        shown = self._explanations.open(job.id, snapshot, planned.target, planned.title)
        surface = self._surface()
        await surface.begin(shown)
        shown.markdown = fenced(text.rstrip("\r\n"), snapshot.language)
        await surface.add(shown, shown.markdown)
        shown.done = True
        await surface.end(shown)

    def _surface(self) -> Surface:
        return self._explanations.choose(
            own=self._session.extensions.explanation,
            capabilities=self._server.client_capabilities,
        )

    async def _explain(self, job: Job, planned: Plan) -> None:
        surface = self._surface()
        snapshot = planned.task.snapshot
        shown = self._explanations.open(job.id, snapshot, planned.target, planned.title)
        pieces = prose(planned, self._session, self._listener(job, planned))
        begun = False
        try:
            async for piece in pieces:
                if not begun:
                    begun = True
                    await surface.begin(shown)
                shown.markdown += piece
                await surface.add(shown, piece)
        finally:
            await pieces.aclose()
            shown.done = True
            if begun:
                await asyncio.shield(surface.end(shown))

    def _listener(self, job: Job, planned: Plan) -> Listener:
        return lambda news: job.report(f"{planned.title}: {news}")

    def _task(self, action: Action, argument: Any) -> Task:
        if not isinstance(argument, dict) or not isinstance(argument.get("uri"), str):
            raise JsonRpcInvalidParams("The argument is an object with at least `uri`.")
        uri = argument["uri"]
        self._session.check(uri)
        snapshot = self._server.documents.get(uri)
        if snapshot is None:
            raise ReplyError("The file is not open in the editor: open it, then ask again.")
        instruction = argument.get("instruction")
        given = self._structured(argument.get("diagnostics") or [], list[types.Diagnostic])
        if argument.get("all") is True:
            given = real(given)
        return Task(
            action=action,
            snapshot=snapshot,
            selection=to_span(
                snapshot.text, self._range(argument, snapshot), self._server.documents.encoding
            ),
            diagnostics=tuple(
                to_diagnostic(raw, snapshot, self._server.documents.encoding) for raw in given
            ),
            preset=str(argument.get("preset") or ""),
            instruction=instruction if isinstance(instruction, str) else "",
        )

    def _range(self, argument: dict[str, Any], snapshot: Snapshot) -> types.Range:
        """Return the range asked about: the whole document when none is given."""
        if argument.get("range") is None:
            end = types.Position(snapshot.text.line_count, 0)
            return types.Range(types.Position(0, 0), end)
        range_: types.Range = self._structured(argument["range"], types.Range)
        return range_

    def _structured(self, raw: Any, cls: Any) -> Any:
        try:
            return self._server.structure(raw, cls)
        except (TypeError, ValueError, LookupError, cattrs.BaseValidationError) as error:
            raise JsonRpcInvalidParams("`range` or `diagnostics` is not as LSP says.") from error


def register(server: Server, actions: Actions) -> None:
    """Serve the commands that ask a model, and `glm.cancel`."""

    def add(action: Action) -> None:
        @server.command(action.command)
        def run(argument: Any) -> dict[str, str]:
            return actions.start(action, argument)

    for action in ACTIONS.values():
        add(action)

    @server.command("glm.cancel")
    def cancel(argument: Any = None) -> bool:
        """Cancel one job, or, without `job`, those of `uri`, or all."""
        given = argument if isinstance(argument, dict) else {}
        if isinstance(given.get("job"), str):
            return server.jobs.cancel(given["job"])
        uri = given.get("uri")
        running = server.jobs.running(uri if isinstance(uri, str) else None)
        for job in running:
            job.cancel()
        return bool(running)

"""The message of a commit: git is asked what is staged, GLM for the words, and they are brought in.

Invariant: git is asked only when the user asks, and only in a folder that they trust; what stays on
this machine is in no question, and that something was left out is said.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from glm_lsp.actions.ask import prose
from glm_lsp.actions.message import comment_of, message_plan, patch_budget, placed
from glm_lsp.actions.plan import Task
from glm_lsp.actions.registry import COMMIT
from glm_lsp.context.git import repository
from glm_lsp.context.names import path_of
from glm_lsp.context.staged import staged
from glm_lsp.errors import ReplyError
from glm_lsp.prompts.commit import message_of
from glm_lsp.text import Snapshot, Span, Text

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from glm_lsp.actions.ask import AnswerProgress
    from glm_lsp.actions.plan import Plan
    from glm_lsp.context.staged import Staged
    from glm_lsp.lsp.jobs import Job
    from glm_lsp.lsp.server import Server
    from glm_lsp.lsp.session import ClientSession
    from glm_lsp.lsp.work.changes import Changes

    Listener = Callable[[AnswerProgress], None]


class CommitMessages:
    """Writes commit messages for one client."""

    def __init__(self, server: Server, session: ClientSession, changes: Changes) -> None:
        self._server = server
        self._session = session
        self._changes = changes

    async def plan(self, task: Task) -> Plan:
        """Return the question for what is staged in the repository of a message.

        Raises:
            ReplyError: nothing is staged, or there is no git to be asked.
        """
        self._session.check_git()
        profile = await self._session.profile(task.snapshot.file)
        path = path_of(task.snapshot.uri)
        if path is None:
            raise ReplyError("The message is in no folder: nobody knows which changes it is about.")
        files = self._session.files

        def look() -> Staged:
            found = repository(path.parent, files.roots)
            return staged(found, files, patch_budget(profile))

        found = await asyncio.to_thread(look)
        if found.kept:
            many = f"{found.kept} file{'s' if found.kept > 1 else ''}"
            self._server.show_once(f"Of what is staged, {many} stay on your machine: not sent.")
        return message_plan(task, profile, found)

    async def write(self, job: Job, planned: Plan, listen: Listener) -> None:
        """Bring the message into the buffer."""

        async def ask(_: str | None) -> AsyncGenerator[str, None]:
            yield placed(planned.task.snapshot, await self.words(planned, listen))

        await self._changes.deliver(job, planned, ask, None, None)

    async def words(self, planned: Plan, listen: Listener) -> str:
        """Return the message.

        Raises:
            ReplyError: the answer holds none.
        """
        answer = "".join([piece async for piece in prose(planned, self._session, listen)])
        message = message_of(answer, comment_of(planned.task.snapshot.text))
        if not message:
            raise ReplyError("GLM's answer was empty; try again.")
        return message


def message_task(folder: str, begun: str) -> Task:
    """Return the task of a message that is in no document, for the repository of a folder.

    Raises:
        ReplyError: it is no folder of this machine.
    """
    path = path_of(folder)
    if path is None:
        raise ReplyError("This folder is not on this machine: git cannot be asked there.")
    uri = (Path(path) / "COMMIT_EDITMSG").as_uri()
    return Task(COMMIT, Snapshot(uri, None, "git-commit", Text.of(begun)), Span(0, 0))

"""The commands that ask a model: from a code action's argument to a job.

Invariant: a command answers at once with its job's id. Nothing is read, and nothing sent, of a
document that must stay on this machine.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import cattrs
from attrs import evolve
from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from glm_lsp.actions.offers import SHOW_COMMAND
from glm_lsp.actions.plan import Task
from glm_lsp.actions.registry import ACTIONS, COMMIT, EDIT, FIX, REFACTOR, REVIEW
from glm_lsp.context.names import path_of
from glm_lsp.errors import ReplyError
from glm_lsp.lsp.documents.positions import to_span
from glm_lsp.lsp.extension import range_json
from glm_lsp.lsp.wire.converter import DIAGNOSTICS
from glm_lsp.lsp.work.other_tools import real, to_diagnostic
from glm_lsp.lsp.work.reviews import DISMISS
from glm_lsp.prompts.commit import MOST_MESSAGE

if TYPE_CHECKING:
    from glm_lsp.actions.registry import Action
    from glm_lsp.lsp.server import Server
    from glm_lsp.lsp.session import ClientSession
    from glm_lsp.lsp.work.action_jobs import ActionJobs
    from glm_lsp.lsp.work.named_prompts import NamedPrompts
    from glm_lsp.text import Snapshot


def register(
    server: Server, session: ClientSession, jobs: ActionJobs, prompts: NamedPrompts
) -> None:
    """Serve the commands of the actions, and `glm.cancel`."""

    def add(action: Action) -> None:
        @server.command(action.command)
        def run(argument: Any = None, *more: Any) -> dict[str, str]:
            if argument is None or isinstance(argument, str):
                return jobs.run(_task_in_words(server, session, action, argument, *more))
            broken = argument.get("job") if isinstance(argument, dict) else None
            if action is FIX and isinstance(broken, str):
                return jobs.run(jobs.after.task(broken))
            if action is REVIEW and isinstance(argument, dict) and argument.get("changes") is True:
                return jobs.review_changes(_folder(session, argument))
            task = _task(server, session, action, argument)
            if isinstance(named := argument.get("prompt"), str):
                task = evolve(task, instruction=prompts.find(named).text)
            every = action.offered == "problem" and argument.get("all") is True
            return jobs.run_on_all(task) if every else jobs.run(task)

    for action in ACTIONS.values():
        if action is not COMMIT:
            add(action)
    _register_message(server, session, jobs)
    _register_others(server, session, jobs)


def _register_others(server: Server, session: ClientSession, jobs: ActionJobs) -> None:
    """Serve what shows, dismisses and cancels."""

    @server.command(SHOW_COMMAND)
    def show(argument: Any) -> dict[str, str]:
        given = argument if isinstance(argument, dict) else {}
        wished = FIX if given.get("diagnostics") else REFACTOR
        action = ACTIONS.get(str(given.get("action")), wished)
        return jobs.show(_task(server, session, action, argument))

    @server.command("glm.followUp")
    def follow_up(argument: Any) -> dict[str, str]:
        """Ask about an explanation: its `job` and a `question`, or the question alone."""
        given = argument if isinstance(argument, dict) else {"question": argument}
        job, question = given.get("job"), given.get("question")
        if not isinstance(question, str) or not question.strip():
            raise JsonRpcInvalidParams("The argument is an object with a `question`.")
        return jobs.follow_up(job if isinstance(job, str) else None, question)

    @server.command(DISMISS)
    def dismiss(argument: Any) -> None:
        if not isinstance(argument, dict) or not isinstance(argument.get("uri"), str):
            raise JsonRpcInvalidParams("The argument is an object with at least `uri`.")
        start = argument.get("start")
        jobs.reviews.dismiss(argument["uri"], start if isinstance(start, int) else None)

    @server.command("glm.cancel")
    def cancel(argument: Any = None) -> bool:
        """Cancel one job, or, without `job`, those of `uri`, or all."""
        given = argument if isinstance(argument, dict) else {}
        if isinstance(given.get("job"), str):
            return server.jobs.cancel(given["job"]) or jobs.talks.cancel(given["job"])
        uri = given.get("uri")
        running = server.jobs.running(uri if isinstance(uri, str) else None)
        for job in running:
            job.cancel()
        return bool(running)


def _register_message(server: Server, session: ClientSession, jobs: ActionJobs) -> None:
    @server.command(COMMIT.command)
    async def message(argument: Any = None) -> dict[str, str]:
        """Write the message of a commit: into its buffer, or, for a folder, as the answer."""
        if isinstance(argument, dict) and isinstance(argument.get("folder"), str):
            begun = argument.get("begun")
            begun = begun[:MOST_MESSAGE] if isinstance(begun, str) else ""
            return {"message": await jobs.message(argument["folder"], begun)}
        if argument is None:
            return jobs.run(_task_in_words(server, session, COMMIT))
        return jobs.run(_task(server, session, COMMIT, argument))


def _task(server: Server, session: ClientSession, action: Action, argument: Any) -> Task:
    """Return what a command's argument asks for.

    Raises:
        JsonRpcInvalidParams: the argument is not what the contract says.
        GlmError: the document is not open, or must stay on this machine.
    """
    if isinstance(argument, dict) and isinstance(argument.get("file"), str):
        argument = {**argument, **_by_line(server, argument)}
    if not isinstance(argument, dict) or not isinstance(argument.get("uri"), str):
        raise JsonRpcInvalidParams("The argument is an object with at least `uri`.")
    uri = argument["uri"]
    session.check(uri)
    snapshot = server.documents.opened(uri)
    session.check(snapshot.file)
    instruction = argument.get("instruction")
    encoding = server.documents.encoding
    given = _structured(server, argument.get("diagnostics") or [], DIAGNOSTICS)
    if argument.get("all") is True:
        given = real(given)
    return Task(
        action=action,
        snapshot=snapshot,
        selection=to_span(snapshot.text, _range(server, argument, snapshot), encoding),
        diagnostics=tuple(to_diagnostic(raw, snapshot, encoding) for raw in given),
        preset=str(argument.get("preset") or ""),
        instruction=instruction if isinstance(instruction, str) else "",
        comment=argument.get("comment") is True,
    )


def _folder(session: ClientSession, argument: dict[str, Any]) -> Path:
    """Return the folder whose repository is meant: a document's, else the workspace's first.

    Raises:
        ReplyError: there is neither.
    """
    path = path_of(str(argument.get("uri") or ""))
    if path is not None:
        return path.parent
    if not session.roots:
        raise ReplyError("No folder is open: open a file of the repository, then ask again.")
    return session.roots[0]


def _by_line(server: Server, argument: dict[str, Any]) -> dict[str, Any]:
    """Return the place of a `file` and a `line`, from 1, as a command line's expansions give them.

    Raises:
        ReplyError: no document, or more than one, is open under that name.
    """
    wanted = Path(argument["file"]).expanduser()
    paths = {snapshot.uri: path_of(snapshot.uri) for snapshot in server.documents}
    ends = wanted.parts
    found = [uri for uri, path in paths.items() if path and path.parts[-len(ends) :] == ends]
    if len(found) != 1 or not ends:
        raise ReplyError("The file is not open in the editor: open it, then ask again.")
    line = argument.get("line")
    at = types.Position(max(0, line - 1) if isinstance(line, int) else 0, 0)
    place = {} if line is None else {"range": range_json(types.Range(at, at))}
    return {"uri": found[0], **place}


def _task_in_words(server: Server, session: ClientSession, action: Action, *words: Any) -> Task:
    """Return what a command asks for that names no place, as a command line gives it.

    Raises:
        JsonRpcInvalidParams: the arguments are no words.
        GlmError: no place is known, or its document must stay on this machine.
    """
    if not all(word is None or isinstance(word, str) for word in words):
        raise JsonRpcInvalidParams("The arguments are one object with at least `uri`, or words.")
    snapshot, selection = server.last_place.get()
    session.check(snapshot.uri)
    session.check(snapshot.file)
    instruction = " ".join(filter(None, words)).strip()
    if action is EDIT and not instruction:
        raise ReplyError("Say what should be done: glm.edit takes it as its argument.")
    return Task(action, snapshot, selection, instruction=instruction)


def _range(server: Server, argument: dict[str, Any], snapshot: Snapshot) -> types.Range:
    """Return the range asked about: the whole document when none is given."""
    if argument.get("range") is None:
        end = types.Position(snapshot.text.line_count, 0)
        return types.Range(types.Position(0, 0), end)
    range_: types.Range = _structured(server, argument["range"], types.Range)
    return range_


def _structured(server: Server, raw: Any, cls: Any) -> Any:
    try:
        return server.structure(raw, cls)
    except (TypeError, ValueError, LookupError, cattrs.BaseValidationError) as error:
        raise JsonRpcInvalidParams("`range` or `diagnostics` is not as LSP says.") from error

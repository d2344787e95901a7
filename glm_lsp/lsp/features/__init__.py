"""One file per LSP method family: convert, call, convert."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp.lsp.features import (
    actions,
    changes,
    code_actions,
    completion_menu,
    explanation,
    inline_completion,
    left_out,
    lifecycle,
    next_edits,
    notices,
    project,
    readiness,
    status,
    struck_out,
)
from glm_lsp.lsp.features.completions import Completions
from glm_lsp.lsp.work.action_jobs import ActionJobs
from glm_lsp.lsp.work.changes import Changes
from glm_lsp.lsp.work.diagnostics import Remembered
from glm_lsp.lsp.work.edit_sender import EditSender
from glm_lsp.lsp.work.explanations import Explanations
from glm_lsp.lsp.work.foresight import ForeseenEdits
from glm_lsp.lsp.work.named_prompts import NamedPrompts
from glm_lsp.lsp.work.next_edits import NextEdits

if TYPE_CHECKING:
    from lsprotocol import types

    from glm_lsp.lsp.server import Server
    from glm_lsp.lsp.session import ClientSession
    from glm_lsp.text import Snapshot


def register(server: Server, session: ClientSession) -> None:
    """Register every feature of one client's server."""
    board = status.StatusBoard(server, session)
    session.on_booking(board.booked)
    explanations = Explanations(server)
    server.resources.callback(explanations.close)
    remembered = Remembered()
    prompts = NamedPrompts(server, session)
    known = project.register(server, session, prompts.changed_on_disk)
    completions = Completions(server, session, board.failed, known.consult)
    server.resources.push_async_callback(completions.close)

    edits = Changes(server, EditSender(server, session))

    readiness.register(server, session)

    def begun() -> None:
        board.announce()
        prompts.begin()
        server.spawn(explanations.clean())
        server.spawn(known.watch())

    lifecycle.register(server, session, begun)
    edits_ahead = NextEdits(
        server, session, known.lines, ForeseenEdits(server, session, remembered)
    )
    status.register(server, board, known.extent, edits_ahead.silent)
    struck_out.register(server, session)
    left_out.register(server, session)
    notices.register(server, session)
    explanation.register(server, explanations)
    jobs = ActionJobs(server, session, board, explanations, edits, remembered, known.show)
    actions.register(server, session, jobs, prompts)
    menu = changes.register(server, session, edits, jobs)
    waiting = next_edits.register(server, edits_ahead)

    def nearby(snapshot: Snapshot, range_: types.Range) -> list[types.CodeAction]:
        lines = (range_.start.line, range_.end.line)
        return [
            *menu.nearby(snapshot, range_),
            *waiting.listed(snapshot, range_),
            *jobs.reviews.nearby(snapshot, *lines),
        ]

    code_actions.register(server, session, nearby, remembered, prompts, jobs.reviews)
    inline_completion.register(
        server, completions.complete, completions.accepted, completions.partly_accepted
    )
    completion_menu.register(server, session, completions.menu)

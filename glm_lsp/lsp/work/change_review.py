"""A review of what differs from the last commit: which files, and the question about them.

Invariant: git is asked only in a folder that the user trusts; a file that must stay on this machine
is not in the question.
"""

from __future__ import annotations

import asyncio
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from glm_lsp.actions.findings import Reviewed
from glm_lsp.actions.plan import Plan, Task
from glm_lsp.actions.registry import REVIEW
from glm_lsp.context.changed import changed_files
from glm_lsp.context.git import repository
from glm_lsp.context.names import path_of
from glm_lsp.errors import ReplyError
from glm_lsp.languages import language_of_file
from glm_lsp.llm.types import Message, Request
from glm_lsp.prompts.review import ChangedText, changes_sections
from glm_lsp.text import Snapshot, Span

if TYPE_CHECKING:
    from pathlib import Path

    from glm_lsp.actions.profile import ModelProfile
    from glm_lsp.context.changed import ChangedFile
    from glm_lsp.lsp.server import Server
    from glm_lsp.lsp.session import ClientSession
    from glm_lsp.lsp.work.reviews import About

_MOST_SHOWN = 60_000
"""Characters of all files."""


async def plan_changes(
    server: Server, session: ClientSession, folder: Path
) -> tuple[Plan, About, int]:
    """Return the question, which text each name in the answer means, and how many it leaves out.

    Raises:
        ReplyError: nothing has changed, or there is no git to be asked.
    """
    session.check_git()
    profile = await session.profile()
    opened = {
        path: str(snapshot.text)
        for snapshot in server.documents
        if not snapshot.notebook and (path := path_of(snapshot.uri)) is not None
    }

    def look() -> list[ChangedFile]:
        found = repository(folder, session.files.roots)
        within = {p: text for p, text in opened.items() if p.is_relative_to(found.top)}
        texts = {p.relative_to(found.top).as_posix(): text for p, text in within.items()}
        return changed_files(found, session.files, texts)

    found = await asyncio.to_thread(look)
    if not found:
        raise ReplyError("Nothing has changed here since the last commit.")
    return _plan(server, profile, found)


def _plan(
    server: Server, profile: ModelProfile, found: list[ChangedFile]
) -> tuple[Plan, About, int]:
    shown: list[ChangedText] = []
    about: About = {}
    left = min(_MOST_SHOWN, profile.budget("")) if not profile.brief else 6_000
    wording = REVIEW.wording
    for file in found:
        here = server.documents.get(file.uri)
        language = (
            here.language if here is not None else language_of_file(PurePosixPath(file.path)).name
        )
        lines = [line.rstrip("\r\n") for line in file.text.lines()]
        each = ChangedText(file.path, language, lines, file.fresh)
        (section,) = changes_sections("", [each], "")[1:-1]
        if len(section.text) > left:
            continue
        left -= len(section.text)
        shown.append(each)
        snapshot = here or Snapshot(file.uri, None, language, file.text)
        about[file.path] = (snapshot, Reviewed(file.text, 0, file.text.line_count - 1))
    if not shown:
        raise ReplyError("The changes are too large for one question: review them file by file.")
    sections = changes_sections(wording.rules, shown, "Review the changed lines.")
    first, _ = next(iter(about.values()))
    request = Request(
        model=profile.model,
        feature=REVIEW.name,
        documents=tuple(snapshot.uri for snapshot, _ in about.values()),
        foreign=tuple(section.text for section in sections[1:-1]),
        puts_back=False,
        messages=(
            Message("system", sections[0].text),
            Message("user", "\n\n".join(section.text for section in sections[1:])),
        ),
        max_tokens=min(REVIEW.tokens + 16_000, profile.max_output),
        temperature=0.2,
        thinking=REVIEW.thinks if profile.thinking == "auto" else profile.thinking == "on",
    )
    many = f"{len(shown)} changed file{'s' if len(shown) > 1 else ''}"
    plan = Plan(Task(REVIEW, first, Span(0, 0)), Span(0, 0), f"Reviewing {many}", request)
    return plan, about, len(found) - len(shown)

"""From what is staged to a question about a commit's message, and where the message goes.

Invariant: in a commit message buffer nothing below the message is touched: git's own comments, and
what it shows of the changes.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlparse

from glm_lsp.actions.plan import Plan
from glm_lsp.actions.registry import COMMIT
from glm_lsp.llm.types import Message, Request
from glm_lsp.prompts.actions import fenced
from glm_lsp.prompts.commit import commit_sections
from glm_lsp.text import Span

if TYPE_CHECKING:
    from glm_lsp.actions.plan import Task
    from glm_lsp.actions.profile import ModelProfile
    from glm_lsp.context.staged import Staged
    from glm_lsp.text import Snapshot, Text

_LANGUAGES = ("gitcommit", "git-commit")
_NAMES = ("COMMIT_EDITMSG", "MERGE_MSG")
_COMMENTS = "#;@!$%^&|:"
"""What `core.commentChar` may be, as git chooses it by itself."""
_MOST_PATCH = 60_000
"""Characters."""


def is_message(snapshot: Snapshot) -> bool:
    """Tell whether a document is the message of a commit."""
    name = PurePosixPath(unquote(urlparse(snapshot.uri).path)).name
    return snapshot.language in _LANGUAGES or name in _NAMES


def comment_of(text: Text) -> str:
    """Return what begins git's comments in a message: the first line that looks like one tells."""
    for line in text.lines(0, 1_000):
        if line[:1] in _COMMENTS and line[1:2] in (" ", "\n", "\r", "\t") and line[:1].strip():
            return line[0]
    return "#"


def message_span(text: Text) -> Span:
    """Return the whole lines that the message takes the place of: all above git's comments.

    Where a comment stands in the first line it is that line.
    """
    last = text.line_span(max(0, _count(text) - 1))
    content = text.slice(last).rstrip("\r\n")
    return Span(0, last.start + len(content))


def placed(snapshot: Snapshot, message: str) -> str:
    """Return what takes the place of `message_span`: an empty line stands before git's comments."""
    text, newline = snapshot.text, snapshot.newline
    target = message_span(text)
    message = message.replace("\n", newline)
    if not _count(text):
        return f"{message}{newline * 2}{text.slice(target)}"
    below = text.slice(Span(target.end, len(text)))
    return message + newline if below.strip() else message


def _count(text: Text) -> int:
    """Return how many lines stand above git's comments."""
    mark = comment_of(text)
    found = (at for at, line in enumerate(text.lines()) if line.startswith(mark))
    return next(found, text.line_count)


def patch_budget(profile: ModelProfile) -> int:
    """Return how many characters of the changes a question shows."""
    if profile.brief:
        return int(profile.window * profile.characters_per_token / 2)
    return min(_MOST_PATCH, profile.budget(""))


def message_plan(task: Task, profile: ModelProfile, found: Staged) -> Plan:
    """Phrase the question for what is staged."""
    wording, target = task.action.wording, message_span(task.snapshot.text)
    begun = task.snapshot.slice(target) if _count(task.snapshot.text) else ""
    rules = wording.rules
    if profile.house_rules.own:
        rules += f"\n\nThe programmer's standing instructions:\n{profile.house_rules.own.strip()}"
    sections = commit_sections(rules, found.patch, found.messages, begun, wording.task)
    if profile.brief:
        asked = f"{wording.brief.format(language='diff')}\n\n{fenced(found.patch, 'diff')}"
        messages = (Message("system", wording.persona), Message("user", asked))
    else:
        user = "\n\n".join(section.text for section in sections[1:])
        messages = (Message("system", rules), Message("user", user))
    request = Request(
        model=profile.model,
        feature=COMMIT.name,
        documents=(task.snapshot.uri, *found.uris),
        foreign=(found.patch, *found.messages),
        puts_back=False,
        messages=messages,
        max_tokens=min(task.action.tokens + (0 if profile.brief else 4_000), profile.max_output),
        temperature=0.2 if not profile.brief else 0.0,
        thinking=task.action.thinks if profile.thinking == "auto" else profile.thinking == "on",
    )
    title = f"{task.action.doing} the commit message"
    return Plan(task, target, title, request, sections=() if profile.brief else sections)

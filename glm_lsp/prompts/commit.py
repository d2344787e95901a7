"""How a commit's message is asked for, and what of the answer is the message.

Invariant: the answer is words; what of it would be no message (fences, quotes, lines that git takes
for comments) does not get into the buffer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp.characters import without
from glm_lsp.prompts.actions import Section, fenced

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

COMMIT_RULES = """\
You write the message of a git commit for a programmer, from the staged changes.

- Reply with the message alone: no fence, no quotes, no introduction.
- The first line says what the commit does, in at most 72 characters. If there is more to say that
  the changes do not show by themselves, leave a line empty and say why, in lines of at most 72
  characters.
- Follow the last messages of the project in language, mood, length and form, its prefixes
  included. Take over no ticket number, name or sign-off from them.
- Say nothing that the changes do not show."""

MOST_MESSAGE = 4_000
"""Characters of a message."""

_FENCE = "```"


def commit_sections(
    rules: str, patch: str, messages: Sequence[str], begun: str, task: str
) -> tuple[Section, ...]:
    """Return what the question consists of; `begun` is what the programmer has written."""
    return tuple(_sections(rules, patch, messages, begun, task))


def _sections(
    rules: str, patch: str, messages: Sequence[str], begun: str, task: str
) -> Iterator[Section]:
    yield Section("instructions", rules)
    if messages:
        said = "\n\n".join(fenced(without(message), "") for message in messages)
        yield Section("style", "The last messages of the project, for their style:\n" + said)
    yield Section("target", "The staged changes:\n" + fenced(patch, "diff"))
    if begun.strip():
        yield Section("task", "The programmer has written so far:\n" + fenced(begun.strip(), ""))
    yield Section("task", task)


def message_of(answer: str, comment: str) -> str:
    """Return the message that an answer is; `comment` is what git takes for a comment's begin."""
    lines = without(answer.replace("\r\n", "\n"))[:MOST_MESSAGE].strip().split("\n")
    if lines[0].startswith(_FENCE):
        lines = lines[1:-1] if lines[-1].startswith(_FENCE) else lines[1:]
    text = "\n".join(lines).strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'`":
        text = text[1:-1].strip()
    lines = [line.rstrip() for line in text.split("\n")]
    return "\n".join(f" {line}" if line.startswith(comment) else line for line in lines)

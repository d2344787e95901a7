"""What an action's question would send, in its sections, for people to look at.

Invariant: joined, the parts after the first are what the service would be asked, letter for letter:
secrets are struck out of them as they would be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from glm_lsp.characters import one_line
from glm_lsp.llm.seal import Seal
from glm_lsp.llm.types import Message
from glm_lsp.prompts.actions import Section, fenced

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glm_lsp.actions.plan import Plan
    from glm_lsp.llm.credentials import Key
    from glm_lsp.llm.types import Request


def sent(planned: Plan, key: Key | None = None) -> tuple[Section, ...]:
    """Return the parts of a question as they would be sent, the instructions first.

    `key` is the server's own, which is struck out of everything. A brief question has one part
    for each message.
    """
    return parted(planned, Seal(key).sealed(in_parts(planned))[0])


def in_parts(planned: Plan) -> Request:
    """Return a question with one message for each of its parts, to be sealed as a whole."""
    messages = (
        Message("user" if number else "system", part.text)
        for number, part in enumerate(_parts(planned))
    )
    return evolve(planned.request, messages=tuple(messages))


def parted(planned: Plan, sealed: Request) -> tuple[Section, ...]:
    """Return the parts of a question that was sealed."""
    return tuple(
        Section(part.name, message.content)
        for part, message in zip(_parts(planned), sealed.messages, strict=True)
    )


def in_markdown(planned: Plan, parts: Sequence[Section]) -> str:
    """Return the parts for people: each with its size, what is from elsewhere with its reason."""
    action, size = planned.task.action.title, sum(len(part.text) for part in parts)
    shown = [
        f"Nothing was sent. *{action}* would send this here, {size:,} characters, to"
        f" {_code(planned.request.model)}. What a completion would send,"
        " `glm-lsp context FILE:LINE` prints."
    ]
    told: set[str] = set()
    for part in parts:
        shown.append(f"### {part.name.capitalize()}: {len(part.text):,} characters")
        if part.name not in told:
            told.add(part.name)
            shown += _reasons(planned, part.name)
        shown.append(fenced(part.text, ""))
    return "\n\n".join(shown) + "\n"


def _reasons(planned: Plan, name: str) -> list[str]:
    lines = [
        f"- {_code(f'{each.path}:{each.line + 1}')}: {_code(each.reason)}, {len(each.text):,}"
        for each in planned.references
        if each.part == name
    ]
    return ["\n".join(lines)] if lines else []


def _code(text: str) -> str:
    """Return foreign words so that they are nothing but words."""
    return f"`{one_line(text).replace('`', ' ')}`"


def _parts(planned: Plan) -> tuple[Section, ...]:
    return planned.sections or tuple(
        Section("instructions" if each.role == "system" else "task", each.content)
        for each in planned.request.messages
    )

"""What an action's question would send, in its sections, for people to look at.

Invariant: joined, the parts after the first are what the service would be asked, letter for letter:
secrets are struck out of them as they would be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from glm_lsp.llm.seal import Seal
from glm_lsp.llm.types import Message
from glm_lsp.prompts.actions import Section

if TYPE_CHECKING:
    from glm_lsp.actions.plan import Plan
    from glm_lsp.llm.credentials import Key


def sent(planned: Plan, key: Key | None = None) -> tuple[Section, ...]:
    """Return the parts of a question as they would be sent, the instructions first.

    `key` is the server's own, which is struck out of everything. A brief question has one part
    for each message.
    """
    request = planned.request
    parts = planned.sections or tuple(
        Section("instructions" if each.role == "system" else "task", each.content)
        for each in request.messages
    )
    messages = (
        Message("user" if number else "system", part.text) for number, part in enumerate(parts)
    )
    sealed, _ = Seal(key).sealed(evolve(request, messages=tuple(messages)))
    return tuple(
        Section(part.name, message.content)
        for part, message in zip(parts, sealed.messages, strict=True)
    )

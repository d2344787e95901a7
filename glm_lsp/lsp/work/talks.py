"""Explanations that can be asked about further: what was asked and answered, and where it stands.

Invariant: a further answer stands below the one that it follows, and at most one is being written
there. Whether its documents may be sent is asked again, as for any question.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, evolve, field

from glm_lsp.characters import beginning
from glm_lsp.errors import ReplyError
from glm_lsp.llm.types import Message

if TYPE_CHECKING:
    from glm_lsp.actions.plan import Plan
    from glm_lsp.lsp.jobs import Job
    from glm_lsp.lsp.work.explanations import Shown

_MOST_KEPT = 20
_MOST_TURNS = 6  # Questions and answers that a further question shows, the first one apart.
_MOST_QUESTION = 4_000


@define(eq=False)
class Talk:
    """An explanation, and what was asked about it since.

    Attributes:
        planned: the first question.
        shown: where the answers stand.
        turns: the answers, and the questions between them.
        running: what writes the further answer, if one is being written.
    """

    planned: Plan = field(repr=False)
    shown: Shown
    turns: list[Message] = field(factory=list, repr=False)
    running: Job | None = None


class Talks:
    """One client's explanations by the job that each began with."""

    def __init__(self) -> None:
        self._known: dict[str, Talk] = {}

    def answered(self, planned: Plan, shown: Shown, answer: str) -> None:
        """Remember an answer, so that it can be asked about."""
        talk = self._known.pop(shown.job, None) or Talk(planned, shown)
        asked = planned.request.messages[-1:] if talk.turns else ()
        talk.turns += [*asked, Message("assistant", answer)]
        self._known[shown.job] = talk
        while len(self._known) > _MOST_KEPT:
            del self._known[next(iter(self._known))]

    def find(self, job: str | None) -> Talk:
        """Return an explanation by its job, without one the last.

        Raises:
            ReplyError: there is none, or its answer is being written.
        """
        talk = (
            self._known.get(job) if job is not None else next(reversed(self._known.values()), None)
        )
        if talk is None:
            raise ReplyError(
                "That explanation is not known any more: have the code explained again."
            )
        if talk.running is not None and not talk.running.done.done():
            raise ReplyError("An answer is being written there: wait for it, then ask again.")
        return talk

    def cancel(self, job: str) -> bool:
        """Cancel what writes a further answer of an explanation."""
        talk = self._known.get(job)
        if talk is None or talk.running is None or talk.running.done.done():
            return False
        talk.running.cancel()
        return True


def asking(talk: Talk, question: str) -> Plan:
    """Return the plan of a further question."""
    first, *others = talk.turns
    turns = (first, *others[-_MOST_TURNS:])
    words = beginning(question.strip(), _MOST_QUESTION)
    request = talk.planned.request
    messages = (*request.messages, *turns, Message("user", words))
    told = evolve(request, messages=messages, shorter=None)
    return evolve(talk.planned, request=told)

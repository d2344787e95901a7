"""Ask a planned question and turn the answer's stream into what the action is about.

Invariant: what is yielded is text for the user, never reasoning; an answer that is not
complete raises, so nothing half-said passes for the whole. The upstream connection is closed
as soon as nothing more of the answer is wanted.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from glm_lsp.actions.promise import site_of
from glm_lsp.context.imports import new_imports
from glm_lsp.context.outline import Grammar
from glm_lsp.editing.answer import IncrementalReader, Whole, new_file_of
from glm_lsp.errors import FaultyAnswerError, ReplyError
from glm_lsp.llm.types import Finish, FinishReason, Message, ReasoningDelta, TextDelta
from glm_lsp.text import Change, Span

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from glm_lsp.actions.plan import Plan
    from glm_lsp.llm.types import Delta, Provider


@frozen
class AnswerProgress:
    """How far an answer is: pieces of reasoning and characters of text that came so far."""

    thoughts: int = 0
    characters: int = 0

    def __str__(self) -> str:
        if self.characters:
            return f"{self.characters} characters"
        return f"thinking… {self.thoughts}" if self.thoughts else "waiting for the model"


async def prose(
    plan: Plan, provider: Provider, listen: Callable[[AnswerProgress], None]
) -> AsyncGenerator[str, None]:
    """Yield the pieces of an explanation.

    Raises:
        GlmError: the model did not answer, or not to the end.
    """
    heard = _Heard(listen)
    begun = False
    async with aclosing(provider.stream(plan.request)) as deltas:
        async for delta in deltas:
            text = heard.text_of(delta)
            # GLM-4.5 and 4.6 open their streams with a line end.
            text = text if begun else text.lstrip("\r\n")
            if text:
                begun = True
                yield text
    if not begun:
        raise ReplyError("GLM's answer was empty; try again.")
    if not heard.complete:
        yield "\n\n*(The answer was cut off at the model's limit.)*"


async def replacement(
    plan: Plan,
    provider: Provider,
    listen: Callable[[AnswerProgress], None],
    *,
    fault: str | None = None,
) -> AsyncGenerator[str | Whole | Change, None]:
    """Yield the new code: provisional pieces while the answer opens as the target does.

    Where the pieces are not the beginning of what the answer turns out to be, `Whole` says
    all of it, once, and takes their place. Imports that it needs at the top of the file come
    last, as a change of the snapshot's.

    `fault` is what was wrong with an earlier answer to the same question.

    Raises:
        FaultyAnswerError: an answer to the same question with the fault named may be right.
        GlmError: the model did not answer, not to the end, or refuses.
    """
    reader = await asyncio.to_thread(lambda: IncrementalReader(site_of(plan)))
    plan = plan if fault is None else _again(plan, fault)
    heard = _Heard(listen)
    async with aclosing(provider.stream(plan.request)) as deltas:
        async for delta in deltas:
            fresh = reader.feed(heard.text_of(delta))
            if fresh:
                yield fresh
            if reader.done:
                break
    outcome = await asyncio.to_thread(reader.finish, heard.complete)
    on_top, elsewhere = await asyncio.to_thread(_imports, plan, outcome.imports)
    if outcome.rest is None or on_top:
        yield Whole(on_top + outcome.text)
    elif outcome.rest:
        yield outcome.rest
    if elsewhere is not None:
        yield elsewhere


async def new_file(plan: Plan, provider: Provider, listen: Callable[[AnswerProgress], None]) -> str:
    """Return the text of the file that the answer holds; a faulty one is asked for once more.

    Raises:
        GlmError: the model did not answer, not to the end, or not with code.
    """
    try:
        return await _new_file(plan, provider, listen)
    except FaultyAnswerError as error:
        return await _new_file(_again(plan, error.fault), provider, listen)


def _again(plan: Plan, fault: str) -> Plan:
    """Return the same question with what was wrong with the last answer."""
    again = f"Your last answer had a fault: {fault} Answer again, in the same form, without it."
    messages = (*plan.request.messages, Message("user", again))
    return evolve(plan, request=evolve(plan.request, messages=messages))


async def _new_file(
    plan: Plan, provider: Provider, listen: Callable[[AnswerProgress], None]
) -> str:
    heard = _Heard(listen)
    async with aclosing(provider.stream(plan.request)) as deltas:
        answer = "".join([heard.text_of(delta) async for delta in deltas])
    text = new_file_of(answer, Grammar(plan.task.snapshot.language), complete=heard.complete)
    return text.replace("\n", plan.task.snapshot.newline)


def _imports(plan: Plan, wanted: Sequence[str]) -> tuple[str, Change | None]:
    """Return the imports that an answer asks for: the text on top of the target, or elsewhere."""
    snapshot = plan.task.snapshot
    place = new_imports(snapshot, wanted)
    if place is None:
        return "", None
    offset, text = place
    if offset == plan.target.start:
        return text, None
    span = Span(offset, offset)
    return "", None if span.touches(plan.target) else Change(span, text)


class _Heard:
    """What has come of an answer; `listen` is told.

    Attributes:
        complete: the answer was not cut off at the model's limit, as far as was said.
    """

    def __init__(self, listen: Callable[[AnswerProgress], None]) -> None:
        self.complete = True
        self._progress = AnswerProgress()
        self._listen = listen
        listen(self._progress)

    def text_of(self, delta: Delta) -> str:
        """Take in a delta and return the text that it brings, if any.

        Raises:
            ReplyError: the answer ended otherwise than at its end or at the model's limit.
        """
        thoughts, characters = self._progress.thoughts, self._progress.characters
        if isinstance(delta, TextDelta):
            self._tell(AnswerProgress(thoughts, characters + len(delta.text)))
            return delta.text
        if isinstance(delta, ReasoningDelta):
            self._tell(AnswerProgress(thoughts + 1, characters))
        elif isinstance(delta, Finish):
            if delta.reason is FinishReason.FILTERED:
                raise ReplyError(
                    "The service's content filter stopped the answer; nothing was changed."
                )
            if delta.reason is FinishReason.OTHER:
                raise ReplyError("The answer broke off; nothing was changed. Try again.")
            self.complete = delta.reason is FinishReason.STOP
        return ""

    def _tell(self, progress: AnswerProgress) -> None:
        self._progress = progress
        self._listen(progress)

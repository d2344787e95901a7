"""Ask a planned question and turn the answer's stream into what the action is about.

Invariant: what is yielded is text for the user, never reasoning; an answer that is not
complete raises, so nothing half-said passes for the whole. The upstream connection is closed
as soon as nothing more of the answer is wanted.
"""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from glm_lsp.context.imports import looks_like_import, new_imports
from glm_lsp.editing.diff import Hunk
from glm_lsp.editing.reply import ReplyParser
from glm_lsp.errors import ReplyError
from glm_lsp.llm.types import Finish, FinishReason, Message, ReasoningDelta, TextDelta
from glm_lsp.text import Span

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from glm_lsp.actions.plan import Plan
    from glm_lsp.llm.types import Provider

_FENCE = "```"
_IMPORT = "+import:"


@frozen
class Progress:
    """How far an answer is: pieces of reasoning and characters of text that came so far."""

    thoughts: int = 0
    characters: int = 0

    def __str__(self) -> str:
        if self.characters:
            return f"{self.characters} characters"
        return f"thinking… {self.thoughts}" if self.thoughts else "waiting for the model"


async def prose(
    plan: Plan, provider: Provider, listen: Callable[[Progress], None]
) -> AsyncGenerator[str, None]:
    """Yield the pieces of an explanation.

    Raises:
        GlmError: the model did not answer, or not to the end.
    """
    begun = False
    async with aclosing(_pieces(plan, provider, listen)) as pieces:
        async for piece in pieces:
            if isinstance(piece, FinishReason):
                if not begun:
                    raise ReplyError("GLM's answer was empty; try again.")
                if piece is FinishReason.LENGTH:
                    yield "\n\n*(The answer was cut off at the model's limit.)*"
                continue
            # GLM-4.5 and 4.6 open their streams with a line end.
            text = piece if begun else piece.lstrip("\r\n")
            begun = begun or bool(text)
            if text:
                yield text


async def replacement(
    plan: Plan,
    provider: Provider,
    listen: Callable[[Progress], None],
    *,
    fault: str | None = None,
) -> AsyncGenerator[str | Hunk, None]:
    """Yield the pieces of the new code as soon as each is certain; together they are all of it.

    Imports that it needs at the top of the file come last, as a hunk of the snapshot's.

    `fault` is what was wrong with an earlier answer to the same question.

    Raises:
        GlmError: the model did not answer, not to the end, or not with code.
    """
    parser = ReplyParser(plan.original, newline=plan.task.snapshot.newline)
    if fault is not None:
        again = f"Your last answer had a fault: {fault} Answer again, in the same form, without it."
        messages = (*plan.request.messages, Message("user", again))
        plan = evolve(plan, request=evolve(plan.request, messages=messages))
    complete = True
    yielded = 0
    intro = ""
    async with aclosing(_pieces(plan, provider, listen)) as pieces:
        async for piece in pieces:
            if isinstance(piece, FinishReason):
                complete = piece is FinishReason.STOP
                continue
            if _FENCE not in intro:
                intro += piece
            fresh = parser.feed(piece)
            if fresh:
                yielded += len(fresh)
                yield fresh
            if parser.done:
                break
    whole = parser.finish(complete)
    if len(whole) > yielded:
        yield whole[yielded:]
    imports = _imports(plan, intro.partition(_FENCE)[0])
    if imports is not None:
        yield imports


async def new_file(plan: Plan, provider: Provider, listen: Callable[[Progress], None]) -> str:
    """Return the text of the file that the answer holds.

    Raises:
        GlmError: the model did not answer, not to the end, or not with code.
    """
    newline = plan.task.snapshot.newline
    parser = ReplyParser("", newline=newline)
    complete = True
    async with aclosing(_pieces(plan, provider, listen)) as pieces:
        async for piece in pieces:
            if isinstance(piece, FinishReason):
                complete = piece is FinishReason.STOP
            else:
                parser.feed(piece)
    return parser.finish(complete).rstrip("\r\n") + newline


def _imports(plan: Plan, intro: str) -> Hunk | None:
    """Return the imports that the answer asks for before its code, where they go."""
    lines = [line.strip() for line in intro.splitlines()]
    named = [line.removeprefix(_IMPORT).strip() for line in lines if line.startswith(_IMPORT)]
    place = new_imports(plan.task.snapshot, [line for line in named if looks_like_import(line)])
    if place is None:
        return None
    offset, text = place
    span = Span(offset, offset)
    return None if span.touches(plan.target) else Hunk(span, text)


async def _pieces(
    plan: Plan, provider: Provider, listen: Callable[[Progress], None]
) -> AsyncGenerator[str | FinishReason, None]:
    """Yield the text of an answer and why it ended; tell `listen` about the rest."""
    thoughts = characters = 0
    listen(Progress())
    async with aclosing(provider.stream(plan.request)) as deltas:
        async for delta in deltas:
            if isinstance(delta, TextDelta):
                characters += len(delta.text)
                listen(Progress(thoughts, characters))
                yield delta.text
            elif isinstance(delta, ReasoningDelta):
                thoughts += 1
                listen(Progress(thoughts, characters))
            elif isinstance(delta, Finish):
                if delta.reason is FinishReason.FILTERED:
                    raise ReplyError(
                        "The service's content filter stopped the answer; nothing was changed."
                    )
                if delta.reason is FinishReason.OTHER:
                    raise ReplyError("The answer broke off; nothing was changed. Try again.")
                yield delta.reason

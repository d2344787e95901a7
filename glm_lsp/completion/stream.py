"""The one stream in flight: who reads it, who follows it, and when it is closed.

Invariant: a stream starts only when the one before it has been closed. A stream that
disagrees with what was typed is closed at once; one that nobody follows any more is closed
after a moment, for editors cancel a request just before they make the next. One that was begun
ahead waits for its first follower for as long as who began it says. Closing a stream closes the
connection to the model, also in the middle of a word.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

import attrs

from glm_lsp.completion.cache import distinct, remaining
from glm_lsp.completion.filters import pipeline
from glm_lsp.context.cursor import typed_since
from glm_lsp.errors import GlmError
from glm_lsp.llm.types import Finish, FinishReason, TextDelta
from glm_lsp.prompts.completion import CLOSE, OPEN

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from glm_lsp.completion.debounce import Clock
    from glm_lsp.completion.types import Draft
    from glm_lsp.context.cursor import CursorContext
    from glm_lsp.llm.types import Delta

GRACE = 0.1
"""Seconds a stream nobody follows stays open."""


class StreamOwner:
    """Owns the stream in flight; followers only look."""

    def __init__(
        self,
        clock: Clock,
        ended: Callable[[CompletionStream], None],
        predicted: Callable[[bool], None],
    ) -> None:
        """Call `ended` with each stream that ends by itself.

        `predicted` is told, for each stream somebody typed along with, whether it agreed.
        """
        self._clock = clock
        self._ended = ended
        self._predicted = predicted
        self._stream: CompletionStream | None = None
        self._followers = 0
        self._closing: asyncio.Task[None] | None = None

    async def start(
        self,
        context: CursorContext,
        draft: Draft,
        ask: Callable[[], AsyncGenerator[Delta, None]],
        *,
        count: int = 1,
        ahead: bool = False,
    ) -> CompletionStream:
        """Start a stream that brings `count` suggestions, once the one before it is closed.

        With `ahead`, nobody follows it yet. Returns the stream in flight, which may be another's.
        """
        await self._close_stream()
        while self._stream is not None and not ahead and not self.is_asking(context):
            await self._close_stream()  # Others may have been faster.
        if self._stream is None:
            self._stream = CompletionStream(ask(), context, draft, self._ended, count)
            self._stream.ahead = ahead
        return self._stream

    def is_asking(self, context: CursorContext) -> bool:
        """Tell whether the stream in flight was begun for `context`, and not for another place."""
        stream = self._stream
        if stream is None or stream.complete():
            return False
        return typed_since(stream.context, context) == ""

    async def follow(self, context: CursorContext) -> list[Draft] | None:
        """Follow the stream to its end and return what it brings for `context`.

        None when there is no stream, or none that agrees with what was typed: it is closed.

        Raises:
            GlmError: the stream failed.
        """
        stream = self._stream
        if stream is None or stream.complete():
            return None
        typed = typed_since(stream.context, context)
        stream.ahead = False
        self._followers += 1
        try:
            while typed is not None and not stream.complete():
                if stream.closed() or not _agree(stream.stable_prefix, typed):
                    self._predicted(False)
                    typed = None
                    break
                await stream.changed()
        finally:
            self._followers -= 1
        if typed is None or stream.closed():
            await self._close_stream(stream)
            return None
        if stream.error is not None:
            raise stream.error
        drafts = [remaining(draft, stream.context, context) for draft in stream.results()]
        agreeing = [draft for draft in drafts if draft is not None]
        if typed:
            self._predicted(bool(agreeing))
        return distinct(agreeing) if agreeing else None

    def close_soon(self) -> None:
        """Close the stream after a moment, unless somebody follows it again."""
        stream = self._stream
        if stream is None or stream.complete() or self._followers or stream.ahead:
            return
        if self._closing is not None:
            self._closing.cancel()
        self._closing = asyncio.ensure_future(self._close_unfollowed(stream))

    async def close_ahead(self, stream: CompletionStream) -> None:
        """Close a stream that was begun ahead if nobody has followed it."""
        if stream.ahead and not stream.complete():
            await self._close_stream(stream)

    async def close(self) -> None:
        """Close everything."""
        if self._closing is not None:
            self._closing.cancel()
        await self._close_stream()

    async def _close_stream(self, stream: CompletionStream | None = None) -> None:
        """Close the stream in flight, if it (still) is the given one."""
        current = self._stream
        if current is not None and stream in (None, current):
            await current.close()
            if self._stream is current:
                self._stream = None

    async def _close_unfollowed(self, stream: CompletionStream) -> None:
        await self._clock.sleep(GRACE)
        if not self._followers:
            await self._close_stream(stream)


class CompletionStream:
    """The answer to one completion request as it arrives.

    `ended` is called once, when the answer is complete or failed; not after `close`.

    Attributes:
        context: where the completion was asked for.
        error: why there is none.
        ahead: it was begun before anybody asked, and nobody has followed it yet.
    """

    def __init__(
        self,
        deltas: AsyncGenerator[Delta, None],
        context: CursorContext,
        draft: Draft,
        ended: Callable[[CompletionStream], None],
        count: int = 1,
    ) -> None:
        self.context = context
        self.error: GlmError | None = None
        self.ahead = False
        self._count = count
        self._draft = draft
        self._ended = ended
        self._complete = False
        self._closed = False
        self._waiting: set[asyncio.Future[None]] = set()
        self._task = asyncio.ensure_future(self._read(deltas))

    def complete(self) -> bool:
        """Tell whether the answer is all there, or there will be none."""
        return self._complete

    def closed(self) -> bool:
        """Tell whether it was ended before its time: what has arrived is worth nothing."""
        return self._closed

    @property
    def stable_prefix(self) -> str:
        """How the completion begins, as far as that is certain; of several, the first one."""
        first = self._draft if self._count == 1 else self._drafts()[0]
        return pipeline.stable_prefix(first, self.context)

    def results(self) -> list[Draft]:
        """Return the filtered completions of what has arrived, the likeliest first."""
        return [pipeline.run(draft, self.context) for draft in self._drafts()]

    def _drafts(self) -> list[Draft]:
        """Return the answer, or the several that it holds, each with a name of its own."""
        if self._count == 1:
            return [self._draft]
        draft = self._draft
        texts = draft.text.split(CLOSE, self._count)[: self._count]
        return [
            attrs.evolve(draft, text=text, id=f"{draft.id}.{number}" if number else draft.id)
            for number, text in enumerate(texts)
            if not number or OPEN in text
        ]

    def _finished(self) -> bool:
        """Tell whether nothing that may still arrive is wanted."""
        text = self._draft.text
        if self._count > 1:
            return text.count(CLOSE) >= self._count or len(text) > pipeline.MOST
        return pipeline.is_finished(self._draft, self.context)

    async def changed(self) -> None:
        """Wait until more has arrived, or the stream has ended."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(waiter)
        try:
            await waiter
        finally:
            self._waiting.discard(waiter)

    async def close(self) -> None:
        """End the stream; its connection is closed when this returns."""
        self._closed = True
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _read(self, stream: AsyncGenerator[Delta, None]) -> None:
        try:
            async with aclosing(stream) as deltas:
                async for delta in deltas:
                    if isinstance(delta, TextDelta) and not self._complete:
                        self._draft = self._draft.with_text(self._draft.text + delta.text)
                        self._wake()
                        if self._finished():
                            self._end()  # Nobody waits until the connection is closed.
                            return
                    elif isinstance(delta, Finish):
                        if delta.reason is FinishReason.LENGTH and not self._complete:
                            self._draft = self._draft.with_text(_whole(self._draft.text))
                        self._end()  # What still comes are counts.
        except GlmError as error:
            if not self._complete:
                self.error = error
        finally:
            self._end()

    def _end(self) -> None:
        if not self._complete:
            self._complete = True
            if not self._closed:
                self._ended(self)
            self._wake()

    def _wake(self) -> None:
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)


def _whole(text: str) -> str:
    """Return an answer that was cut off without its last line, or its last word if it has one."""
    line = text.rfind("\n")
    if text[: max(line, 0)].strip():
        return text[:line]
    return text[: max(text.rfind(" "), 0)]


def _agree(prefix: str, typed: str) -> bool:
    """Tell whether a text that is still growing may begin with what was typed."""
    return prefix.startswith(typed) or typed.startswith(prefix)

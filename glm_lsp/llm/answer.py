"""From events to deltas: one answer, as it comes, whole, and to a clean end.

Invariants: whatever happens, the response is closed; after an answer's end nothing that
follows can turn it into a failure, nor be waited for longer than a moment.
"""

from __future__ import annotations

from contextlib import aclosing, suppress
from typing import TYPE_CHECKING

from attrs import frozen

from glm_lsp.llm import bounds, error_mapping
from glm_lsp.llm.sse import EventStream
from glm_lsp.llm.turns import Turns
from glm_lsp.llm.types import TextDelta
from glm_lsp.timeout import timeout

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence
    from contextlib import AbstractAsyncContextManager

    import httpx
    from httpx_sse import ServerSentEvent

    from glm_lsp.llm.error_mapping import Asked
    from glm_lsp.llm.seal import Restore
    from glm_lsp.llm.timeouts import Timeouts
    from glm_lsp.llm.types import Delta
    from glm_lsp.llm.wires.base import Parser

_PIECE = 1_000  # Characters.
_DRAIN = 0.2  # Seconds for the end of a body, which is mostly there already.


@frozen
class AnswerStream:
    """A response that is a stream of events, and who understands it.

    Attributes:
        restore: puts back what was struck out of the question.
    """

    response: httpx.Response
    parser: Parser
    asked: Asked
    restore: Restore

    def pieces(self, delta: Delta) -> Sequence[Delta]:
        """Return a delta as it is passed on, in pieces that nobody takes long over."""
        if not isinstance(delta, TextDelta) or len(delta.text) <= _PIECE:
            return self.restore(delta)
        starts = range(0, len(delta.text), _PIECE)
        pieces = (TextDelta(delta.text[start : start + _PIECE]) for start in starts)
        return [whole for piece in pieces for whole in self.restore(piece)]


async def read(
    opening: AbstractAsyncContextManager[AnswerStream],
    timeouts: Timeouts,
    clock: Callable[[], float],
    tap: Callable[[str], None] | None = None,
) -> AsyncGenerator[Delta, None]:
    """Yield the deltas of the answer that `opening` gets; leaving it closes the response.

    `tap` sees the data of every event before the parser does.

    Raises:
        GlmError: it does not come, is cut, garbled, silent for too long, or reports an error.
    """
    async with opening as answer:
        parser = answer.parser
        turns, said = Turns(), _Said(answer.asked)
        stream = EventStream(answer.response, answer.asked, timeouts.token, clock)
        try:
            async with aclosing(stream.events()) as events:
                async for event in events:
                    if tap:
                        tap(event.data)
                    for delta in parser.feed(event_name(event), event.data):
                        stream.progressed()
                        said.add(delta)
                        for piece in answer.pieces(delta):
                            yield piece
                            await turns.give()
                    if parser.complete:
                        break
                for delta in await _rest(events, parser, timeouts.tail):
                    for piece in answer.pieces(delta):
                        yield piece
        except Exception as error:  # The map is total.
            raise error_mapping.from_exception(answer.asked, error, begun=True) from None


class _Said:
    """Counts what was said."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._words = self._lines = 0

    def add(self, delta: Delta) -> None:
        """Count a delta.

        Raises:
            WireError: it is more than an answer has.
        """
        text = getattr(delta, "text", "")
        self._words += len(text)
        self._lines += text.count("\n") if isinstance(delta, TextDelta) else 0
        if self._words > bounds.WORDS or self._lines > bounds.LINES:
            raise error_mapping.endless(self._asked)


async def _rest(
    events: AsyncGenerator[ServerSentEvent, None], parser: Parser, tail: float
) -> list[Delta]:
    """Return what follows a complete answer: usage, and the end mark.

    Raises:
        GlmError: the answer is not complete, and nothing more comes.
    """
    deltas: list[Delta] = []
    with suppress(Exception):
        while parser.complete and not parser.done:
            async with timeout(tail):
                event = await anext(events)
            deltas += parser.feed(event_name(event), event.data)
    if not parser.done:
        deltas += parser.end()
    if not parser.stopped:
        # Read to its end, a body leaves the connection for the next request.
        with suppress(Exception):
            async with timeout(_DRAIN):
                async for _ in events:
                    pass
    return deltas


def event_name(event: ServerSentEvent) -> str:
    """Return an event's name, "" for one without (which the library calls "message")."""
    return "" if event.event == "message" else event.event

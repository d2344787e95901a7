"""The one place where secrets leave a question, and where they come back into its answer.

Invariant: whatever goes to a service has passed through `Seal.seal`, the server's own key
always; callers see questions and answers as if nothing had been struck out. Explanations and new
files get nothing back: a secret is not copied to where it did not stand.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from attrs import evolve

from glm_lsp.llm.types import Finish, TextDelta
from glm_lsp.secrets.marks import MARK, Marks, Restorer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from glm_lsp.llm.credentials import Key
    from glm_lsp.llm.types import Delta, Message, Request

    Restore = Callable[[Delta], Sequence[Delta]]

_AT_ONCE = 16_000  # Characters that are looked through in less than a millisecond.

_CURSOR = "\0cursor\0"  # Between what stands before and behind it, where both are looked at.

_NOTE = (
    f"\n\nWords that begin with {MARK} stand for secrets that are not shown: where code keeps"
    " them, repeat them exactly as they are."
)


class Seal:
    """What one connection strikes out and puts back."""

    def __init__(self, key: Key | None) -> None:
        self._marks = Marks([key.reveal()] if key is not None else [])
        self._ready = False

    async def seal(self, request: Request) -> tuple[Request, Restore]:
        """Return the question without secrets, and what puts them back into its answer.

        Raises:
            ExcludedError: the cursor stands within a secret.
        """
        if self._ready and request.size <= _AT_ONCE:
            sealed, marks = self.sealed(request)
        else:  # The patterns are compiled on their first use.
            sealed, marks = await asyncio.to_thread(self.sealed, request)
            self._ready = True
        if sealed is not request and request.struck is not None:
            request.struck()
        return sealed, partial(_restored, Restorer(marks)) if marks else _unchanged

    def sealed(self, request: Request) -> tuple[Request, Mapping[str, str]]:
        """Return the question without secrets, and what the marks in it stand for."""
        contents = [message.content for message in request.messages]
        foreign = [m.content for m in request.messages if m.role == "system"]
        raw = ""
        if request.prompt is not None:
            raw = f"{request.prompt}{_CURSOR}{request.suffix or ''}"
        struck = self._marks.strike(
            [*contents, raw],
            foreign=(*foreign, *request.foreign),
            hole=_CURSOR if raw else request.hole,
        )
        if not struck.count:
            return request, {}
        texts = iter(struck.texts)
        messages = tuple(evolve(m, content=next(texts)) for m in request.messages)
        sealed = evolve(request, messages=_noted(messages))
        if raw:
            prompt, _, suffix = next(texts).partition(_CURSOR)
            sealed = evolve(
                sealed, prompt=prompt, suffix=suffix if request.suffix is not None else None
            )
        return sealed, struck.marks if request.puts_back else {}


def _unchanged(delta: Delta) -> tuple[Delta, ...]:
    """Return a delta of an answer into which nothing is put back."""
    return (delta,)


def _restored(restorer: Restorer, delta: Delta) -> Sequence[Delta]:
    """Return what is certain by now of an answer with its secrets, up to and with a delta."""
    if isinstance(delta, TextDelta):
        text = restorer.feed(delta.text)
        return (TextDelta(text),) if text else ()
    if isinstance(delta, Finish) and (rest := restorer.rest()):
        return TextDelta(rest), delta
    return (delta,)


def _noted(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """Return the messages with a word about marks, where there are rules to add it to."""
    if not messages or messages[0].role != "system":
        return messages
    return (evolve(messages[0], content=messages[0].content + _NOTE), *messages[1:])

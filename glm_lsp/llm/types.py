"""What is asked of a model and what comes back, whatever the wire.

Invariant: a provider's stream is the only way to a model. It yields deltas in the order
they arrive; closing it, or cancelling the task that reads it, closes the connection.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Literal, Protocol

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable


@frozen
class Message:
    """One turn of the conversation."""

    role: Literal["system", "user", "assistant"]
    content: str = field(repr=False)


@frozen
class Request:
    """One question to a model.

    Either `messages` (a chat) or `prompt` (raw text to be continued; `suffix` set asks for
    what stands between the two, with the model's own fill-in-the-middle tokens).

    Attributes:
        model: the model's name as the provider knows it.
        feature: who asks ("explain", "fix", "completion", …): for usage and fair queueing.
        max_tokens: the limit of the answer, reasoning included.
        temperature: 0 asks for the most likely text; None leaves it to the service.
        stop: one string that ends the answer (GLM honours one).
        thinking: True or False to force it where the provider can; None leaves it to the model.
        interactive: somebody waits for it by name (an action); goes before completions.
        documents: the URIs of all documents that the question shows a part of, its own first.
        foreign: parts of the question that are not the document's own; a secret of theirs is not
            put into the answer.
        hole: what marks the cursor in the messages.
        puts_back: secrets that were struck out are put back into the answer.
        struck: is told when something was struck out.
        permit: is asked right before each sending, and raises what keeps it from being sent.
        waits: is told for whom is waited and for how many seconds (0: nobody knows); "" when it
            is over. Where nobody is told, nobody is patient.
        shorter: makes the same question with less context; asked once, instead, when the
            service says that this one is too long.
    """

    model: str
    feature: str
    messages: tuple[Message, ...] = ()
    prompt: str | None = field(default=None, repr=False)
    suffix: str | None = field(default=None, repr=False)
    max_tokens: int = 4096
    temperature: float | None = None
    top_p: float | None = None
    stop: str | None = None
    thinking: bool | None = None
    interactive: bool = True
    documents: tuple[str, ...] = ()
    foreign: tuple[str, ...] = field(default=(), repr=False)
    hole: str = ""
    puts_back: bool = True
    struck: Callable[[], None] | None = field(default=None, repr=False, eq=False)
    permit: Callable[[], Awaitable[None]] | None = field(default=None, repr=False, eq=False)
    waits: Callable[[str, int], None] | None = field(default=None, repr=False, eq=False)
    shorter: Callable[[], Request] | None = field(default=None, repr=False, eq=False)

    @property
    def size(self) -> int:
        """The characters of the prompt."""
        own = len(self.prompt or "") + len(self.suffix or "")
        return own + sum(len(message.content) for message in self.messages)


@frozen
class TextDelta:
    """A piece of the answer."""

    text: str


@frozen
class ReasoningDelta:
    """A piece of what the model thinks before it answers; never part of the answer."""

    text: str


@frozen
class Usage:
    """Tokens of one request, as the service counts them; `reasoning` is part of `output`."""

    prompt: int
    output: int
    cached: int = 0
    reasoning: int = 0


class FinishReason(Enum):
    """Why the answer ended."""

    STOP = "stop"
    LENGTH = "length"
    FILTERED = "filtered"
    OTHER = "other"


@frozen
class Finish:
    """The answer is complete; nothing but `Usage` may follow."""

    reason: FinishReason


Delta = TextDelta | ReasoningDelta | Usage | Finish


class Provider(Protocol):
    """A model's service."""

    def stream(self, request: Request) -> AsyncGenerator[Delta, None]:
        """Ask, and yield the deltas of the answer.

        A stream that ends without a `Finish` was cut: providers raise instead.
        Use it under `contextlib.aclosing`.

        Raises:
            GlmError: see `glm_lsp.errors`.
        """
        ...

"""What every wire protocol is: a body to send, and a parser of what comes back.

Invariants: a wire is pure. It opens no connection and knows no clock; the same events give
the same deltas, however the network cut them. Reasoning never becomes text. An answer is
complete only when the service said that it is.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from attrs import field, frozen

from glm_lsp.characters import one_line
from glm_lsp.llm import bounds, error_mapping
from glm_lsp.llm.catalogue import ThinkingMode
from glm_lsp.llm.stops import StopCutter
from glm_lsp.llm.types import Finish, FinishReason, ReasoningDelta, TextDelta, Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from glm_lsp.llm.catalogue import ModelInfo
    from glm_lsp.llm.credentials import Key
    from glm_lsp.llm.error_mapping import Asked
    from glm_lsp.llm.types import Delta, Request
    from glm_lsp.providers import Preset


_LONGEST_NAME = 200  # Characters.


@frozen
class Wire:
    """One wire protocol.

    Attributes:
        path: what is appended to the base URL.
        body: builds the JSON body.
        headers: the headers that carry the key and the protocol's version.
        parser: makes a parser for one answer; see `Parser`.
        optional: the fields a service may refuse and is then asked without.
        stops: the fields that end an answer at a text; without them the parser cuts.
    """

    path: str
    body: Callable[[Request, Preset, ModelInfo], dict[str, Any]]
    headers: Callable[[Key | None], Mapping[str, str]]
    parser: Callable[[Asked, str | None], Parser]
    optional: frozenset[str] = field(default=frozenset())
    stops: frozenset[str] = field(default=frozenset({"stop", "stop_sequences"}))


class Parser(ABC):
    """Turns the events of one answer into deltas; a wire adds what one event of its says.

    Attributes:
        complete: the answer's end was seen; no delta but `Usage` can follow.
        done: nothing more can follow at all.
        model: the name of the model that answers, "" until the service says it.
        stopped: the answer was cut at the stop text; what the service goes on to say is void.
        reasons: the wire's words for why an answer ended.
        mark_completes: "[DONE]" alone says that the answer is whole.
    """

    reasons: ClassVar[Mapping[str, FinishReason]] = MappingProxyType({})
    mark_completes: ClassVar[bool] = False

    def __init__(self, asked: Asked, stop: str | None = None) -> None:
        """Cut the answer at `stop`, where the service was not asked to."""
        self.complete = False
        self.done = False
        self.model = ""
        self.stopped = False
        self._asked = asked
        self._cutter = StopCutter(stop) if stop else None
        self._usage: Usage | None = None
        self._spoke = False

    def feed(self, event: str, data: str) -> Sequence[Delta]:
        """Return the deltas of one event.

        Raises:
            GlmError: the event reports an error, or is not of this protocol.
        """
        data = data.strip()
        if self.done or not data:
            return ()
        if data == "[DONE]":
            return self._whole() if self.mark_completes else self.end()
        value = decode(self._asked, data)
        if "error" in (event, value.get("type")) or value.get("error"):
            raise error_mapping.from_payload(self._asked, value, event)
        self.model = self.model or _model(value)
        return self._read(event, value)

    def end(self) -> Sequence[Delta]:
        """Return what remains when the connection ends.

        Raises:
            GlmError: the answer was cut.
        """
        self.done = True
        if not self.complete:
            raise error_mapping.cut(self._asked)
        return self._counted()

    @abstractmethod
    def _read(self, event: str, value: dict[str, Any]) -> Sequence[Delta]:
        """Return the deltas of one event that reports no error."""

    def _piece(self, text: Any, thought: Any = None) -> list[Delta]:
        """Return what came of the answer; nothing once it is complete."""
        if self.complete:
            return []
        deltas: list[Delta] = []
        if isinstance(thought, str) and thought:
            deltas.append(ReasoningDelta(thought))
        if isinstance(text, str) and text:
            deltas += self._cut(text) if self._cutter else [TextDelta(text)]
        self._spoke = self._spoke or bool(deltas)
        return deltas

    def _cut(self, text: str) -> list[Delta]:
        assert self._cutter is not None  # noqa: S101  # For mypy: `_piece` has looked.
        passed = self._cutter.feed(text)
        deltas: list[Delta] = [TextDelta(passed)] if passed else []
        if self._cutter.stopped:
            self.stopped = self.done = True
            deltas += self._finish(FinishReason.STOP)
        return deltas

    def _ended(self, reason: Any) -> list[Delta]:
        """Return why the answer ended, in the wire's own word."""
        if reason == "network_error":
            raise error_mapping.failing(self._asked, "it ended with network_error")
        if reason == "model_context_window_exceeded" and not self._spoke:
            raise error_mapping.too_long(self._asked)
        known = self.reasons.get(reason) if isinstance(reason, str) else None
        return self._finish(known or FinishReason.OTHER)

    def _finish(self, reason: FinishReason) -> list[Delta]:
        self.complete = True
        rest = self._cutter.rest() if self._cutter else ""
        return [*([TextDelta(rest)] if rest else []), Finish(reason)]

    def _whole(self) -> list[Delta]:
        """Return what remains when the service itself says that this was all."""
        self.done = True
        finish = [] if self.complete else self._finish(FinishReason.STOP)
        return finish + self._counted()

    def _counted(self) -> list[Delta]:
        """Return the usage that is still to be reported."""
        usage, self._usage = self._usage, None
        return [usage] if usage else []

    def _kind(self, event: str, value: dict[str, Any]) -> str:
        """Return an event's type, where a protocol names it twice or once."""
        kind = value.get("type") or event
        if not isinstance(kind, str) or not kind:
            raise error_mapping.garbled(self._asked, "an event without a type")
        return kind


def _model(value: Mapping[str, Any]) -> str:
    """Return the model that an event names: itself, or in what it begins or ends with."""
    for holder in (value, value.get("message"), value.get("response")):
        name = member(holder, "model")
        if isinstance(name, str) and 0 < len(name) <= _LONGEST_NAME:
            return one_line(name)
    return ""


def bearer(key: Key | None) -> Mapping[str, str]:
    """Return the header that carries a key as a bearer token."""
    return {"Authorization": f"Bearer {key.reveal()}"} if key else {}


def split_system(request: Request) -> tuple[str, list[dict[str, str]]]:
    """Return the system's words, and the turns of the conversation without them."""
    system = "\n\n".join(m.content for m in request.messages if m.role == "system")
    turns = [m for m in request.messages if m.role != "system"]
    return system, [{"role": m.role, "content": m.content} for m in turns]


def sampling(request: Request, hottest: float) -> dict[str, Any]:
    """Return the fields that choose among likely tokens; services take two decimals."""
    fields: dict[str, Any] = {}
    if request.temperature is not None:
        fields["temperature"] = round(min(request.temperature, hottest), 2)
    if request.top_p is not None:
        fields["top_p"] = round(request.top_p, 2)
    return fields


def wants_thinking(request: Request, model: ModelInfo) -> bool | None:
    """Return whether to ask for thinking; None when there is nothing to be said about it."""
    return None if model.thinking is ThinkingMode.NEVER else request.thinking


def decode(asked: Asked, data: str) -> dict[str, Any]:
    """Return the JSON object of an event.

    Raises:
        WireError: it is not one.
    """
    if data.count(",") + data.count("[") + data.count("{") > bounds.VALUES:
        raise error_mapping.garbled(asked, "an event holds too much")
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        raise error_mapping.garbled(asked, "an event is not JSON") from None
    if not isinstance(value, dict):
        raise error_mapping.garbled(asked, "an event is not a JSON object")
    return value


def read_usage(value: Any, asked: str, answered: str) -> Usage | None:
    """Read a `usage` object; None when it is missing or empty.

    `asked` and `answered` begin the names of its counts: "prompt" and "completion".
    """
    if not isinstance(value, dict):
        return None
    usage = Usage(
        prompt=count(value.get(f"{asked}_tokens")),
        output=count(value.get(f"{answered}_tokens")),
        cached=count(member(value.get(f"{asked}_tokens_details"), "cached_tokens")),
        reasoning=count(member(value.get(f"{answered}_tokens_details"), "reasoning_tokens")),
    )
    return usage if usage.prompt or usage.output else None


def count(value: Any) -> int:
    """Return a number of tokens; 0 for what is none, or more than there can be."""
    return value if type(value) is int and 0 < value <= bounds.TOKENS else 0


def member(value: Any, name: str) -> Any:
    """Return a member of what should be an object; None when it is not."""
    return value.get(name) if isinstance(value, dict) else None

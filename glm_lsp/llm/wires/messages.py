"""Anthropic's Messages, as gateways offer it for GLM: the body, and the parser of its stream.

Invariants: as for Chat Completions (reasoning never becomes text; an answer is complete only
when the service said why it stopped). Anthropic counts cached tokens beside the input;
`Usage.prompt` is all of them, as on the other wires.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from glm_lsp.llm import error_mapping
from glm_lsp.llm.catalogue import ThinkingMode
from glm_lsp.llm.providers import ThinkingSwitch
from glm_lsp.llm.types import Finish, FinishReason, ReasoningDelta, TextDelta, Usage
from glm_lsp.llm.wires.base import Wire, count, decode, member

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from glm_lsp.llm.catalogue import ModelInfo
    from glm_lsp.llm.credentials import Key
    from glm_lsp.llm.error_mapping import Asked
    from glm_lsp.llm.providers import Preset
    from glm_lsp.llm.types import Delta, Request

_LEAST_BUDGET = 1024  # The protocol allows no smaller budget for thinking.

_REASONS = {
    "end_turn": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP,
    "max_tokens": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.LENGTH,
    "refusal": FinishReason.FILTERED,
    "sensitive": FinishReason.FILTERED,
}


def body(request: Request, preset: Preset, model: ModelInfo) -> dict[str, Any]:
    """Return the body of a request with `messages`."""
    system = "\n\n".join(m.content for m in request.messages if m.role == "system")
    fields: dict[str, Any] = {
        "model": request.model,
        "messages": [
            {"role": m.role, "content": m.content} for m in request.messages if m.role != "system"
        ],
        "max_tokens": request.max_tokens,
        "stream": True,
    }
    if system:
        fields["system"] = system
    if request.temperature is not None:
        fields["temperature"] = round(min(request.temperature, 1.0), 2)
    if request.top_p is not None:
        fields["top_p"] = round(request.top_p, 2)
    if request.stop and request.stop.strip():
        # Anthropic refuses stops of white space alone; the client cuts at those itself.
        fields["stop_sequences"] = [request.stop]
    if preset.thinking is not ThinkingSwitch.NONE:
        fields |= _thinking(request, model)
    return fields


def _thinking(request: Request, model: ModelInfo) -> dict[str, Any]:
    if request.thinking is None or model.thinking is ThinkingMode.NEVER:
        return {}
    if not request.thinking:
        fixed = model.thinking is ThinkingMode.ALWAYS
        return {} if fixed else {"thinking": {"type": "disabled"}}
    budget = request.max_tokens // 2
    if budget < _LEAST_BUDGET:
        return {}
    return {"thinking": {"type": "enabled", "budget_tokens": budget}}


def headers(key: Key | None) -> Mapping[str, str]:
    """Return the protocol's headers; gateways take the key under either name."""
    fields = {"anthropic-version": "2023-06-01"}
    if key:
        fields |= {"x-api-key": key.reveal(), "Authorization": f"Bearer {key.reveal()}"}
    return fields


class MessagesParser:
    """Parses one streamed answer."""

    def __init__(self, asked: Asked) -> None:
        self.complete = False
        self.done = False
        self._asked = asked
        self._counts: dict[str, int] = {}
        self._spoke = False

    def feed(self, event: str, data: str) -> Sequence[Delta]:
        """Return the deltas of one event."""
        if self.done or not data.strip():
            return ()
        value = decode(self._asked, data)
        kind = value.get("type") or event
        if kind == "error" or value.get("error"):
            raise error_mapping.from_payload(self._asked, value, event)
        if kind == "message_start":
            self._count(member(value.get("message"), "usage"))
        elif kind == "content_block_start":
            return self._piece(value.get("content_block"))
        elif kind == "content_block_delta":
            return self._piece(value.get("delta"))
        elif kind == "message_delta":
            self._count(value.get("usage"))
            if reason := member(value.get("delta"), "stop_reason"):
                return [self._ended(reason)]
        elif kind == "message_stop":
            self.done = True
            return self._finish()
        elif not isinstance(kind, str) or not kind:
            raise error_mapping.garbled(self._asked, "an event without a type")
        return ()  # "ping", block ends, and whatever is added to the protocol later.

    def end(self) -> Sequence[Delta]:
        """Return what remains when the connection ends."""
        self.done = True
        if not self.complete:
            raise error_mapping.cut(self._asked)
        return self._finish()

    def _piece(self, piece: Any) -> list[Delta]:
        text, thought = member(piece, "text"), member(piece, "thinking")
        deltas: list[Delta] = []
        if not self.complete and isinstance(thought, str) and thought:
            deltas.append(ReasoningDelta(thought))
        if not self.complete and isinstance(text, str) and text:
            deltas.append(TextDelta(text))
        self._spoke = self._spoke or bool(deltas)
        return deltas

    def _ended(self, reason: Any) -> Delta:
        if reason == "network_error":
            raise error_mapping.failing(self._asked, "stop_reason network_error")
        if reason == "model_context_window_exceeded" and not self._spoke:
            raise error_mapping.too_long(self._asked)
        self.complete = True
        known = _REASONS.get(reason) if isinstance(reason, str) else None
        return Finish(known or FinishReason.OTHER)

    def _finish(self) -> list[Delta]:
        deltas: list[Delta] = []
        if not self.complete:
            self.complete = True
            deltas.append(Finish(FinishReason.STOP))
        cached = self._counts.get("cache_read_input_tokens", 0)
        fresh = self._counts.get("input_tokens", 0)
        written = self._counts.get("cache_creation_input_tokens", 0)
        usage = Usage(
            prompt=fresh + cached + written,
            output=self._counts.get("output_tokens", 0),
            cached=cached,
        )
        if usage.prompt or usage.output:
            deltas.append(usage)
        return deltas

    def _count(self, usage: Any) -> None:
        """Take over counts: later events repeat them, cumulatively, or leave them out."""
        if isinstance(usage, dict):
            self._counts |= {name: count(value) for name, value in usage.items() if count(value)}


MESSAGES = Wire(
    "/messages",
    body,
    headers,
    MessagesParser,
    frozenset({"thinking", "temperature", "top_p", "stop_sequences"}),
)
"""Anthropic Messages."""

"""OpenAI's Responses, as gateways offer it for GLM: the body, and the parser of its stream.

Invariants: as for Chat Completions. The protocol has no stop texts (the client cuts there
itself), and what is asked is not stored by the service.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from glm_lsp.llm import error_mapping
from glm_lsp.llm.catalogue import ThinkingMode
from glm_lsp.llm.providers import ThinkingSwitch
from glm_lsp.llm.types import Finish, FinishReason, ReasoningDelta, TextDelta, Usage
from glm_lsp.llm.wires.base import Wire, bearer, count, decode, member

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glm_lsp.llm.catalogue import ModelInfo
    from glm_lsp.llm.error_mapping import Asked
    from glm_lsp.llm.providers import Preset
    from glm_lsp.llm.types import Delta, Request

_TEXT = frozenset({"response.output_text.delta"})
_REASONING = frozenset({"response.reasoning_text.delta", "response.reasoning_summary_text.delta"})
_ENDS = frozenset({"response.completed", "response.incomplete"})
_REASONS = {
    "max_output_tokens": FinishReason.LENGTH,
    "content_filter": FinishReason.FILTERED,
}


def body(request: Request, preset: Preset, model: ModelInfo) -> dict[str, Any]:
    """Return the body of a request with `messages`."""
    system = "\n\n".join(m.content for m in request.messages if m.role == "system")
    fields: dict[str, Any] = {
        "model": request.model,
        "input": [
            {"role": m.role, "content": m.content} for m in request.messages if m.role != "system"
        ],
        "max_output_tokens": request.max_tokens,
        "stream": True,
        "store": False,
    }
    if system:
        fields["instructions"] = system
    if request.temperature is not None:
        fields["temperature"] = round(min(request.temperature, preset.hottest), 2)
    if request.top_p is not None:
        fields["top_p"] = round(request.top_p, 2)
    if preset.thinking is not ThinkingSwitch.NONE:
        fields |= _thinking(request, model)
    return fields


def _thinking(request: Request, model: ModelInfo) -> dict[str, Any]:
    if request.thinking is None or model.thinking is ThinkingMode.NEVER:
        return {}
    least = "low" if model.thinking is ThinkingMode.ALWAYS else "none"
    return {"reasoning": {"effort": "medium" if request.thinking else least}}


class ResponsesParser:
    """Parses one streamed answer."""

    def __init__(self, asked: Asked) -> None:
        self.complete = False
        self.done = False
        self._asked = asked
        self._refused = False

    def feed(self, event: str, data: str) -> Sequence[Delta]:
        """Return the deltas of one event."""
        if self.done or not data.strip():
            return ()
        if data.strip() == "[DONE]":
            return self.end()
        value = decode(self._asked, data)
        kind = value.get("type") or event
        if kind == "error":
            raise error_mapping.from_payload(
                self._asked, value if "error" in value else {"error": value}
            )
        if kind == "response.failed" or (value.get("error") and not kind):
            raise error_mapping.from_payload(self._asked, value.get("response") or value)
        if kind in _TEXT or kind in _REASONING:
            text = value.get("delta")
            if isinstance(text, str) and text:
                return [TextDelta(text) if kind in _TEXT else ReasoningDelta(text)]
        elif kind == "response.refusal.delta":
            self._refused = True
        elif kind in _ENDS:
            return self._ended(value.get("response"))
        elif not isinstance(kind, str) or not kind:
            raise error_mapping.garbled(self._asked, "an event without a type")
        return ()

    def end(self) -> Sequence[Delta]:
        """Return what remains when the connection ends."""
        self.done = True
        if not self.complete:
            raise error_mapping.cut(self._asked)
        return ()

    def _ended(self, response: Any) -> list[Delta]:
        self.complete = self.done = True
        usage = _read_usage(member(response, "usage"))
        cause = member(member(response, "incomplete_details"), "reason")
        reason = _REASONS.get(cause) if isinstance(cause, str) else None
        if reason is None and member(response, "status") == "incomplete":
            reason = FinishReason.OTHER
        if reason is None and self._refused:
            reason = FinishReason.FILTERED
        if reason is None and usage and 0 < self._asked.max_tokens <= usage.output:
            # llama.cpp calls an answer completed that merely reached its limit.
            reason = FinishReason.LENGTH
        finish = Finish(reason or FinishReason.STOP)
        return [finish, usage] if usage else [finish]


def _read_usage(value: Any) -> Usage | None:
    if not isinstance(value, dict):
        return None
    usage = Usage(
        prompt=count(value.get("input_tokens")),
        output=count(value.get("output_tokens")),
        cached=count(member(value.get("input_tokens_details"), "cached_tokens")),
        reasoning=count(member(value.get("output_tokens_details"), "reasoning_tokens")),
    )
    return usage if usage.prompt or usage.output else None


RESPONSES = Wire(
    "/responses",
    body,
    bearer,
    ResponsesParser,
    frozenset({"reasoning", "temperature", "top_p", "store"}),
)
"""OpenAI Responses."""

"""Anthropic's Messages, as gateways offer it for GLM: the body, and the parser of its stream.

Invariant: `Usage.prompt` is all tokens of the question, as on the other wires; Anthropic
counts the cached ones beside the input.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from glm_lsp.llm.catalogue import ThinkingMode
from glm_lsp.llm.types import FinishReason, Usage
from glm_lsp.llm.wires.base import (
    Parser,
    Wire,
    count,
    member,
    sampling,
    split_system,
    wants_thinking,
)
from glm_lsp.providers import ThinkingSwitch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from glm_lsp.llm.catalogue import ModelInfo
    from glm_lsp.llm.credentials import Key
    from glm_lsp.llm.error_mapping import Asked
    from glm_lsp.llm.types import Delta, Request
    from glm_lsp.providers import Preset

_LEAST_BUDGET = 1024  # The protocol allows no smaller budget for thinking.

_HOTTEST = 1.0  # Whatever the provider.


def body(request: Request, preset: Preset, model: ModelInfo) -> dict[str, Any]:
    """Return the body of a request with `messages`."""
    system, turns = split_system(request)
    # Anthropic refuses stops of white space alone; the parser cuts at those itself.
    stop = request.stop if request.stop and request.stop.strip() else None
    return {
        "model": request.model,
        "messages": turns,
        "max_tokens": request.max_tokens,
        "stream": True,
        **({"system": system} if system else {}),
        **sampling(request, _HOTTEST),
        **({"stop_sequences": [stop]} if stop else {}),
        **_thinking(request, preset, model),
    }


def _thinking(request: Request, preset: Preset, model: ModelInfo) -> dict[str, Any]:
    wanted = wants_thinking(request, model)
    if wanted is None or preset.thinking is ThinkingSwitch.NONE:
        return {}
    if not wanted:
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


class MessagesParser(Parser):
    """Parses one streamed answer."""

    reasons: ClassVar[Mapping[str, FinishReason]] = MappingProxyType(
        {
            "end_turn": FinishReason.STOP,
            "stop_sequence": FinishReason.STOP,
            "max_tokens": FinishReason.LENGTH,
            "model_context_window_exceeded": FinishReason.LENGTH,
            "refusal": FinishReason.FILTERED,
            "sensitive": FinishReason.FILTERED,
        }
    )

    def __init__(self, asked: Asked, stop: str | None = None) -> None:
        super().__init__(asked, stop)
        self._counts: dict[str, int] = {}

    def _read(self, event: str, value: dict[str, Any]) -> Sequence[Delta]:
        kind = self._kind(event, value)
        if kind == "content_block_delta":
            return self._block(value.get("delta"))
        if kind == "content_block_start":
            return self._block(value.get("content_block"))
        if kind == "message_start":
            self._count(member(value.get("message"), "usage"))
        elif kind == "message_delta":
            self._count(value.get("usage"))
            reason = member(value.get("delta"), "stop_reason")
            return self._ended(reason) if reason and not self.complete else ()
        elif kind == "message_stop":
            return self._whole()
        return ()  # "ping", block ends, and whatever is added to the protocol later.

    def _block(self, block: Any) -> list[Delta]:
        return self._piece(member(block, "text"), member(block, "thinking"))

    def _count(self, usage: Any) -> None:
        """Take over counts: later events repeat them, cumulatively, or leave them out."""
        if isinstance(usage, dict):
            self._counts |= {name: count(value) for name, value in usage.items() if count(value)}
        cached = self._counts.get("cache_read_input_tokens", 0)
        fresh = self._counts.get("input_tokens", 0)
        written = self._counts.get("cache_creation_input_tokens", 0)
        output = self._counts.get("output_tokens", 0)
        prompt = fresh + cached + written
        self._usage = Usage(prompt, output, cached) if prompt or output else None


WIRE = Wire(
    "/messages",
    body,
    headers,
    MessagesParser,
    frozenset({"thinking", "temperature", "top_p", "stop_sequences"}),
)
"""Anthropic Messages."""

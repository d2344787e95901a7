"""OpenAI's Chat Completions as GLM speaks it: the body, and the parser of its stream.

Invariant: the answer's text is passed on as it came, so a reader that inserts it must itself
drop the newline with which GLM-4.5 and 4.6 open their answers. An answer is complete only
when a `finish_reason` (or `[DONE]`) was seen.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from glm_lsp.llm import bounds, error_mapping
from glm_lsp.llm.catalogue import ThinkingMode
from glm_lsp.llm.types import FinishReason
from glm_lsp.llm.wires.base import (
    Parser,
    Wire,
    bearer,
    member,
    read_usage,
    sampling,
    wants_thinking,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from glm_lsp.llm.catalogue import ModelInfo
    from glm_lsp.llm.types import Delta, Request
    from glm_lsp.providers import Preset

OPTIONAL = frozenset(
    {
        "thinking",
        "chat_template_kwargs",
        "reasoning",
        "reasoning_effort",
        "stream_options",
        "do_sample",
        "temperature",
        "top_p",
        "stop",
    }
)
"""The fields a service may refuse, and is then asked without."""


def body(request: Request, preset: Preset, model: ModelInfo) -> dict[str, Any]:
    """Return the body of a request with `messages`."""
    return {
        "model": request.model,
        "messages": [{"role": m.role, "content": m.content} for m in request.messages],
        "stream": True,
        "max_tokens": request.max_tokens,
        **choosing(request, preset),
        **_thinking(request, preset, model),
        **usage_wanted(preset),
    }


def choosing(request: Request, preset: Preset) -> dict[str, Any]:
    """Return the fields that choose among likely tokens and end the answer."""
    fields = sampling(request, preset.hottest)
    if preset.greedy and request.temperature is not None and request.temperature <= 0:
        fields["do_sample"] = False
    if request.stop:
        fields["stop"] = [request.stop]
    return fields


def usage_wanted(preset: Preset) -> dict[str, Any]:
    """Return the field without which many services report no tokens."""
    return {"stream_options": {"include_usage": True}} if preset.stream_usage else {}


def _thinking(request: Request, preset: Preset, model: ModelInfo) -> dict[str, Any]:
    wanted = wants_thinking(request, model)
    if wanted is None:
        return {}
    if model.thinking is ThinkingMode.ALWAYS and not wanted:
        # GLM-5.3 answers 400 to "disabled"; little effort is the least it can do.
        return {"reasoning_effort": "low"} if preset.effort else {}
    if model.thinking is ThinkingMode.STUBBORN and not wanted and preset.effort:
        return {**preset.thinking.fields(wanted), "reasoning_effort": "low"}
    return preset.thinking.fields(wanted)


class ChatParser(Parser):
    """Parses one streamed answer."""

    mark_completes = True
    reasons: ClassVar[Mapping[str, FinishReason]] = MappingProxyType(
        {
            "stop": FinishReason.STOP,
            "eos": FinishReason.STOP,
            "tool_calls": FinishReason.OTHER,
            "length": FinishReason.LENGTH,
            "model_context_window_exceeded": FinishReason.LENGTH,
            "sensitive": FinishReason.FILTERED,
            "content_filter": FinishReason.FILTERED,
        }
    )

    def _read(self, event: str, value: dict[str, Any]) -> Sequence[Delta]:
        choices = value.get("choices")
        if choices is None and "usage" not in value:
            if "code" in value and ("msg" in value or "message" in value):
                raise error_mapping.from_payload(self._asked, value)
            raise error_mapping.garbled(self._asked, "a chunk without choices")
        deltas: list[Delta] = []
        for choice in choices[: bounds.CHOICES] if isinstance(choices, list) else ():
            deltas += self._choice(choice)
        if usage := read_usage(value.get("usage"), "prompt", "completion"):
            self._usage = usage  # Some servers count up on every chunk: the last one holds.
        if self.complete:
            deltas += self._counted()
        return deltas

    def _choice(self, choice: Any) -> list[Delta]:
        delta = member(choice, "delta")
        # vLLM calls it "reasoning", everybody else "reasoning_content", OpenRouter both.
        thought = member(delta, "reasoning_content") or member(delta, "reasoning")
        deltas = self._piece(member(delta, "content"), thought)
        reason = member(choice, "finish_reason")
        if reason and not self.complete:
            deltas += self._ended(reason)
        return deltas


WIRE = Wire("/chat/completions", body, bearer, ChatParser, OPTIONAL)
"""Chat Completions."""

"""OpenAI's Chat Completions as GLM speaks it: the body, and the parser of its stream.

Invariants: reasoning never becomes text; the answer's text is passed on as it came, so a
reader that inserts it must itself drop the newline with which GLM-4.5 and 4.6 open their
answers. An answer is complete only when a `finish_reason` (or `[DONE]`) was seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from glm_lsp.llm import error_mapping
from glm_lsp.llm.catalogue import ThinkingMode
from glm_lsp.llm.types import Finish, FinishReason, ReasoningDelta, TextDelta, Usage
from glm_lsp.llm.wires.base import Wire, bearer, count, decode, member

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glm_lsp.llm.catalogue import ModelInfo
    from glm_lsp.llm.error_mapping import Asked
    from glm_lsp.llm.providers import Preset
    from glm_lsp.llm.types import Delta, Request

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

_REASONS = {
    "stop": FinishReason.STOP,
    "eos": FinishReason.STOP,
    "tool_calls": FinishReason.OTHER,
    "length": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.LENGTH,
    "sensitive": FinishReason.FILTERED,
    "content_filter": FinishReason.FILTERED,
}


def body(request: Request, preset: Preset, model: ModelInfo) -> dict[str, Any]:
    """Return the body of a request with `messages`."""
    fields: dict[str, Any] = {
        "model": request.model,
        "messages": [{"role": m.role, "content": m.content} for m in request.messages],
        "stream": True,
        "max_tokens": request.max_tokens,
        **sampling(request, preset),
        **_thinking(request, preset, model),
    }
    if preset.stream_usage:
        fields["stream_options"] = {"include_usage": True}
    return fields


def sampling(request: Request, preset: Preset) -> dict[str, Any]:
    """Return the fields that choose among likely tokens and end the answer."""
    fields: dict[str, Any] = {}
    if request.temperature is not None:
        fields["temperature"] = round(min(request.temperature, preset.hottest), 2)
        if preset.greedy and request.temperature <= 0:
            fields["do_sample"] = False
    if request.top_p is not None:
        fields["top_p"] = round(request.top_p, 2)
    if request.stop:
        fields["stop"] = [request.stop]
    return fields


def _thinking(request: Request, preset: Preset, model: ModelInfo) -> dict[str, Any]:
    if request.thinking is None or model.thinking is ThinkingMode.NEVER:
        return {}
    if model.thinking is ThinkingMode.ALWAYS and not request.thinking:
        # GLM-5.3 answers 400 to "disabled"; little effort is the least it can do.
        return {"reasoning_effort": "low"} if preset.effort else {}
    return preset.thinking.fields(request.thinking)


class ChatParser:
    """Parses one streamed answer."""

    def __init__(self, asked: Asked) -> None:
        self.complete = False
        self.done = False
        self._asked = asked
        self._usage: Usage | None = None
        self._spoke = False

    def feed(self, event: str, data: str) -> Sequence[Delta]:
        """Return the deltas of one event."""
        if self.done or not data.strip():
            return ()
        if data.strip() == "[DONE]":
            self.done = True
            return self._finish()
        chunk = decode(self._asked, data)
        if event == "error" or chunk.get("error"):
            raise error_mapping.from_payload(self._asked, chunk, event)
        choices = chunk.get("choices")
        if choices is None and "usage" not in chunk:
            raise (
                error_mapping.from_payload(self._asked, chunk)
                if _is_error(chunk)
                else error_mapping.garbled(self._asked, "a chunk without choices")
            )
        deltas: list[Delta] = []
        for choice in choices if isinstance(choices, list) else ():
            deltas += self._choice(choice)
        if usage := read_usage(chunk.get("usage")):
            self._usage = usage  # Some servers count up on every chunk: the last one holds.
        if self.complete and self._usage:
            deltas.append(self._usage)
            self._usage = None
        return deltas

    def end(self) -> Sequence[Delta]:
        """Return what remains when the connection ends."""
        self.done = True
        if not self.complete:
            raise error_mapping.cut(self._asked)
        return self._finish()

    def _choice(self, choice: Any) -> list[Delta]:
        delta = member(choice, "delta")
        deltas: list[Delta] = []
        # vLLM calls it "reasoning", everybody else "reasoning_content", OpenRouter both.
        thought = member(delta, "reasoning_content") or member(delta, "reasoning")
        text = member(delta, "content")
        if self.complete:
            return deltas
        if isinstance(thought, str) and thought:
            deltas.append(ReasoningDelta(thought))
        if isinstance(text, str) and text:
            deltas.append(TextDelta(text))
        self._spoke = self._spoke or bool(deltas)
        if reason := member(choice, "finish_reason"):
            deltas.append(self._ended(reason))
        return deltas

    def _ended(self, reason: Any) -> Delta:
        if reason == "network_error":
            raise error_mapping.failing(self._asked, "finish_reason network_error")
        if reason == "model_context_window_exceeded" and not self._spoke:
            raise error_mapping.too_long(self._asked)
        self.complete = True
        known = _REASONS.get(reason) if isinstance(reason, str) else None
        return Finish(known or FinishReason.OTHER)

    def _finish(self) -> list[Delta]:
        deltas: list[Delta] = []
        if not self.complete:
            # The service itself says that this was all.
            self.complete = True
            deltas.append(Finish(FinishReason.STOP))
        if self._usage:
            deltas.append(self._usage)
            self._usage = None
        return deltas


def read_usage(value: Any) -> Usage | None:
    """Read a `usage` object; None when it is missing or empty."""
    if not isinstance(value, dict):
        return None
    usage = Usage(
        prompt=count(value.get("prompt_tokens")),
        output=count(value.get("completion_tokens")),
        cached=count(member(value.get("prompt_tokens_details"), "cached_tokens")),
        reasoning=count(member(value.get("completion_tokens_details"), "reasoning_tokens")),
    )
    return usage if usage.prompt or usage.output else None


def _is_error(chunk: dict[str, Any]) -> bool:
    return "code" in chunk and ("msg" in chunk or "message" in chunk)


CHAT = Wire("/chat/completions", body, bearer, ChatParser, OPTIONAL)
"""Chat Completions."""

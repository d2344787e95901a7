"""OpenAI's Responses, as gateways offer it for GLM: the body, and the parser of its stream.

Invariant: what is asked is not stored by the service. The protocol has no stop texts: the
parser cuts there itself.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from glm_lsp.llm import error_mapping
from glm_lsp.llm.types import FinishReason
from glm_lsp.llm.wires.base import (
    Parser,
    Wire,
    bearer,
    member,
    read_usage,
    sampling,
    split_system,
    wants_thinking,
)
from glm_lsp.providers import ThinkingSwitch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from glm_lsp.llm.catalogue import ModelInfo
    from glm_lsp.llm.error_mapping import Asked
    from glm_lsp.llm.types import Delta, Request
    from glm_lsp.providers import Preset

_TEXT = frozenset({"response.output_text.delta"})
_REASONING = frozenset({"response.reasoning_text.delta", "response.reasoning_summary_text.delta"})
_ENDS = frozenset({"response.completed", "response.incomplete"})


def body(request: Request, preset: Preset, model: ModelInfo) -> dict[str, Any]:
    """Return the body of a request with `messages`."""
    system, turns = split_system(request)
    return {
        "model": request.model,
        # llama.cpp tells by its type alone what an item is.
        "input": [{"type": "message", **turn} for turn in turns],
        "max_output_tokens": request.max_tokens,
        "stream": True,
        "store": False,
        **({"instructions": system} if system else {}),
        **sampling(request, preset.hottest),
        **_thinking(request, preset, model),
    }


def _thinking(request: Request, preset: Preset, model: ModelInfo) -> dict[str, Any]:
    wanted = wants_thinking(request, model)
    if wanted is None or preset.thinking is ThinkingSwitch.NONE:
        return {}
    least = "low" if model.thinks_anyway else "none"
    return {"reasoning": {"effort": "medium" if wanted else least}}


class ResponsesParser(Parser):
    """Parses one streamed answer."""

    reasons: ClassVar[Mapping[str, FinishReason]] = MappingProxyType(
        {
            "max_output_tokens": FinishReason.LENGTH,
            "content_filter": FinishReason.FILTERED,
        }
    )

    def __init__(self, asked: Asked, stop: str | None = None) -> None:
        super().__init__(asked, stop)
        self._refused = False

    def _read(self, event: str, value: dict[str, Any]) -> Sequence[Delta]:
        kind = self._kind(event, value)
        if kind in _TEXT:
            return self._piece(value.get("delta"))
        if kind in _REASONING:
            return self._piece(None, value.get("delta"))
        if kind in _ENDS:
            return self._response_ended(value.get("response"))
        if kind == "response.failed":
            raise error_mapping.from_payload(self._asked, value.get("response") or value)
        self._refused = self._refused or kind == "response.refusal.delta"
        return ()

    def _response_ended(self, response: Any) -> list[Delta]:
        self.done = True
        usage = read_usage(member(response, "usage"), "input", "output")
        self._usage = usage
        cause = member(member(response, "incomplete_details"), "reason")
        reason = self.reasons.get(cause) if isinstance(cause, str) else None
        if reason is None and member(response, "status") == "incomplete":
            reason = FinishReason.OTHER
        if reason is None and self._refused:
            reason = FinishReason.FILTERED
        if reason is None and usage and 0 < self._asked.max_tokens <= usage.output:
            # llama.cpp calls an answer completed that merely reached its limit.
            reason = FinishReason.LENGTH
        return self._finish(reason or FinishReason.STOP) + self._counted()


WIRE = Wire(
    "/responses",
    body,
    bearer,
    ResponsesParser,
    frozenset({"reasoning", "temperature", "top_p", "store"}),
)
"""OpenAI Responses."""

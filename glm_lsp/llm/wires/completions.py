"""Raw completion: a text to be continued, without a chat template.

Three forms: `/completions` with a prefix; the same with GLM's fill-in-the-middle tokens
around prefix and suffix; llama.cpp's `/infill`, which knows the tokens of the model it runs.
A raw prompt bypasses the chat template, so the model does not think.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from glm_lsp.llm.types import FinishReason, Usage
from glm_lsp.llm.wires.base import Parser, Wire, bearer, count, member, read_usage
from glm_lsp.llm.wires.chat import OPTIONAL, ChatParser, choosing, usage_wanted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glm_lsp.llm.catalogue import ModelInfo
    from glm_lsp.llm.types import Delta, Request
    from glm_lsp.providers import Preset

# The vocabulary's own tokens; four stops, for servers take no more.
_PREFIX, _SUFFIX, _MIDDLE = "<|code_prefix|>", "<|code_suffix|>", "<|code_middle|>"
_STOPS = ("<|endoftext|>", _PREFIX, _SUFFIX, _MIDDLE)


def body(request: Request, preset: Preset, model: ModelInfo) -> dict[str, Any]:  # noqa: ARG001
    """Return the body for `/completions`."""
    prompt = request.prompt or ""
    fields: dict[str, Any] = {
        "model": request.model,
        "prompt": prompt,
        "stream": True,
        "max_tokens": request.max_tokens,
        **choosing(request, preset),
        **usage_wanted(preset),
    }
    if request.suffix is not None:
        fields["prompt"] = f"{_PREFIX}{prompt}{_SUFFIX}{request.suffix}{_MIDDLE}"
        fields["stop"] = [*([request.stop] if request.stop else []), *_STOPS][:4]
    return fields


def infill_body(request: Request, preset: Preset, model: ModelInfo) -> dict[str, Any]:  # noqa: ARG001
    """Return the body for llama.cpp's `/infill`."""
    return {
        "input_prefix": request.prompt or "",
        "input_suffix": request.suffix or "",
        "n_predict": request.max_tokens,
        "stream": True,
        "cache_prompt": True,
        **choosing(request, preset),
    }


class CompletionParser(ChatParser):
    """Parses `/completions`: as a chat's stream, with `text` in place of a delta."""

    def _choice(self, choice: Any) -> list[Delta]:
        text = member(choice, "text")
        reason = member(choice, "finish_reason")
        return super()._choice({"delta": {"content": text}, "finish_reason": reason})


class InfillParser(Parser):
    """Parses llama.cpp's native stream, whose last object says how it stopped."""

    def _read(self, event: str, value: dict[str, Any]) -> Sequence[Delta]:
        deltas = self._piece(value.get("content"))
        if value.get("stop") is True and not self.done:
            self.done = True
            cut_short = value.get("stop_type") == "limit" or value.get("stopped_limit") is True
            deltas += self._finish(FinishReason.LENGTH if cut_short else FinishReason.STOP)
            usage = read_usage(value.get("usage"), "prompt", "completion") or Usage(
                prompt=count(value.get("tokens_evaluated")),
                output=count(value.get("tokens_predicted")),
                cached=count(member(value.get("timings"), "cache_n")),
            )
            deltas.append(usage)
        return deltas


COMPLETIONS = Wire("/completions", body, bearer, CompletionParser, OPTIONAL)
"""Raw completion, as OpenAI, vLLM, SGLang and llama.cpp offer it."""

INFILL = Wire("/infill", infill_body, bearer, InfillParser, OPTIONAL)
"""llama.cpp's own fill-in-the-middle."""


def url(base_url: str, path: str) -> str:
    """Return where a wire's path is below a base URL: `/infill` stands beside `/v1`."""
    return (base_url.removesuffix("/v1") if path == INFILL.path else base_url) + path

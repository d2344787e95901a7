"""Raw completion: a text to be continued, without a chat template.

Three forms: `/completions` with a prefix; the same with GLM's fill-in-the-middle tokens
around prefix and suffix; llama.cpp's `/infill`, which knows the tokens of the model it runs.
A raw prompt bypasses the chat template, so the model does not think.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from glm_lsp.llm import error_mapping
from glm_lsp.llm.types import Finish, FinishReason, TextDelta, Usage
from glm_lsp.llm.wires.base import Wire, bearer, count, decode, member
from glm_lsp.llm.wires.chat import OPTIONAL, ChatParser, read_usage, sampling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glm_lsp.llm.catalogue import ModelInfo
    from glm_lsp.llm.error_mapping import Asked
    from glm_lsp.llm.providers import Preset
    from glm_lsp.llm.types import Delta, Request

# The vocabulary's own tokens; four stops, for servers take no more.
_PREFIX, _SUFFIX, _MIDDLE = "<|code_prefix|>", "<|code_suffix|>", "<|code_middle|>"
_STOPS = ["<|endoftext|>", _PREFIX, _SUFFIX, _MIDDLE]


def body(request: Request, preset: Preset, model: ModelInfo) -> dict[str, Any]:  # noqa: ARG001
    """Return the body for `/completions`."""
    prompt = request.prompt or ""
    fields: dict[str, Any] = {
        "model": request.model,
        "prompt": prompt,
        "stream": True,
        "max_tokens": request.max_tokens,
        **sampling(request, preset),
    }
    if request.suffix is not None:
        fields["prompt"] = f"{_PREFIX}{prompt}{_SUFFIX}{request.suffix}{_MIDDLE}"
        fields["stop"] = [*([request.stop] if request.stop else []), *_STOPS][:4]
    if preset.stream_usage:
        fields["stream_options"] = {"include_usage": True}
    return fields


def infill_body(request: Request, preset: Preset, model: ModelInfo) -> dict[str, Any]:  # noqa: ARG001
    """Return the body for llama.cpp's `/infill`."""
    fields = sampling(request, preset)
    return {
        "input_prefix": request.prompt or "",
        "input_suffix": request.suffix or "",
        "n_predict": request.max_tokens,
        "stream": True,
        "cache_prompt": True,
        **fields,
    }


class CompletionParser(ChatParser):
    """Parses `/completions`: as a chat's stream, with `text` in place of a delta."""

    def _choice(self, choice: Any) -> list[Delta]:
        text = member(choice, "text")
        reason = member(choice, "finish_reason")
        return super()._choice({"delta": {"content": text}, "finish_reason": reason})


class InfillParser:
    """Parses llama.cpp's native stream, whose last object says how it stopped."""

    def __init__(self, asked: Asked) -> None:
        self.complete = False
        self.done = False
        self._asked = asked

    def feed(self, event: str, data: str) -> Sequence[Delta]:
        """Return the deltas of one event."""
        if self.done or not data.strip() or data.strip() == "[DONE]":
            return ()
        chunk = decode(self._asked, data)
        if event == "error" or chunk.get("error"):
            raise error_mapping.from_payload(self._asked, chunk, event)
        deltas: list[Delta] = []
        text = chunk.get("content")
        if isinstance(text, str) and text:
            deltas.append(TextDelta(text))
        if chunk.get("stop") is True:
            self.complete = self.done = True
            cut_short = chunk.get("stop_type") == "limit" or chunk.get("stopped_limit") is True
            deltas.append(Finish(FinishReason.LENGTH if cut_short else FinishReason.STOP))
            usage = read_usage(chunk.get("usage")) or Usage(
                prompt=count(chunk.get("tokens_evaluated")),
                output=count(chunk.get("tokens_predicted")),
                cached=count(member(chunk.get("timings"), "cache_n")),
            )
            deltas.append(usage)
        return deltas

    def end(self) -> Sequence[Delta]:
        """Return what remains when the connection ends."""
        self.done = True
        if not self.complete:
            raise error_mapping.cut(self._asked)
        return ()


COMPLETIONS = Wire("/completions", body, bearer, CompletionParser, OPTIONAL)
"""Raw completion, as OpenAI, vLLM, SGLang and llama.cpp offer it."""

INFILL = Wire("/infill", infill_body, bearer, InfillParser, OPTIONAL)
"""llama.cpp's own fill-in-the-middle."""

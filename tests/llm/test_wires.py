"""What each wire sends: bodies, addresses, and the fields each provider takes."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import pytest
from attrs import evolve

from glm_lsp.errors import SettingsError
from glm_lsp.llm import catalogue
from glm_lsp.llm.connect import WIRES, connect
from glm_lsp.llm.credentials import Key
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
from glm_lsp.providers import find
from glm_lsp.settings import Settings
from tests.gateway import Gateway, Reply, chat_stream, completion_stream, frame
from tests.llm.streams import SAMPLES, messages_stream, responses_stream, stream

ASK = Request("glm-5.1", "fix", (Message("user", "hi"),))


def body(request: Request, provider: Any = "runapi", protocol: str = "chat") -> dict[str, Any]:
    wires: Any = WIRES
    fields: dict[str, Any] = wires[protocol].body(
        request, find(provider), catalogue.find(request.model)
    )
    return fields


@pytest.mark.parametrize(
    ("provider", "model", "protocol", "expected"),
    [
        ("runapi", "glm-5.1", "chat", {"thinking": {"type": "disabled"}}),
        ("zai", "glm-4.5", "chat", {"thinking": {"type": "disabled"}}),
        ("zai", "glm-5.3", "chat", {"reasoning_effort": "low"}),
        ("runapi", "glm-5.3", "chat", {}),
        ("local", "zai-org/GLM-5.1-FP8", "chat", {
            "chat_template_kwargs": {"enable_thinking": False}}),
        ("local", "embedded", "chat", {}),
        ("runapi", "glm-5.1", "responses", {"reasoning": {"effort": "none"}}),
        ("runapi", "glm-5.1", "messages", {"thinking": {"type": "disabled"}}),
        ("runapi", "glm-5.3", "messages", {}),
    ],
)  # fmt: skip
def test_thinking_is_switched_off_as_each_provider_and_model_wants_it(
    provider: str, model: str, protocol: str, expected: dict[str, Any]
) -> None:
    """The right field for the place, and none where none would help."""
    quiet = body(evolve(ASK, model=model, thinking=False), provider, protocol)
    plain = body(evolve(ASK, model=model), provider, protocol)
    assert {key: quiet[key] for key in quiet.keys() - plain.keys()} == expected


@pytest.mark.parametrize(
    ("address", "field"),
    [
        ("https://openrouter.ai/api/v1", "reasoning"),
        ("https://api.z.ai/api/paas/v4", "thinking"),
        ("http://localhost:8000/v1", "chat_template_kwargs"),
        ("https://notz.ai.example.com/v1", "chat_template_kwargs"),
    ],
)
def test_a_custom_address_that_is_known_has_its_own_switch(address: str, field: str) -> None:
    """Gateways are known by their host, and by nothing that merely looks like it."""
    assert find("custom", address).thinking.value == field


def test_temperatures_are_what_the_service_takes() -> None:
    """Z.ai refuses more than 1 and two decimals, and takes the most likely text by name."""
    assert body(evolve(ASK, temperature=1.7), "zai")["temperature"] == 1.0
    assert body(evolve(ASK, temperature=0.123), "zai")["temperature"] == 0.12
    greedy = body(evolve(ASK, temperature=0.0), "zai")
    assert (greedy["temperature"], greedy["do_sample"]) == (0.0, False)
    assert "do_sample" not in body(evolve(ASK, temperature=0.0), "runapi")
    assert "temperature" not in body(ASK, "zai")


@pytest.mark.parametrize(
    ("settings", "address"),
    [
        ({}, "https://runapi.ai/v1"),
        ({"provider": "zai"}, "https://api.z.ai/api/paas/v4"),
        ({"provider": "zai", "protocol": "messages"}, "https://api.z.ai/api/anthropic/v1"),
        ({"base_url": "https://proxy.example/glm/"}, "https://proxy.example/glm"),
    ],
)
def test_the_base_url_is_the_presets_or_the_one_given(
    settings: dict[str, Any], address: str
) -> None:
    """A given address is used as it is: nothing is invented but the wire's own path."""
    assert connect(Settings(**settings), Key("not-a-key", "x")).base_url == address


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"provider": "custom"}, "No address to ask: set `glm.baseUrl`"),
        ({"provider": "zai", "protocol": "responses"}, "set `glm.protocol` to `chat` or"),
        ({"base_url": "ftp://x"}, "is not an address"),
        ({"base_url": "runapi.ai/v1"}, "is not an address"),
    ],
)
def test_without_an_address_the_setting_is_named(settings: dict[str, Any], words: str) -> None:
    """What cannot be asked is said before anything is sent."""
    with pytest.raises(SettingsError) as caught:
        connect(Settings(**settings), Key("not-a-key", "x"))
    assert words in str(caught.value)


def ask(gateway: Gateway, request: Request, provider: Any = "custom", **more: Any) -> list[Delta]:
    async def run() -> list[Delta]:
        service = connect(Settings(provider=provider, base_url=gateway.base_url, **more), None)
        try:
            async with aclosing(service.stream(request)) as deltas:
                return [delta async for delta in deltas]
        finally:
            await service.close()

    return asyncio.run(run())


def test_a_prefix_is_continued_without_a_template() -> None:
    """A prompt goes to `/completions` as it is, and its text comes back."""
    with Gateway(completion_stream(" a + b", usage=(9, 4, 8))) as gateway:
        deltas = ask(gateway, Request("m", "completion", prompt="return", stop="\n"))
        record = gateway.requests[0]
    assert record.path == "/v1/completions"
    assert record.json["prompt"] == "return"
    assert record.json["stop"] == ["\n"]
    assert "".join(d.text for d in deltas if isinstance(d, TextDelta)) == " a + b"
    assert deltas[-2:] == [Finish(FinishReason.STOP), Usage(9, 4, 8)]


def test_the_middle_is_asked_for_with_glms_own_tokens() -> None:
    """A self-hosted GLM gets prefix and suffix between its tokens, and no more than four stops."""
    with Gateway(completion_stream("x")) as gateway:
        ask(gateway, Request("m", "completion", prompt="A", suffix="B", stop="\n"))
        sent = gateway.requests[0].json
    assert sent["prompt"] == "<|code_prefix|>A<|code_suffix|>B<|code_middle|>"
    assert sent["stop"][0] == "\n"
    assert len(sent["stop"]) == 4


@pytest.mark.parametrize(
    ("last", "reason"),
    [
        ({"stop_type": "limit"}, FinishReason.LENGTH),
        ({"stop_type": "eos"}, FinishReason.STOP),
        ({"stopped_limit": True}, FinishReason.LENGTH),
    ],
)
def test_llamas_own_infill_is_read(last: dict[str, Any], reason: FinishReason) -> None:
    """llama.cpp fills in with whatever tokens its model has, and counts in its own words."""
    counts = {"tokens_evaluated": 20, "tokens_predicted": 2, "timings": {"cache_n": 15}}
    steps = [
        frame({"content": "x + ", "stop": False}),
        frame({"content": "y", "stop": False}),
        frame({"content": "", "stop": True, **last, **counts}),
    ]
    with Gateway(Reply(steps)) as gateway:
        deltas = ask(gateway, Request("m", "c", prompt="A", suffix="B"), "local")
        record = gateway.requests[0]
    assert record.path == "/infill"
    assert (record.json["input_prefix"], record.json["input_suffix"]) == ("A", "B")
    assert deltas == [TextDelta("x + "), TextDelta("y"), Finish(reason), Usage(20, 2, 15)]


@pytest.mark.parametrize("protocol", SAMPLES)
def test_the_key_travels_in_the_headers_of_its_wire(protocol: Any) -> None:
    """Bearer everywhere, and Messages' own header too; never in the address or the body."""

    async def run(base_url: str) -> None:
        service = connect(
            Settings(base_url=base_url, protocol=protocol), Key("not-a-key-0123", "RUNAPI_KEY")
        )
        async with aclosing(service.stream(ASK)) as deltas:
            assert [delta async for delta in deltas]
        await service.close()

    with Gateway(stream(protocol, "fine")) as gateway:
        asyncio.run(run(gateway.base_url))
        record = gateway.requests[0]
    assert record.path == f"/v1{SAMPLES[protocol].path}"
    assert record.headers["authorization"] == "Bearer not-a-key-0123"
    assert record.headers.get("x-api-key") == ("not-a-key-0123" if protocol == "messages" else None)
    assert b"not-a-key" not in record.content


def test_every_wire_has_a_sample() -> None:
    """What the settings name can be asked, and is tried with every fault and every provider."""
    assert WIRES.keys() == SAMPLES.keys()


def test_a_wire_without_stop_texts_is_cut_by_us() -> None:
    """Responses knows no stop: the client ends the answer there, and hangs up."""
    with Gateway(stream("responses", "one STOP two", chunk=3)) as gateway:
        deltas = ask(gateway, evolve(ASK, stop="STOP"), protocol="responses")
        assert "stop" not in gateway.requests[0].json
    assert "".join(d.text for d in deltas if isinstance(d, TextDelta)) == "one "
    assert deltas[-1] == Finish(FinishReason.STOP)


@pytest.mark.parametrize("protocol", SAMPLES)
def test_what_a_model_thinks_is_never_part_of_its_answer(protocol: Any) -> None:
    """On every wire thoughts and answer arrive apart, each of them whole."""
    with Gateway(stream(protocol, "the answer", reasoning="is it?", chunk=3)) as gateway:
        assert spoken(ask(gateway, ASK, protocol=protocol)) == ("is it?", "the answer")


def test_thoughts_are_known_under_each_of_their_names() -> None:
    """VLLM calls the field otherwise than everybody else."""
    with Gateway(chat_stream("yes", reasoning="hm", reasoning_field="reasoning")) as gateway:
        assert spoken(ask(gateway, ASK)) == ("hm", "yes")


def spoken(deltas: list[Delta]) -> tuple[str, str]:
    """Return what was thought, and what was said."""
    kinds = (ReasoningDelta, TextDelta)
    thought, said = ("".join(d.text for d in deltas if isinstance(d, kind)) for kind in kinds)
    return thought, said


REFUSED = {"type": "response.refusal.delta", "delta": "I cannot."}
REFUSALS = {
    "chat": chat_stream("I can", finish="content_filter"),
    "Z.ai's chat": chat_stream("I can", finish="sensitive"),
    "messages": messages_stream("I can", stop_reason="refusal"),
    "responses": Reply([frame(REFUSED), *responses_stream("").steps]),
    "responses, stopped": responses_stream(
        "", end="response.incomplete", incomplete="content_filter"
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_is_known_as_one(name: str) -> None:
    """The model will not, or a filter will not let it: the answer ends for that reason."""
    protocol = next(each for each in SAMPLES if each in name)
    with Gateway(REFUSALS[name]) as gateway:
        deltas = ask(gateway, ASK, protocol=protocol)
    ends = [delta.reason for delta in deltas if isinstance(delta, Finish)]
    assert ends == [FinishReason.FILTERED]


def test_responses_are_not_stored_by_the_service() -> None:
    """The protocol's default is to keep what is asked; we say no."""
    assert body(ASK, protocol="responses")["store"] is False


def test_an_embedded_key_shows_nowhere() -> None:
    """No representation of anything that holds a key holds its value."""
    service = connect(Settings(), Key("not-a-key-0123", "RUNAPI_KEY"))
    shown = f"{service!r} {vars(service)!r} {vars(service._provider)!r}"
    asked = service._provider._asked(ASK)
    assert "not-a-key" not in f"{shown} {asked!r}"

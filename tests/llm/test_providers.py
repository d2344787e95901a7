"""Every provider, whichever there are: its record is enough to ask it, and is known everywhere."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any
from urllib.parse import urlsplit

import pytest

from glm_lsp.cli import main
from glm_lsp.errors import NoKeyError
from glm_lsp.llm.connect import WIRES, connect
from glm_lsp.llm.credentials import find_key
from glm_lsp.llm.types import Delta, Finish, FinishReason, Message, Request, TextDelta
from glm_lsp.providers import PRESETS, Billing, Preset
from glm_lsp.settings.layers import Layer, load
from tests.gateway import Gateway
from tests.llm.streams import stream

EACH = pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
ADDRESSES = [(preset, protocol) for preset in PRESETS for protocol in preset.bases]
SECRET = "not-a-key-0123456789"


@EACH
def test_a_provider_is_a_value_of_the_setting(preset: Preset) -> None:
    """Settings take its name; and it is the only one of that name."""
    loaded = load(Layer("test", {"provider": preset.name}))
    assert loaded.settings.provider == preset.name
    assert not loaded.problems
    assert [other.name for other in PRESETS].count(preset.name) == 1


def test_what_is_no_provider_is_refused_with_the_list_of_all() -> None:
    """The sentence names every provider that there is."""
    (problem,) = load(Layer("test", {"provider": "nobody"})).problems
    assert all(repr(preset.name) in problem.message for preset in PRESETS)


@EACH
def test_the_key_of_a_provider_can_be_kept(
    preset: Preset, capsys: pytest.CaptureFixture[str]
) -> None:
    """`auth` knows each that can want a key; the model in this process wants none."""
    with pytest.raises(SystemExit) as ended:
        main(["auth", "--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    choices = shown.partition("--provider {")[2].partition("}")[0].split(",")
    assert (preset.name in choices) == (preset.name != "local")


@EACH
def test_the_key_of_a_provider_is_found_under_each_of_its_names(preset: Preset) -> None:
    """The first of them is the one that the sentence without a key names."""
    for name in (*preset.key_names, "GLM_API_KEY"):
        key = find_key(preset, given=None, environ={name: SECRET}, use_keyring=False)
        assert key is not None
        assert (key.reveal(), key.source) == (SECRET, name)
    assert preset.needs_key <= bool(preset.key_names), "a key that is needed has a name"


@pytest.mark.parametrize(("preset", "protocol"), ADDRESSES, ids=lambda part: str(part)[:40])
def test_an_address_of_a_provider_is_one_we_can_ask(preset: Preset, protocol: Any) -> None:
    """It is encrypted, ends where the wire's path begins, and is of a wire that we speak."""
    parts = urlsplit(preset.base_url(protocol))
    assert (parts.scheme, parts.query, parts.fragment) == ("https", "", "")
    assert not parts.path.endswith(WIRES[protocol].path)
    is_plan = preset.billing is Billing.CREDITS
    assert is_plan or "coding" not in parts.path, "that endpoint is for listed tools only"
    assert not preset.domain or ("." + (parts.hostname or "")).endswith("." + preset.domain)


@pytest.mark.parametrize("protocol", WIRES)
@EACH
def test_a_provider_is_asked_and_answers_on_every_wire(preset: Preset, protocol: str) -> None:
    """With the address changed to a gateway of ours, question and answer go through."""

    async def ask(base_url: str) -> list[Delta]:
        layer = {"provider": preset.name, "protocol": protocol, "baseUrl": base_url}
        key = find_key(preset, given=SECRET, environ={}, use_keyring=False)
        service = connect(load(Layer("test", layer)).settings, key)
        request = Request("glm-5.1", "fix", (Message("user", "hi"),), thinking=False)
        try:
            async with aclosing(service.stream(request)) as deltas:
                return [delta async for delta in deltas]
        finally:
            await service.close()

    with Gateway(stream(protocol, "fine")) as gateway:
        deltas = asyncio.run(ask(gateway.base_url))
        (asked,) = gateway.requests
    assert "".join(delta.text for delta in deltas if isinstance(delta, TextDelta)) == "fine"
    assert Finish(FinishReason.STOP) in deltas
    assert asked.headers["authorization"] == f"Bearer {SECRET}"
    assert SECRET.encode() not in asked.content


@EACH
def test_a_provider_that_needs_a_key_is_not_asked_without(preset: Preset) -> None:
    """The sentence names the first of its variables; nothing is sent."""
    if not preset.needs_key:
        pytest.skip("it needs none")

    async def ask(base_url: str) -> None:
        layer = Layer("test", {"provider": preset.name, "baseUrl": base_url})
        service = connect(load(layer).settings, None)
        try:
            async with aclosing(service.stream(Request("m", "fix"))) as deltas:
                await deltas.__anext__()
        finally:
            await service.close()

    with Gateway(stream("chat", "fine")) as gateway:
        with pytest.raises(NoKeyError, match=f"set {preset.key_names[0]} or run"):
            asyncio.run(ask(gateway.base_url))
        assert gateway.requests == []

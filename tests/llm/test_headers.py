"""Headers that a user adds for a gateway: where they go, what they cannot be, who sees them."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from glm_lsp import doctor, errors
from glm_lsp.llm.connect import WIRES, connect
from glm_lsp.llm.credentials import Key
from glm_lsp.llm.timeouts import Timeouts
from glm_lsp.llm.types import Message, Request
from glm_lsp.settings.layers import Layer, load
from tests.gateway import Gateway, Reply, error
from tests.llm.streams import stream

if TYPE_CHECKING:
    from tests.gateway import Replies

VALUE = "pk-not-a-value-0123456789"
ROUTE = {"x-portkey-api-key": VALUE, "X-Portkey-Provider": "@zai-prod", "Anthropic-Version": "x"}


def ask(
    gateway: Gateway,
    headers: dict[str, Any],
    protocol: str = "chat",
    transport: httpx.AsyncBaseTransport | None = None,
) -> None:
    values = {"baseUrl": gateway.base_url, "protocol": protocol, "headers": headers}
    loaded = load(Layer("test", values))
    assert loaded.problems == ()

    async def run() -> None:
        quick = Timeouts(connect=5.0, token=5.0, tail=0.5, attempts=1)
        key = Key("not-a-key", "RUNAPI_KEY")
        service = connect(loaded.settings, key, timeouts=quick, transport=transport)
        try:
            await service.warm()
            request = Request("glm-5.1", "fix", (Message("user", "hi"),))
            async with aclosing(service.stream(request)) as deltas:
                async for _ in deltas:
                    pass
        finally:
            await service.close()

    asyncio.run(run())


@pytest.mark.parametrize("protocol", WIRES)
def test_they_go_with_each_question_and_replace_nothing(protocol: str) -> None:
    """On every wire, beside the key; and not with a connection that asks for nothing."""
    with Gateway(stream(protocol, "fine")) as gateway:
        ask(gateway, ROUTE, protocol)
    (asked,) = gateway.requests
    assert asked.headers["x-portkey-api-key"] == VALUE
    assert asked.headers["x-portkey-provider"] == "@zai-prod"
    assert asked.headers["authorization"] == "Bearer not-a-key"
    assert asked.headers["content-type"] == "application/json"
    assert (asked.headers["anthropic-version"] == "x") == (protocol != "messages")
    assert VALUE.encode() not in asked.content
    (visit,) = gateway.visits
    assert VALUE not in visit.headers.values()


def test_none_is_sent_twice() -> None:
    """In whatever case it is written, the protocol's own header is the only one of its name."""
    sent: list[list[str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers.get_list("anthropic-version"))
        return httpx.Response(401)

    with Gateway(stream("messages", "fine")) as gateway, pytest.raises(errors.ProviderError):
        ask(gateway, ROUTE, "messages", httpx.MockTransport(answer))
    assert sent[-1] == ["2023-06-01"]


def test_they_follow_no_redirect() -> None:
    """They are for the configured host."""
    with Gateway(stream("chat", "fine")) as other:
        moved = Reply([], 307, "text/plain", {"Location": f"{other.base_url}/chat/completions"})
        with Gateway(moved) as gateway, pytest.raises(errors.WireError):
            ask(gateway, ROUTE)
        assert other.requests == other.visits == []


@pytest.mark.parametrize(
    "reply",
    [error(400, "1214", f"bad header: {VALUE}"), error(401, VALUE, "no"), Reply([b"x"], 500)],
)
def test_no_value_is_logged_or_repeated(reply: Replies, caplog: pytest.LogCaptureFixture) -> None:
    """A service that quotes one is not quoted; and no representation shows one."""
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore"):  # As glm_lsp.logs holds them.
        logging.getLogger(name).setLevel(logging.WARNING)
    with Gateway(reply) as gateway, pytest.raises(errors.ProviderError) as caught:
        ask(gateway, ROUTE)
    error_ = caught.value
    assert VALUE not in f"{error_!r} {error_} {error_.detail} {error_.code} {caplog.text}"
    settings = load(Layer("test", {"headers": ROUTE})).settings
    assert VALUE not in repr(settings)
    assert doctor._shown("headers", settings.headers) == ", ".join(ROUTE)


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"Authorization": VALUE}, "cannot set Authorization, which is the server’s own"),
        ({"X-API-Key": VALUE}, "cannot set X-API-Key"),
        ({"host": VALUE}, "cannot set host"),
        ({"Content-Length": "0"}, "cannot set Content-Length"),
        ({"content-encoding": "gzip"}, "cannot set content-encoding"),
        ({"Accept-Encoding": "gzip"}, "cannot set Accept-Encoding"),
        ({"Transfer-Encoding": "chunked"}, "cannot set Transfer-Encoding"),
        ({"Connection": "close"}, "cannot set Connection"),
        ({"Proxy-Authorization": VALUE}, "cannot set Proxy-Authorization"),
        ({"x y": VALUE}, "has a name that no header can have"),
        ({"x:y": VALUE}, "has a name that no header can have"),
        ({"": VALUE}, "has a name that no header can have"),
        ({"x": "a\r\nAuthorization: b"}, "has a value for x that no header can carry"),
        ({"x": "schlüssel"}, "has a value for x that no header can carry"),
        ({"x": " a"}, "has a value for x that no header can carry"),
        ({"x": ""}, "has a value for x that is empty or too long"),
        ({"x": "a" * 8_001}, "has a value for x that is empty or too long"),
        ({"x-a": "1", "X-A": "2"}, "has X-A twice"),
        ({f"x-{n}": "1" for n in range(33)}, "should have at most 32 names"),
        ({"x": 5}, "should be an object of texts, not an object"),
        (VALUE, "should be an object of texts, not something of 27 characters"),
    ],
)
def test_what_cannot_be_sent_is_said_in_one_sentence(headers: Any, said: str) -> None:
    """By the setting's name and the header's; the value is not repeated, and none is used."""
    loaded = load(Layer("test", {"headers": headers, "protocol": "messages"}))
    (problem,) = loaded.problems
    assert problem.key == "headers"
    assert problem.message.startswith(said)
    assert VALUE not in problem.message
    assert loaded.settings.headers == {}
    assert loaded.settings.protocol == "messages"

"""A line that is dead without a word: noticed by the system, and not used again after idling."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import subprocess
import sys
from contextlib import ExitStack, aclosing
from typing import TYPE_CHECKING

import pytest
import trustme

from glm_lsp import address
from glm_lsp.llm import connections
from glm_lsp.llm.proxies import Proxy
from glm_lsp.llm.types import TextDelta
from tests.gateway import Gateway, chat_stream
from tests.llm.relays import Relay
from tests.llm.test_connection import QUESTION, provider
from tests.llm.test_left_behind import MOST_TURNS, asked, cancelled_after, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glm_lsp.llm.client import HttpProvider

OPTIONS = ("TCP_KEEPIDLE", "TCP_KEEPALIVE", "TCP_KEEPINTVL", "TCP_KEEPCNT", "TCP_USER_TIMEOUT")


async def answer(client: HttpProvider) -> str:
    async with aclosing(client.stream(QUESTION)) as deltas:
        return "".join([each.text async for each in deltas if isinstance(each, TextDelta)])


def test_a_connection_that_idled_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that was cut without a word while nobody asked costs the next question nothing."""
    monkeypatch.setattr(connections, "KEPT", 0.2)

    async def work(gateway: Gateway, line: Relay) -> None:
        client = provider(f"http://127.0.0.1:{line.port}/v1")
        assert await answer(client) == "fine"
        line.fall_silent()
        await asyncio.sleep(0.3)
        assert await answer(client) == "fine"
        assert len(line.asked) == len(gateway.requests) == 2
        await client.close()

    with (
        Gateway(chat_stream("fine")) as gateway,
        Relay("line", to=("127.0.0.1", gateway.port)) as line,
    ):
        asyncio.run(work(gateway, line))


@pytest.fixture(scope="module")
def tls() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The contexts of a service and of who trusts it."""
    authority = trustme.CA()
    service = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(service)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    return service, trusting


@pytest.fixture(params=["", "http", "socks"])
def way(
    request: pytest.FixtureRequest, tls: tuple[ssl.SSLContext, ssl.SSLContext]
) -> Iterator[tuple[Gateway, connections.Connections]]:
    """An encrypted gateway, and the way there: straight, or through a proxy."""
    service, trusting = tls
    with ExitStack() as stack:
        gateway = stack.enter_context(Gateway(chat_stream("fine"), tls=service))
        proxy = None
        if request.param:
            relay = stack.enter_context(Relay(request.param))
            scheme = request.param.replace("socks", "socks5")
            proxy = Proxy(f"{scheme}://127.0.0.1:{relay.port}", "127.0.0.1", "HTTPS_PROXY")
        yield gateway, connections.Connections(trusting, proxy, 5.0)


def test_the_system_watches_every_connection(
    way: tuple[Gateway, connections.Connections],
) -> None:
    """A peer that is gone is noticed in seconds: by keep-alive, and by what it never confirms."""
    gateway, transport = way

    async def work() -> None:
        client = provider(gateway.base_url, transport)
        response = await (await client._ready()).get(gateway.base_url)
        raw = response.extensions["network_stream"].get_extra_info("socket")
        assert raw.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        set_here = {
            name: raw.getsockopt(socket.IPPROTO_TCP, getattr(socket, name))
            for name in OPTIONS
            if hasattr(socket, name)
        }
        unconfirmed = set_here.pop("TCP_USER_TIMEOUT", 1)
        assert 0 < unconfirmed <= 20_000  # Milliseconds.
        assert all(0 < value <= 5 for value in set_here.values()), set_here
        await client.close()

    asyncio.run(work())


def test_a_cancel_while_a_connection_is_made_leaves_none(
    way: tuple[Gateway, connections.Connections],
) -> None:
    """While names are looked up, proxies greeted and certificates checked, too."""
    gateway, transport = way

    async def work() -> None:
        client = provider(gateway.base_url, transport)
        await asked(client)
        turns, over = 0, 0
        while over < 3 and turns < MOST_TURNS:
            # Each one begins without a connection.
            await transport.aclose()
            over += await cancelled_after(client, turns, 1)
            turns += 1 + turns // 20
        assert over
        assert await until([0, 1], gateway) <= 1
        await client.close()
        assert await until([0], gateway) == 0

    asyncio.run(work())


def test_certificates_are_read_only_for_what_is_encrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain address on this machine costs no certificates; an encrypted one has them."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    plain = connections.transport(address.parse("http://127.0.0.1:9/v1"))
    secure = connections.transport(address.parse("https://127.0.0.1:9/v1"))
    assert plain._context.cert_store_stats()["x509_ca"] == 0
    assert secure._context.cert_store_stats()["x509_ca"] > 0
    assert secure._context.verify_mode is ssl.CERT_REQUIRED
    assert secure._context.check_hostname


def test_a_line_that_dies_is_given_up_before_the_time_out() -> None:
    """What was sent and never confirmed, and an answer that stops coming, are a lost connection."""
    alone = ["unshare", "--user", "--map-root-user", "--net"]
    able = shutil.which("unshare") and shutil.which("ip")
    probe = [*alone, "ip", "link", "set", "lo", "up"]
    if not able or subprocess.run(probe, capture_output=True, check=False).returncode:
        pytest.skip("no network of one's own can be made here")
    done = subprocess.run(
        [*alone, sys.executable, "-m", "tests.llm.dead_line"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.splitlines() == [
        line for line in done.stdout.splitlines() if line.startswith("UnreachableError")
    ], done.stderr
    asked, read = done.stdout.splitlines()
    assert "was lost: try again." in asked
    assert "stopped in the middle of its answer: try again." in read

"""Certificates and proxies as the environment says: what works, and what the user reads if not.

Every row goes through the real server over stdio, and through `glm-lsp doctor`.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import socket
import ssl
import subprocess
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
import trustme
from attrs import frozen

from tests.gateway import Gateway, chat_stream
from tests.llm.relays import Relay
from tests.lsp.harness import FIXED, SOURCE, URI, choose, fence, idle, run, serving, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

NAME = "model.corp.example"
"""A host that only the server under test, and the relays here, know where to find."""
HIDDEN = "hunter2"
ANSWER = chat_stream(fence(FIXED))
KNOWS_NAME = f"""\
import socket
_find = socket.getaddrinfo
def find(host, *rest, **more):
    return _find("127.0.0.1" if host in ({NAME!r}, {NAME.encode()!r}) else host, *rest, **more)
socket.getaddrinfo = find
"""


@frozen
class World:
    """One gateway, what leads to it, and the certificates of all."""

    folder: Path
    gateway: Gateway
    free_port: int
    proxy: Relay
    socks: Relay
    refusing: Relay
    asking: Relay

    @property
    def trusted(self) -> dict[str, str]:
        """The environment of a user who trusts the private authority."""
        return {"SSL_CERT_FILE": str(self.folder / "ca.pem")}

    def through(self, relay: Relay, *, kind: str = "http", login: str = "") -> dict[str, str]:
        """The environment of a user behind a proxy."""
        return {**self.trusted, "HTTPS_PROXY": f"{kind}://{login}127.0.0.1:{relay.port}"}


Environ = "Callable[[World], Mapping[str, str]]"


@pytest.fixture(autouse=True)
def _nobodys_network(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", *names, *map(str.lower, names)):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    (tmp_path / "not.pem").write_text("Nothing to trust.\n")
    (tmp_path / "sitecustomize.py").write_text(KNOWS_NAME)
    yesterday = dt.datetime.now(dt.timezone.utc) - dt.timedelta(days=1)
    issued = {
        "good": authority.issue_cert("127.0.0.1", "localhost", NAME),
        "expired": authority.issue_cert(
            "127.0.0.1",
            NAME,
            not_before=yesterday - dt.timedelta(days=9),
            not_after=yesterday,
        ),
        "other": authority.issue_cert("other.example"),
    }
    for name, leaf in issued.items():
        leaf.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / f"{name}.pem"))
    return tmp_path


@pytest.fixture
def world(folder: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    certificate, name = getattr(request, "param", ("good", NAME))
    tls = None
    if certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(folder / f"{certificate}.pem")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with ExitStack() as stack:
        gateway = stack.enter_context(Gateway(ANSWER, tls=tls, name=name))
        if not certificate:
            gateway._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)  # In the address alone.
            gateway.port = stack.enter_context(Relay("plain")).port
        relays = [
            stack.enter_context(Relay(kind, names=(NAME,)))
            for kind in ("http", "socks", "403", "407")
        ]
        yield World(folder, gateway, port, *relays)


def environment(world: World, more: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without anybody's proxies, and with `more`."""
    found = {"PYTHONPATH": str(world.folder), "GLM_API_KEY": "not-a-key", "NO_PROXY": ""}
    return {**found, **more}


def fix(world: World, more: Mapping[str, str], base_url: str = "") -> tuple[list[str], str]:
    """Have the server fix the problem; return what the user read, and the text."""
    seen: list[tuple[list[str], str]] = []
    environ = {
        **environment(world, more),
        "GLM_LSP_PROVIDER": "custom",
        "GLM_LSP_BASE_URL": base_url or world.gateway.base_url,
    }

    async def work() -> None:
        async with serving(
            None, world.folder, key="", provider="custom", environ=environ
        ) as editor:
            await choose(editor, "GLM: Fix")
            await idle(editor)
            seen.append((shown(editor), editor.text(URI)))

    run(work)
    log = (world.folder / "server.log").read_text("utf-8")
    assert "Traceback" not in log
    assert HIDDEN not in log
    return seen[0]


def doctor(world: World, more: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if "GLM" not in k and "API" not in k}
    environ = {
        **kept,
        **environment(world, more),
        "GLM_LSP_PROVIDER": "custom",
        "GLM_LSP_BASE_URL": world.gateway.base_url,
        "COLUMNS": "400",
        "PYTHONUTF8": "1",
        "HOME": str(world.folder),
    }
    return subprocess.run(
        [sys.executable, "-m", "glm_lsp", "doctor"],
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


LOCAL, NAMED = ("good", "127.0.0.1"), ("good", NAME)
CA = "does not trust who issued the certificate of"
FAULTS: list[tuple[str, tuple[str, str], Callable[[World], Mapping[str, str]], str]] = [
    ("unknown issuer, here", LOCAL, lambda _: {}, f"{CA} 127.0.0.1:"),
    ("unknown issuer, named", NAMED, lambda _: {}, f"{CA} {NAME}:"),
    ("expired", ("expired", NAME), lambda w: w.trusted, "has expired, or is not valid yet"),
    ("another name", ("other", NAME), lambda w: w.trusted, "is for another name"),
    ("no TLS", ("", NAME), lambda w: w.trusted, "does not speak TLS"),
    ("no file", NAMED, lambda w: {"SSL_CERT_FILE": str(w.folder / "no")},
     "SSL_CERT_FILE names a file that is not there"),
    ("no file, here", LOCAL, lambda w: {"SSL_CERT_FILE": str(w.folder / "no")},
     "SSL_CERT_FILE names a file that is not there"),
    ("a folder", NAMED, lambda w: {"SSL_CERT_FILE": str(w.folder)}, "SSL_CERT_FILE names a folder"),
    ("no PEM", NAMED, lambda w: {"SSL_CERT_FILE": str(w.folder / "not.pem")},
     "SSL_CERT_FILE names a file without certificates"),
    ("no folder", NAMED, lambda w: {"SSL_CERT_DIR": str(w.folder / "no")},
     "SSL_CERT_DIR names a folder that is not there"),
    ("broken proxy", NAMED, lambda _: {"HTTPS_PROXY": f"http://me:{HIDDEN}@[::1"},
     "HTTPS_PROXY names no proxy"),
    ("broken port", NAMED, lambda _: {"all_proxy": f"http://me:{HIDDEN}@proxy:99999"},
     "all_proxy names no proxy"),
    ("odd proxy", NAMED, lambda _: {"https_proxy": f"ftp://me:{HIDDEN}@proxy:1"},
     "https_proxy names a proxy of another kind"),
    ("proxy away", NAMED, lambda w: {"HTTPS_PROXY": f"http://127.0.0.1:{w.free_port}"},
     "No connection to the proxy 127.0.0.1:"),
    ("SOCKS away", NAMED, lambda w: {"ALL_PROXY": f"socks5://127.0.0.1:{w.free_port}"},
     "No connection to the proxy 127.0.0.1:"),
    ("proxy refuses", NAMED, lambda w: w.through(w.refusing, login=f"me:{HIDDEN}@"),
     "The proxy 127.0.0.1:"),
    ("proxy wants a login", NAMED, lambda w: w.through(w.asking), "put them into HTTPS_PROXY"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("world", "environ", "words"),
    [pytest.param(world, environ, words, id=name) for name, world, environ, words in FAULTS],
    indirect=["world"],
)
def test_each_fault_of_the_environment_is_one_sentence(
    world: World, environ: Callable[[World], Mapping[str, str]], words: str
) -> None:
    """The user reads what is wrong and what to do; nothing was asked, no password is shown."""
    read, text = fix(world, environ(world))
    (sentence,) = read
    assert words in sentence
    assert ": " in sentence
    assert HIDDEN not in sentence
    assert text == SOURCE
    done = doctor(world, environ(world))
    assert done.returncode == 1
    assert sentence in done.stdout
    assert HIDDEN not in done.stdout + done.stderr
    assert world.gateway.requests == []


def rehashed(world: World) -> Mapping[str, str]:
    """Have the authority in a folder as OpenSSL wants it."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not here")
    given = ["x509", "-hash", "-noout", "-in", str(world.folder / "ca.pem")]
    name = subprocess.run([openssl, *given], capture_output=True, text=True, check=True).stdout
    (world.folder / "trusted").mkdir()
    shutil.copy(world.folder / "ca.pem", world.folder / "trusted" / f"{name.strip()}.0")
    return {"SSL_CERT_DIR": str(world.folder / "trusted")}


WORKS: list[tuple[str, tuple[str, str], Callable[[World], Mapping[str, str]], str]] = [
    ("a file, here", LOCAL, lambda w: w.trusted, ""),
    ("a file, localhost", ("good", "localhost"), lambda w: w.trusted, ""),
    ("a file, named", NAMED, lambda w: w.trusted, ""),
    ("a folder, here", LOCAL, rehashed, ""),
    ("a folder, named", NAMED, rehashed, ""),
    ("a proxy", NAMED, lambda w: w.through(w.proxy), "CONNECT"),
    ("a proxy with a login", NAMED, lambda w: w.through(w.proxy, login=f"me:{HIDDEN}@"), "CONNECT"),
    ("SOCKS", NAMED, lambda w: w.through(w.socks, kind="socks5"), "SOCKS"),
    ("SOCKS with names", NAMED, lambda w: w.through(w.socks, kind="socks5h"), "SOCKS"),
    ("odd NO_PROXY", NAMED, lambda w: {**w.through(w.proxy), "NO_PROXY": "[::1, ,10.0.0.0/99,a b:"},
     "CONNECT"),
    ("NO_PROXY", NAMED, lambda w: {**w.through(w.refusing), "NO_PROXY": ".corp.example"}, ""),
    ("own", LOCAL, lambda w: {**w.through(w.refusing)}, ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("world", "environ", "asked"),
    [pytest.param(world, environ, asked, id=name) for name, world, environ, asked in WORKS],
    indirect=["world"],
)
def test_each_way_that_works(
    world: World, environ: Callable[[World], Mapping[str, str]], asked: str
) -> None:
    """A private authority and every kind of proxy: the answer arrives, the way that was said."""
    read, text = fix(world, environ(world))
    assert read == []
    assert text == SOURCE.replace("heigth", "height")
    ways = [way for relay in (world.proxy, world.socks, world.refusing) for way in relay.asked]
    assert {way.split()[0] for way in ways} == ({asked} if asked else set())

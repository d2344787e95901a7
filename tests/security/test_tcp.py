"""`--tcp`: who may connect, and what an unknown peer can do before it proves who it is.

A peer proves who it is by `initializationOptions.token`, which is what any editor can send.

Before, there was no token: whoever connected was served. (On the code of before, tests that share
the server end in its fixture, for it knew no `--token-file`.) Held already: what is no frame from its
first byte on was dropped, and one client never saw another's documents.
"""

from __future__ import annotations

import json
import os
import re
import socket
import stat
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from glm_lsp.lsp.wire.framing import encode
from tests.lsp_floor.client import python, request
from tests.security.rig import KEY, PATIENCE, attacks, environment, made_up, memory, until

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.gateway import Gateway

TOKEN = "t" + made_up(42)


class Listening:
    """A server that listens, and where."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self.log_file = log
        self.peers: list[Peer] = []

    @property
    def port(self) -> int:
        """The port it listens on."""
        found = re.search(r"istening on \S*?:(\d+)", self.log())
        return int(found.group(1)) if found else 0

    def log(self) -> str:
        return self.log_file.read_text("utf-8", "replace")

    def connect(self) -> Peer:
        """Connect to it."""
        self.peers.append(Peer(socket.create_connection(("127.0.0.1", self.port), PATIENCE)))
        return self.peers[-1]

    def hang_up(self) -> None:
        """Close what was connected."""
        while self.peers:
            self.peers.pop().socket.close()


class Peer:
    """Somebody who connected."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.socket.settimeout(PATIENCE)

    def send(self, data: bytes) -> bool:
        """Send bytes; tell whether the server still takes them."""
        try:
            self.socket.sendall(data)
        except OSError:
            return False
        return True

    def dropped(self) -> bool:
        """Wait for the server to hang up; tell whether it did."""
        try:
            while self.socket.recv(65536):
                pass
        except TimeoutError:
            return False
        except OSError:
            return True
        return True

    def read(self) -> bytes:
        """Read what comes in half a second."""
        self.socket.settimeout(0.5)
        found = b""
        try:
            while data := self.socket.recv(65536):
                found += data
        except OSError:
            pass
        self.socket.settimeout(PATIENCE)
        return found


@contextmanager
def listening(
    home: Path, *arguments: str, address: str = "127.0.0.1:0", gateway: Gateway | None = None
) -> Iterator[Listening]:
    """Start the server on a port, with a token in a file of the user's; or as `arguments` say."""
    path = home / "token"
    if not path.exists():
        path.write_text(TOKEN, "ascii")
        path.chmod(0o600)
    given = arguments or ("--token-file", str(path))
    log = home / f"tcp-{time.monotonic_ns()}.log"
    where = () if "--socket" in given else ("--tcp", address)
    command = python("-m", "glm_lsp", *where, "--log-level", "info", *given)
    with log.open("wb") as errors:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=errors,
            stderr=errors,
            env=environment(home, gateway),
        )
    server = Listening(process, log)
    try:
        until(lambda: "istening on" in server.log() or process.poll() is not None, 2 * PATIENCE)
        yield server
    finally:
        server.hang_up()
        process.terminate()
        try:
            process.wait(3)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def _served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listening]:
    with listening(tmp_path_factory.mktemp("tcp")) as server:
        yield server


def _started(server: Listening) -> Listening:
    assert server.port, server.log()[-300:]
    return server


@pytest.fixture
def served(_served: Listening) -> Iterator[Listening]:
    """A server that listens, with a token, shared by the attacks of this module."""
    yield _started(_served)
    _served.hang_up()


def _initialize(**options: Any) -> bytes:
    params: dict[str, Any] = {"processId": None, "rootUri": None, "capabilities": {}}
    if options:
        params["initializationOptions"] = options
    return encode(request(1, "initialize", params))


TOKENS: dict[str, tuple[str, bytes]] = {
    "none": ("It says no token.", _initialize()),
    "empty": ("It says an empty token.", _initialize(token="")),
    "wrong": ("It says another token.", _initialize(token="t" + made_up(42))),
    "prefix": ("It says the beginning of the token.", _initialize(token=TOKEN[:-1])),
    "longer": ("It says more than the token.", _initialize(token=TOKEN + "x")),
    "case": ("It says it in other letters.", _initialize(token=TOKEN.swapcase())),
    "null": ("It says null.", _initialize(token=None)),
    "true": ("It says true.", _initialize(token=True)),
    "list": ("It says a list with the token.", _initialize(token=[TOKEN])),
    "object": ("It says an object.", _initialize(token={"token": TOKEN})),
    "unicode": ("It says text that is not ASCII.", _initialize(token="t\u00e9")),
    "elsewhere": ("It says the token as the key.", _initialize(apiKey=TOKEN)),
    "options-text": (
        "Its options are a text.",
        encode(request(1, "initialize", {"capabilities": {}, "initializationOptions": TOKEN})),
    ),
}


@attacks("hello", TOKENS)
def test_a_peer_without_the_token(sentence: str, hello: bytes, served: Listening) -> None:
    """Another user of the machine connects and does not know the token: it is dropped."""
    peer = served.connect()
    peer.send(hello)
    answer = peer.read()
    assert b'"capabilities"' not in answer, sentence
    peer.send(encode(request(2, "workspace/executeCommand", {"command": "glm.status"})))
    assert b'"jobs"' not in peer.read(), sentence
    assert peer.dropped(), sentence


EARLY: dict[str, tuple[str, bytes]] = {
    "command": ("A command comes first.", encode(request(1, "workspace/executeCommand", {"command": "glm.status"}))),
    "open": ("A document comes first.", encode({"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {}})),
    "shutdown": ("A shutdown comes first.", encode(request(1, "shutdown"))),
    "huge": ("The length of the first message is a gigabyte.", b"Content-Length: 1073741824\r\n\r\n"),
    "many": ("The length has as many digits as can be read.", b"Content-Length: 999999999999\r\n\r\n"),
    "more-digits": ("The length has too many digits.", b"Content-Length: " + b"9" * 100 + b"\r\n\r\n"),
    "negative": ("The length is negative.", b"Content-Length: -1\r\n\r\n"),
    "header": ("A header has no end.", b"Content-Length: " + b" " * 100_000),
    "get": ("A web page asks.", b"GET / HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\n\r\n"),
    "post": (
        "A web page posts a frame.",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200\r\n\r\n" + _initialize(token=TOKEN),
    ),
    "upgrade": ("A web page wants a socket.", b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"),
    "tls": ("It says hello in TLS.", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 300),
    "noise": ("It sends noise.", bytes(range(256)) * 64),
    "deep": ("The first message is nested 9,000 times.", b"Content-Length: 9000\r\n\r\n" + b"[" * 9_000),
}  # fmt: skip


@attacks("data", EARLY)
def test_what_comes_before_the_token(sentence: str, data: bytes, served: Listening) -> None:
    """A peer does not begin as an editor with the token does: it is dropped, and hears nothing."""
    peer = served.connect()
    peer.send(data)
    assert b'"jobs"' not in peer.read(), sentence
    assert peer.dropped(), sentence


def test_a_large_message_before_the_token(home: Path) -> None:
    """A peer without a token sends a message of 200 MB: it is not kept until it is complete."""
    with listening(home) as server:
        _started(server)
        before = memory(server.process.pid)
        peer = server.connect()
        peer.send(b"Content-Length: 209715200\r\n\r\n")
        for _ in range(200):
            if not peer.send(b" " * 2**20):
                break
        until(lambda: server.process.poll() is None)
        assert memory(server.process.pid) - before < 64 * 2**20


def test_a_silent_peer(served: Listening) -> None:
    """A peer connects and says nothing: it does not stay for ever."""
    peer = served.connect()
    assert peer.dropped()


def test_many_silent_peers(served: Listening) -> None:
    """A peer connects 300 times and says nothing: the user's editor still gets in."""
    for _ in range(300):
        served.connect()
    editor = served.connect()
    editor.send(_initialize(token=TOKEN))
    assert b'"capabilities"' in editor.read()


def test_the_editor_with_the_token(served: Listening) -> None:
    """The attacks above mean something: who says the token is served."""
    peer = served.connect()
    peer.send(_initialize(token=TOKEN))
    assert b'"capabilities"' in peer.read()
    assert TOKEN not in served.log()


@attacks(
    "address",
    {
        "any": ("All interfaces.", "0.0.0.0:0"),
        "any6": ("All interfaces, by IPv6.", "[::]:0"),
        "star": ("All interfaces, by a star.", "*:0"),
        "name": ("The machine's own name, which others can reach.", f"{socket.gethostname()}:0"),
        "mapped": ("All interfaces, mapped.", "[::ffff:0.0.0.0]:0"),
        "zero": ("All interfaces, written short.", "0:0"),
    },
)
def test_other_machines_are_not_let_in(sentence: str, address: str, home: Path) -> None:
    """A configuration listens to other machines without saying so: it does not start."""
    with listening(home, "--token-file", str(home / "token"), address=address) as server:
        assert server.process.wait(PATIENCE) != 0, sentence
        assert "--allow-remote" in server.log(), sentence


@attacks(
    "arguments",
    {
        "none": ("No token was asked for.", ()),
    },
)
def test_a_token_is_made(sentence: str, arguments: Sequence[str], home: Path) -> None:
    """The user starts `--tcp` as before: a token is made, printed once, and asked for."""
    (home / "token").write_text("", "ascii")
    with listening(home, "--log-level", "info", *arguments) as server:
        peer = server.connect()
        peer.send(_initialize())
        assert b'"capabilities"' not in peer.read(), sentence
        assert re.search(r"[\w-]{32,}", server.log()), sentence


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_a_token_file_that_others_read(home: Path) -> None:
    """The token's file can be read by everybody: the server says so and does not start."""
    (home / "token").write_text(TOKEN, "ascii")
    (home / "token").chmod(0o644)
    with listening(home) as server:
        assert server.process.wait(PATIENCE) != 0
        assert "token" in server.log()
        assert "usage:" not in server.log()


def test_the_token_is_in_no_argument(home: Path) -> None:
    """Another user lists the processes: the token stands in no argument."""
    with listening(home) as server:
        _started(server)
        command = subprocess.run(
            ["ps", "-ww", "-o", "args=", "-p", str(server.process.pid)],
            capture_output=True,
            check=True,
        )
        assert TOKEN.encode() not in command.stdout
        assert KEY.encode() not in command.stdout


@pytest.mark.skipif(os.name == "nt", reason="Unix sockets")
def test_a_unix_socket_is_the_users(home: Path) -> None:
    """Another user looks for a Unix socket: only its owner may connect."""
    path = home / "glm.sock"
    old = os.umask(0)
    try:
        with listening(home, "--socket", str(path)):
            assert path.exists()
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
    finally:
        os.umask(old)


def test_one_client_does_not_see_the_other(served: Listening) -> None:
    """A second client asks about a document of the first: it is not there."""
    one, other = served.connect(), served.connect()
    for peer in (one, other):
        peer.send(_initialize(token=TOKEN))
        peer.read()
    item = {"uri": "file:///a.py", "languageId": "python", "version": 1, "text": "x = 1\n"}
    one.send(
        encode(
            {"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": item}}
        )
    )
    params = {"command": "glm.explain", "arguments": [{"uri": "file:///a.py"}]}
    other.send(encode(request(2, "workspace/executeCommand", params)))
    answer = other.read()
    assert b"not open" in answer
    assert json.dumps(item["text"]).encode() not in answer

"""How a server's process begins and ends, and that none is left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from glm_lsp.lsp.wire.framing import encode
from tests.lsp_floor.client import WAIT, Client, notification, python, request, running
from tests.lsp_floor.conftest import SAMPLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SCALE = float(os.environ.get("GLM_TEST_SCALE", "1"))  # 40 is the full run: 200 starts and stops.
POSIX = os.name == "posix"
HANDSHAKE = (
    request(1, "initialize", {"processId": None, "rootUri": None, "capabilities": {}}),
    notification("initialized", {}),
)


def shutdown_and_exit(client: Client) -> int:
    return client.leave()


def exit_alone(client: Client) -> int:
    client.notify("exit")
    return client.process.wait(WAIT)


def end_of_input(client: Client) -> int:
    assert client.process.stdin is not None
    client.process.stdin.close()
    return client.process.wait(WAIT)


def terminate(client: Client) -> int:
    client.process.send_signal(signal.SIGTERM)
    return client.process.wait(WAIT)


def interrupt(client: Client) -> int:
    client.process.send_signal(signal.SIGINT)
    return client.process.wait(WAIT)


WAYS: list[tuple[Callable[[Client], int], int]] = [
    (shutdown_and_exit, 0),
    (exit_alone, 1),
    (end_of_input, 1),
]
if POSIX:
    WAYS += [(terminate, 128 + signal.SIGTERM), (interrupt, 128 + signal.SIGINT)]


@pytest.mark.parametrize(("leave", "code"), WAYS)
def test_every_way_out_has_its_code(
    leave: Callable[[Client], int], code: int, ours: Client
) -> None:
    """The process ends, says how, and leaves nothing on stdout but frames."""
    ours.initialize()
    assert leave(ours) == code
    assert ours.garbage == b""


def test_a_server_ends_before_it_is_initialized(ours: Client) -> None:
    """A client may change its mind."""
    assert end_of_input(ours) == 1


def test_starts_and_stops_leave_no_process() -> None:
    """However often servers are started and left, however they are left, none remains."""
    left = []
    for count in range(int(5 * SCALE)):
        leave, code = WAYS[count % len(WAYS)]
        with running(python(str(SAMPLE), "ours")) as client:
            client.initialize()
            client.request("workspace/executeCommand", {"command": "wait", "arguments": []})
            assert leave(client) == code
        left.append(client.process.pid)
    assert [pid for pid in left if exists(pid)] == []


@pytest.mark.skipif(not POSIX, reason="kills by POSIX signals")
@pytest.mark.parametrize("pipe", ["closed", "held open"])
def test_a_killed_parent_leaves_no_server(pipe: str, tmp_path: Path) -> None:
    """The server ends with the process that started it, even while a sibling holds its pipes."""
    note = tmp_path / "pids"
    holder = "import time; time.sleep(60)" if pipe == "held open" else ""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(SAMPLE), str(note), holder], start_new_session=True
    )
    try:
        wait_until(lambda: note.exists() and note.read_text().endswith("\n"))
        server = int(note.read_text())
        assert exists(server)
        parent.kill()
        parent.wait()
        wait_until(lambda: not exists(server))
    finally:
        with suppress(ProcessLookupError):
            os.killpg(parent.pid, signal.SIGKILL)
        parent.wait()


PARENT = """
import os, subprocess, sys, time
from pathlib import Path
sys.path.insert(0, os.getcwd())
from tests.lsp_floor.client import Client, request
sample, note, holder = sys.argv[1:]
server = subprocess.Popen(
    [sys.executable, sample, "ours"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
)
if holder:
    for pipe in (server.stdin, server.stdout):
        os.set_inheritable(pipe.fileno(), True)
    subprocess.Popen([sys.executable, "-c", holder], close_fds=False)
client = Client(server)
client.initialize(processId=os.getpid())
Path(note).write_text(f"{server.pid}\\n")
time.sleep(60)
"""


def test_a_parent_that_never_was_is_not_taken_for_dead(ours: Client) -> None:
    """A process id of another machine or container does not end the server."""
    gone = subprocess.Popen(python("-c", ""))
    gone.wait()
    ours.initialize(processId=gone.pid)
    assert ours.call("sample/echo", 1) == 1
    assert shutdown_and_exit(ours) == 0


@pytest.mark.skipif(not POSIX, reason="needs POSIX sockets")
def test_one_socket_for_both_directions(tmp_path: Path) -> None:
    """A server started by inetd, socat or the like is served over its one socket."""
    near, far = socket.socketpair()
    with near, near.makefile("rb") as answers:
        process = subprocess.Popen(
            python(str(SAMPLE), "ours"), stdin=far.fileno(), stdout=far.fileno()
        )
        far.close()
        leaving = (request(2, "sample/echo", 7), request(3, "shutdown"), notification("exit"))
        near.sendall(b"".join(map(encode, HANDSHAKE + leaving)))
        received = answers.read()
        assert process.wait(WAIT) == 0
    assert received.count(b"Content-Length: ") == 3
    assert b'"id":2,"result":7' in received


@pytest.mark.skipif(not POSIX, reason="needs POSIX sockets")
def test_a_socket_for_each_direction() -> None:
    """A server started by Node, which uses sockets for pipes, is served."""
    near_in, far_in = socket.socketpair()
    near_out, far_out = socket.socketpair()
    with near_in, near_out, near_out.makefile("rb") as answers:
        process = subprocess.Popen(
            python(str(SAMPLE), "ours"), stdin=far_in.fileno(), stdout=far_out.fileno()
        )
        far_in.close()
        far_out.close()
        leaving = (request(2, "shutdown"), notification("exit"))
        near_in.sendall(b"".join(map(encode, HANDSHAKE + leaving)))
        assert answers.read().count(b"Content-Length: ") == 2
        assert process.wait(WAIT) == 0


def test_files_for_both_directions(tmp_path: Path) -> None:
    """What the event loop cannot wait for is served by threads, as all is on Windows."""
    leaving = (request(2, "sample/echo", 7), request(3, "shutdown"), notification("exit"))
    (tmp_path / "in").write_bytes(b"".join(map(encode, HANDSHAKE + leaving)))
    with (tmp_path / "in").open("rb") as stdin, (tmp_path / "out").open("wb") as stdout:
        process = subprocess.run(
            python(str(SAMPLE), "ours"), stdin=stdin, stdout=stdout, timeout=WAIT, check=False
        )
    assert process.returncode == 0
    written = (tmp_path / "out").read_bytes()
    assert written.startswith(b"Content-Length: ")
    assert written.count(b"Content-Length: ") == 3


def test_a_client_that_never_reads_is_dropped() -> None:
    """After a while without any progress the server gives up, with a line in its log."""
    process = subprocess.Popen(
        python(str(SAMPLE), "impatient"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdin, process.stdout, process.stderr:
        flood = {"command": "flood", "arguments": [0.5]}
        messages = (*HANDSHAKE, request(2, "workspace/executeCommand", flood))
        process.stdin.write(b"".join(map(encode, messages)))
        process.stdin.flush()
        assert process.wait(WAIT) == 1
        assert b"The client was dropped: it read nothing for 0.2 s." in process.stderr.read()


def test_a_client_that_reads_too_little_is_dropped() -> None:
    """What waits for it is bounded."""
    process = subprocess.Popen(
        python(str(SAMPLE), "impatient"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdin, process.stdout, process.stderr:
        flood = {"command": "flood", "arguments": [8]}
        messages = (*HANDSHAKE, request(2, "workspace/executeCommand", flood))
        process.stdin.write(b"".join(map(encode, messages)))
        process.stdin.flush()
        assert process.wait(WAIT) == 1
        assert b"bytes wait for it to read" in process.stderr.read()


@contextmanager
def tcp_server() -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    process = subprocess.Popen(
        python(str(SAMPLE), "tcp"), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    try:
        yield process, int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


class TcpClient:
    """A client of a few lines over TCP."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), WAIT)
        self.file = self.socket.makefile("rb")
        self.send(*HANDSHAKE)
        assert self.reply() is not None

    def send(self, *messages: dict[str, Any]) -> None:
        self.socket.sendall(b"".join(map(encode, messages)))

    def reply(self) -> Any:
        import json

        length = int(self.file.readline().split(b":")[1])
        self.file.readline()
        return json.loads(self.file.read(length)).get("result")

    def run(self, command: str, *arguments: Any) -> Any:
        params = {"command": command, "arguments": list(arguments)}
        self.send(request(9, "workspace/executeCommand", params))
        return self.reply()

    def close(self) -> None:
        self.file.close()
        self.socket.close()


def test_tcp_serves_several_clients_each_with_its_own() -> None:
    """Clients share neither documents nor jobs, and outlive one another."""
    uri = "file:///same.py"
    with tcp_server() as (process, port):
        clients = [TcpClient(port), TcpClient(port)]
        for client, text in zip(clients, ("one", "two"), strict=True):
            item = {"uri": uri, "languageId": "python", "version": 1, "text": text}
            client.send(notification("textDocument/didOpen", {"textDocument": item}))
            client.run("job", "wait")
        assert [client.run("text", uri) for client in clients] == ["one", "two"]
        assert [client.run("jobs") for client in clients] == [["job-1"], ["job-1"]]
        clients[0].send(request(3, "shutdown"), notification("exit"))
        assert clients[0].reply() is None
        assert clients[0].file.read() == b""
        third = TcpClient(port)
        assert third.run("jobs") == []
        assert clients[1].run("text", uri) == "two"
        for client in (*clients, third):
            client.close()
        assert process.poll() is None
        if POSIX:
            process.terminate()
            assert process.wait(WAIT) == 128 + signal.SIGTERM


def test_a_web_page_cannot_speak_lsp_over_http() -> None:
    """A frame wrapped in an HTTP request is not served, and the connection is closed."""
    body = encode(HANDSHAKE[0])
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
    with (
        tcp_server() as (_, port),
        socket.create_connection(("127.0.0.1", port), WAIT) as web,
    ):
        web.sendall(head + body)
        with suppress(ConnectionError):
            assert web.recv(100) == b""


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def exists(pid: int) -> bool:
    """Tell whether a process runs; one that ended and was not collected does not."""
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    if not Path("/proc/self/stat").exists():
        return True
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z"
    except OSError:
        return False

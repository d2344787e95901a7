"""A client that sends what it likes: mutated JSON-RPC, in mutated frames."""

from __future__ import annotations

import copy
import json
import os
import random
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.lsp_floor.client import Client, changed, notification, python, request, running
from tests.lsp_floor.conftest import SAMPLE

if TYPE_CHECKING:
    from collections.abc import Callable

SCALE = float(os.environ.get("GLM_TEST_SCALE", "1"))  # 10 is the full run: 20,000 messages.
ROUND = 1000  # Messages between two checks that the server is well.
URI = "file:///fuzz.py"
ZERO = {"line": 0, "character": 0}
RANGE = {"start": ZERO, "end": {"line": 0, "character": 3}}
ITEM = {"uri": URI, "languageId": "python", "version": 1, "text": "abc\n\U0001f600é\r\n"}
DIAGNOSTIC = {"range": RANGE, "message": "odd", "severity": 1, "tags": [1], "code": "E1"}

CORPUS: list[dict[str, Any]] = [
    request(1, "initialize", {"processId": None, "rootUri": None, "capabilities": {}}),
    notification("initialized", {}),
    notification("textDocument/didOpen", {"textDocument": ITEM}),
    notification("textDocument/didChange", changed(URI, 2, ((0, 1, 0, 2), "Z"), "all\nnew")),
    notification("textDocument/didClose", {"textDocument": {"uri": URI}}),
    notification("$/cancelRequest", {"id": 3}),
    notification("$/setTrace", {"value": "verbose"}),
    notification("window/workDoneProgress/cancel", {"token": "job-1"}),
    notification("workspace/didChangeConfiguration", {"settings": {"glm": {"a": [1]}}}),
    notification(
        "workspace/didChangeWorkspaceFolders",
        {"event": {"added": [{"uri": "file:///f", "name": "f"}], "removed": []}},
    ),
    request(
        2,
        "textDocument/inlineCompletion",
        {"textDocument": {"uri": URI}, "position": ZERO, "context": {"triggerKind": 2}},
    ),
    request(
        3,
        "textDocument/codeAction",
        {"textDocument": {"uri": URI}, "range": RANGE, "context": {"diagnostics": [DIAGNOSTIC]}},
    ),
    request("four", "workspace/executeCommand", {"command": "text", "arguments": [URI]}),
    request(5, "workspace/executeCommand", {"command": "ask", "arguments": []}),
    request(6, "workspace/executeCommand", {"command": "job", "arguments": ["fail", URI]}),
    request(7, "sample/echo", {"any": ["thing"]}),
    {"jsonrpc": "2.0", "id": 1, "result": {"title": "Yes"}},
    {"jsonrpc": "2.0", "id": 2, "error": {"code": -32803, "message": "No."}},
]
ODD: list[Any] = [
    None, True, False, 0, -1, 2**31, 2**63, 10**30, 1.5, 1e308, "", "a", "é\U0001f600", "\ud800",
    "x" * 5000, [], {}, [None], {"": None}, [[[[[[]]]]]], {"uri": URI}, ZERO, "file:///%", "%zz",
]  # fmt: skip


class Mutator:
    """Makes one of many wrong messages of each right one."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311

    def message(self) -> bytes:
        """Return a frame, or what poses as one."""
        chosen = copy.deepcopy(self.random.choice(CORPUS))
        for _ in range(self.random.choice([0, 1, 1, 2, 3])):
            chosen = self.mutate(chosen)
        body = json.dumps(chosen).encode()
        if self.random.random() < 0.2:
            body = self.damaged(body)
        return self.frame(body)

    def mutate(self, value: Any) -> Any:
        """Change one place of a JSON value."""
        if isinstance(value, dict) and value and self.random.random() < 0.8:
            key = self.random.choice(list(value))
            action = self.random.randrange(5)
            if action == 0:
                del value[key]
            elif action == 1:
                name = self.random.choice(["id", "method", "params", "result", "text", "é"])
                value[name] = self.odd()
            else:
                value[key] = self.mutate(value[key])
            return value
        if isinstance(value, list) and value and self.random.random() < 0.8:
            index = self.random.randrange(len(value))
            if self.random.random() < 0.2:
                return value * self.random.choice([0, 2, 50])
            value[index] = self.mutate(value[index])
            return value
        return self.odd()

    def odd(self) -> Any:
        return copy.deepcopy(self.random.choice(ODD))

    def damaged(self, body: bytes) -> bytes:
        """Damage a body, as a broken client or line would."""
        at = self.random.randrange(len(body) + 1)
        junk = bytes(self.random.randrange(256) for _ in range(self.random.randrange(6)))
        cut = self.random.choice([0, 0, 1, 20])
        return body[:at] + junk + body[at + cut :]

    def frame(self, body: bytes) -> bytes:
        """Frame a body, mostly well."""
        length, kind = len(body), self.random.randrange(40)
        if kind == 0:
            length = max(0, length + self.random.randrange(-20, 20))
        head = b"Content-Length: %d\r\n" % length
        if kind == 1:
            head = head.lower()
        elif kind == 2:
            head += b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\n"
        elif kind == 3:
            head = b"X-Header: 1\r\n" + head
        elif kind == 4:
            head = b"no header at all\r\n\r\n" + head
        elif kind == 5:
            head = b"Content-Length: -5\r\n\r\nContent-Length: x\r\n\r\n" + head
        return head + b"\r\n" + body


def test_every_request_is_answered() -> None:
    """However wrong a request is, if it has an id, an answer to that id comes."""
    mutator = Mutator(2)
    requests = [message for message in CORPUS if "id" in message and "method" in message]
    with running(python(str(SAMPLE), "ours")) as client:
        client.initialize()
        sent = []
        for count in range(int(500 * SCALE)):
            chosen = mutator.mutate(copy.deepcopy(mutator.random.choice(requests)))
            if isinstance(chosen, dict) and harmless(json.dumps(chosen).encode()):
                sent.append({"method": "none", **chosen, "id": f"request {count}"})
        client.send(*sent)
        for message in sent:
            answer = client.wait_for(answers(message["id"]))
            assert ("result" in answer) is not ("error" in answer)


def answers(id_: str) -> Callable[[dict[str, Any]], bool]:
    return lambda message: message.get("id") == id_


def harmless(data: bytes) -> bool:
    """Tell whether a message leaves the server's life alone, as chance may not."""
    return not re.search(rb'"(?:exit|shutdown)"', data)


def memory(client: Client) -> int:
    """Return resident kilobytes; 0 where the system does not tell."""
    status = Path(f"/proc/{client.process.pid}/status")
    found = re.search(r"VmRSS:\s+(\d+)", status.read_text()) if status.exists() else None
    return int(found[1]) if found else 0


def survives(client: Client, message: Callable[[], bytes], rounds: int) -> list[int]:
    """Send rounds of messages; check the server after each, and return its memory then."""
    used = []
    for round_ in range(rounds):
        batch = [message() for _ in range(ROUND)]
        client.send_bytes(b"".join(data for data in batch if harmless(data)))
        # What a wrong length swallows is found again once the next frame has come.
        client.send(*[notification("initialized", {})] * 2)
        client.send(request(f"check {round_}", "sample/echo", round_))
        assert client.reply(f"check {round_}") == round_
        assert client.process.poll() is None
        used.append(memory(client))
        client.received.clear()
    return used


@pytest.mark.parametrize("seed", [1])
def test_no_message_harms_the_server(seed: int) -> None:
    """After any messages it answers a right one, prints nothing but frames, and has not grown."""
    rounds = max(2, int(2 * SCALE))
    with running(python(str(SAMPLE), "ours")) as client:
        client.initialize()
        used = survives(client, Mutator(seed).message, rounds)
        assert client.garbage == b""
        assert client.process.poll() is None
    print(f"{rounds * ROUND} messages; resident memory in kB after each thousand: {used}")
    # Compared once the caches of types are warm.
    settled = used[len(used) // 4]
    assert used[-1] <= settled * 1.05 + 2048

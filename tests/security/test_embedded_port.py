"""The embedded model listens on a port of this machine: who else can use it."""

from __future__ import annotations

import http.client
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.security.rig import attacks, serving, until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.model,
    pytest.mark.skipif(sys.platform != "linux", reason="finds the port through /proc"),
]


def _ports(process: int) -> list[int]:
    """Return the ports that a process listens on."""
    sockets = set()
    for entry in Path(f"/proc/{process}/fd").iterdir():
        try:
            target = str(entry.readlink())
        except OSError:
            continue
        if target.startswith("socket:["):
            sockets.add(target[8:-1])
    lines = Path(f"/proc/{process}/net/tcp").read_text("ascii").splitlines()[1:]
    rows = [line.split() for line in lines]
    return [int(r[1].split(":")[1], 16) for r in rows if r[3] == "0A" and r[9] in sockets]


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of an embedded model that has answered."""
    home = tmp_path_factory.mktemp("embedded")
    environ = {"GLM_LSP_PROVIDER": "local", "RUNAPI_KEY": None}
    with serving(home, None, environ=environ, level="error") as rig:
        uri = rig.open("file:///project/a.py", "def add(a, b):\n    return a + b\n")
        params = {"command": "glm.explain", "arguments": [{"uri": uri}]}
        rig.client.call("workspace/executeCommand", params)
        until(lambda: bool(_ports(rig.client.process.pid)), 60)
        found = _ports(rig.client.process.pid)[0]
        until(lambda: _ask(found, "GET", "/health").status != 503, 60)  # While it loads.
        yield found


def _ask(port: int, method: str, path: str, body: Any = None, **headers: str) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        content = None if body is None else json.dumps(body)
        connection.request(method, path, content, given)
        answer = connection.getresponse()
        answer.read()
    finally:
        connection.close()
    return answer


QUESTION = {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}

USES: dict[str, tuple[str, str, str, Any]] = {
    "chat": ("They chat with it.", "POST", "/v1/chat/completions", QUESTION),
    "complete": ("They complete with it.", "POST", "/v1/completions", {"prompt": "a", "max_tokens": 1}),
    "infill": ("They fill in with it.", "POST", "/infill", {"input_prefix": "a", "input_suffix": "b", "n_predict": 1}),
    "native": ("They use its own interface.", "POST", "/completion", {"prompt": "a", "n_predict": 1}),
    "slots": ("They read what others asked.", "GET", "/slots", None),
    "props": ("They read its properties.", "GET", "/props", None),
    "tokenize": ("They use its tokenizer.", "POST", "/tokenize", {"content": "a"}),
}  # fmt: skip


@attacks("method, path, body", USES)
def test_the_port_without_a_key(
    sentence: str, method: str, path: str, body: Any, port: int
) -> None:
    """Another user of the machine finds the port: without the key it serves nothing.

    Held already: `infill`, which this model does not know.
    """
    assert _ask(port, method, path, body).status in (401, 403, 404, 501), sentence


@attacks(
    "headers",
    {
        "origin": ("A web page asks.", {"Origin": "https://evil.example"}),
        "rebinding": ("A web page's host name leads here.", {"Host": "evil.example"}),
        "null": ("A local page asks.", {"Origin": "null"}),
    },
)
def test_a_web_page_and_the_port(sentence: str, headers: dict[str, str], port: int) -> None:
    """A web page of another origin asks the port: it may not read the answer."""
    answer = _ask(port, "POST", "/v1/chat/completions", QUESTION, **headers)
    allowed = answer.getheader("Access-Control-Allow-Origin")
    assert answer.status in (401, 403), sentence
    assert allowed in (None, ""), sentence

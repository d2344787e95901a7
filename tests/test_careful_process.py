"""The program as it is started by others: streams that are closed, full, or speak little."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from glm_lsp.lsp.wire.framing import encode
from tests.lsp_floor.client import notification, request

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="it is started by a POSIX shell")
COMMANDS = (
    ("--help",),
    ("models",),
    ("models", "--json"),
    ("usage",),
    ("config", "helix"),
    ("config", "neovim"),
    ("auth", "status"),
    ("doctor",),
)


def environ(tmp_path: Path, **more: str) -> dict[str, str]:
    """Return an environment without anybody's settings, keys or data."""
    kept = {k: v for k, v in os.environ.items() if "GLM" not in k and "API" not in k}
    kept = {name: value for name, value in kept.items() if not name.startswith("XDG_")}
    own = {"HOME": str(tmp_path), "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    return {**kept, **own, "GLM_LSP_BASE_URL": "http://127.0.0.1:9/v1", **more}


def run(
    *words: str, tmp_path: Path, closing: str = "", **more: str
) -> subprocess.CompletedProcess[bytes]:
    """Run the program, in a shell that changes its streams if one is given."""
    program = [sys.executable, "-m", "glm_lsp", *words]
    if closing:
        program = ["sh", "-c", f'"$@" {closing}', "sh", *program]
    return subprocess.run(
        program,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=environ(tmp_path, **more),
        cwd=tmp_path,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "ascii"])
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_console_can_be_written_to(
    words: tuple[str, ...], encoding: str, tmp_path: Path
) -> None:
    """What an encoding lacks is said in plainer signs; nothing ends in a traceback."""
    done = run(*words, tmp_path=tmp_path, PYTHONIOENCODING=encoding)
    assert b"Traceback" not in done.stderr
    assert b"Error:" not in done.stderr
    assert done.stdout + done.stderr
    (done.stdout + done.stderr).decode(encoding)


def test_plainer_signs_are_those_that_people_type(tmp_path: Path) -> None:
    """Quotation marks, dashes and dots are not question marks."""
    done = run("usage", tmp_path=tmp_path, PYTHONIOENCODING="ascii")
    assert b"?" not in done.stdout


@POSIX
@pytest.mark.model
def test_the_demo_runs_in_a_poor_locale(tmp_path: Path) -> None:
    """Without UTF-8, and without colours, the main job is shown all the same."""
    poor = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "GLM_LSP_BASE_URL": ""}
    done = run("demo", "--action", "explain", tmp_path=tmp_path, **poor)
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr


@POSIX
@pytest.mark.parametrize("closing", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("words", [("models",), ("config", "helix"), ("usage",), ("serve",)])
def test_closed_descriptors_end_nothing(
    words: tuple[str, ...], closing: str, tmp_path: Path
) -> None:
    """Commands succeed with what is left; a server whose client is gone ends as it says."""
    done = run(*words, tmp_path=tmp_path, closing=closing)
    assert b"Traceback" not in done.stderr
    assert done.returncode == (1 if words == ("serve",) else 0)


class Client:
    """One editor at a server whose stderr is a pipe of the test's."""

    def __init__(self, tmp_path: Path, *, closing: str = "") -> None:
        self.reading, writing = os.pipe()
        program = [sys.executable, "-m", "glm_lsp", "--log-level", "debug"]
        if closing:
            program = ["sh", "-c", f'exec "$@" {closing}', "sh", *program]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            program, stdin=pipe, stdout=pipe, stderr=writing, env=environ(tmp_path)
        )
        os.close(writing)
        self._number = 0

    def tell(self, method: str, params: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(encode(notification(method, params)))
        self.process.stdin.flush()

    def ask(self, method: str, params: Any = None) -> Any:
        self._number += 1
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(encode(request(self._number, method, params)))
        self.process.stdin.flush()
        while True:
            length = int(self.process.stdout.readline().split(b":")[1])
            while self.process.stdout.readline().strip():
                pass
            message = json.loads(self.process.stdout.read(length))
            if message.get("id") == self._number and "method" not in message:
                return message

    def talk(self, rounds: int) -> None:
        """Begin, and say more than fits into a pipe's log."""
        self.ask("initialize", {"capabilities": {}})
        self.tell("initialized", {})
        for number in range(rounds):
            params = {"command": f"glm.{'x' * 1000}{number}", "arguments": []}
            assert "error" in self.ask("workspace/executeCommand", params)

    def close(self) -> None:
        """End what is left."""
        self.process.kill()
        self.process.communicate()
        if self.reading >= 0:
            os.close(self.reading)

    def end(self) -> int:
        """Shut the server down; return its exit code."""
        assert self.ask("shutdown")["result"] is None
        begun = time.monotonic()
        self.tell("exit", None)
        code = self.process.wait(10)
        assert time.monotonic() - begun < 5
        return code


def test_nobody_has_to_read_the_log(tmp_path: Path) -> None:
    """A full pipe behind stderr keeps the server neither from answering nor from ending."""
    client = Client(tmp_path)
    try:
        client.talk(400)
        assert client.end() == 0
    finally:
        client.close()


def test_a_reader_of_the_log_may_go(tmp_path: Path) -> None:
    """Who closes the other end of stderr ends nothing."""
    client = Client(tmp_path)
    try:
        client.ask("initialize", {"capabilities": {}})
        os.close(client.reading)
        client.reading = -1
        client.talk(20)
        assert client.end() == 0
    finally:
        client.close()


@POSIX
def test_a_server_without_stderr_serves(tmp_path: Path) -> None:
    """With descriptor 2 closed at the start, what others print reaches neither file nor client."""
    client = Client(tmp_path, closing="2>&-")
    try:
        client.talk(20)
        assert client.end() == 0
    finally:
        client.close()


def test_relative_folders_are_ignored(tmp_path: Path) -> None:
    """As the XDG specification says: nothing is made below the folder of the start."""
    work = tmp_path / "work"
    work.mkdir()
    names = ("XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")
    given = environ(tmp_path, **dict.fromkeys(names, "relative"))
    code = "from glm_lsp import cli; cli.main(['usage']); import glm_lsp.llm.usage_store as u, "
    code += "glm_lsp.llm.shared_slot as s; print(u.usage_path()); print(s.slots_folder())"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=work, env=given, capture_output=True, check=True
    )
    paths = done.stdout.decode().splitlines()[-2:]
    assert all(Path(path).is_absolute() for path in paths)
    assert all(Path(path).is_relative_to(tmp_path) for path in paths) or sys.platform != "linux"
    assert not list(work.iterdir())

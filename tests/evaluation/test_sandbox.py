"""Programs of others are contained: each of these is what a hostile repository may do."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from glm_lsp.evaluation.sandbox import Verdict, run


def python(code: str, *, seconds: float = 20.0) -> Verdict:
    return run(("{python}", "it.py"), {"it.py": code}, seconds=seconds)


@pytest.fixture(autouse=True, scope="module")
def contained() -> None:
    """Skip, loudly, where a system lets nothing be contained."""
    found = python("pass")
    if found.passed is None:
        pytest.skip(f"nothing is contained here, so nothing is run: {found.said}")


def test_a_program_runs_beside_its_files() -> None:
    files = {"it.py": "import other\nprint(other.x)\n", "folder/a.txt": "", "other.py": "x = 41\n"}
    found = run(("{python}", "it.py"), files)
    assert (found.passed, found.said) == (True, "41\n")
    assert python("raise SystemExit(3)").passed is False


def test_the_home_folder_is_not_there(tmp_path: Path) -> None:
    """Of the user's folders there is none, but those that the Python that runs it is in."""
    secret = tmp_path / "secret.txt"
    secret.write_text("a secret", "utf-8")
    homes = {str(Path.home()), os.path.expanduser("~")}  # noqa: PTH111
    code = f"""
import os, pwd, sys
for place in {[str(secret), *homes]!r}:
    if os.path.exists(place):
        around = [os.path.join(place, name) for name in os.listdir(place)]
        python = (sys.prefix, sys.base_prefix, os.path.realpath(sys.executable), *sys.path)
        assert all(any(each.startswith(path) for each in python) for path in around), around
assert os.listdir(os.path.expanduser("~")) == []
assert os.listdir(pwd.getpwuid(os.getuid()).pw_dir) == []
"""
    found = python(code)
    assert found.passed, found.said


def test_no_other_process_is_seen_and_no_variable_is_passed_on() -> None:
    code = f"""
import os
assert {os.getpid()} not in [int(n) for n in os.listdir("/proc") if n.isdigit()]
assert set(os.environ) <= {{"HOME", "TMPDIR", "PATH", "LANG", "PYTHONDONTWRITEBYTECODE",
                            "PYTHONHASHSEED", "LC_CTYPE"}}, set(os.environ)
"""
    found = python(code)
    assert found.passed, found.said


def test_sockets_lead_nowhere_but_to_itself() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as ours:
        code = f"""
import socket
for place in (("127.0.0.1", {ours.getsockname()[1]}), ("192.0.2.1", 80)):
    try:
        socket.create_connection(place, 2)
    except OSError:
        continue
    raise SystemExit(f"reached {{place}}")
with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection(server.getsockname(), 2).close()
"""
        found = python(code)
    assert found.passed, found.said


def test_what_never_ends_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    """Children that left their parent are ended, too."""
    code = """
import os, time
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        while True: time.sleep(1)
while True: pass
"""
    before = {n for n in os.listdir("/proc") if n.isdigit()}  # noqa: PTH208
    found = python(code, seconds=1.5)
    assert found.passed is False
    assert "did not end within 1.5 seconds" in found.said
    left = [
        n
        for n in os.listdir("/proc")  # noqa: PTH208
        if n.isdigit() and n not in before and "it.py" in commanded(n)
    ]
    assert left == []


def commanded(process: str) -> str:
    try:
        return Path("/proc", process, "cmdline").read_text("utf-8", "replace")
    except OSError:
        return ""


@pytest.mark.parametrize(
    "code",
    [
        "open('/usr/written', 'w')",
        f"open({sys.executable!r}, 'ab')",
        "x = b'a' * (5 << 30)",
        "import os\nwhile True: open(str(os.times()), 'wb').write(bytes(50 << 20))",
        "import subprocess\nsubprocess.run(['mount', '-t', 'tmpfs', 'x', '/tmp'], check=True)",
        "import ctypes, os\nassert ctypes.CDLL(None).unshare(0x10000000) == 0",
        "import ctypes\nassert ctypes.CDLL(None).mount(b'x', b'/tmp', b'tmpfs', 0, b'') == 0",
    ],
    ids=["system", "python", "memory", "disk", "command", "namespace", "call"],
)
def test_it_can_write_to_nothing_and_become_nothing(code: str) -> None:
    found = python(code)
    assert found.passed is False, found.said


def test_who_says_that_nothing_was_run_has_failed() -> None:
    """The exit code that means so is not the program's to give."""
    assert python("raise SystemExit(125)").passed is False


def test_what_it_says_is_bounded() -> None:
    found = python("print('a' * 5_000_000)\nprint('end')")
    assert len(found.said) <= 16_000
    assert found.said.endswith("end\n")


def test_a_file_that_would_lie_outside_is_not_written() -> None:
    found = run(("{python}", "it.py"), {"../outside.py": "", "it.py": ""})
    assert found.passed is None

"""Other users of the machine: what they can read, plant or guess, and what a crash leaves."""

from __future__ import annotations

import os
import stat
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from tests.gateway import Gateway, chat_stream
from tests.security.rig import (
    CAPABILITIES,
    CODE,
    KEY,
    OURS,
    attacks,
    bodies,
    filled,
    made_up,
    serving,
    until,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.security.rig import Rig

pytestmark = pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")

URI = "file:///project/area.py"


@pytest.fixture(autouse=True)
def _careless() -> object:
    """A user whose shell says `umask 0`."""
    old = os.umask(0)
    yield
    os.umask(old)


def _open(folder: Path) -> list[str]:
    """Return what in a folder other users may read or write."""
    return [
        str(path.relative_to(folder))
        for path in (folder, *folder.rglob("*"))
        if not path.is_symlink() and stat.S_IMODE(path.stat().st_mode) & 0o077
    ]


def _use(rig: Rig, gateway: Gateway) -> None:
    """Explain, complete and accept, so that all that is ever written is written."""
    uri = rig.open(URI)
    rig.ask(uri)
    gateway.script(filled("width * height"))
    uri = rig.open("file:///project/b.py", "def area(width, height):\n    return ")
    for item in rig.complete(uri):
        command = item["command"]
        params = {k: command[k] for k in ("command", "arguments")}
        rig.client.call("workspace/executeCommand", params)


def test_what_is_kept_is_the_users_alone(home: Path, gateway: Gateway) -> None:
    """Another user reads the usage and the counts of completions: they may not."""
    with serving(home, gateway) as rig:
        _use(rig, gateway)
        until(lambda: list((home / "data").rglob("*.sqlite3")) != [])
        during = [name for f in ("data", "state", "cache") for name in _ours(home / f)]
        rig.client.leave()
    assert during + [n for f in ("data", "state", "cache") for n in _ours(home / f)] == []
    assert list((home / "data").rglob("*.sqlite3")) != []


def _ours(folder: Path) -> list[str]:
    return [name for each in folder.glob("*") for name in _open(each)]


def test_what_was_open_is_closed(home: Path, gateway: Gateway) -> None:
    """An earlier version left its files readable by all: they are the user's alone again."""
    with serving(home, gateway) as rig:
        _use(rig, gateway)
        rig.client.leave()
    for path in (home / "data").rglob("*"):
        path.chmod(0o777 if path.is_dir() else 0o666)
    with serving(home, gateway) as rig:
        _use(rig, gateway)
        rig.client.leave()
    assert _ours(home / "data") == []


def test_explanations_are_the_users_alone(home: Path, gateway: Gateway) -> None:
    """Another user reads explanations among the temporary files: they may not."""
    with serving(home, gateway, capabilities=CAPABILITIES) as rig:
        rig.ask(rig.open(URI))
        folders = list((home / "tmp").iterdir())
        assert folders != []
        assert [name for folder in folders for name in _open(folder)] == []


def test_explanations_cannot_be_foreseen(home: Path, gateway: Gateway) -> None:
    """Another user plants a link where an explanation will be written: they cannot guess where.

    Held already: the system makes the name.
    """
    names = []
    for _ in range(2):
        with serving(home, gateway, capabilities=CAPABILITIES) as rig:
            rig.ask(rig.open(URI))
            names += [path.parent.name for path in (home / "tmp").rglob("*.md")]
    assert len(set(names)) == 2
    assert all(len(name) >= 12 for name in names)


def test_what_a_kill_leaves_is_cleaned(home: Path, gateway: Gateway) -> None:
    """A server is killed and leaves its explanations: the next one removes them."""
    with serving(home, gateway, capabilities=CAPABILITIES) as rig:
        rig.ask(rig.open(URI))
        assert list((home / "tmp").rglob("*.md")) != []
        rig.client.process.kill()
    left = list((home / "tmp").rglob("*.md"))
    for path in left:  # Older than anything that a server which runs has written.
        os.utime(path, (time.time() - 10**6,) * 2)
        os.utime(path.parent, (time.time() - 10**6,) * 2)
    with serving(home, gateway) as rig:
        rig.ask(rig.open(URI))
    assert [path for path in left if path.exists()] == []


def test_cleaning_follows_no_link(home: Path, gateway: Gateway) -> None:
    """Another user plants a folder that looks left behind and leads elsewhere: it stays.

    Held already, for nothing was cleaned: it guards what cleans now.
    """
    precious = home / "precious"
    precious.mkdir()
    (precious / "work.md").write_text("work", "utf-8")
    (home / "tmp").mkdir()
    for name in ("glm-lsp-abcdefgh", "glm-lsp-12345678"):
        (home / "tmp" / name).symlink_to(precious)
    with serving(home, gateway, capabilities=CAPABILITIES) as rig:
        rig.ask(rig.open(URI))
    assert (precious / "work.md").read_text("utf-8") == "work"


PLANTED: dict[str, tuple[str, str]] = {
    "usage": ("The usage's file is a link.", "usage.sqlite3"),
    "counts": ("The file of completions' counts is a link.", "completions.sqlite3"),
}


@attacks("name", PLANTED)
def test_a_planted_link(sentence: str, name: str, home: Path, gateway: Gateway) -> None:
    """The user's data lies in a folder that others write to, and one plants a link there."""
    victim = home / "victim"
    (home / "data" / "glm-lsp").mkdir(parents=True)
    (home / "data" / "glm-lsp").chmod(0o777)
    (home / "data" / "glm-lsp" / name).symlink_to(victim)
    with serving(home, gateway) as rig:
        _use(rig, gateway)
        rig.client.leave()
    assert not victim.exists(), sentence


def test_a_planted_pipe(home: Path, gateway: Gateway) -> None:
    """The usage's file is a FIFO: questions are answered all the same.

    Held already: the database opens it in a thread of its own, and what fails there fails no question.
    """
    folder = home / "data" / "glm-lsp"
    folder.mkdir(parents=True)
    os.mkfifo(folder / "usage.sqlite3")
    with serving(home, gateway, options={"limits": {"dailyBudget": 1.0}}) as rig:
        rig.ask(rig.open(URI))
        assert len(gateway.requests) == 1


def _arguments(process: int) -> str:
    found = subprocess.run(
        ["ps", "-ww", "-o", "args=", "-p", str(process)], capture_output=True, check=True, text=True
    )
    return found.stdout


def test_the_key_is_in_no_argument(home: Path, gateway: Gateway) -> None:
    """Another user lists the processes: the key stands in no argument.

    Held already: no program is started with it.
    """
    options = {"apiKey": KEY}
    with serving(home, gateway, options=options, environ={"RUNAPI_KEY": None}) as rig:
        rig.ask(rig.open(URI))
        assert KEY in bodies(gateway)
        assert KEY not in _arguments(rig.client.process.pid)


SOURCES: dict[str, tuple[str, dict[str, str | None], dict[str, object]]] = {
    "environment": ("It is in the environment.", {}, {}),
    "options": ("It came in the options.", {"RUNAPI_KEY": None}, {"apiKey": KEY}),
    "any": ("It is in GLM_API_KEY.", {"RUNAPI_KEY": None, "GLM_API_KEY": KEY}, {}),
    "list": ("It came in the options as a list.", {"RUNAPI_KEY": None}, {"apiKey": [KEY]}),
    "nested": ("It was put under another name.", {}, {"models": {"apiKey": KEY}}),
    "value": ("It was put where a number belongs.", {}, {"limits": {"timeout": KEY}}),
    "whole": ("It was put where a section belongs.", {}, {"limits": KEY}),
    "model": ("It was put where a model's name belongs.", {}, {"models": {"actions": KEY}}),
    "header": ("It has a line end, which no header takes.", {"RUNAPI_KEY": KEY[:20] + "\n" + KEY[20:]}, {}),
    "unicode": ("It has a letter that no header takes.", {"RUNAPI_KEY": KEY + "\u00e9"}, {}),
}  # fmt: skip


@attacks("environ, options", SOURCES)
def test_the_key_is_nowhere_to_be_seen(
    sentence: str,
    environ: dict[str, str | None],
    options: dict[str, object],
    home: Path,
    gateway: Gateway,
) -> None:
    """The log is at its most talkative and a trace is on: the key is in neither, nor on disk.

    Held already: all but `value` and `model`, for a key hides itself and what is no setting is
    named, not shown.
    """
    with serving(home, gateway, options=options, environ=environ, capabilities=OURS) as rig:
        rig.client.notify("$/setTrace", {"value": "verbose"})
        uri = rig.open(URI)
        rig.ask(uri)
        rig.complete(uri, "return ")
        rig.status()
        gateway.script(chat_stream("x").cut_after(1))
        rig.ask(uri)
        said = rig.said()
        rig.client.leave()
    kept = b"".join(p.read_bytes() for p in (home / "data").rglob("*") if p.is_file())
    for part in (KEY, KEY[:24], KEY[20:]):
        assert part not in said, sentence
        assert part.encode() not in kept, sentence


def test_code_is_in_no_log(home: Path, gateway: Gateway) -> None:
    """The log is at its most talkative: no code, no answer and no path of the user's is in it.

    Held already: texts have no representation.
    """
    marked = CODE.replace("circle", "canary_circle")
    gateway.script(chat_stream("The canary_answer is fine."))
    with serving(home, gateway) as rig:
        uri = rig.open("file:///project/canary_name.py", marked)
        rig.ask(uri)
        rig.complete(uri, "return ")
        rig.ask(uri, "fix", "heigth", diagnostics=[rig.problem(uri, "canary_message")])
        for word in ("canary_circle", "canary_answer", "canary_message"):
            assert word not in rig.log()


def test_nothing_is_kept_of_the_code(home: Path, gateway: Gateway) -> None:
    """Somebody takes the disk: what is kept there holds no code and no answer.

    Held already: what is kept has no place for text.
    """
    gateway.script(chat_stream("The canary_answer is fine."))
    token = made_up(20)
    with serving(home, gateway, capabilities=CAPABILITIES) as rig:
        uri = rig.open("file:///project/canary_name.py", f"{CODE}\n# {token}\n")
        rig.ask(uri)
        rig.client.leave()
    kept = b"".join(p.read_bytes() for p in home.rglob("*") if p.is_file() and "log" not in p.name)
    for word in (token, "canary_answer", "canary_name"):
        assert word.encode() not in kept

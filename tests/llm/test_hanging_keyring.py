"""A keyring that does not answer costs three seconds once, and then the usual sentence."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import keyring
import keyring.backend
import pytest

from glm_lsp import providers
from glm_lsp.llm import credentials
from glm_lsp.llm.credentials import Keyring, find_key
from tests.gateway import Gateway, chat_stream
from tests.lsp.harness import choose, idle, run, serving, shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SENTENCE = "No API key: set RUNAPI_KEY or run `glm-lsp auth set`."
HANGING = """\
import keyring.backend, time
class Hanging(keyring.backend.KeyringBackend):
    priority = 1
    def get_password(self, service, username):
        time.sleep(1000)
    set_password = delete_password = get_password
"""


class Shut(keyring.backend.KeyringBackend):
    """A keyring that answers once it is unlocked."""

    priority = 1.0

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # keyring has no types here.
        self.unlocked = threading.Event()
        self.asked = 0

    def get_password(self, service: str, username: str) -> str | None:
        self.asked += 1
        self.unlocked.wait(30)
        return f"made-up-for-{username}"

    def set_password(self, service: str, username: str, password: str) -> None:
        raise AssertionError(service)

    def delete_password(self, service: str, username: str) -> None:
        raise AssertionError(service)


@pytest.fixture
def shut() -> Iterator[Shut]:
    before, mine = keyring.get_keyring(), Shut()
    keyring.set_keyring(mine)
    yield mine
    mine.unlocked.set()
    keyring.set_keyring(before)


@pytest.fixture
def hanging(tmp_path: Path) -> dict[str, str]:
    """The environment of a user whose keyring hangs."""
    (tmp_path / "hanging.py").write_text(HANGING)
    return {"PYTHONPATH": str(tmp_path), "PYTHON_KEYRING_BACKEND": "hanging.Hanging"}


def test_one_that_hangs_is_waited_for_once(shut: Shut, monkeypatch: pytest.MonkeyPatch) -> None:
    """Later questions do not wait again; what is unlocked meanwhile is found."""
    monkeypatch.setattr(credentials, "PATIENCE", 1.0)
    ours, preset = Keyring(), providers.find("runapi")
    begun = time.monotonic()
    for _ in range(20):
        assert find_key(preset, given=None, environ={}, keyring=ours) is None
    assert time.monotonic() - begun < 5
    assert shut.asked == 1
    shut.unlocked.set()
    end = time.monotonic() + 10
    while (key := find_key(preset, given=None, environ={}, keyring=ours)) is None:
        assert time.monotonic() < end
        time.sleep(0.01)
    assert key.reveal() == "made-up-for-runapi"
    assert (key.owner, key.source) == ("runapi", "the keyring")


def test_the_server_says_the_usual_sentence_and_ends(
    hanging: dict[str, str], tmp_path: Path
) -> None:
    """Each action is answered by what to do; at the end nothing waits for the keyring."""

    async def work() -> None:
        with Gateway(chat_stream("fine")) as gateway:
            async with serving(gateway, tmp_path, key="", environ=hanging) as editor:
                for _ in range(3):
                    await choose(editor, "GLM: Fix")
                    await idle(editor)
                assert shown(editor) == [SENTENCE] * 3
                assert gateway.requests == []

    run(work)


@pytest.mark.parametrize("command", [("doctor",), ("auth", "status")])
def test_a_command_says_it_too(hanging: dict[str, str], command: tuple[str, ...]) -> None:
    """It comes to an end, with the sentence and the code of a failure."""
    kept = {k: v for k, v in os.environ.items() if "GLM" not in k and "API" not in k}
    done = subprocess.run(
        [sys.executable, "-m", "glm_lsp", *command],
        env={**kept, **hanging, "COLUMNS": "400", "PYTHONUTF8": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "No API key: set RUNAPI_KEY or run `glm-lsp auth set`" in done.stdout + done.stderr
    assert "keyring does not answer" in done.stderr
    assert "Traceback" not in done.stderr

"""Real VS Code while the server starts: chords are GLM's, and wait for it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.editors_vscode.conftest import KEY, settings
from tests.editors_vscode.workbench import code_server, until, workbench
from tests.gateway import Gateway, chat_stream

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.editor

CODE = "def one():\n    return 1\n"


def server(code: str) -> dict[str, object]:
    """Return the settings of a server that is a Python program."""
    return {"glm-lsp.server.path": sys.executable, "glm-lsp.server.args": ["-c", code]}


SLOW = "import time; time.sleep(6)\nfrom glm_lsp.cli import run\nrun()"


def test_a_chord_at_once_waits_and_types_nothing(ready: None, tmp_path: Path) -> None:
    """A chord before the server is there is done when it is; no letter of it reaches the file."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "one.py").write_text(CODE)
    answer = chat_stream("```python\ndef one():\n    return 1.0\n```\n")
    with (
        Gateway(answer) as gateway,
        code_server(
            tmp_path / "home", {**settings(gateway), **server(SLOW)}, {"GLM_API_KEY": KEY}
        ) as code,
        workbench(code) as window,
    ):
        window.open(tmp_path / "work", "one.py")
        window.goto(2, 5)
        window.press("Control+Alt+g")
        window.press("r")
        window.wait_status("GLM: starting")
        window.screenshot("starting")
        assert gateway.requests == []
        assert window.lines()[:2] == CODE.splitlines()
        until(lambda: "    return 1.0" in window.lines(), 30, "the change is there")
        assert window.save(tmp_path / "work" / "one.py") == "def one():\n    return 1.0\n"


def test_a_chord_without_a_server_says_so_and_types_nothing(ready: None, tmp_path: Path) -> None:
    """A server that ends at its start is told of; the second key of a chord is no text."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "one.py").write_text(CODE)
    own = {"glm-lsp.server.path": sys.executable, "glm-lsp.server.args": ["-c", "0"]}
    with (
        code_server(tmp_path / "home", own, {"GLM_API_KEY": KEY}) as code,
        workbench(code) as window,
    ):
        window.open(tmp_path / "work", "one.py")
        window.wait_status(" not ")  # It does not start, or does not run.
        window.goto(2, 5)
        window.press("Control+Alt+g")
        window.press("e")
        window.command("Notifications: Show Notifications")  # More than three are not all toasts.
        window.see(".notifications-center", "GLM cannot be asked.")
        assert window.save(tmp_path / "work" / "one.py") == CODE

"""Real VS Code, and a server that is started anew."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.editors_vscode.conftest import KEY, settings
from tests.editors_vscode.workbench import code_server, until, workbench
from tests.gateway import Gateway, chat_stream

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.editors_vscode.workbench import Workbench

pytestmark = pytest.mark.editor

CODE = "def one():\n    return 1\n"
LAME = "import pathlib, sys\nif pathlib.Path({!r}).exists(): sys.exit(3)\n"
SERVES = "from glm_lsp.cli import run\nrun()"


def test_after_a_failed_start_one_restart_is_enough(ready: None, tmp_path: Path) -> None:
    """The status says what to do about a failed start; restarting says how it went, each time."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "one.py").write_text(CODE)
    (tmp_path / "broken").touch()
    program = {
        "glm-lsp.server.path": sys.executable,
        "glm-lsp.server.args": ["-c", LAME.format(str(tmp_path / "broken")) + SERVES],
    }
    with (
        Gateway(chat_stream("")) as gateway,
        code_server(
            tmp_path / "home", {**settings(gateway), **program}, {"GLM_API_KEY": KEY}
        ) as code,
        workbench(code) as window,
    ):
        window.open(tmp_path / "work", "one.py")
        window.wait_status("GLM: error, The server does not start")
        window.command("Notifications: Clear All Notifications")
        window.command("GLM: Restart the Server")
        window.see(".notification-toast", "The server does not start")
        window.see(".notification-toast .monaco-button", "Show the Log")
        window.screenshot("failed-start")
        window.command("Notifications: Clear All Notifications")
        (tmp_path / "broken").unlink()
        window.command("GLM: Restart the Server")
        window.see(".statusbar", "GLM's server has started")
        window.wait_status("GLM: ready")
        window.screenshot("restarted")


def test_a_restart_leaves_no_job_of_the_server_before(
    opened: Callable[..., Workbench], gateway: Gateway, folder: Path
) -> None:
    """No change of it can be answered, and an explanation begins on an empty page."""
    window = opened("one.py", CODE)
    gateway.script(chat_stream("The first words."))
    window.command("GLM: Explain")
    window.wait_frames("The first words.")
    window.click(".editor-instance .view-lines")
    gateway.script(chat_stream("```python\ndef one():\n    return 1.0\n```\n"))
    window.goto(2, 5)
    window.command("GLM: Refactor")
    until(lambda: "    return 1.0" in window.lines(), 30, "the change is there")
    window.command("GLM: Restart the Server")
    window.see(".statusbar", "GLM's server has started")
    window.wait_status("GLM: ready")
    window.command("GLM: Keep the Change")
    window.see(".notification-toast", "GLM has changed nothing in this file")
    gateway.script(chat_stream("Other words."))
    window.command("GLM: Explain")  # Its job has the number of the first one's.
    window.wait_frames("Other words.")
    assert "The first words." not in window.frames()
    window.save(folder / "one.py")

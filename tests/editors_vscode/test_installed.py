"""The package in a fresh profile, with the server as a user installs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.editors_vscode import setup_vscode
from tests.editors_vscode.conftest import SERVER
from tests.editors_vscode.workbench import code_server, until, workbench
from tests.gateway import Gateway, chat_stream

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.editor


def test_installed_package_finds_and_runs_the_installed_server(ready: None, tmp_path: Path) -> None:
    """The .vsix, installed by code-server, finds the server where uv and pipx put it."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "add.py").write_text("def add(a, b):\n    return a * b\n")
    program = tmp_path / "home" / ".local" / "bin" / "glm-lsp"
    program.parent.mkdir(parents=True)
    program.symlink_to(setup_vscode.server() / "bin" / "glm-lsp")
    environ = {
        "PYTHONPATH": str(setup_vscode.server()),
        "GLM_API_KEY": "not-a-key",
        "GLM_LSP_PROVIDER": "custom",
    }
    with Gateway(chat_stream("```python\ndef add(a, b):\n    return a + b\n```")) as gateway:
        environ["GLM_LSP_BASE_URL"] = gateway.base_url
        with code_server(tmp_path / "home", {}, environ) as server, workbench(server) as window:
            window.open(tmp_path / "work", "add.py")
            window.wait_status("GLM: ready")
            window.goto(2, 5)
            window.command("GLM: Refactor")
            until(lambda: "    return a + b" in window.lines(), 20, "the answer is in the text")
            assert f"Starting {program}\n" in server.logs()


def test_missing_server_is_said_with_the_command_that_installs_it(
    ready: None, tmp_path: Path
) -> None:
    """Without a server one message names the command, and nothing is installed unasked."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "add.py").write_text("def add(a, b):\n    return a * b\n")
    settings = {"glm-lsp.server.path": str(tmp_path / "nowhere")}
    with code_server(tmp_path / "home", settings, {}) as server, workbench(server) as window:
        window.open(tmp_path / "work", "add.py")
        window.see(".notification-toast", "The server glm-lsp was not found. Install it with:")
        assert window.status() == "GLM: off, The server is not installed."
        window.screenshot("no-server")
        window.command("Notifications: Clear All Notifications")
        window.command("GLM: Show Usage")
        window.see(".notification-toast", "The server glm-lsp was not found. Install it with:")


def test_server_comes_with_the_first_file_and_commands_before_it(
    ready: None, tmp_path: Path
) -> None:
    """A window without a file starts no server, yet its commands work; a file starts it."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "add.py").write_text("def add(a, b):\n    return a * b\n")
    settings = {**SERVER, "glm.provider": "custom", "glm.baseUrl": "http://127.0.0.1:9/v1"}
    environ = {"GLM_API_KEY": "not-a-key"}
    with code_server(tmp_path / "home", settings, environ) as server, workbench(server) as window:
        window.open(tmp_path / "work")
        window.wait_status("GLM: off, The server starts with the first file.")
        window.command("GLM: Show Usage")
        window.see(".tab.active", "GLM usage")
        window.screenshot("usage")
        assert "GLM: off" in window.status()
        window.open_file("add.py")
        window.wait_status("GLM: ready")

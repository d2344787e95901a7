"""From nothing to an answer in real VS Code: the server is installed, and the set-up examined."""

from __future__ import annotations

import site
import sys
from typing import TYPE_CHECKING

import pytest

from tests.editors_vscode import setup_vscode
from tests.editors_vscode.conftest import KEY, settings
from tests.editors_vscode.test_trust import NO_KEYRING, restricted
from tests.editors_vscode.workbench import STATUS, code_server, until, workbench
from tests.gateway import Gateway, chat_stream

if TYPE_CHECKING:
    from pathlib import Path

    from tests.editors_vscode.workbench import Workbench

pytestmark = pytest.mark.editor

MANAGED = """\
#!/bin/sh
if [ "$2" = pip ]; then echo "error: externally-managed-environment" >&2; exit 1; fi
exec {python} "$@"
"""
"""A Python as PEP 668 has it: environments may be made, and nothing else be installed."""


def machine(folder: Path, wheels: Path) -> dict[str, str]:
    """Return the environment of a machine with such a Python alone, and wheels for its pip."""
    programs = folder / "programs"
    programs.mkdir()
    python = programs / "python3"
    python.write_text(MANAGED.format(python=sys.executable))
    python.chmod(0o755)
    return {
        "PATH": str(programs),
        "PYTHONPATH": site.getsitepackages()[0],  # What the server needs.
        "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1",
        "PIP_IGNORE_INSTALLED": "1",  # What that path leads to is no installation of ours.
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_FIND_LINKS": str(wheels),
        "PYTHON_KEYRING_BACKEND": NO_KEYRING,
    }


def asks_to_trust(window: Workbench) -> bool:
    """Whether VS Code asks to trust the folder."""
    return bool(window.texts(".monaco-dialog-box"))


def opened(window: Workbench, folder: Path) -> None:
    """Open a folder with a file in it."""
    folder.mkdir()
    (folder / "add.py").write_text("def add(a, b):\n    return a + b\n")
    window.open(folder, "add.py")


def test_server_is_installed_into_an_environment_of_its_own(ready: None, tmp_path: Path) -> None:
    """One click, in a folder that is not trusted, on a machine whose Python refuses pip."""
    with (
        Gateway(chat_stream("It adds.")) as gateway,
        code_server(
            tmp_path / "home",
            {"glm.provider": "custom", "glm.baseUrl": gateway.base_url},
            machine(tmp_path, setup_vscode.root() / "wheels"),
            trusted=False,
        ) as server,
        workbench(server) as window,
    ):
        opened(window, tmp_path / "work")
        window.see(".notification-toast", "was not found. Install it with: a Python environment")
        window.click(".notification-toast .monaco-button", "Install")
        window.see(".notification-toast", "Installing glm-lsp")
        window.screenshot("installing")
        window.wait_status("GLM: ready", timeout=120)
        assert not asks_to_trust(window)
        assert restricted(window)
        window.command("GLM: Explain")
        window.wait_frames("It adds.")
        window.screenshot("installed")


def test_what_keeps_the_server_from_being_installed_is_said(ready: None, tmp_path: Path) -> None:
    """The installer's last words are shown, and the status stays what it is."""
    (tmp_path / "empty").mkdir()
    environ = machine(tmp_path, tmp_path / "empty")
    with code_server(tmp_path / "home", {}, environ) as server, workbench(server) as window:
        opened(window, tmp_path / "work")
        window.see(".notification-toast", "was not found")
        window.command("GLM: Install the Server")
        window.see(
            ".notification-toast", "glm-lsp was not installed. ERROR: No matching", timeout=90
        )
        window.screenshot("not-installed")
        assert window.status() == "GLM: off, The server is not installed."
        window.click(STATUS)
        window.see(".quick-input-title", "GLM: off, The server is not installed.")
        window.see(".quick-input-list .monaco-list-row.focused", "Install the Server")


def test_set_up_and_usage_are_shown_in_the_editor(ready: None, tmp_path: Path) -> None:
    """The doctor examines what VS Code sets, its key too; no page asks to trust the folder."""
    with (
        Gateway(chat_stream("ready")) as gateway,
        code_server(
            tmp_path / "home",
            settings(gateway),
            {"PYTHON_KEYRING_BACKEND": NO_KEYRING},
            trusted=False,
        ) as server,
        workbench(server) as window,
    ):
        opened(window, tmp_path / "work")
        window.wait_status("GLM: ready")
        window.command("GLM: Set the API Key")
        window.see(".quick-input-widget", "API key of custom")
        window.type(KEY)
        window.press("Enter")
        window.see(".quick-input-widget", "API key of custom", gone=True)
        window.command("GLM: Examine the Set-up")
        window.see(".tab.active", "GLM doctor")
        window.see(".view-lines", "Settings")
        gateway.wait_for_requests(1, timeout=30)

        def at_its_end() -> str:
            window.press("Control+End")
            return "\n".join(window.lines())

        until(lambda: "Nothing needs fixing." in at_its_end(), 60, "the end", at_its_end)
        window.screenshot("doctor")
        assert {each.headers["authorization"] for each in gateway.requests} == {f"Bearer {KEY}"}
        window.command("GLM: Show Usage")
        window.see(".tab.active", "GLM usage")
        window.see(".view-lines", "Nothing was asked since")
        assert not asks_to_trust(window)
        assert restricted(window)
        window.screenshot("usage")

"""What somebody new sees: the extension's page and the walkthrough, in real VS Code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.editors_vscode.conftest import KEY, SERVER
from tests.editors_vscode.setup_vscode import EXTENSION
from tests.editors_vscode.test_trust import NO_KEYRING
from tests.editors_vscode.workbench import code_server, until, workbench
from tests.gateway import Gateway, chat_stream

if TYPE_CHECKING:
    from pathlib import Path

    from tests.editors_vscode.workbench import Workbench

pytestmark = pytest.mark.editor


def ticked(window: Workbench) -> set[str]:
    """Return the steps of the walkthrough that are ticked."""
    done = ".codicon.complete[data-done-step-id]"
    names = window.call("attributes", selector=done, name="data-done-step-id")
    return {name.rpartition("#")[2] for name in names}


def test_walkthrough_ticks_what_succeeded(ready: None, tmp_path: Path) -> None:
    """What was tried and failed is not ticked; besides the key a provider is asked for."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "add.py").write_text("def add(a, b):\n    return a + b\n")
    stays = {**SERVER, "workbench.editor.enablePreview": False}  # A tab, once opened.
    with (
        Gateway(chat_stream("It adds.")) as gateway,
        code_server(tmp_path / "home", stays, {"PYTHON_KEYRING_BACKEND": NO_KEYRING}) as server,
        workbench(server) as window,
    ):

        def show_code() -> None:
            window.click(".tab", "add.py")
            window.see(".editor-instance .monaco-editor.focused", "")

        def look(*steps: str) -> None:
            window.click(".tab", "Walkthrough")
            until(lambda: ticked(window) == set(steps), 20, str(steps), lambda: str(ticked(window)))

        window.open(tmp_path / "work", "add.py")
        window.wait_status("GLM: ready")
        window.pick("F1", "Welcome: Open Walkthrough", "Open Walkthrough...")
        window.see(".quick-input-list", "Get Started with GLM")
        window.type("Get Started with GLM")
        window.press("Enter")
        window.see(".getting-started-step", "Choose whom to ask")
        look("install")
        show_code()
        window.command("GLM: Set the API Key")
        window.see(".quick-input-widget", "API key of runapi")
        window.press("Escape")
        show_code()
        window.command("GLM: Explain")
        window.see(".notification-toast", "No API key")
        look("install")
        window.screenshot("walkthrough")
        show_code()  # The page takes the keyboard now and then.
        window.command("GLM: Choose the Provider")
        window.see(".quick-input-list", "RunAPI, at")
        window.screenshot("choose-provider")
        window.type("custom")
        window.see(".quick-input-list .monaco-list-row.focused", "custom")
        window.press("Enter")
        window.see(".quick-input-widget", "address of the model's server")
        window.type(gateway.base_url)
        window.press("Enter")
        until(lambda: "custom" in machine(tmp_path).values(), 20, "it is set")
        assert machine(tmp_path)["glm.baseUrl"] == gateway.base_url
        look("install", "provider")
        show_code()
        window.command("GLM: Set the API Key")
        window.see(".quick-input-widget", "API key of custom")
        window.type(KEY)
        window.press("Enter")
        look("install", "provider", "key")
        show_code()
        window.wait_status("GLM: ready")
        window.command("GLM: Explain")
        window.wait_frames("It adds.")
        look("install", "provider", "key", "explain")


def machine(folder: Path) -> dict[str, str]:
    """Return the settings of the machine."""
    path = folder / "home" / "user" / "Machine" / "settings.json"
    found: dict[str, str] = json.loads(path.read_text() or "{}")  # Nothing, while it is written.
    return found


def test_page_of_the_extension_shows_its_pictures(ready: None, tmp_path: Path) -> None:
    """Each picture of the README is seen in VS Code's own page of the extension."""
    with code_server(tmp_path / "home", SERVER, {}) as server, workbench(server) as window:
        window.open(tmp_path)
        window.press("Control+Shift+x")
        window.see(".extensions-viewlet", "")
        window.type("@installed glm")
        window.click(".extensions-list .monaco-list-row", "GLM")
        window.wait_frames("GLM for VS Code")
        pictures = list(EXTENSION.joinpath("images").glob("*.png"))

        def seen() -> list[int]:
            return [width for width in window.call("pictures") if width > 300]

        # All but the icon.
        until(lambda: len(seen()) == len(pictures) - 1, 20, "all pictures", lambda: str(seen()))
        window.screenshot("extension-page")

"""What people use every day in real VS Code: switches, the status, Escape, read-only files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.editors_vscode.folder_settings import setting
from tests.editors_vscode.test_actions import half, items
from tests.editors_vscode.test_completion import switch
from tests.editors_vscode.workbench import STATUS, until
from tests.gateway import Gate, chat_stream, error

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.editors_vscode.workbench import Workbench
    from tests.gateway import Gateway

pytestmark = pytest.mark.editor

CODE = "def one():\n    return 1\n\n\ndef two():\n    return 2\n"


def test_escape_cancels_what_runs_in_this_file_alone(
    opened: Callable[..., Workbench], gateway: Gateway, folder: Path
) -> None:
    """In another file Escape does nothing to it; in its own it takes the half change back."""
    before, after = items(8)
    gate = Gate()
    gateway.script(half(after, gate))
    (folder / "other.py").write_text("pass\n")
    window = opened("total.py", before)
    window.goto(2, 5)
    window.command("GLM: Fix")
    until(lambda: "items[0]" in "\n".join(window.lines()), 20, "the first half is seen")
    window.open_file("other.py")
    window.press("Escape")
    window.open_file("total.py")
    assert "GLM: working" in window.status()
    assert "items[0]" in "\n".join(window.lines())
    window.press("Escape")
    until(lambda: "itmes[0]" in "\n".join(window.lines()), 20, "the text is as it was")
    window.wait_status("GLM: ready")
    gate.open()
    assert window.save(folder / "total.py") == before


def test_read_only_file_is_not_asked_about(
    opened: Callable[..., Workbench], gateway: Gateway
) -> None:
    """Edits are not offered there; their keys say why, and nothing is asked. Explain works."""
    gateway.script(chat_stream("It counts."))
    window = opened("one.py", CODE)
    window.command("File: Set Active Editor Read-only in Session")
    window.type("x")
    window.see(".monaco-editor-overlaymessage", "read-only")
    window.press("Control+Alt+g")
    window.press("r")
    window.see(".notification-toast", "This file is read-only: GLM can only explain it.")
    window.press("F1")
    window.type("GLM: Re")
    rows = ".quick-input-list .monaco-list-row"
    window.see(rows, "GLM: Restart the Server")
    assert not [row for row in window.texts(rows) if "GLM: Refactor" in row]
    window.screenshot("read-only")
    window.press("Escape")
    assert gateway.requests == []
    window.press("Control+Alt+g")
    window.press("e")
    window.wait_frames("It counts.")
    window.click(".editor-instance .view-lines")
    window.command("File: Reset Active Editor Read-only in Session")


def test_what_the_workspace_sets_is_changed_there(
    opened: Callable[..., Workbench], gateway: Gateway, folder: Path
) -> None:
    """A model and a language that the workspace sets are changed there, and it is said."""
    window = opened("one.py", CODE)
    wants = {"glm.models.actions": "glm-4.6", "glm.completion.disabledLanguages": ["python", "c"]}
    with setting(window, folder, json.dumps(wants)):
        window.open_file("one.py")
        window.see(STATUS, "glm-4.6 (custom)")
        window.command("GLM: Pick a Model")
        window.see(".quick-input-list", "For actions")
        window.press("Enter")
        window.see(".quick-input-list .monaco-list-row.focused", "in use")
        window.type("glm-5.2")
        window.see(".quick-input-list .monaco-list-row.focused", "glm-5.2")
        window.press("Enter")
        window.see(STATUS, "glm-5.2 (custom)")
        window.see(".statusbar", "GLM asks glm-5.2 for actions, in this workspace's settings")
        window.command("GLM: Switch Completions On or Off in This Language")
        said = "GLM completions are on in python, in this workspace's settings"
        window.see(".statusbar", said)
        window.screenshot("workspace-setting")
        found = json.loads((folder / ".vscode" / "settings.json").read_text())
        assert found == {
            **wants,
            "glm.models.actions": "glm-5.2",
            "glm.completion.disabledLanguages": ["c"],
        }
    window.open_file("one.py")
    window.see(STATUS, "glm-5.1 (custom)")


def test_status_says_where_completions_are_off(opened: Callable[..., Workbench]) -> None:
    """The item tells so for the file in front; its menu switches them on, and shows how it is."""
    opened("two.js", "let two = 2;\n")
    window = opened("one.py", CODE)
    window.wait_status("GLM: ready, Completions are off.")
    switch(window, "on")
    until(lambda: window.status() == "GLM: ready", 20, "nothing is off")
    switch(window, "off", "python")
    window.wait_status("GLM: ready, Completions are off in python.")
    window.screenshot("off-in-python")
    window.open_file("two.js")
    until(lambda: window.status() == "GLM: ready", 20, "nothing is off here")
    window.open_file("one.py")
    window.wait_status("off in python")
    window.click(STATUS)
    window.see(".quick-input-title", "GLM: ready, Completions are off in python.")
    window.see(".quick-input-list .monaco-list-row", "off in python")
    window.screenshot("status-menu-off")
    window.click(".quick-input-list .monaco-list-row", "On or Off in This Language")
    until(lambda: window.status() == "GLM: ready", 20, "nothing is off any more")
    switch(window, "off")


def test_status_says_that_the_service_is_waited_for(
    opened: Callable[..., Workbench], gateway: Gateway
) -> None:
    """While a busy service is waited for, the item says so; then what was asked is done."""
    gateway.script([error(429, "1302", retry_after="4"), chat_stream("It counts.")])
    window = opened("one.py", CODE)
    window.command("GLM: Explain")
    window.wait_status("GLM: limited, Waits for")
    window.screenshot("status-waiting")
    window.wait_frames("It counts.")
    window.wait_status("GLM: ready")

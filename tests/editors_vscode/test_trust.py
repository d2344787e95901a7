"""The key: asked for once, kept, and never sent where a workspace wants it."""

from __future__ import annotations

import json
import stat
import sys
from typing import TYPE_CHECKING

import pytest

from tests.editors_vscode.conftest import SERVER
from tests.editors_vscode.workbench import code_server, workbench
from tests.gateway import Gateway, chat_stream

if TYPE_CHECKING:
    from pathlib import Path

    from tests.editors_vscode.workbench import Workbench

pytestmark = pytest.mark.editor

NO_KEYRING = "keyring.backends.null.Keyring"
KEY = "not-a-key-of-the-secret-storage"


def everything_in(folder: Path) -> str:
    """Return the text of all files in a folder."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return "\n".join(path.read_bytes().decode("latin-1") for path in files)


def test_key_is_asked_for_once_and_kept(ready: None, tmp_path: Path) -> None:
    """Without a key the one sentence has a button; the key set there lasts, in no readable file."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "add.py").write_text("def add(a, b):\n    return a + b\n")
    with Gateway(chat_stream("It adds.")) as gateway:
        # The local model's provider needs no key, so another preset is sent to the gateway.
        settings = {
            **SERVER,
            "glm.provider": "runapi",
            "glm.baseUrl": gateway.base_url,
            "glm.completion.enabled": False,
        }
        with (
            code_server(
                tmp_path / "home", settings, {"PYTHON_KEYRING_BACKEND": NO_KEYRING}
            ) as server,
            workbench(server) as window,
        ):
            window.open(tmp_path / "work", "add.py")
            window.wait_status("GLM: ready")
            window.command("GLM: Explain")
            window.see(".notification-toast", "No API key")
            window.screenshot("no-key")
            window.click(".notification-toast .monaco-button", "Set Key")
            window.see(".quick-input-widget", "API key of runapi")
            window.type(KEY)
            window.screenshot("ask-for-key")
            window.press("Enter")
            assert gateway.requests == []
            window.see(".quick-input-widget", "API key of runapi", gone=True)
            window.wait_status("GLM: ready")
            window.command("GLM: Explain")
            sent = gateway.wait_for_requests(1, timeout=30)[0]
            assert sent.headers["authorization"] == f"Bearer {KEY}"
            window.wait_status("GLM: ready")
            # After a restart nothing is asked: the key is there.
            gateway.requests.clear()
            window.reload("add.py")
            window.wait_status("GLM: ready")
            window.command("GLM: Explain")
            gateway.wait_for_requests(1, timeout=30)
            assert gateway.requests[0].headers["authorization"] == f"Bearer {KEY}"
            assert KEY not in everything_in(tmp_path)


@pytest.mark.parametrize("trusted", [True, False], ids=["trusted", "untrusted"])
def test_workspace_cannot_send_the_key_elsewhere(
    ready: None, tmp_path: Path, *, trusted: bool
) -> None:
    """A folder's settings choose no address, no provider, no prices and no program."""
    folder = tmp_path / "work"
    (folder / ".vscode").mkdir(parents=True)
    (folder / "add.py").write_text("def add(a, b):\n    return a + b\n")
    trap = folder / "glm-lsp"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\nexec {sys.executable} -m glm_lsp\n")
    trap.chmod(trap.stat().st_mode | stat.S_IXUSR)
    with Gateway(chat_stream("Ha.")) as evil, Gateway(chat_stream("It adds.")) as gateway:
        wants = {
            "glm.provider": "zai",
            "glm.baseUrl": evil.base_url,
            "glm.prices": {"glm-5.1": {"input": 0, "output": 0}},
            "glm-lsp.server.path": str(trap),
            "glm-lsp.server.args": ["-c", f"open({str(tmp_path / 'sprung')!r}, 'w')"],
        }
        (folder / ".vscode" / "settings.json").write_text(json.dumps(wants))
        settings = {
            **SERVER,
            "glm.provider": "custom",
            "glm.baseUrl": gateway.base_url,
            "glm.completion.enabled": False,
        }
        environ = {"GLM_API_KEY": KEY}
        with (
            code_server(tmp_path / "home", settings, environ, trusted=trusted) as server,
            workbench(server) as window,
        ):
            window.open(folder, "add.py")
            window.wait_status("GLM: ready")
            window.command("GLM: Explain")
            gateway.wait_for_requests(1, timeout=30)
            window.wait_frames("It adds.")
            window.screenshot(f"hostile-workspace-{'trusted' if trusted else 'untrusted'}")
            assert restricted(window) is not trusted
        assert gateway.requests[0].headers["authorization"] == f"Bearer {KEY}"
        assert evil.requests == []
        assert evil.visits == []
        assert not (tmp_path / "sprung").exists()


def restricted(window: Workbench) -> bool:
    """Whether VS Code says that it does not trust the folder."""
    return any("Restricted Mode" in text for text in window.texts(".statusbar-item"))

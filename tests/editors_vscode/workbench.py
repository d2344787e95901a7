"""A real VS Code: code-server, and a browser in which a test works like a person.

Invariant: what is started here is ended by leaving the `with` block; the profile, the
extensions and the folder are the test's own.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.editors_vscode import setup_vscode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

DRIVER = Path(__file__).with_name("driver.mjs")
EXTENSION = "glm-lsp.glm-lsp"
STATUS = f".statusbar-item[id='{EXTENSION}.glm-lsp.status'] a"


class CodeServer:
    """code-server with a fresh profile, our package installed in it, and user settings."""

    def __init__(self, home: Path, *, trusted: bool = True) -> None:
        self.home = home
        self._trusted = trusted
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0
        self.environ: dict[str, str] = {}

    def install(self, package: Path) -> str:
        """Install a package as a user would; return what code-server said."""
        words = [*self._command(), "--install-extension", str(package)]
        done = subprocess.run(
            words, env=self._environ(), capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def install_ours(self) -> None:
        """Install this checkout's package."""
        self.install(setup_vscode.PACKAGE)

    def configure(self, settings: Mapping[str, Any]) -> None:
        """Write the user's settings, those of the machine where VS Code wants them."""
        quiet = {
            "workbench.startupEditor": "none",
            "security.workspace.trust.startupPrompt": "never",
            "security.workspace.trust.banner": "never",
            "security.workspace.trust.untrustedFiles": "open",
            "telemetry.telemetryLevel": "off",
            "editor.minimap.enabled": False,
            "editor.accessibilitySupport": "off",
            "files.autoSave": "off",
            "workbench.enableExperiments": False,
            "git.enabled": False,
            "editor.quickSuggestions": {"other": "off"},
            "editor.suggestOnTriggerCharacters": False,
        }
        machine = {key: value for key, value in settings.items() if key in _machine_scoped()}
        mine = {key: value for key, value in settings.items() if key not in machine}
        for folder, values in (("Machine", machine), ("User", {**quiet, **mine})):
            path = self.home / "user" / folder / "settings.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(values))
        keys = [{"key": "alt+l", "command": "editor.action.inlineSuggest.acceptNextLine"}]
        (self.home / "user" / "User" / "keybindings.json").write_text(json.dumps(keys))

    def start(self, environ: Mapping[str, str]) -> None:
        """Start it, with an environment that its extensions inherit."""
        self.environ = dict(environ)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        words = [*self._command(), "--bind-addr", f"127.0.0.1:{self.port}", "--auth", "none"]
        words += ["--disable-telemetry", "--disable-update-check"]
        if self._trusted:
            words.append("--disable-workspace-trust")
        log = (self.home / "code-server.log").open("wb")
        self._process = subprocess.Popen(
            words, env=self._environ(), stdout=log, stderr=log, start_new_session=True
        )
        log.close()
        until(self._answers, 60, "code-server answers")

    def close(self) -> None:
        """End it and what it started."""
        if self._process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGTERM)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait(10)

    def logs(self) -> str:
        """Return everything that VS Code and its extensions logged."""
        files = (self.home / "user" / "logs").rglob("*.log")
        return "\n".join(path.read_text(errors="replace") for path in sorted(files))

    def language_server(self) -> int:
        """Return the process of this checkout's language server that runs here."""
        return self.process(b"glm_lsp")

    def process(self, word: bytes) -> int:
        """Return a process of this VS Code that has a word in its command line."""
        home = f"HOME={self.home}".encode()
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                words = (process / "cmdline").read_bytes().split(b"\0")
                if word in words and home in (process / "environ").read_bytes().split(b"\0"):
                    return int(process.name)
        raise AssertionError(f"no process with {word!r} is running")

    def _answers(self) -> bool:
        address = f"http://127.0.0.1:{self.port}/healthz"
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=2):
            return True
        return False

    def _command(self) -> list[str]:
        folders = ["--user-data-dir", str(self.home / "user")]
        folders += ["--extensions-dir", str(self.home / "extensions")]
        return [str(shutil.which("node")), str(setup_vscode.entry()), *folders]

    def _environ(self) -> dict[str, str]:
        kept = ("PATH", "LANG", "TMPDIR", "PYTHONPATH")  # The last names the checkout.
        own = {name: os.environ[name] for name in kept if name in os.environ}
        home = {"HOME": str(self.home), "XDG_CONFIG_HOME": str(self.home / "config")}
        # The server of this checkout, wherever the interpreter has one of its own.
        ours = {"XDG_DATA_HOME": str(self.home / "data"), "PYTHONPATH": str(setup_vscode.CHECKOUT)}
        return {**own, **home, **ours, **self.environ}


class Workbench:
    """One browser window with VS Code in it."""

    def __init__(self, server: CodeServer) -> None:
        self._server = server
        words = ["node", str(DRIVER), str(setup_vscode.root()), str(setup_vscode.browser())]
        self._driver = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        self._calls = 0

    def close(self) -> None:
        """Close the browser."""
        assert self._driver.stdin
        assert self._driver.stdout
        self._driver.stdin.close()
        try:
            self._driver.wait(15)
        except subprocess.TimeoutExpired:
            self._driver.kill()
            self._driver.wait()
        self._driver.stdout.close()

    def call(self, call: str, /, **arguments: Any) -> Any:
        """Have the driver do something and return what came of it."""
        assert self._driver.stdin
        assert self._driver.stdout
        self._calls += 1
        message = {"id": self._calls, "call": call, "args": arguments}
        self._driver.stdin.write(json.dumps(message) + "\n")
        self._driver.stdin.flush()
        answer = json.loads(self._driver.stdout.readline())
        assert "error" not in answer, f"{call} {arguments}: {answer['error']}"
        return answer["result"]

    def open(self, folder: Path, *files: str) -> None:
        """Open a folder, then files in it."""
        url = f"http://127.0.0.1:{self._server.port}/?folder={folder}"
        self.call("open", url=url, width=1280, height=800)
        self.see(".monaco-workbench .statusbar", "")
        for file in files:
            self.open_file(file)

    def reload(self, *files: str) -> None:
        """Load the window anew, as after closing and opening VS Code; open files in it."""
        self.call("reload")
        self.see(".monaco-workbench .statusbar", "")
        for file in files:
            self.open_file(file)

    def open_file(self, name: str) -> None:
        """Open a file by Quick Open, and wait until the cursor is in it."""
        self.pick("Control+p", name, Path(name).name)
        self.see(".tab.active", Path(name).name)
        self.see(".editor-instance .monaco-editor.focused", "")

    def command(self, title: str) -> None:
        """Run a command from the palette."""
        self.pick("F1", title, title.rsplit(": ", maxsplit=1)[-1])

    def pick(self, key: str, words: str, wanted: str) -> None:
        """Choose from a list; as a person does, try again when it is not there at once."""
        row = ".quick-input-list .monaco-list-row.focused"
        for patience in (3, 6, 20):
            self.press(key)
            self.see(".quick-input-widget", "")
            self.type(words)
            try:
                self.see(row, wanted, timeout=patience)
            except AssertionError:
                self.press("Escape")
                continue
            self._step_to(row, wanted)
            self.press("Enter")
            return
        raise AssertionError(f"{wanted} is not to be found with {words}")

    def _step_to(self, row: str, wanted: str) -> None:
        """Go down from what only begins like it: what was chosen last stands first."""
        most = 3
        for _ in range(most):
            if any(line.rstrip().endswith(wanted) for line in self.texts(row)[0].split("\n")):
                return
            self.press("ArrowDown")
        for _ in range(most):
            self.press("ArrowUp")

    def leave(self) -> None:
        """Save and close everything, so that the next test finds an empty window."""
        self.press("Escape")
        self._save()
        self.press("Control+k")
        self.press("Control+w")
        self.see(".tab", "", gone=True)
        if self.texts(".notification-toast"):
            self.command("Notifications: Clear All Notifications")

    def _save(self) -> None:
        """Save what is not saved.

        VS Code also writes a file without changes when asked to, some time later: over what
        the next test has written there.
        """
        if self.texts(".tab.active.dirty"):
            self.press("Control+s")
            self.see(".tab.active.dirty", "", gone=True)

    def press(self, key: str) -> None:
        """Press a key, by Playwright's name of it."""
        self.call("press", key=key, delay=0)

    def undo(self) -> None:
        """Take a step back in a saved file; it is reported as changed some time after the key."""
        self.press("Control+z")
        self.see(".tab.active.dirty", "")

    def type(self, text: str, delay: int = 0) -> None:
        """Type, with milliseconds between the keys."""
        self.call("type", text=text, delay=delay)

    def click(self, selector: str, text: str | None = None, button: str = "left") -> None:
        """Click on the first element that matches and contains the text."""
        more = {} if text is None else {"text": text}
        self.call("click", selector=selector, button=button, **more)

    def see(self, selector: str, text: str, *, gone: bool = False, timeout: float = 30) -> str:
        """Wait until an element with the text is seen (or none is); return its text."""
        seen: str = self.call(
            "awaitText", selector=selector, text=text, gone=gone, timeout=timeout * 1000
        )
        return seen

    def hover(self, selector: str) -> None:
        """Rest the mouse on the first element that matches."""
        self.call("hover", selector=selector)

    def texts(self, selector: str) -> list[str]:
        """Return the texts of all elements that match."""
        found: list[str] = self.call("texts", selector=selector)
        return found

    def drawn(self) -> str:
        """Return what decorations write behind the text of the editor, a line each."""
        found: list[str] = self.call("drawn", selector=".view-line span")
        words = (each.strip('"').replace("\\a0", " ").strip() for each in found)
        return "\n".join(each for each in words if each not in ("none", "normal", ""))

    def goto(self, line: int, column: int = 1) -> None:
        """Put the cursor somewhere; both count from 1."""
        self.press("Control+g")
        self.see(".quick-input-widget", "")
        self.type(f"{line}:{column}")
        self.press("Enter")
        self.see(".statusbar", f"Ln {line}, Col {column}")

    def status(self) -> str:
        """Return what GLM's item in the status bar says to a screen reader."""
        labels: list[str] = self.call("attributes", selector=STATUS, name="aria-label")
        return labels[0] if labels else ""

    def wait_status(self, text: str, timeout: float = 30) -> str:
        """Wait until GLM's item in the status bar says something."""
        until(lambda: text in self.status(), timeout, f"status {text!r}", self.status)
        return self.status()

    def frames(self) -> str:
        """Return the texts of all webviews, one after the other."""
        return "\n".join(self.call("frames"))

    def in_frame(self, selector: str, text: str | None = None, fill: str | None = None) -> None:
        """Click on an element of a webview; with `fill` write there and press Enter."""
        wanted = {"text": text, "fill": fill}
        more = {name: value for name, value in wanted.items() if value is not None}
        self.call("inFrame", selector=selector, **more)

    def wait_frames(self, text: str, timeout: float = 30) -> None:
        """Wait until a webview shows a text."""
        until(lambda: text in self.frames(), timeout, f"preview {text!r}", self.frames)

    def lines(self) -> list[str]:
        """Return the visible lines of the active editor."""
        shown = self.call("lines", selector=".editor-group-container.active .view-lines")
        return [line.replace("\xa0", " ").strip("\n").rstrip() for line in shown]

    def wait_text(self, text: str) -> None:
        """Wait until the active editor shows the beginning of a file's text."""
        self.press("Control+Home")
        until(lambda: self._shows(text), 30, f"the text {text!r}", lambda: str(self.lines()))

    def _shows(self, text: str) -> bool:
        wanted, shown = (
            [line.rstrip() for line in lines if line.strip()][:10]  # Empty ones are not seen.
            for lines in (text.split("\n"), self.lines())
        )
        return shown == wanted

    def save(self, path: Path) -> str:
        """Save the active file and return what is then on disk."""
        self._save()
        with path.open(encoding="utf-8", newline="") as file:
            return file.read()

    def rewrite(self, text: str) -> None:
        """Give the active file another text, and save it."""
        self.press("Control+a")
        self.call("paste", text=text)
        self.see(".tab.active.dirty", "")
        self._save()

    def screenshot(self, name: str) -> Path:
        """Take a picture of the window; return where it is kept."""
        path = setup_vscode.CHECKOUT / ".cache" / "vscode-screenshots" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        self.call("screenshot", path=str(path))
        return path


def _machine_scoped() -> frozenset[str]:
    """Return the settings that belong to the machine on which VS Code's server runs."""
    manifest = json.loads((setup_vscode.EXTENSION / "package.json").read_text(encoding="utf-8"))
    groups = manifest["contributes"]["configuration"]
    found = {name: schema for group in groups for name, schema in group["properties"].items()}
    return frozenset(name for name, schema in found.items() if schema["scope"] == "machine")


def until(
    met: Callable[[], Any], timeout: float, what: str, say: Callable[[], str] | None = None
) -> None:
    """Wait until something is so.

    Raises:
        AssertionError: it did not become so.
    """
    end = time.monotonic() + timeout
    while not met():
        assert time.monotonic() < end, f"not within {timeout} s: {what}; {say() if say else ''}"
        time.sleep(0.05)


@contextlib.contextmanager
def code_server(
    home: Path,
    settings: Mapping[str, Any],
    environ: Mapping[str, str],
    *,
    trusted: bool = True,
) -> Iterator[CodeServer]:
    """Run code-server with our package installed by its own `--install-extension`."""
    server = CodeServer(home, trusted=trusted)
    server.configure(settings)
    server.install_ours()
    server.start(environ)
    try:
        yield server
    finally:
        server.close()


@contextlib.contextmanager
def workbench(server: CodeServer) -> Iterator[Workbench]:
    """Open a browser for it."""
    window = Workbench(server)
    try:
        yield window
    finally:
        window.close()

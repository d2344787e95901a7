"""The messages of our own: real VS Code, and a server that sends what the test wants."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.editors.fake_server import CAPABILITIES, FakeServer
from tests.editors_vscode.workbench import code_server, until, workbench

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.editors_vscode.workbench import Workbench

pytestmark = pytest.mark.editor

RELAY = Path(__file__).with_name("relay.py")
LINES = "".join(f"line {number}\n" for number in range(12))


@pytest.fixture(scope="module")
def server() -> Iterator[FakeServer]:
    commands = ["glm.accept", "glm.reject", "glm.retry", "glm.apply"]
    with FakeServer() as server:
        own = {"positionEncoding": "utf-16", "executeCommandProvider": {"commands": commands}}
        server.answers["initialize"] = {"capabilities": {**CAPABILITIES, **own}}
        yield server


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("messages")


@pytest.fixture(scope="module")
def one_window(ready: None, server: FakeServer, home: Path) -> Iterator[Workbench]:
    settings = {
        "glm-lsp.server.path": sys.executable,
        "glm-lsp.server.args": [str(RELAY), "connect", str(server.port)],
    }
    (home / "work").mkdir()
    with code_server(home / "home", settings, {}) as code, workbench(code) as window:
        window.open(home / "work")
        yield window


@pytest.fixture
def shown(
    one_window: Workbench, server: FakeServer, home: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[[str, str], Document]]:
    """Open a file with a text."""
    server.received[:] = [m for m in server.received if m[0] == "initialize"]

    def open_(name: str, text: str) -> Document:
        path = home / "work" / name
        path.write_text(text, encoding="utf-8", newline="")
        one_window.open_file(name)
        one_window.wait_text(text)
        server.wait("textDocument/didOpen")
        return Document(server, path)

    yield open_
    one_window.screenshot(f"end-of-{request.node.name}")
    one_window.leave()


class Document:
    """A file, as the server sees it."""

    def __init__(self, server: FakeServer, path: Path) -> None:
        self.path = path
        self._server = server
        opened = server.wait("textDocument/didOpen")["textDocument"]
        self.uri: str = opened["uri"]

    @property
    def version(self) -> int:
        """The last version that was reported."""
        return self._server.versions[self.uri]

    def versions(self) -> dict[int, str]:
        """Return the text of every version that was reported."""
        opened = self._server.wait("textDocument/didOpen")["textDocument"]
        text: str = opened["text"]
        found = {opened["version"]: text}
        for params in self._server.all("textDocument/didChange"):
            for change in params["contentChanges"]:
                text = replaced(text, change["range"], change["text"])
            found[params["textDocument"]["version"]] = text
        return found

    def edit(self, *edits: tuple[int, int, str], job: str = "one", **more: Any) -> Any:
        """Replace whole lines: (first, first after them, text); return what is answered."""
        changes = [{"range": lines(start, end), "newText": text} for start, end, text in edits]
        identifier = {"uri": self.uri, "version": more.pop("version", self.version)}
        edit = {"documentChanges": [{"textDocument": identifier, "edits": changes}]}
        params = {"edit": edit, "job": job, "first": False, "last": False, **more}
        return self._server.request("glm/applyEdit", params)

    def close_step(self, job: str = "one") -> Any:
        """End the undo step without an edit."""
        params = {"edit": {"documentChanges": []}, "job": job, "first": False, "last": True}
        return self._server.request("glm/applyEdit", params)


def lines(start: int, end: int) -> dict[str, Any]:
    """Return the range of whole lines."""
    return {"start": {"line": start, "character": 0}, "end": {"line": end, "character": 0}}


def replaced(text: str, range_: dict[str, Any], new: str) -> str:
    """Return an ASCII text with a range replaced."""
    rows = text.splitlines(keepends=True)
    start, end = (
        sum(map(len, rows[: place["line"]])) + place["character"]
        for place in (range_["start"], range_["end"])
    )
    return text[:start] + new + text[end:]


def test_client_announces_what_it_understands(
    shown: Callable[[str, str], Document], server: FakeServer
) -> None:
    """The server learns that edits are acknowledged, changes shown and contexts told."""
    shown("a.txt", LINES)
    announced = server.initialize["capabilities"]["experimental"]["glm"]
    wanted = ("applyEdit", "explanation", "status", "context", "changes")
    assert announced == dict.fromkeys(wanted, True)


def test_answered_version_holds_exactly_the_edit(
    shown: Callable[[str, str], Document], server: FakeServer, one_window: Workbench
) -> None:
    """Under fast typing each edit is refused, or its version is that of the edit alone."""
    document = shown("a.txt", LINES)
    answers: list[tuple[int, str, Any]] = []

    def stream() -> None:
        for number in range(60):
            version = document.version
            text = f"new {number}\n"
            answers.append((version, text, document.edit((6, 6, text), version=version)))

    thread = threading.Thread(target=stream)
    one_window.press("Control+Home")
    thread.start()
    one_window.type("typed while it streams, as fast as it goes. " * 6)
    thread.join()
    until(lambda: "fast" in document.versions()[document.version], 10, "the last report")
    versions = document.versions()
    applied = [each for each in answers if each[2]["applied"]]
    assert len(applied) > 5
    for version, text, answer in applied:
        assert answer["version"] == version + 1
        assert versions[version + 1] == replaced(versions[version], lines(6, 6), text)
    for _, text, answer in answers:
        assert answer["applied"] or text not in versions[document.version]


def test_document_that_is_not_shown_answers_with_the_version_too(
    shown: Callable[[str, str], Document], server: FakeServer, one_window: Workbench
) -> None:
    """An edit behind another tab is acknowledged like any other."""
    document = shown("a.txt", LINES)
    (document.path.parent / "b.txt").write_text("other\n")
    one_window.open_file("b.txt")
    one_window.wait_text("other\n")
    before = document.version
    answer = document.edit((2, 3, "LINE 2\n"), first=True, last=True)
    assert answer == {"applied": True, "version": before + 1}
    server.wait("textDocument/didChange")
    assert document.versions()[before + 1] == LINES.replace("line 2", "LINE 2")
    one_window.open_file("a.txt")


def test_edit_of_an_older_version_is_refused(
    shown: Callable[[str, str], Document], one_window: Workbench
) -> None:
    """An edit that was made for a text that is no longer there changes nothing."""
    document = shown("a.txt", LINES)
    before = document.version
    one_window.type("x")
    until(lambda: document.version > before, 10, "the typing is reported")
    assert document.edit((2, 3, "no\n"), version=before) == {"applied": False, "version": None}
    assert document.versions()[document.version] == f"x{LINES}"


def test_edit_of_nothing_ends_the_undo_step(
    shown: Callable[[str, str], Document], one_window: Workbench
) -> None:
    """It is answered, changes neither text nor version, and later edits are a step of their own."""
    document = shown("a.txt", LINES)
    document.edit((2, 3, "LINE 2\n"), first=True)
    document.edit((4, 5, "LINE 4\n"))
    until(lambda: "LINE 4" in document.versions()[document.version], 10, "both are reported")
    before = document.version
    assert document.close_step()["applied"] is True
    document.edit((6, 7, "LINE 6\n"), first=False)
    until(lambda: document.version > before, 10, "the third is reported")
    assert document.version == before + 1
    one_window.press("Control+z")
    until(lambda: document.version > before + 1, 10, "the undo is reported")
    text = document.versions()[document.version]
    assert text == LINES.replace("line 2", "LINE 2").replace("line 4", "LINE 4")
    one_window.press("Control+z")
    until(lambda: document.versions()[document.version] == LINES, 10, "the first step is undone")

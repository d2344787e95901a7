"""The messages of our own: real VS Code, and a server that sends what the test wants."""

from __future__ import annotations

import sys
import threading
import time
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
        answer = self._server.request("glm/applyEdit", params)
        if answer["version"] is not None:  # The report may come some milliseconds later.
            until(lambda: self.version >= answer["version"], 10, "the edit is reported")
        return answer

    def changes(self, version: int | None, *changes: dict[str, Any]) -> None:
        """Send the list of the document's changes."""
        params = {"uri": self.uri, "version": version, "changes": list(changes)}
        self._server.notify("glm/changes", params)

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
    """The server learns of edits, changes, contexts, buttons and trust."""
    shown("a.txt", LINES)
    announced = server.initialize["capabilities"]["experimental"]["glm"]
    messages = ("applyEdit", "explanation", "status", "context", "changes")
    wanted = (*messages, "machineScoped", "trusted")
    assert announced == {**dict.fromkeys(wanted, True), "buttons": ["key", "settings"]}


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
    assert len(applied) > 2
    for version, text, answer in applied:
        assert answer["version"] == version + 1
        assert versions[version + 1] == replaced(versions[version], lines(6, 6), text)
    for _, text, answer in answers:
        assert answer["applied"] or text not in versions[document.version]


def test_edit_at_the_cursor_is_not_mixed_with_what_the_editor_tidies_up(
    shown: Callable[[str, str], Document], one_window: Workbench
) -> None:
    """VS Code removes indentation of its own with the next edit at the cursor: not with ours."""
    document = shown("a.py", "def f():\n    a = 1\n    b = 2\n")
    one_window.goto(2)
    one_window.press("End")
    one_window.press("Enter")
    one_window.press("ArrowDown")
    until(lambda: "1\n    \n" in document.versions()[document.version], 10, "it is indented")
    answer = document.edit((3, 4, "    b = 3\n"), first=True)
    if not answer["applied"]:
        until(lambda: "1\n\n" in document.versions()[document.version], 10, "it is tidied up")
        answer = document.edit((3, 4, "    b = 3\n"), first=True)
    assert answer["applied"]
    version: int = answer["version"]
    before, after = (document.versions()[each] for each in (version - 1, version))
    assert after == before.replace("b = 2", "b = 3")
    one_window.press("Control+z")
    until(lambda: document.versions()[document.version] == before, 10, "one undo takes it out")


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
    before = document.version
    assert document.close_step()["applied"] is True
    document.edit((6, 7, "LINE 6\n"), first=False)
    assert document.version == before + 1
    one_window.press("Control+z")
    until(lambda: document.version > before + 1, 10, "the undo is reported")
    text = document.versions()[document.version]
    assert text == LINES.replace("line 2", "LINE 2").replace("line 4", "LINE 4")
    one_window.press("Control+z")
    until(lambda: document.versions()[document.version] == LINES, 10, "the first step is undone")


def hunk(number: int, start: int, end: int, before: str, after: str) -> dict[str, Any]:
    """Return a part of a change."""
    return {"hunk": number, "range": lines(start, end), "before": before, "after": after}


def change(*hunks: dict[str, Any], state: str = "made", fault: str | None = None) -> dict[str, Any]:
    """Return a change, as the server lists it."""
    title = "GLM: Fix “line 2 is small”"
    return {"job": "one", "title": title, "state": state, "fault": fault, "hunks": list(hunks)}


def marks(window: Workbench) -> int:
    """Return how many lines of the active editor are coloured as GLM's."""
    overlays = ".editor-group-container.active .view-overlays"
    return len(window.texts(f"{overlays} [class*='ced-']"))


def test_lines_that_glm_wrote_are_coloured_until_kept(
    shown: Callable[[str, str], Document], one_window: Workbench
) -> None:
    """Lines of a made change are coloured, move with the text, and lose it when it is kept."""
    document = shown("a.txt", LINES)
    edits = ((2, 3, "LINE 2\n"), (5, 6, ""), (8, 8, "new\nnewer\n"))
    version = document.edit(*edits, first=True, last=True)["version"]
    parts = (
        hunk(1, 2, 3, "line 2\n", "LINE 2\n"),
        hunk(2, 5, 5, "line 5\n", ""),
        hunk(3, 7, 9, "", "new\nnewer\n"),
    )
    document.changes(version, change(*parts))
    until(lambda: marks(one_window) == 4, 10, "four lines", lambda: str(marks(one_window)))
    one_window.press("Control+Home")
    one_window.type("typed above\n")
    one_window.screenshot("highlight")
    assert marks(one_window) == 4
    other = document.path.parent / "b.txt"
    other.write_text("other\n")
    one_window.open_file("b.txt")
    one_window.wait_text("other\n")
    assert marks(one_window) == 0
    one_window.open_file("a.txt")
    until(lambda: marks(one_window) == 4, 10, "again when it is seen again")
    document.changes(document.version)
    until(lambda: marks(one_window) == 0, 10, "nothing is coloured")


def test_colours_can_be_switched_off(
    shown: Callable[[str, str], Document], one_window: Workbench, home: Path
) -> None:
    """With `glm-lsp.highlightChanges` off nothing is coloured, from the moment it is set."""
    document = shown("a.txt", LINES)
    document.changes(document.version, change(hunk(1, 2, 3, "", "line 2\n")))
    until(lambda: marks(one_window) == 1, 10, "one line")
    settings = home / "work" / ".vscode" / "settings.json"
    settings.parent.mkdir()
    settings.write_text("{}")
    one_window.open_file("settings.json")
    one_window.rewrite('{"glm-lsp.highlightChanges": false}')
    one_window.open_file("a.txt")
    until(lambda: marks(one_window) == 0, 20, "none")
    one_window.open_file("settings.json")
    one_window.rewrite("{}")
    one_window.open_file("a.txt")
    until(lambda: marks(one_window) == 1, 20, "it is back")


def test_marks_of_an_older_version_are_put_where_the_lines_are_now(
    shown: Callable[[str, str], Document], server: FakeServer, one_window: Workbench
) -> None:
    """A list made for a version that the user has typed past still finds its lines."""
    document = shown("a.txt", LINES)
    document.changes(document.version, change(hunk(1, 2, 3, "", "line 2\n")))
    before = document.version
    one_window.press("Control+Home")
    one_window.type("one\ntwo\n")
    until(lambda: "two" in document.versions()[document.version], 10, "the typing is reported")
    document.changes(before, change(hunk(7, 4, 5, "", "line 4\n")))
    one_window.goto(7)
    one_window.command("GLM: Undo This Part")
    ran = server.wait("workspace/executeCommand")
    assert ran == {"command": "glm.reject", "arguments": [{"job": "one", "hunk": 7}]}


@pytest.mark.parametrize(
    ("title", "command"),
    [
        ("Keep This Part", "glm.accept"),
        ("Undo This Part", "glm.reject"),
        ("Retry This Part", "glm.retry"),
    ],
)
def test_part_at_the_cursor_is_answered_alone(
    shown: Callable[[str, str], Document],
    server: FakeServer,
    one_window: Workbench,
    title: str,
    command: str,
) -> None:
    """The part is found by the cursor's line, wherever typing has moved it."""
    document = shown("a.txt", LINES)
    parts = (hunk(1, 2, 3, "", "line 2\n"), hunk(2, 6, 8, "", "line 6\nline 7\n"))
    document.changes(document.version, change(*parts))
    one_window.goto(4)
    one_window.type("one\ntwo\n")
    one_window.command(f"GLM: {title}")
    one_window.see(".notification-toast", "GLM has changed nothing in this line.")
    one_window.goto(10)
    one_window.command(f"GLM: {title}")
    ran = server.wait("workspace/executeCommand")
    assert ran == {"command": command, "arguments": [{"job": "one", "hunk": 2}]}


OFFER = change(
    hunk(1, 2, 3, "line 2\n", "LINE 2\nand more\n"),
    hunk(2, 9, 10, "line 9\n", ""),
    state="offered",
    fault="The answer removes line 9 without a reason.",
)
TAB = "GLM: Fix “line 2 is small” (a.txt)"


@pytest.mark.parametrize(("button", "command"), [("Apply", "glm.apply"), ("Discard", "glm.reject")])
@pytest.mark.parametrize("where", ["notification", "title", "palette"])
def test_offered_change_is_compared_and_answered_in_one_step(
    shown: Callable[[str, str], Document],
    server: FakeServer,
    one_window: Workbench,
    button: str,
    command: str,
    where: str,
) -> None:
    """A coloured comparison opens, names action and fault; one click answers and closes it."""
    document = shown("a.txt", LINES)
    time.sleep(1.1)  # Nobody has typed for a second.
    document.changes(document.version, OFFER)
    one_window.see(".tab.active", f"{TAB}: The answer removes line 9 without a reason.")
    one_window.see(".notification-toast", "The answer removes line 9 without a reason.")
    one_window.see(".modified-in-monaco-diff-editor .view-lines", "and more")
    one_window.see(".modified-in-monaco-diff-editor .line-insert", "")
    one_window.screenshot("preview")
    if where == "notification":
        one_window.click(".notification-toast .monaco-button", button)
    elif where == "title":
        one_window.click(f".editor-actions [aria-label^='{button}']")
    else:
        one_window.command(f"GLM: {button} the Offered Change")
    ran = server.wait("workspace/executeCommand")
    assert ran == {"command": command, "arguments": [{"job": "one"}]}
    document.changes(document.version)
    one_window.see(".tab", TAB, gone=True)
    one_window.see(".tab.active", "a.txt")
    answer = document.edit((2, 3, "LINE 2\n"), first=True, last=True)
    assert answer["applied"] is True


def test_preview_follows_the_text_and_ends_with_its_offer(
    shown: Callable[[str, str], Document], server: FakeServer, one_window: Workbench
) -> None:
    """While one types nothing is opened; shown later it has what was typed, until it is gone."""
    document = shown("a.txt", LINES)
    one_window.command("GLM: Refactor")
    server.wait("workspace/executeCommand")
    one_window.press("Control+Home")
    one_window.type("typed before it came\n")
    until(lambda: "came" in document.versions()[document.version], 10, "the typing is reported")
    one_window.press("ArrowDown")
    document.changes(1, {**OFFER, "fault": None})
    one_window.see(".notification-toast", "apply this change to a.txt?")
    assert not any(TAB in tab for tab in one_window.texts(".tab"))
    one_window.click(".notification-toast .monaco-button", "Show")
    one_window.see(".tab.active", TAB)
    one_window.see(".modified-in-monaco-diff-editor .view-lines", "and more")
    shown_lines = one_window.texts(".modified-in-monaco-diff-editor .view-lines")[0]
    text = shown_lines.replace("\xa0", " ")
    assert text.startswith("typed before it came\nline 0\nline 1\nLINE 2\nand more\nline 3")
    document.edit((0, 0, "put in by GLM\n"), first=True, last=True)
    one_window.see(".modified-in-monaco-diff-editor .view-lines", "put in by GLM")
    document.changes(document.version)
    one_window.see(".tab", TAB, gone=True)
    assert "put in by GLM\ntyped before it came\n" in document.versions()[document.version]


def test_context_tells_what_other_tools_report(
    shown: Callable[[str, str], Document], server: FakeServer, one_window: Workbench
) -> None:
    """`glm/context` has the whole document's problems from others, in LSP's shape, not ours."""
    document = shown("greet.js", "// @ts-check\n\nconst a = nmae;\nconst b = nmae2;\n")
    own = {"range": lines(0, 1), "message": "said by GLM's server", "severity": 2}
    params = {"uri": document.uri, "diagnostics": [own]}
    server.notify("textDocument/publishDiagnostics", params)
    one_window.see(".squiggly-error", "")
    one_window.see(".squiggly-warning", "")
    question = {"uri": document.uri, "positions": [{"line": 2, "character": 11}]}
    answer = server.request("glm/context", question)
    found = [(each["range"]["start"]["line"], each["source"]) for each in answer["diagnostics"]]
    assert found == [(2, "ts"), (3, "ts")]
    assert answer["diagnostics"][0]["severity"] == 1
    assert "Cannot find name 'nmae'" in answer["diagnostics"][0]["message"]
    assert answer["definitions"] == []
    ((place, said),) = ((each["position"], each["text"]) for each in answer["hovers"])
    assert (place, said.strip()) == (0, "```typescript\nany\n```")

"""The Neovim plugin alone: real Neovim, and a server that says what the test wants."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.editors.neovim import Neovim

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.editors.fake_server import FakeServer
    from tests.editors.setup_editors import Found

pytestmark = pytest.mark.editor

LINES = "".join(f"line {number}\n" for number in range(12))


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "sample.py"
    path.write_text(LINES)
    return path


@pytest.fixture
def neovim(
    tmp_path: Path,
    document: Path,
    fake_server: FakeServer,
    editor: Callable[[str], Found],
) -> Iterator[Neovim]:
    """Yield a Neovim in which the document is open and the server knows it."""
    editor("nvim")
    with Neovim(tmp_path / "home", fake_server.init_lua) as neovim:
        neovim.edit(document)
        fake_server.wait("textDocument/didOpen")
        yield neovim


class Stream:
    """One job's edits, sent as the server sends them."""

    def __init__(self, server: FakeServer, path: Path, job: str = "job-1") -> None:
        self.server, self.uri, self.job, self.begun = server, path.as_uri(), job, False

    def insert(self, line: int, text: str, *, version: int | None = None) -> bool:
        """Insert before a line and return whether the editor says it was applied."""
        return bool(self.send(line, text, version=version)["applied"])

    def insert_until_applied(self, line: int, text: str) -> None:
        """Insert with the version last seen, again when the user was quicker."""
        for _ in range(20):
            if self.insert(line, text):
                return
        raise AssertionError("the editor never took the edit")

    def send(
        self, line: int, text: str, *, version: int | None = None, last: bool = False
    ) -> dict[str, Any]:
        """Send one `glm/applyEdit` and return the editor's answer."""
        seen = self.server.versions[self.uri] if version is None else version
        at = {"line": line, "character": 0}
        edits = [{"range": {"start": at, "end": at}, "newText": text}] if text else []
        document = {"uri": self.uri, "version": seen}
        params = {
            "edit": {"documentChanges": [{"textDocument": document, "edits": edits}]},
            "job": self.job,
            "first": not self.begun,
            "last": last,
        }
        answer: dict[str, Any] = self.server.request("glm/applyEdit", params)
        self.begun = self.begun or answer["applied"]
        return answer


def test_announces_its_messages(neovim: Neovim, fake_server: FakeServer) -> None:
    """The server learns at start that edits, explanations and status are understood."""
    assert fake_server.initialize["capabilities"]["experimental"]["glm"] == {
        "applyEdit": True,
        "explanation": True,
        "status": True,
    }
    assert neovim.messages() == ""


def test_one_undo_takes_a_stream_back(
    neovim: Neovim, fake_server: FakeServer, document: Path
) -> None:
    """Ten edits of one job are one undo step, and redo brings all of them back."""
    stream = Stream(fake_server, document)
    for number in range(10):
        assert stream.insert(2 * number, f"new {number}\n")
    streamed = neovim.text()
    assert streamed.count("new") == 10

    neovim.keys("u")
    neovim.settle()
    assert neovim.text() == LINES
    neovim.keys("<C-r>")
    neovim.settle()
    assert neovim.text() == streamed


@pytest.mark.parametrize(
    ("typed", "effect"),
    [
        pytest.param("Gotyped<Esc>", LINES + "typed\n", id="a new line"),
        pytest.param("Gdd", LINES.replace("line 11\n", ""), id="a deleted line"),
        pytest.param(":$s/line/LINE/<CR>", LINES.replace("line 11", "LINE 11"), id="an ex command"),
        pytest.param("Gyyp", LINES + "line 11\n", id="a paste"),
    ],
)
def test_typing_in_normal_mode_joins_the_stream(
    neovim: Neovim, fake_server: FakeServer, document: Path, typed: str, effect: str
) -> None:
    """What the user does between two edits is kept, and the stream stays one undo step."""
    stream = Stream(fake_server, document)
    stream.insert_until_applied(0, "first\n")
    neovim.keys(typed)
    neovim.settle()
    stream.insert_until_applied(1, "second\n")
    neovim.keys("ggjj0x")
    neovim.settle()
    stream.insert_until_applied(0, "third\n")

    assert neovim.text() == "third\nfirst\nsecond\n" + effect[1:]
    neovim.keys("u")
    neovim.settle()
    assert neovim.text() == LINES


def test_typing_in_insert_mode_loses_no_key(
    neovim: Neovim, fake_server: FakeServer, document: Path
) -> None:
    """Every key typed while edits arrive is in the text; undo ends at the original."""
    neovim.keys("3Gofirst ")
    neovim.settle()
    stream = Stream(fake_server, document)
    keys = ["a", "b", "<CR>", "c", "<BS>", "<BS>", "d", "<CR>", "e"]
    for number, key in enumerate(keys):
        stream.insert_until_applied(0, f"new {number}\n")
        neovim.keys(key)
    while not stream.send(0, "last\n", last=True)["applied"]:
        pass
    neovim.keys("<CR>f<Esc>j")
    neovim.settle()
    assert neovim.lua("return vim.on_key()") == 0, "nothing watches keys when all is over"

    added = "".join(f"new {number}\n" for number in reversed(range(9)))
    lines = LINES.replace("line 2\n", "line 2\nfirst abd\ne\nf\n")
    assert neovim.text().removeprefix("last\n") == added + lines
    neovim.keys("u")
    neovim.settle()
    assert neovim.text() == LINES.replace("line 2\n", "line 2\nfirst \n")
    neovim.keys("u")
    neovim.settle()
    assert neovim.text() == LINES


@pytest.mark.parametrize("pending", ["d", "2", '"a', ":normal ", "v", "R", "<C-v>", "q:"])
def test_keys_in_progress_are_not_disturbed(
    neovim: Neovim, fake_server: FakeServer, document: Path, pending: str
) -> None:
    """An edit that arrives in the middle of a command neither ends nor changes it."""
    neovim.keys("G" + pending)
    before = neovim.call("nvim_get_mode")
    stream = Stream(fake_server, document)
    if before["blocking"]:  # Neovim handles no message before the next key.
        neovim.keys("k")
    else:
        stream.insert_until_applied(0, "new\n")
        assert neovim.call("nvim_get_mode") == before
    neovim.keys("<Esc><Esc>:q<CR>" if pending == "q:" else "<Esc><Esc>")
    stream.insert_until_applied(0, "newer\n")
    assert neovim.text().startswith("newer\n")


def test_undo_during_the_stream_stops_it(
    neovim: Neovim, fake_server: FakeServer, document: Path
) -> None:
    """`u` while edits arrive takes them back, and asks the server to stop."""
    stream = Stream(fake_server, document)
    stream.insert_until_applied(0, "first\n")
    stream.insert_until_applied(1, "second\n")
    neovim.keys("u")
    neovim.settle()
    assert neovim.text() == LINES

    stream.insert(2, "stale\n")
    assert not stream.insert(2, "third\n")
    assert neovim.text() == LINES
    cancelled = fake_server.wait("workspace/executeCommand")
    assert cancelled == {"command": "glm.cancel", "arguments": [{"job": "job-1"}]}
    assert neovim.lua("return vim.on_key()") == 0
    assert stream.insert(0, "restored\n"), "what the server restores must still get in"
    assert neovim.messages().count("E") == 0


@pytest.mark.parametrize("version", [999, -5])
def test_refuses_edits_for_another_version(
    neovim: Neovim, fake_server: FakeServer, document: Path, version: int
) -> None:
    """A stale or a future version changes nothing, and says so."""
    assert not Stream(fake_server, document).insert(0, "new\n", version=version)
    assert neovim.text() == LINES


def test_refuses_the_first_version_once_the_text_has_changed(
    neovim: Neovim, fake_server: FakeServer, document: Path
) -> None:
    """The version a document was opened with is checked like any other."""
    opened = fake_server.versions[document.as_uri()]
    neovim.keys("x")
    neovim.settle()
    assert not Stream(fake_server, document).insert(0, "new\n", version=opened)


def test_tells_the_server_what_changed_before_it_answers(
    neovim: Neovim, fake_server: FakeServer, document: Path
) -> None:
    """The change an edit makes is notified before the edit is answered."""
    before = len(fake_server.all("textDocument/didChange"))
    assert Stream(fake_server, document).insert(0, "new\n")
    assert len(fake_server.all("textDocument/didChange")) == before + 1


def test_edits_a_buffer_that_is_not_shown(
    neovim: Neovim, fake_server: FakeServer, document: Path, tmp_path: Path
) -> None:
    """A stream goes on in the background, still as one undo step."""
    other = tmp_path / "other.py"
    other.write_text("x = 1\n")
    stream = Stream(fake_server, document)
    assert stream.insert(0, "first\n")
    neovim.lua("vim.o.hidden = true")
    neovim.edit(other)
    fake_server.wait("textDocument/didOpen", 2)
    neovim.keys("ix<Esc>")
    neovim.settle()
    assert stream.insert(1, "second\n")
    assert stream.insert(2, "third\n")
    assert neovim.text() == "xx = 1\n"

    neovim.edit(document)
    assert neovim.text() == "first\nsecond\nthird\n" + LINES
    neovim.keys("u")
    neovim.settle()
    assert neovim.text() == LINES


def test_explanation_streams_beside_the_code(
    neovim: Neovim, fake_server: FakeServer, document: Path
) -> None:
    """The Markdown grows in its own window; the cursor stays in the code."""
    place = {"job": "7", "uri": document.as_uri(), "title": "Explain 100 % of it"}
    window = neovim.lua("return vim.api.nvim_get_current_win()")
    for delta in ("# What it ", "does\n\nIt **cou", "nts**.\r\n"):
        fake_server.notify("glm/explanation", {**place, "delta": delta, "done": False})
    fake_server.notify("glm/explanation", {**place, "delta": "Done.", "done": True})

    found = neovim.wait("return require('glm.explanation').window()")
    neovim.wait("return vim.wo[...].winbar:find('…') == nil", found)
    buffer = neovim.lua("return vim.api.nvim_win_get_buf(...)", found)
    assert neovim.text(buffer) == "# What it does\n\nIt **counts**.\nDone.\n"
    assert neovim.lua("return vim.bo[...].filetype", buffer) == "markdown"
    assert neovim.lua("return vim.api.nvim_get_current_win()") == window
    screen = neovim.screen()
    assert "Explain 100 % of it" in screen
    assert "line 0" in screen
    assert "counts" in screen

    neovim.keys("<C-w>wq")
    neovim.settle()
    assert neovim.lua("return #vim.api.nvim_tabpage_list_wins(0)") == 1
    assert fake_server.all("workspace/executeCommand") == []


def test_closing_an_explanation_cancels_it(neovim: Neovim, fake_server: FakeServer) -> None:
    """Nobody pays for words that nobody reads; late ones open no window again."""
    fake_server.notify("glm/explanation", {"job": "7", "delta": "It", "done": False})
    neovim.wait("return require('glm.explanation').window()")
    neovim.keys("<C-w>wq")
    params = fake_server.wait("workspace/executeCommand")
    assert params["arguments"] == [{"job": "7"}]

    fake_server.notify("glm/explanation", {"job": "7", "delta": " goes on", "done": False})
    fake_server.notify("glm/explanation", {"job": "7", "delta": "", "done": True})
    fake_server.notify("glm/status", {"state": "ready"})
    neovim.wait("return require('glm').status() ~= ''")
    assert neovim.lua("return #vim.api.nvim_tabpage_list_wins(0)") == 1
    assert neovim.messages() == ""


@pytest.mark.parametrize(
    ("status", "text"),
    [
        ({"state": "ready", "model": "glm-5.1"}, "GLM"),
        ({"state": "working"}, "GLM ●"),
        ({"state": "error", "message": "No API key"}, "GLM ✗ No API key"),
        ({"state": "limited", "message": "Wait 3 s"}, "GLM ! Wait 3 s"),
        ({"state": "off"}, "GLM off"),
    ],
    ids=lambda value: value["state"] if isinstance(value, dict) else "",
)
def test_status_for_a_statusline(
    neovim: Neovim, fake_server: FakeServer, status: dict[str, Any], text: str
) -> None:
    """A statusline that calls `status()` shows what the server last said."""
    neovim.lua("vim.o.laststatus, vim.o.statusline = 2, [[%{v:lua.require'glm'.status()}]]")
    assert neovim.lua("return require('glm').status()") == ""
    fake_server.notify("glm/status", status)
    assert neovim.wait("local s = require('glm').status() return s ~= '' and s") == text
    assert neovim.screen().split("\n")[-2].strip() == text


def test_commands_say_what_and_where(
    neovim: Neovim, fake_server: FakeServer, document: Path
) -> None:
    """`:Glm` sends the command with the lines it was given, or the cursor."""
    for line in (
        ":2,3Glm explain<CR>",
        ":5Glm refactor simplify<CR>",
        ":Glm edit make it async<CR>",
    ):
        neovim.keys(line)
    fake_server.wait("workspace/executeCommand", 3)
    explain, refactor, edit = fake_server.all("workspace/executeCommand")
    assert explain["command"] == "glm.explain"
    assert explain["arguments"] == [
        {
            "uri": document.as_uri(),
            "range": {
                "start": {"line": 1, "character": 0},
                "end": {"line": 2, "character": len("line 2")},
            },
        }
    ]
    assert refactor["arguments"][0]["preset"] == "simplify"
    assert edit["command"] == "glm.edit"
    assert edit["arguments"][0]["instruction"] == "make it async"
    neovim.keys(":Glm nonsense<CR>")
    neovim.settle()
    assert "no command “nonsense”" in neovim.messages()


def test_commands_about_a_change_find_its_job(
    neovim: Neovim, fake_server: FakeServer, document: Path
) -> None:
    """`:Glm undo` means the change at the cursor, else the last one in the file."""
    command = {"title": "", "command": "glm.reject", "arguments": [{"job": "near"}]}
    listed = [{"title": "GLM: Undo", "command": command}]
    fake_server.answers["textDocument/codeAction"] = listed
    neovim.keys(":Glm undo<CR>")
    assert fake_server.wait("workspace/executeCommand") == {
        "command": "glm.reject",
        "arguments": [{"job": "near"}],
    }
    fake_server.answers["textDocument/codeAction"] = []
    Stream(fake_server, document).send(0, "new\n", last=True)
    neovim.keys(":Glm retry<CR>")
    assert fake_server.wait("workspace/executeCommand", 2) == {
        "command": "glm.retry",
        "arguments": [{"job": "job-1"}],
    }


def test_fix_sends_the_diagnostics_of_the_lines(neovim: Neovim, fake_server: FakeServer) -> None:
    """`:Glm fix` carries what other servers found on the lines, and nothing else."""
    neovim.lua(
        """
        local namespace = vim.api.nvim_create_namespace('linter')
        vim.diagnostic.set(namespace, 0, {
          { lnum = 0, col = 0, message = 'elsewhere' },
          { lnum = 3, col = 5, message = 'undefined name', source = 'linter' },
        })
        """
    )
    neovim.keys(":4Glm fix<CR>")
    argument = fake_server.wait("workspace/executeCommand")["arguments"][0]
    assert [found["message"] for found in argument["diagnostics"]] == ["undefined name"]


def offer(fake_server: FakeServer, text: str, start: int, end: int) -> None:
    """Let the server offer ghost text for a range of the first line."""
    item = {
        "insertText": text,
        "range": {"start": {"line": 0, "character": start}, "end": {"line": 0, "character": end}},
        "command": {"title": "", "command": "glm.completionAccepted", "arguments": ["id"]},
    }
    fake_server.answers["textDocument/inlineCompletion"] = {"items": [item]}


def test_ghost_text_is_accepted_with_tab(neovim: Neovim, fake_server: FakeServer) -> None:
    """Ghost text appears while typing, Tab takes it, and the server hears of it."""
    offer(fake_server, "x = compute(\n    1)", 0, 1)
    neovim.keys("ggOx")
    neovim.wait(GHOST)
    assert "x = compute(" in neovim.screen()
    neovim.keys("<Tab>")
    neovim.wait("return vim.api.nvim_get_current_line() == '    1)'")
    assert neovim.text() == "x = compute(\n    1)\n" + LINES
    accepted = fake_server.wait("workspace/executeCommand")
    assert accepted["arguments"] == ["id"]


def test_ghost_text_typed_along_is_not_doubled(neovim: Neovim, fake_server: FakeServer) -> None:
    """Characters of the suggestion that the user typed are not inserted again."""
    offer(fake_server, "compute()", 0, 0)
    neovim.keys("ggO")
    neovim.wait(GHOST)
    fake_server.answers.clear()
    neovim.keys("com<Tab>")
    neovim.wait("return vim.api.nvim_get_current_line() == 'compute()'")


def test_ghost_text_that_no_longer_fits_is_not_inserted(
    neovim: Neovim, fake_server: FakeServer
) -> None:
    """After other characters Tab is Tab again."""
    offer(fake_server, "compute()", 0, 0)
    neovim.keys("ggO")
    neovim.wait(GHOST)
    fake_server.answers.clear()
    neovim.keys("other<Tab>")
    neovim.wait("return vim.api.nvim_get_current_line():match('^other%s+$') ~= nil")


def test_ghost_text_by_the_word(neovim: Neovim, fake_server: FakeServer) -> None:
    """The next word alone can be taken, without reporting the whole as accepted."""
    offer(fake_server, "compute(value)", 0, 0)
    neovim.keys("ggO")
    neovim.wait(GHOST)
    neovim.lua("require('glm').accept('word')")
    neovim.wait("return vim.api.nvim_get_current_line() == 'compute'")
    assert fake_server.all("workspace/executeCommand") == []


def test_tab_is_tab_where_there_is_no_ghost_text(neovim: Neovim) -> None:
    """The accept key falls back to itself."""
    neovim.keys("ggO<Tab>x<Esc>")
    neovim.settle()
    assert neovim.text().splitlines()[0].strip() == "x"
    assert neovim.text()[0] in " \t"


GHOST = """
local namespace = vim.api.nvim_get_namespaces()['nvim.lsp.inline_completion']
return namespace and #vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, {}) > 0
"""


def test_a_mapping_of_the_users_stays(
    tmp_path: Path, document: Path, fake_server: FakeServer, editor: Callable[[str], Found]
) -> None:
    """Where the user has mapped Tab, the plugin leaves it, and the health check says so."""
    editor("nvim")
    init = fake_server.init_lua + "vim.keymap.set('i', '<Tab>', 'mine')\n"
    with Neovim(tmp_path / "home", init) as neovim:
        neovim.edit(document)
        fake_server.wait("textDocument/didOpen")
        neovim.keys("ggO<Tab><Esc>")
        neovim.settle()
        assert neovim.text().startswith("mine\n")
        neovim.lua("vim.cmd('checkhealth glm')")
        assert "<Tab> is mapped by you" in neovim.text()


def test_settings_reach_the_server_from_the_start(
    tmp_path: Path, document: Path, fake_server: FakeServer, editor: Callable[[str], Found]
) -> None:
    """`setup` takes options and the server's configuration; both get where they belong."""
    editor("nvim")
    init = fake_server.init_lua + (
        "require('glm').setup({ accept = '<C-y>',"
        " lsp = { settings = { glm = { provider = 'zai' } } } })\n"
    )
    with Neovim(tmp_path / "home", init) as neovim:
        neovim.edit(document)
        fake_server.wait("textDocument/didOpen")
        assert fake_server.initialize["initializationOptions"] == {"provider": "zai"}
        asked = {"items": [{"section": "glm"}]}
        assert fake_server.request("workspace/configuration", asked) == [{"provider": "zai"}]
        assert neovim.lua("return require('glm.completion').owner('<C-y>')") == "glm"
        assert neovim.lua("return require('glm.completion').owner('<Tab>')") == "neovim"


def test_health_is_good(neovim: Neovim, fake_server: FakeServer) -> None:
    """`:checkhealth glm` finds nothing wrong where nothing is."""
    fake_server.notify("glm/status", {"state": "ready", "model": "glm-5.1"})
    neovim.wait("return require('glm').status() ~= ''")
    neovim.lua("vim.cmd('checkhealth glm')")
    report = neovim.text()
    assert "It says: ready, glm-5.1" in report
    assert "<Tab> accepts ghost text" in report
    assert "ERROR" not in report
    assert "WARNING" not in report


def test_a_missing_server_is_said_once(
    tmp_path: Path, document: Path, editor: Callable[[str], Found]
) -> None:
    """Without the server one message names the remedy, and the health check repeats it."""
    editor("nvim")
    init = "vim.lsp.config('glm', { cmd = { 'no-such-server' } })\nvim.g.glm = { acept = 1 }\n"
    with Neovim(tmp_path / "home", init) as neovim:
        neovim.edit(document)
        other = tmp_path / "other.py"
        other.touch()
        neovim.edit(other)
        neovim.wait("return vim.fn.execute('messages'):find('not on PATH') ~= nil")
        assert neovim.messages().count("not on PATH") == 1
        neovim.lua("vim.cmd('checkhealth glm')")
        assert "ERROR no-such-server is not on PATH" in neovim.text()
        assert "vim.g.glm.acept is not an option" in neovim.text()


def test_help_is_found(neovim: Neovim) -> None:
    """`:help glm` opens the manual, and every tag it names exists."""
    neovim.lua("vim.cmd('helptags ALL')")
    neovim.lua("vim.cmd('help glm')")
    links = set(re.findall(r"\|([^| ]+)\|", neovim.text()))
    assert len(links) > 10
    for link in links:
        neovim.lua("vim.cmd.help(...)", link)

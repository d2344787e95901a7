"""The rest of the plugin alone: real Neovim, and a server that says what the test wants."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.editors.neovim import PLUGIN, Neovim
from tests.editors.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.editors.fake_server import FakeServer
    from tests.editors.setup_editors import Found

pytestmark = pytest.mark.editor

LINES = "".join(f"line {number}\n" for number in range(12))


def test_announces_its_messages(neovim: Neovim, fake_server: FakeServer) -> None:
    """The server learns at start which of its own messages are understood."""
    names = ("applyEdit", "changes", "context", "explanation", "status")
    announced = fake_server.initialize["capabilities"]["experimental"]["glm"]
    assert announced == dict.fromkeys(names, True)
    assert neovim.messages() == ""


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


def test_context_is_what_other_tools_say(
    neovim: Neovim, fake_server: FakeServer, document: Path
) -> None:
    """The server is told every other tool's diagnostics of the document, never its own."""
    neovim.lua(
        """
        vim.api.nvim_buf_set_lines(0, 3, 4, true, { 'tête = 1' })
        local function say(namespace, diagnostic)
          vim.diagnostic.set(vim.api.nvim_create_namespace(namespace), 0, { diagnostic })
        end
        say('linter', { lnum = 3, col = 0, end_lnum = 3, end_col = 5, message = 'bad name',
          source = 'linter', code = 'N1', severity = 2 })
        say('nvim.lsp.pyright.7', { lnum = 11, col = 0, message = 'not a statement' })
        local own = vim.lsp.diagnostic.get_namespace(vim.lsp.get_clients({ name = 'glm' })[1].id)
        vim.diagnostic.set(own, 0, { { lnum = 1, col = 0, message = 'our own' } })
        """
    )
    answer = fake_server.request("glm/context", {"uri": document.as_uri(), "positions": []})
    assert answer["definitions"] == answer["hovers"] == []
    first, second = answer["diagnostics"]
    assert first == {
        "range": {"start": {"line": 3, "character": 0}, "end": {"line": 3, "character": 5}},
        "severity": 2,
        "message": "bad name",
        "source": "linter",
        "code": "N1",
    }
    assert second["message"] == "not a statement"
    elsewhere = {"uri": document.with_name("closed.py").as_uri(), "positions": []}
    assert fake_server.request("glm/context", elsewhere)["diagnostics"] == []


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
        assert neovim.lua("return require('glm.keys').owner('<C-y>')") == "glm"
        assert neovim.lua("return require('glm.keys').owner('<Tab>')") == "neovim"


def test_health_is_good(neovim: Neovim, fake_server: FakeServer) -> None:
    """`:checkhealth glm` finds nothing wrong where nothing is."""
    fake_server.notify("glm/status", {"state": "ready", "model": "glm-5.1"})
    neovim.wait("return require('glm').status() ~= ''")
    neovim.lua("vim.cmd('checkhealth glm')")
    report = neovim.text()
    assert "GLM: ready. Model: glm-5.1." in report
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


_OLD = """
for name, health in pairs({ v07 = false, v08 = true, v10 = true }) do
  local said = {}
  local function say(kind)
    return function(text) said[#said + 1] = kind .. ' ' .. text end
  end
  local prefix = name == 'v10' and '' or 'report_'
  local functions = {}
  for _, kind in ipairs({ 'start', 'ok', 'info', 'warn', 'error' }) do
    functions[prefix .. kind] = say(kind)
  end
  package.loaded['glm.health'] = nil
  vim.health, package.loaded['health'] = health and functions or false, functions
  vim.lsp.config, vim.lsp.enable, vim.system, vim.spairs = nil, nil, nil, nil
  vim.version = function() return { major = 0, minor = tonumber(name:sub(2)), patch = 1 } end
  vim.fn.has = function() return 0 end
  require('glm.health').check()
  vim.g[name] = said
end
return { vim.g.v07, vim.g.v08, vim.g.v10 }
"""


def test_the_health_check_runs_on_old_versions(neovim: Neovim) -> None:
    """A Neovim that is too old has its functions elsewhere, lacks many, and is told."""
    for said, minor in zip(neovim.lua(_OLD), (7, 8, 10), strict=True):
        too_old = f"error Neovim 0.{minor}.1 is too old: glm does nothing in it"
        assert said == ["start glm: Neovim", too_old]


@pytest.mark.parametrize("way", ["package", "runtimepath"])
def test_help_is_found(
    tmp_path: Path, editor: Callable[[str], Found], way: str, fake_server: FakeServer
) -> None:
    """`:help glm` opens the manual however it was installed, and every tag it names exists."""
    editor("nvim")
    init = f"vim.opt.runtimepath:append('{PLUGIN}')\n" if way == "runtimepath" else ""
    with Neovim(tmp_path / "home", fake_server.init_lua + init) as neovim:
        if way == "runtimepath":
            neovim.lua("vim.fn.delete(vim.fn.stdpath('data') .. '/site/pack', 'rf')")
        help_of_glm(neovim)


def test_our_tags_are_neovims(neovim: Neovim) -> None:
    """Who runs `:helptags`, as plugin managers do, changes no file of the checkout."""
    (found,) = neovim.lua("return vim.api.nvim_get_runtime_file('doc/glm.txt', true)")
    tags = Path(found).with_name("tags")
    ours = tags.read_text("utf-8")
    tags.unlink()
    neovim.lua("vim.cmd.helptags(...)", str(tags.parent))
    assert tags.read_text("utf-8") == ours


def help_of_glm(neovim: Neovim) -> None:
    neovim.lua("vim.cmd('help glm')")
    links = set(re.findall(r"\|([^| ]+)\|", neovim.text()))
    assert len(links) > 10
    for link in links:
        neovim.lua("vim.cmd.help(...)", link)

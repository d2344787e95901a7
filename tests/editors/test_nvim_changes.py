"""The plugin's `glm/changes`: what GLM wrote is highlighted, and each part can be named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.editors.neovim import Neovim
from tests.editors.stream import hunk, list_changes, made, offered

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.editors.fake_server import FakeServer
    from tests.editors.setup_editors import Found

pytestmark = pytest.mark.editor

ADDED = hunk(1, 1, 3, "", "line 1\nline 2\n")
CHANGED = hunk(2, 5, 6, "line five\n", "line 5\n")
REMOVED = hunk(3, 8, 8, "gone\n", "")
CHANGE = made("simplify", ADDED, CHANGED, REMOVED)

_SHOWN = """
local namespace = vim.api.nvim_get_namespaces()['glm.changes']
local found = {}
for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { details = true })) do
  if mark[4].line_hl_group then
    for row = mark[2], mark[4].end_row do
      found[row + 1] = mark[4].line_hl_group
    end
  end
end
local lines = vim.api.nvim_buf_get_lines(0, 0, -1, true)
local shown = {}
for row, line in ipairs(lines) do
  if found[row] then shown[#shown + 1] = line .. ': ' .. found[row] end
end
return shown
"""


def shown(neovim: Neovim) -> list[str]:
    """Return the highlighted lines, each with its highlight."""
    found: list[str] = neovim.lua(_SHOWN) or []
    return found


ALL = ["line 1: GlmAdded", "line 2: GlmAdded", "line 5: GlmChanged"]


def test_what_glm_wrote_is_highlighted(
    neovim: Neovim, fake_server: FakeServer, document: Path
) -> None:
    """Lines that are new and lines that became others show it, as long as the list says so."""
    list_changes(fake_server, document, CHANGE)
    assert shown(neovim) == ALL
    cells = "return vim.iter({ 1, 2, 3, 4, 6 }):map(function(row) return %s end):totable()"
    plain, added, more, end, changed = neovim.lua(cells % "vim.fn.screenattr(row, 50)")
    assert added == more
    assert len({plain, added, changed}) == 3
    assert plain == end

    list_changes(fake_server, document, made("simplify", CHANGED))
    assert shown(neovim) == ["line 5: GlmChanged"]
    list_changes(fake_server, document)
    assert shown(neovim) == []
    list_changes(fake_server, document, offered("simplify", ADDED))
    assert shown(neovim) == [], "what is only offered is not GLM's yet"


@pytest.mark.parametrize(
    "keys",
    ["ggOnew<CR>lines<Esc>", "ggdd", "1GJ", "3Gonew<Esc>", "2GOnew<Esc>", "5GAmore<CR><Esc>"],
)
def test_highlights_move_with_the_text(
    neovim: Neovim, fake_server: FakeServer, document: Path, keys: str
) -> None:
    """Where the user inserts and deletes lines, the marks stay at GLM's lines."""
    list_changes(fake_server, document, CHANGE)
    neovim.keys(keys)
    neovim.settle()
    expected = ALL[1:] if keys == "1GJ" else ALL
    assert [line for line in shown(neovim) if line in ALL] == expected
    assert len(shown(neovim)) <= 3


@pytest.mark.parametrize("keys", ["ggOnew<CR>lines<Esc>", "ggdd", "3Gonew<Esc>", "4Gdd2GOx<Esc>"])
def test_a_list_for_an_earlier_version_is_put_where_its_lines_are(
    neovim: Neovim, fake_server: FakeServer, document: Path, keys: str
) -> None:
    """The user was quicker than the server: the highlights come to the right lines all the same."""
    seen = fake_server.versions[document.as_uri()]
    neovim.keys(keys)
    neovim.settle()
    list_changes(fake_server, document, CHANGE, version=seen)
    assert shown(neovim) == ALL


def test_a_place_that_is_not_known_is_not_guessed(
    neovim: Neovim, fake_server: FakeServer, document: Path
) -> None:
    """After hundreds of keys nothing new is put on old rows; what was shown stays or goes."""
    seen = fake_server.versions[document.as_uri()]
    list_changes(fake_server, document, made("simplify", ADDED, CHANGED))
    for _ in range(110):
        neovim.keys("ggOX<Esc>")
    neovim.settle()
    new = hunk(4, 6, 7, "line six\n", "line 6\n")
    list_changes(fake_server, document, made("simplify", ADDED, new), version=seen)
    assert shown(neovim) == ALL[:2]


def test_highlights_can_be_switched_off(
    tmp_path: Path, document: Path, fake_server: FakeServer, editor: Callable[[str], Found]
) -> None:
    """Without highlights the parts are still known."""
    editor("nvim")
    init = fake_server.init_lua + "vim.g.glm = { highlight = false }\n"
    with Neovim(tmp_path / "home", init) as neovim:
        neovim.edit(document)
        fake_server.wait("textDocument/didOpen")
        list_changes(fake_server, document, CHANGE)
        assert shown(neovim) == []
        neovim.keys("2G:Glm undo hunk<CR>")
        assert arguments(fake_server) == {"job": "simplify", "hunk": 1}


def test_highlights_outlive_a_colour_scheme(neovim: Neovim) -> None:
    """A user's own colours win, and a colour scheme brings the links back."""
    neovim.lua("vim.cmd('highlight GlmChanged guibg=#123456'); vim.cmd.colorscheme('habamax')")
    assert neovim.lua("return vim.api.nvim_get_hl(0, { name = 'GlmAdded' }).link") == "DiffAdd"


def test_highlights_go_with_the_server(
    neovim: Neovim, fake_server: FakeServer, document: Path
) -> None:
    """Nobody could keep or undo them any more."""
    list_changes(fake_server, document, CHANGE, offered("fix", hunk(1, 9, 10, "line 9\n", "x\n")))
    fake_server.break_off()
    neovim.wait("return #vim.lsp.get_clients({ name = 'glm' }) == 0")
    assert shown(neovim) == []
    assert "Fix" not in neovim.screen().replace("glm: Fix", "")
    assert neovim.lua("return vim.fn.maparg('<C-y>', 'n')") == ""


@pytest.mark.parametrize(
    ("keys", "command", "number"),
    [
        pytest.param("3G:Glm keep hunk<CR>", "glm.accept", 1, id="added lines"),
        pytest.param("6G:Glm undo hunk<CR>", "glm.reject", 2, id="a changed line"),
        pytest.param("9G:Glm retry hunk<CR>", "glm.retry", 3, id="below removed lines"),
        pytest.param("8G:Glm retry hunk<CR>", "glm.retry", 3, id="above removed lines"),
        pytest.param("ggOx<Esc>7G:Glm undo hunk<CR>", "glm.reject", 2, id="moved"),
        pytest.param(":6Glm undo hunk<CR>", "glm.reject", 2, id="a line that is named"),
    ],
)
def test_one_part_at_the_cursor(
    neovim: Neovim, fake_server: FakeServer, document: Path, keys: str, command: str, number: int
) -> None:
    """With the word "hunk" a command is about the part at the cursor."""
    list_changes(fake_server, document, CHANGE)
    neovim.keys(keys)
    assert arguments(fake_server) == {"job": "simplify", "hunk": number}
    assert fake_server.all("workspace/executeCommand")[0]["command"] == command


@pytest.mark.parametrize(
    ("keys", "lines"),
    [
        (":Glm next hunk<CR>", [2, 6, 9, 2]),
        (":Glm previous hunk<CR>", [9, 6, 2, 9]),
        (":nmap ]g <lt>Plug>(GlmNextHunk)<CR>3G]g", [6, 6]),
    ],
)
def test_from_part_to_part(
    neovim: Neovim, fake_server: FakeServer, document: Path, keys: str, lines: list[int]
) -> None:
    """One goes from change to change, around the end, and back by CTRL-O."""
    neovim.keys(":Glm next hunk<CR>")
    neovim.wait("return vim.fn.execute('messages'):find('no change of GLM in this file') ~= nil")
    list_changes(fake_server, document, CHANGE)
    for line in lines:
        neovim.keys(keys)
        neovim.settle()
        assert neovim.lua("return vim.fn.line('.')") == line
    neovim.keys("gg")
    neovim.keys("<C-o>")
    neovim.settle()
    assert neovim.lua("return vim.fn.line('.')") == lines[-1]


def test_what_stood_there_before(neovim: Neovim, fake_server: FakeServer, document: Path) -> None:
    """`:Glm diff` shows the old lines above the new ones, part by part, and hides them again."""
    neovim.keys(":Glm diff<CR>")
    neovim.wait("return vim.fn.execute('messages'):find('no change of GLM in this file') ~= nil")
    first = hunk(4, 0, 1, "line zero\nline half\n", "line 0\n")
    list_changes(fake_server, document, made("simplify", first, CHANGED, REMOVED))
    neovim.keys(":Glm diff<CR>")
    neovim.settle()
    rows = neovim.screen().split("\n")
    assert rows[:3] == ["line zero", "line half", "line 0"]
    at = rows.index("line five")
    assert rows[at - 1 : at + 2] == ["line 4", "line five", "line 5"]
    at = rows.index("gone")
    assert rows[at - 1 : at + 2] == ["line 7", "gone", "line 8"]
    neovim.keys("ggOnew<Esc>")
    fake_server.wait("textDocument/didChange")
    list_changes(fake_server, document, made("simplify", hunk(2, 6, 7, "line five\n", "line 5\n")))
    rows = neovim.screen().split("\n")
    assert "gone" not in rows
    assert rows[rows.index("line five") + 1] == "line 5"
    neovim.keys(":Glm diff<CR>")
    neovim.settle()
    assert "line five" not in neovim.screen()
    assert neovim.text() == "new\n" + "".join(f"line {number}\n" for number in range(12))


def test_what_was_decided_is_said(neovim: Neovim, fake_server: FakeServer, document: Path) -> None:
    """Keep, undo and cancel end with a word, once it is so."""
    list_changes(fake_server, document, CHANGE)
    fake_server.answers["textDocument/codeAction"] = [
        {"title": "", "command": {"title": "", "command": name, "arguments": [{"job": "simplify"}]}}
        for name in ("glm.accept", "glm.reject")
    ]
    fake_server.answers["workspace/executeCommand"] = lambda params: (
        params["command"] == "glm.cancel" or None
    )
    for command, words in {
        "keep hunk": "glm: the part is kept",
        "undo hunk": "glm: the part is taken back",
        "keep": "glm: the change is kept",
        "undo": "glm: the change is taken back",
        "cancel": "glm: cancelled",
    }.items():
        neovim.keys(f":messages clear<CR>3G:Glm {command}<CR>")
        neovim.wait("return vim.fn.execute('messages'):find('glm:') ~= nil")
        assert neovim.messages() == words


def test_where_there_is_no_part(neovim: Neovim, fake_server: FakeServer, document: Path) -> None:
    """A line of nobody's, another word, and a server that lists nothing: one sentence each."""
    neovim.keys("12G:Glm undo hunk<CR>")
    list_changes(fake_server, document, CHANGE)
    neovim.keys("12G:Glm keep hunk<CR>:Glm keep hank<CR>:Glm apply<CR>")
    neovim.settle()
    messages = neovim.messages()
    assert messages.count("glm: there is no part of a change of GLM at this line") == 2
    assert "glm: “hank” is not “hunk”" in messages
    assert "glm: nothing is offered in this file" in messages
    assert fake_server.all("workspace/executeCommand") == []


def test_completion_of_the_command(neovim: Neovim) -> None:
    """The second word is offered after the names that take it, and only there."""
    complete = "return vim.fn.getcompletion(..., 'cmdline')"
    assert neovim.lua(complete, "Glm undo ") == ["hunk"]
    assert neovim.lua(complete, "Glm keep h") == ["hunk"]
    assert neovim.lua(complete, "Glm next ") == ["edit", "hunk"]
    assert neovim.lua(complete, "Glm explain ") == []
    words = ["refactor", "refuse", "report", "restart", "retry", "review"]
    assert neovim.lua(complete, "Glm re") == words


def arguments(server: FakeServer) -> Any:
    """Wait for a command and return its argument."""
    return server.wait("workspace/executeCommand")["arguments"][0]

"""`:Glm edit` asks beside the code, remembers, and means the place where one asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.editors.neovim import Neovim

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.editors.fake_server import FakeServer
    from tests.editors.setup_editors import Found

pytestmark = pytest.mark.editor

LINES = "".join(f"line {number}\n" for number in range(12))
OPENED = "return vim.bo.filetype == 'glmprompt' and vim.api.nvim_get_mode().mode == 'i'"
CLOSED = "return #vim.api.nvim_tabpage_list_wins(0) == 1"


def ask(neovim: Neovim, keys: str = ":Glm edit<CR>") -> None:
    """Open the window and wait until one can type."""
    neovim.keys(keys)
    neovim.wait(OPENED)


def asked(server: FakeServer, count: int = 1) -> Any:
    """Wait for a command and return its argument."""
    params = server.wait("workspace/executeCommand", count)
    assert params["command"] == "glm.edit"
    return params["arguments"][0]


def point(line: int, character: int) -> dict[str, int]:
    return {"line": line, "character": character}


def test_the_window_is_at_the_cursor(neovim: Neovim, fake_server: FakeServer) -> None:
    """One sees the code, types below it and presses return; the cursor has not moved."""
    ask(neovim, "4G0fe:Glm edit<CR>")
    neovim.keys("make it async")
    neovim.settle()
    rows = neovim.screen().split("\n")
    at = next(row for row, line in enumerate(rows) if "make it async" in line)
    assert "What should GLM do?" in rows[at - 1]
    assert rows[at - 2] == "line 3"
    assert "<CR> asks" in rows[at + 1]
    assert rows[at].index("make") == len("lin") + 1
    neovim.keys("<CR>")
    argument = asked(fake_server)
    assert argument["instruction"] == "make it async"
    assert argument["range"] == {"start": point(3, 3), "end": point(3, 3)}
    neovim.wait(CLOSED)
    assert neovim.lua("return vim.api.nvim_win_get_cursor(0)") == [4, 3]
    assert neovim.lua("return vim.api.nvim_get_mode().mode") == "n"
    assert neovim.text() == LINES
    assert neovim.messages() == ""


def test_the_window_is_above_where_there_is_no_room_below(neovim: Neovim) -> None:
    """At the end of the screen the code stays in sight, too."""
    neovim.keys(":call append(0, range(60))<CR>Gzb")
    ask(neovim)
    neovim.keys("shorter")
    neovim.settle()
    rows = neovim.screen().split("\n")
    at = next(row for row, line in enumerate(rows) if "shorter" in line)
    assert "line 11" in rows[at + 2]


def test_selected_lines_are_shown(neovim: Neovim, fake_server: FakeServer) -> None:
    """The lines it is about are marked while one types, and not afterwards."""
    ask(neovim, "3GVj:Glm edit<CR>")
    namespace = "vim.api.nvim_get_namespaces()['glm.prompt']"
    marks = f"return #vim.api.nvim_buf_get_extmarks({{}}, {namespace}, 0, -1, {{{{}}}})"
    code = neovim.lua("return vim.fn.winbufnr(1)")
    assert neovim.lua(marks.format(code)) == 2
    neovim.keys("tidy<CR>")
    assert asked(fake_server)["range"] == {"start": point(2, 0), "end": point(3, 6)}
    neovim.wait(CLOSED)
    assert neovim.lua(marks.format(code)) == 0


def test_it_is_about_the_place_where_one_asked(neovim: Neovim, fake_server: FakeServer) -> None:
    """What changes above it while one types, or waits for the server, moves it."""
    neovim.lua("vim.api.nvim_buf_set_lines(0, 4, 5, true, { 'tête = 1' })")
    ask(neovim, "5G0f=:Glm edit<CR>")
    neovim.lua("vim.api.nvim_buf_set_lines(vim.fn.winbufnr(1), 0, 1, true, { 'a', 'b', 'c' })")
    neovim.keys("two<CR>")
    column = len("tête ".encode())
    assert asked(fake_server)["range"] == {"start": point(6, column), "end": point(6, column)}


def test_earlier_instructions_come_back(neovim: Neovim, fake_server: FakeServer) -> None:
    """Up shows them, from the command line too, Down leads back to what is being typed."""
    neovim.keys(":Glm edit first<CR>")
    ask(neovim)
    neovim.keys("second<CR>")
    asked(fake_server, 2)
    neovim.wait(CLOSED)
    ask(neovim)
    neovim.keys("dra")
    for key, text in (
        ("<Up>", "second"),
        ("<Up>", "first"),
        ("<Up>", "first"),
        ("<Down>", "second"),
        ("<Down>", "dra"),
        ("ft", "draft"),
        ("<C-p>", "second"),
    ):
        neovim.keys(key)
        neovim.settle()
        assert neovim.text() == text + "\n"
    neovim.keys(" and third<CR>")
    assert asked(fake_server, 3)["instruction"] == "second and third"


@pytest.mark.parametrize("keys", ["<Esc><Esc>", "<C-c>", "<Esc>q", "<C-\\><C-n><C-w>w"])
def test_left_without_an_answer(neovim: Neovim, fake_server: FakeServer, keys: str) -> None:
    """Nothing is asked, and what was typed is the first of the earlier ones."""
    ask(neovim, "4G0fe:Glm edit<CR>")
    neovim.keys("half a thought" + keys)
    neovim.wait(CLOSED)
    assert fake_server.all("workspace/executeCommand") == []
    assert neovim.lua("return vim.api.nvim_win_get_cursor(0)") == [4, 3]
    assert neovim.lua("return vim.api.nvim_get_mode().mode") == "n"
    ask(neovim)
    neovim.keys("<Up>")
    neovim.settle()
    assert neovim.text() == "half a thought\n"
    neovim.keys("<C-u><CR>")
    neovim.wait(CLOSED)
    assert fake_server.all("workspace/executeCommand") == []


def test_asked_while_inserting(neovim: Neovim, fake_server: FakeServer) -> None:
    """From Insert mode one comes back to it, at the same place."""
    ask(neovim, "4GA!<Cmd>Glm edit<CR>")
    neovim.keys("why<CR>")
    asked(fake_server)
    neovim.wait("return vim.api.nvim_get_mode().mode == 'i' and vim.bo.filetype == 'python'")
    neovim.keys("?<Esc>")
    neovim.settle()
    assert neovim.text() == LINES.replace("line 3", "line 3!?")


def test_a_long_instruction(neovim: Neovim, fake_server: FakeServer) -> None:
    """The window grows with it, and several lines are one instruction."""
    ask(neovim)
    neovim.keys("words " * 25)
    neovim.wait("return vim.api.nvim_win_get_height(0) == 3")
    neovim.keys("<Esc>omore<CR>")
    instruction = asked(fake_server)["instruction"]
    assert instruction.endswith("words \nmore")


def test_another_way_of_asking(
    tmp_path: Path, document: Path, fake_server: FakeServer, editor: Callable[[str], Found]
) -> None:
    """`prompt = 'ui'` asks as `vim.ui.input` does, which others replace."""
    editor("nvim")
    init = fake_server.init_lua + (
        "vim.g.glm = { prompt = 'ui' }\n"
        "vim.ui.input = function(options, done) done(options.prompt .. 'x') end\n"
    )
    with Neovim(tmp_path / "home", init) as neovim:
        neovim.edit(document)
        fake_server.wait("textDocument/didOpen")
        neovim.keys(":Glm edit<CR>")
        assert asked(fake_server)["instruction"] == "What should GLM do? x"
        neovim.lua("vim.g.glm = { prompt = 'flaot' }")
        problems = neovim.lua("return require('glm.config').problems()")
        assert problems == ["vim.g.glm.prompt should be one of float, ui"]


def test_the_history_outlives_neovim(
    tmp_path: Path, document: Path, fake_server: FakeServer, editor: Callable[[str], Found]
) -> None:
    """It is kept where Neovim keeps what was typed on its command line."""
    editor("nvim")
    with Neovim(tmp_path / "home", fake_server.init_lua) as neovim:
        neovim.edit(document)
        fake_server.wait("textDocument/didOpen")
        neovim.keys(":Glm edit first<CR>")
        asked(fake_server)
        neovim.lua("vim.cmd.wshada()")
    with Neovim(tmp_path / "home") as neovim:
        assert neovim.lua("return vim.g.GLM_HISTORY") == ["first"]


def test_nobody_types_for_nothing(neovim: Neovim) -> None:
    """Where nothing can be done that is said before one is asked."""
    neovim.keys(":help<CR>:Glm edit<CR>")
    neovim.wait("return vim.fn.execute('messages'):find('this buffer is not a file') ~= nil")
    assert neovim.lua("return vim.bo.filetype") == "help"

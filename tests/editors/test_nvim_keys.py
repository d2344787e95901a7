"""The keys of ghost text: what they do where there is none, whose they are, and older Neovims."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.editors.glm_in_neovim import GHOST, offer
from tests.editors.neovim import Neovim

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.editors.fake_server import FakeServer
    from tests.editors.setup_editors import Found

pytestmark = pytest.mark.editor

INLINE = "textDocument/inlineCompletion"
LINES = "".join(f"line {number}\n" for number in range(12))
PLUGS = ["Accept", "AcceptLine", "AcceptWord", "Suggest", "Next", "Previous", "Dismiss"]


def test_without_ghost_text_a_key_is_what_it_is(neovim: Neovim) -> None:
    """A key keeps its own meaning; one that would insert its name or end the mode does nothing."""
    neovim.lua("vim.bo.autoindent, vim.bo.indentexpr = false, ''")
    neovim.lua("vim.cmd('inoreabbrev teh the')")
    typed = {
        "<C-e>": ("a<C-e>x", "aix"),
        "<C-]>": ("teh<C-]>x", "thex"),
        "<C-Right>": ("ab cd<Home><C-Right>x", "ab xcd"),
        "<CR>": ("a<CR>x", "a\nx"),
        "<C-v>": ("a<C-v>\tx", "a\tx"),
    }
    alone = ["<M-Right>", "<M-x>", "<M-C-x>", "<F5>", "<S-F2>", "<D-x>", "<C-l>", "<C-_>", "<C-;>"]
    typed.update({key: (f"a{key}x", "ax") for key in alone})
    for key, (keys, text) in typed.items():
        neovim.lua("vim.g.glm = { next = ... } require('glm.keys').map()", key)
        neovim.lua("vim.api.nvim_buf_set_lines(0, 0, -1, true, ...)", LINES.split("\n")[:-1])
        neovim.keys(f"ggO{keys}")
        neovim.settle()
        assert (key, neovim.text()) == (key, f"{text}\n{LINES}")
        assert neovim.lua("return vim.api.nvim_get_mode().mode") == "i"
        neovim.keys("<Esc>")
        neovim.settle()


def test_tab_expands_an_abbreviation(neovim: Neovim) -> None:
    """Tab ends a word, as it does where it is not mapped."""
    neovim.lua("vim.cmd('inoreabbrev teh the') vim.bo.expandtab = false")
    neovim.keys("ggOteh<Tab>x<Esc>")
    neovim.settle()
    assert neovim.text() == "the\tx\n" + LINES


def test_keys_of_the_users_stay(
    tmp_path: Path, document: Path, fake_server: FakeServer, editor: Callable[[str], Found]
) -> None:
    """Each key can be chosen, left out or the user's own; the health check lists them all."""
    editor("nvim")
    init = fake_server.init_lua + (
        "vim.g.glm = { next = '<C-l>', suggest = false, previous = true, dismiss = 7 }\n"
        "vim.keymap.set('i', '<M-Right>', 'mine')\n"
    )
    with Neovim(tmp_path / "home", init) as neovim:
        neovim.edit(document)
        fake_server.wait("textDocument/didOpen")
        neovim.keys("ggO<M-Right><Esc>")
        neovim.settle()
        assert neovim.text().startswith("mine\n")
        owner = "return require('glm.keys').owner(...)"
        assert neovim.lua(owner, "<C-l>") == neovim.lua(owner, "<M-[>") == "glm"
        assert neovim.lua(owner, r"<M-\>") is None
        neovim.lua("vim.cmd('checkhealth glm')")
        report = neovim.text()
        assert "<C-l> shows the next suggestion" in report
        assert "<M-Right> is mapped by you; <Plug>(GlmAcceptWord) accepts its next word" in report
        assert "No key asks for suggestions; <Plug>(GlmSuggest) does" in report
        assert "vim.g.glm.previous should be a key" in report
        assert "vim.g.glm.dismiss should be a key" in report


def test_commands_do_what_the_keys_do(neovim: Neovim, fake_server: FakeServer) -> None:
    """`:Glm suggest` and the like are for mappings of Insert mode, and say so elsewhere."""
    offer(fake_server, "compute()", 0, 0)
    neovim.keys("ggO")
    neovim.wait(GHOST)
    neovim.keys("<Cmd>Glm next<CR>")
    asked = fake_server.wait(INLINE, 2)
    assert asked["context"]["triggerKind"] == 1
    neovim.keys("<Cmd>Glm previous<CR><Cmd>Glm dismiss<CR>")
    neovim.settle()
    assert not neovim.lua(GHOST)
    neovim.keys("<Cmd>Glm suggest<CR>")
    neovim.wait(GHOST)
    neovim.keys("<Esc>:Glm suggest<CR>")
    neovim.settle()
    assert "suggestions are for Insert mode" in neovim.messages()


def test_ghost_text_that_is_off(neovim: Neovim, fake_server: FakeServer) -> None:
    """Switched off, no key asks; switched on again, they all work as before."""
    offer(fake_server, "compute()", 0, 0)
    neovim.keys(r":Glm completion<CR>ggO<M-\><M-]>")
    neovim.wait("return vim.fn.execute('messages'):find('ghost text is off') ~= nil")
    assert fake_server.all(INLINE) == []
    neovim.keys("<Esc>u:Glm completion<CR>ggO")
    neovim.wait(GHOST)
    neovim.keys("<M-Right>")
    neovim.settle()
    assert neovim.lua(GHOST) == "()"


def test_a_neovim_with_other_parts(neovim: Neovim, fake_server: FakeServer) -> None:
    """Without Neovim's own parts one sentence says so, and ghost text works as Neovim has it."""
    neovim.lua(
        """
        vim.cmd('Glm completion')
        package.loaded['vim.lsp._capability'] = { all = {} }
        vim.cmd('Glm completion')
        """
    )
    offer(fake_server, "compute(value)", 0, 0)
    neovim.keys("ggO")
    neovim.wait(GHOST)
    neovim.keys(r"<M-\>")
    neovim.wait("return vim.fn.execute('messages'):find('cannot be asked') ~= nil")
    neovim.keys("<M-]>")
    neovim.settle()
    assert "compute(value) (1/1)" in neovim.screen()
    neovim.keys("<C-]>")
    neovim.wait("return not (function() ... end)()".replace("...", GHOST))
    neovim.keys("<Space><BS>")
    neovim.wait(GHOST)
    fake_server.answers.clear()
    neovim.keys("com<M-Right>")
    neovim.wait("return vim.api.nvim_get_current_line() == 'compute'")
    assert fake_server.all("workspace/executeCommand") == []
    neovim.keys("<Esc>u:checkhealth glm<CR>")
    neovim.settle()
    assert "shows it in a way of its own" in neovim.text()


@pytest.mark.parametrize("plug", PLUGS)
def test_a_neovim_without_ghost_text_is_quiet(neovim: Neovim, plug: str) -> None:
    """Where Neovim has none, the mappings do nothing and say nothing; a command says why."""
    neovim.lua("require('glm.completion').available = function() return false end")
    neovim.lua("vim.keymap.set('i', '<F9>', ..., { remap = true })", f"<Plug>(Glm{plug})")
    neovim.keys("ggO<F9>x<Esc>")
    neovim.settle()
    assert neovim.text() == "x\n" + LINES
    assert neovim.messages() == ""
    neovim.keys(":Glm next<CR>")
    neovim.settle()
    assert neovim.messages() == "glm: ghost text needs Neovim 0.12"


def test_a_neovim_that_lacks_one_part(neovim: Neovim, fake_server: FakeServer) -> None:
    """One part that is missing is as if all were: nothing fails while typing."""
    neovim.lua(
        """
        vim.cmd('Glm completion')
        local kind = require('vim.lsp._capability').all.inline_completion
        package.loaded['vim.lsp._capability'] = { all = { inline_completion = setmetatable(
          { get_item = false, active = kind.active }, { __index = kind }) } }
        vim.cmd('Glm completion')
        """
    )
    offer(fake_server, "compute()", 0, 0)
    neovim.keys("ggO")
    neovim.wait(GHOST)
    assert neovim.lua("return require('glm.ghost').is_possible()") is False
    neovim.keys("com<Tab>")
    neovim.wait("return vim.api.nvim_get_current_line() == 'compute()'")
    assert neovim.lua("return vim.v.errmsg") == ""

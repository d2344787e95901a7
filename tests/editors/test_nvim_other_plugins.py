"""With other plugins: menus of nvim-cmp and blink.cmp, lualine, and mappings to <Plug>.

These plugins are not here: what stands in for each has the functions and events that it
documents, and calls ours as it would.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.editors.glm_in_neovim import INLINE, kinds, offers, shows, shows_none

if TYPE_CHECKING:
    from pathlib import Path

    from tests.editors.fake_server import FakeServer
    from tests.editors.neovim import Neovim

pytestmark = pytest.mark.editor

LINES = "".join(f"line {number}\n" for number in range(12))

CMP = """
local listeners = {}
package.loaded['cmp'] = {
  visible = function() return vim.g.open == true end,
  close = function() vim.g.open = false end,
  event = { on = function(_, name, call) listeners[name] = call end },
}
function Menu(open)
  vim.g.open = open
  listeners[open and 'menu_opened' or 'menu_closed']({})
end
"""
BLINK = """
package.loaded['blink.cmp'] = {
  is_menu_visible = function() return vim.g.open == true end,
  hide = function() vim.g.open = false end,
}
function Menu(open)
  vim.g.open = open
  local pattern = open and 'BlinkCmpMenuOpen' or 'BlinkCmpMenuClose'
  vim.api.nvim_exec_autocmds('User', { pattern = pattern })
end
"""


@pytest.mark.parametrize("plugin", [CMP, BLINK], ids=["nvim-cmp", "blink.cmp"])
def test_ghost_text_hides_under_a_menu_of_a_plugin(
    neovim: Neovim, fake_server: FakeServer, plugin: str
) -> None:
    """While the menu is there nothing is shown and asked; then it is back, or called for."""
    neovim.lua(plugin)
    offers(fake_server, ["one()"], ["two()"])
    neovim.keys("ggO")
    shows(neovim, "one()")
    neovim.lua("Menu(true)")
    shows_none(neovim, 0.05)
    asked = len(fake_server.all(INLINE))
    offers(fake_server, ["ne()"], ["wo()"])
    neovim.keys("o")
    shows_none(neovim)
    assert len(fake_server.all(INLINE)) == asked
    neovim.lua("Menu(false)")
    shows(neovim, "ne()")
    neovim.lua("Menu(true)")
    shows_none(neovim, 0.05)
    neovim.keys(r"<M-\>")
    shows(neovim, "wo()")
    assert neovim.lua("return vim.g.open") is False
    neovim.lua("vim.g.glm = { with_popup = true } Menu(true)")
    shows(neovim, "wo()")


SOURCES = {
    "nvim-cmp": """
        local manual, entry = ...
        local source = require('glm.sources.cmp').new()
        vim.g.positions = source:get_position_encoding_kind()
        assert(source:is_available())
        if entry then
          source:execute(entry, function() vim.g.done = true end)
          return
        end
        local context = { option = { reason = manual and 'manual' or 'auto' } }
        source:complete({ context = context }, function(response)
          vim.g.entries = response.items
        end)
    """,
    "blink.cmp": """
        local manual, entry = ...
        local source = require('glm.sources.blink').new({})
        assert(source:enabled())
        if entry then
          local function done() vim.g.done = true end
          source:execute({}, entry, done, function() vim.g.inserted = true end)
          return
        end
        local trigger = { initial_kind = manual and 'manual' or 'keyword' }
        vim.g.entries = nil
        source:get_completions({ bufnr = 0, trigger = trigger }, function(response)
          vim.g.entries = response.items
        end)
    """,
}


@pytest.mark.parametrize("plugin", SOURCES)
@pytest.mark.parametrize("manual", [False, True])
def test_suggestions_in_a_menu(
    neovim: Neovim, fake_server: FakeServer, plugin: str, *, manual: bool
) -> None:
    """An entry begins with the word at the cursor, inserts exactly the text, and says so."""
    neovim.lua("require('glm.completion').toggle(0)")
    neovim.keys("ggOtête = ret)<Left>")
    neovim.settle()
    offers(fake_server, ["urn_of(\n    one,\n)"], ["urn_of(2)"], rest=1)
    neovim.lua(SOURCES[plugin], manual)
    (entry,) = neovim.wait("return vim.g.entries")
    assert kinds(fake_server)[-1] == (1 if manual else 2)
    text = "return_of(2)" if manual else "return_of(\n    one,\n)"
    assert entry["label"] == ("return_of(2)" if manual else "return_of( …")
    assert entry["filterText"].startswith("ret")
    assert entry["textEdit"]["newText"] == text
    assert text in entry["documentation"]["value"]
    neovim.lua(
        "vim.lsp.util.apply_text_edits({ (...).textEdit }, vim.fn.bufnr(), 'utf-8')",
        entry,
    )
    assert neovim.text() == f"tête = {text}\n" + LINES
    neovim.lua(SOURCES[plugin], manual, entry)
    assert neovim.lua("return vim.g.done") is True
    taken = fake_server.wait("workspace/executeCommand")
    assert taken["command"] == "glm.completionAccepted"


def test_no_menu_entries_without_a_server(neovim: Neovim) -> None:
    """A menu is not kept waiting where there is no server."""
    neovim.keys(":help<CR>")
    neovim.settle()
    for name in ("cmp:is_available", "blink:enabled"):
        module, method = name.split(":")
        assert neovim.lua(f"return require('glm.sources.{module}').new():{method}()") is False
    assert neovim.lua(
        "local got require('glm.menu').ask(0, true, function(e) got = e end) return #got == 0"
    )


LUALINE = """
local Component = {}
Component.__index = Component
function Component:extend()
  local class = setmetatable({ super = self }, self)
  class.__index = class
  return class
end
function Component:init(options) self.options = options end
package.loaded['lualine.component'] = Component
Glm = setmetatable({}, require('lualine.components.glm'))
Glm:init({ component_name = 'glm' })
"""


@pytest.mark.parametrize(
    ("status", "text", "colour"),
    [
        ({"state": "ready"}, "GLM", None),
        ({"state": "working"}, "GLM ●", None),
        ({"state": "error", "message": "100 % spent"}, "GLM ✗ 100 %% spent", "DiagnosticError"),
        ({"state": "limited", "message": "Wait"}, "GLM ! Wait", "DiagnosticWarn"),
    ],
)
def test_a_component_for_lualine(
    neovim: Neovim, fake_server: FakeServer, status: dict[str, Any], text: str, colour: str | None
) -> None:
    """`lualine_x = { 'glm' }` shows the state, in the colours of diagnostics."""
    neovim.lua(LUALINE)
    assert neovim.lua("return Glm:update_status()") == ""
    fake_server.notify("glm/status", status)
    neovim.wait("return Glm:update_status() ~= ''")
    assert neovim.lua("return Glm:update_status()") == text
    assert neovim.lua("return Glm.options.color()") == colour
    neovim.lua("vim.o.laststatus, vim.o.statusline = 2, Glm:update_status()")
    assert neovim.screen().split("\n")[-2] == text.replace("%%", "%")


def test_every_action_has_a_plug(neovim: Neovim, fake_server: FakeServer, document: Path) -> None:
    """A key of the user's for each: of the place in Normal mode, of the lines in Visual mode."""
    names = neovim.lua("return require('glm.keys').commands")
    known = neovim.lua("return vim.fn.getcompletion('Glm ', 'cmdline')")
    ours = {name.split()[0] for name in names.values()}
    ghost = {"suggest", "dismiss"}
    switches = {"restart", "log", "enable", "disable", "model"}
    assert set(known) == ours | ghost | switches
    neovim.lua(
        """
        vim.keymap.set({ 'n', 'x' }, 'gX', '<Plug>(GlmExplain)')
        vim.keymap.set({ 'n', 'x' }, 'gS', '<Plug>(GlmSimplify)')
        """
    )
    neovim.keys("4GgX")
    assert fake_server.wait("workspace/executeCommand")["command"] == "glm.explain"
    neovim.keys("2GVjgS")
    argument = fake_server.wait("workspace/executeCommand", 2)["arguments"][0]
    assert argument["preset"] == "simplify"
    assert argument["range"]["start"]["line"] == 1
    assert argument["range"]["end"]["line"] == 2
    for name in names:
        for mode in "nx":
            assert neovim.lua("return vim.fn.maparg(...)", f"<Plug>({name})", mode), name

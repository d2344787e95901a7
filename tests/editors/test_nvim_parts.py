"""Taking a suggestion in parts, what follows it, and the popup menu: in a real Neovim."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.editors.glm_in_neovim import (
    GHOST,
    INLINE,
    offers,
    shows,
    shows_none,
)

if TYPE_CHECKING:
    from tests.editors.fake_server import FakeServer
    from tests.editors.neovim import Neovim

pytestmark = pytest.mark.editor

LINES = "".join(f"line {number}\n" for number in range(12))


def test_words_are_taken_as_fast_as_the_key_is_pressed(
    neovim: Neovim, fake_server: FakeServer
) -> None:
    """Each press takes the next word, the rest is shown at once, and the server is told."""
    offers(fake_server, ["one(two, drei äöü)\n  end"], [], rest=1)
    neovim.keys("ggO]<Left>")
    shows(neovim, "one(two, drei äöü)\n  end")
    fake_server.answers[INLINE] = None
    neovim.keys("<M-Right><M-Right>")
    neovim.settle()
    assert neovim.lua("return vim.api.nvim_get_current_line()") == "one(]"
    assert neovim.lua(GHOST) == "two, drei äöü)\n  end"
    neovim.keys("<M-Right>" * 4)
    neovim.settle()
    assert neovim.lua(GHOST) == ")\n  end"
    told = fake_server.wait("textDocument/didPartiallyAcceptCompletion", 6)
    assert told["acceptedLength"] == len("one(two, drei äöü")
    assert told["item"]["command"]["arguments"] == ["one(two, drei äöü)\n  end"]
    assert fake_server.all("workspace/executeCommand") == []
    neovim.keys("<M-C-Right><M-C-Right>")
    neovim.wait("return vim.api.nvim_get_current_line() == '  end'")
    assert fake_server.wait("workspace/executeCommand")["arguments"] == [told["item"]["insertText"]]
    neovim.keys("<Esc>jyyP0D.u")
    neovim.settle()
    assert neovim.text().startswith("one(two, drei äöü)\n  end\n")


def test_words_are_repeated_as_one_insert(neovim: Neovim, fake_server: FakeServer) -> None:
    """`.` and `u` take what was typed, and what was accepted word by word, together."""
    offers(fake_server, ["one two three"], [])
    neovim.keys("ggO")
    shows(neovim, "one two three")
    neovim.keys("o<M-Right><M-Right>!<Esc>")
    neovim.settle()
    assert neovim.text() == "one two!\n" + LINES
    neovim.keys("G.")
    neovim.settle()
    assert neovim.text() == "one two!\n" + LINES.replace("line 11", "one two!\nline 11")
    neovim.keys("uu")
    neovim.settle()
    assert neovim.text() == LINES


def test_the_next_question_goes_out_with_the_acceptance(
    neovim: Neovim, fake_server: FakeServer
) -> None:
    """After Tab no timer is waited for, the server knows the text, and is asked once."""
    offers(fake_server, ["one()"], [])
    neovim.keys("ggO")
    shows(neovim, "one()")
    neovim.lua(
        """
        vim.g.began = 0
        vim.api.nvim_create_autocmd('LspRequest', { callback = function(event)
          local request = event.data.request
          if request.type == 'pending' and request.method:find('inlineCompletion') then
            vim.g.waited = vim.uv.hrtime() / 1e6 - vim.g.began
          end
        end })
        vim.on_key(function(_, key)
          if key == '\\t' and vim.g.began == 0 then vim.g.began = vim.uv.hrtime() / 1e6 end
        end)
        """
    )
    offers(fake_server, ["two()"], [])
    neovim.keys("<Tab>")
    shows(neovim, "two()")
    assert neovim.lua("return vim.g.waited") < 100
    methods = [method for method, _ in fake_server.received]
    asked = max(index for index, method in enumerate(methods) if method == INLINE)
    assert methods[asked - 2 : asked] == ["textDocument/didChange", "workspace/executeCommand"]
    shown = neovim.lua("return vim.uri_from_bufnr(0)")
    assert fake_server.texts[shown][fake_server.versions[shown]] == "one()\n" + LINES
    time.sleep(0.3)
    assert len(fake_server.all(INLINE)) == 2


@pytest.mark.parametrize("with_popup", [False, True])
def test_the_popup_menu_has_the_place(
    neovim: Neovim, fake_server: FakeServer, *, with_popup: bool
) -> None:
    """While the menu is there nothing is shown and asked, unless wanted; after it all is back."""
    neovim.lua("vim.g.glm = { with_popup = ... }", with_popup)
    neovim.lua("vim.o.completeopt = 'menu,menuone,noinsert,noselect'")
    offers(fake_server, ["line()"], ["two()"])
    neovim.keys("ggO")
    shows(neovim, "line()")
    offers(fake_server, ["ine()"], ["two()"])
    neovim.keys("l")
    fake_server.wait(INLINE, 2)
    shows(neovim, "ine()")
    neovim.keys("<C-n>")
    neovim.wait("return vim.fn.pumvisible() == 1")
    asked = len(fake_server.all(INLINE))
    if with_popup:
        shows(neovim, "ine()")
        neovim.keys("<Tab>")
        neovim.wait("return vim.api.nvim_get_current_line() == 'line()'")
        assert neovim.lua("return vim.fn.pumvisible()") == 0
        return
    shows_none(neovim)
    assert len(fake_server.all(INLINE)) == asked
    neovim.keys("<C-x><C-z>")
    shows(neovim, "ine()")
    neovim.keys("<C-n>")
    neovim.wait("return vim.fn.pumvisible() == 1")
    neovim.keys(r"<M-\><M-]>")
    shows(neovim, "two()")
    assert neovim.lua("return vim.fn.pumvisible()") == 0
    neovim.keys("<Esc>")
    neovim.settle()
    assert neovim.text() == "l\n" + LINES


def test_a_popup_menu_of_a_plugin(neovim: Neovim, fake_server: FakeServer) -> None:
    """Menus that open and close without a change of the text or of the cursor count as well."""
    neovim.lua("vim.o.completeopt = 'menuone,noinsert,noselect'")
    offers(fake_server, ["one()"], [])
    neovim.keys("ggO")
    shows(neovim, "one()")
    offers(fake_server, ["ne()"], [])
    neovim.keys("o")
    fake_server.wait(INLINE, 2)
    shows(neovim, "ne()")
    for column, key in [(2, "<C-e>"), (1, "<C-y>"), (1, "<C-x><C-z>"), (2, "<C-y>")]:
        neovim.lua("vim.fn.complete(..., { 'others', 'over' })", column)
        shows_none(neovim, 0.05)
        assert "others" in neovim.screen()
        neovim.keys(key)
        shows(neovim, "ne()")
    neovim.lua("vim.fn.complete(1, { 'others' })")
    neovim.keys("<C-n><C-y><Esc>")
    neovim.settle()
    assert neovim.text() == "others\n" + LINES

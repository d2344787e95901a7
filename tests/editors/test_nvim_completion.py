"""The plugin's ghost text: real Neovim, and a server that offers what the test wants."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.editors.glm_in_neovim import GHOST, offer

if TYPE_CHECKING:
    from tests.editors.fake_server import FakeServer
    from tests.editors.neovim import Neovim

pytestmark = pytest.mark.editor

LINES = "".join(f"line {number}\n" for number in range(12))


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

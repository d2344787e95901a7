"""What the user sees before and after accepting is the same: the screen of a real Neovim."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.editors.glm_in_neovim import GHOST, offer

if TYPE_CHECKING:
    from tests.editors.fake_server import FakeServer
    from tests.editors.neovim import Neovim

pytestmark = pytest.mark.editor

PLACES = [
    ("print(¦)  # show", "width)", 1),
    ("print(wid¦) + 1", "th)", 1),
    ("f(g(¦)) + h(1)", "a, b) or k(", 1),
    ("a(¦é)é", "bé)", 3),
    ("a = [¦][0]", "1] + [2]", 1),
    ("if x == (¦):", "1, 2):", 2),
    ("d[%¦%]", "a%b%", 1),
    ("f(¦)", "漢字, ß)", 1),
    ("xs[0]¦, ys", "[1]", 0),
    ("¦return x", "reset()\n", 0),
    ("¦return x", "return y  # ", 0),
    ("foo(¦)", "\n  a,\n)", 1),
    ("foo(¦)  # c", "\n  a,\n)", 1),
    ("f(¦)\tx\ty", "1)\ng(", 1),
    ("f(¦a\tlong\ttail)", "\n  ", 0),
    ("f(¦abc) + d", "x", 3),
    ("  ¦", "x = 1\n  y = 2", 0),
]


def test_what_is_seen_is_what_comes(neovim: Neovim, fake_server: FakeServer) -> None:
    """Nothing behind the cursor is covered, doubled or shown where it will not be."""
    neovim.lua("vim.bo.expandtab, vim.o.showmode, vim.o.ruler = false, false, false")
    neovim.lua("vim.o.laststatus, vim.bo.indentexpr = 0, ''")
    for marked, text, replaced in PLACES:
        before, _, behind = marked.partition("¦")
        lines = [before + behind, "end"]
        neovim.lua("vim.api.nvim_buf_set_lines(0, 0, -1, true, ...)", lines)
        column = len(before.encode())
        offer(fake_server, text, column, column + replaced)
        neovim.lua("vim.api.nvim_win_set_cursor(0, { 1, ... })", column)
        neovim.keys("i" if behind else "A")
        neovim.wait(GHOST)
        seen = neovim.screen()
        fake_server.answers.clear()
        neovim.keys("<Tab>")
        neovim.settle()
        rest = behind.encode()[replaced:].decode()
        assert neovim.text() == f"{before}{text}{rest}\nend\n"
        assert (marked, seen) == (marked, neovim.screen())
        neovim.keys("<Esc>")
        neovim.settle()

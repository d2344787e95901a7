"""Next edits in a real Neovim with the real server: seen, gone to, made, refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.editors.glm_in_neovim import INIT
from tests.editors.neovim import Neovim
from tests.editors.real_server import environ

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.editors.setup_editors import Found

pytestmark = pytest.mark.editor

SOURCE = """\
def mean(total, count):
    if count == 0:
        return 0
    return total / count
"""
MARKS = """
local namespace = vim.api.nvim_get_namespaces()['glm.next_edit']
return #vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, {})
"""

INDEXED = """
local client = vim.lsp.get_clients({ name = 'glm' })[1]
local answer = client:request_sync('workspace/executeCommand', { command = 'glm.status' }, 5000)
return answer ~= nil and answer.result ~= nil and answer.result.index ~= vim.NIL
"""


@pytest.fixture
def mean(tmp_path: Path, editor: Callable[[str], Found]) -> Iterator[Neovim]:
    """Yield a Neovim in which the parameter `count` was just renamed."""
    editor("nvim")
    path = tmp_path / "mean.py"
    path.write_text(SOURCE)
    with Neovim(tmp_path / "home", INIT, environ=environ()) as neovim:
        neovim.edit(path)
        neovim.wait("return #vim.lsp.get_clients({ name = 'glm', bufnr = 0 }) == 1")
        neovim.keys("gg/count<CR>ciwitem_count<Esc>")
        neovim.wait(f"return (function() {MARKS} end)() > 0")
        yield neovim


def test_it_is_seen_gone_to_and_made(mean: Neovim) -> None:
    """The line as it would be is shown below; one key goes there, the next makes it."""
    screen = mean.screen()
    assert "↓ next edit, line 2" in screen
    assert "if item_count == 0:  You changed “count” to “item_count” in one place." in screen
    mean.keys(":Glm next edit<CR>")
    mean.wait("return vim.fn.line('.') == 2")
    assert "if count == 0:" in mean.text(), "going there changes nothing"
    mean.keys(":Glm next edit<CR>")
    mean.wait("return vim.fn.getline(2) == '    if item_count == 0:'")
    mean.wait(f"return (function() {MARKS} end)() > 0")
    mean.keys("<Plug>(GlmNextEdit)")
    mean.wait("return vim.fn.line('.') == 4")
    mean.keys("<Plug>(GlmNextEdit)")
    mean.wait("return vim.fn.getline(4) == '    return total / item_count'")
    mean.keys("u")
    mean.wait("return vim.fn.getline(4) == '    return total / count'")
    assert "if item_count == 0:" in mean.text(), "each is an undo step"


def test_a_refused_one_is_shown_no_more(mean: Neovim) -> None:
    """And `:Glm next edit` says that nothing waits."""
    mean.keys(":Glm dismiss edit<CR>")
    mean.wait(f"return (function() {MARKS} end)() == 0")
    mean.keys(":Glm next edit<CR>")
    mean.wait("return vim.fn.execute('messages'):find('nothing waits') ~= nil")
    assert mean.text() == SOURCE.replace("count)", "item_count)", 1)


def test_it_goes_while_somebody_types(mean: Neovim) -> None:
    """In Insert mode nothing is in the way."""
    mean.keys("Go# more")
    mean.wait(f"return (function() {MARKS} end)() == 0")
    mean.keys("<Esc>")
    mean.wait(f"return (function() {MARKS} end)() > 0")


def test_it_leads_to_another_file(tmp_path: Path, editor: Callable[[str], Found]) -> None:
    """What is renamed where it is defined waits where it is imported; one key leads there."""
    editor("nvim")
    root = tmp_path / "work"
    (root / ".git").mkdir(parents=True)
    (root / "shapes.py").write_text("def draw_shape(shape):\n    return shape\n")
    (root / "use.py").write_text("from shapes import draw_shape\n\ndraw_shape(1)\n")
    with Neovim(tmp_path / "home", INIT, environ=environ()) as neovim:
        neovim.edit(root / "shapes.py")
        neovim.wait("return #vim.lsp.get_clients({ name = 'glm', bufnr = 0 }) == 1")
        neovim.keys("gg/draw_shape<CR>ciwdraw_form<Esc>")
        neovim.wait(INDEXED)
        neovim.keys("A <Esc>")  # It was looked for before the index was ready.
        neovim.wait(f"return (function() {MARKS} end)() > 0")
        assert "→ next edit, use.py line 1" in neovim.screen()
        neovim.keys(":Glm next edit<CR>")
        neovim.wait("return vim.fn.expand('%:t') == 'use.py' and vim.fn.line('.') == 1")
        neovim.wait(f"return (function() {MARKS} end)() > 0")
        assert "from shapes import draw_form" in neovim.screen()
        neovim.keys(":Glm next edit<CR>")
        neovim.wait("return vim.fn.getline(1) == 'from shapes import draw_form'")
        neovim.wait(f"return (function() {MARKS} end)() > 0")
        assert "↓ next edit, line 3" in neovim.screen()

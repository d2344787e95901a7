"""'modified' in Neovim: gone when GLM's change is, and there as long as anything differs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.editors.glm_in_neovim import WORKED, choose, finish, start
from tests.editors.real_server import rewrite_of, through_gateway
from tests.gateway import Gate, Gateway, chat_stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.editors.neovim import Neovim
    from tests.editors.setup_editors import Found

pytestmark = pytest.mark.editor

BEFORE, AFTER = rewrite_of("step", "def run(value):", 6)
REPLY = chat_stream(f"```python\n{AFTER}```", chunk=8)
MODIFIED = "return vim.bo.modified"
STATUSLINE = "vim.o.laststatus, vim.o.statusline = 2, '%f %m'\n"


@pytest.fixture
def path(tmp_path: Path, editor: Callable[[str], Found]) -> Path:
    editor("nvim")
    path = tmp_path / "run.py"
    path.write_text(BEFORE)
    return path


@pytest.fixture
def changed(tmp_path: Path, path: Path) -> Iterator[Neovim]:
    """Yield a Neovim in which GLM has changed the file."""
    with (
        Gateway(REPLY) as gateway,
        start(tmp_path, through_gateway(gateway.base_url), path, STATUSLINE) as neovim,
    ):
        choose(neovim, "GLM: Simplify")
        finish(neovim)
        assert neovim.text() == AFTER
        assert "[+]" in neovim.screen()
        yield neovim


def undone(neovim: Neovim, text: str = BEFORE) -> None:
    """Take GLM's change back and wait until that is said."""
    neovim.keys("gg:Glm undo<CR>")
    neovim.wait("return vim.fn.execute('messages'):find('taken back') ~= nil")
    assert neovim.text() == text


@pytest.mark.parametrize("how", ["cancel", "kill"])
def test_a_change_that_is_stopped_half_way(tmp_path: Path, path: Path, how: str) -> None:
    """Cancelled, or broken off with its server: what it did is gone, and so is the `[+]`."""
    gate = Gate()
    half = len(REPLY.steps) // 2
    with (
        Gateway(REPLY.before(half, gate)) as gateway,
        start(tmp_path, through_gateway(gateway.base_url), path, STATUSLINE) as neovim,
    ):
        choose(neovim, "GLM: Simplify")
        neovim.wait("return vim.fn.search('log.debug', 'nw') > 0")
        assert "[+]" in neovim.screen()
        if how == "cancel":
            neovim.keys(":Glm cancel<CR>")
            neovim.wait(WORKED)
        else:
            neovim.lua(
                "vim.iter(vim.api.nvim_get_proc_children(vim.fn.getpid()))"
                ":each(function(pid) vim.uv.kill(pid, 9) end)"
            )
        neovim.wait("return vim.fn.search('log.debug', 'nw') == 0")
        neovim.wait("return not vim.bo.modified")
        assert neovim.text() == BEFORE
        assert "[+]" not in neovim.screen()
        gate.open()


def test_a_change_that_is_taken_back(changed: Neovim, path: Path) -> None:
    """After `:Glm undo` the file is unmodified, whatever `u` and `<C-r>` do then."""
    undone(changed)
    assert changed.lua(MODIFIED) is False
    assert "[+]" not in changed.screen()
    for keys, text in (("u", AFTER), ("<C-r>", BEFORE), ("uu", BEFORE)):
        changed.keys(keys)
        changed.settle()
        assert changed.text() == text
        assert changed.lua(MODIFIED) is (text != path.read_text())


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        pytest.param("Gotyped<Esc>", BEFORE + "typed\n", id="typed"),
        pytest.param(":set fileformat=dos<CR>", BEFORE, id="other line ends"),
        pytest.param(":write<CR>", BEFORE, id="written"),
        pytest.param(":write<CR>Gox<Esc>dd", BEFORE, id="written and touched"),
    ],
)
def test_what_differs_from_the_file_is_modified(changed: Neovim, keys: str, text: str) -> None:
    """What the user typed, other options, and a file that was written with the change."""
    changed.keys(keys)
    changed.settle()
    undone(changed, text)
    assert changed.lua(MODIFIED) is True


def test_it_was_modified_before(tmp_path: Path, path: Path) -> None:
    """A file with changes of the user's is as modified as it was."""
    with (
        Gateway(REPLY) as gateway,
        start(tmp_path, through_gateway(gateway.base_url), path) as neovim,
    ):
        neovim.keys("Gotyped<Esc>gg")
        neovim.settle()
        choose(neovim, "GLM: Simplify")
        finish(neovim)
        undone(neovim, BEFORE + "typed\n")
        assert neovim.lua(MODIFIED) is True

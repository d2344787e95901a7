"""A user who goes on typing in real Neovim while GLM's edit streams into the same file."""

from __future__ import annotations

import os
import random
import time
from typing import TYPE_CHECKING

import pytest

from tests.editors.glm_in_neovim import choose, finish, start
from tests.editors.real_server import rewrite_of, through_gateway
from tests.gateway import Gate, Gateway, chat_stream

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gateway import Reply

pytestmark = pytest.mark.editor

RUNS = 2 * int(os.environ.get("GLM_TEST_SCALE", "1"))


def slow_stream(code: str) -> tuple[Reply, Gate]:
    """Return an answer that streams for two seconds, and whose end waits for the gate."""
    reply, gate = chat_stream(f"```python\n{code}```", chunk=24).slowly(0.012), Gate()
    return reply.before(len(reply.steps) - 12, gate), gate


TYPED = "every_key_typed_while_GLM_writes_is_kept"


@pytest.mark.parametrize("mode", ["insert", "normal"])
def test_forty_hunks_while_typing(tmp_path: Path, mode: str) -> None:
    """Forty hunks stream while the user types below: nothing is lost, and one `u` is enough."""
    before, after = rewrite_of("step", "def run(value):", 40)
    rest = "\n\ndone = True\n"
    path = tmp_path / "run.py"
    path.write_text(before + rest)
    reply, gate = slow_stream(after)
    with (
        Gateway(reply) as gateway,
        start(tmp_path, through_gateway(gateway.base_url), path) as neovim,
    ):
        changes = neovim.lua("return vim.api.nvim_buf_get_changedtick(0)")
        neovim.keys("gg")
        choose(neovim, "GLM: Simplify")
        neovim.wait("return vim.fn.search('log.debug', 'nw') > 0")
        if mode == "insert":
            neovim.keys("Go")
        for index, key in enumerate(TYPED):
            neovim.keys(f"Go{key}<Esc>" if mode == "normal" else key)
            if index % 6 == 5 and mode == "insert":
                neovim.keys("<CR>")
            time.sleep(0.03)
        gate.open()
        neovim.keys("<Esc>")
        finish(neovim)
        neovim.settle()

        typed = neovim.text().removeprefix(after + rest)
        assert "".join(typed.split()) == TYPED
        assert neovim.text() == after + rest + typed
        assert neovim.lua("return vim.api.nvim_buf_get_changedtick(0)") > changes + 40
        neovim.keys("u")
        neovim.settle()
        assert neovim.text() == before + rest
        assert not neovim.lua("return vim.v.errmsg ~= '' and vim.v.errmsg")


COMMANDS = """
x dd oabc<Esc> Oabc<Esc> yyp J ~ A<Space>tail<Esc> ione<CR>two<BS><BS>x<Esc> p P >> rZ D . gUU
cchello<CR><CR>there<Esc> ivv<Left><Left>w<Up>q<Down>z<Esc> :s/o/0/e<CR> Rabc<CR>def<Esc>
i<C-w><C-u>k<Esc> o<C-r>=1+1<CR><Esc> qaxq @a
""".split()


@pytest.mark.parametrize("seed", range(RUNS))
def test_forty_hunks_among_random_commands(tmp_path: Path, seed: int) -> None:
    """Whatever the user does above and below, the edit is whole, and one `u` takes all back."""
    before, after = rewrite_of("step", "def run(value):", 40)
    above = "".join(f"# above {number}\n" for number in range(8)) + "\n\n"
    below = "\n\n" + "".join(f"# below {number}\n" for number in range(8))
    path = tmp_path / "run.py"
    path.write_text(above + before + below)
    dice = random.Random(seed)  # noqa: S311
    reply, gate = slow_stream(after)
    with (
        Gateway(reply) as gateway,
        start(tmp_path, through_gateway(gateway.base_url), path) as neovim,
    ):
        neovim.lua("vim.bo.indentexpr, vim.bo.autoindent, vim.bo.formatoptions = '', false, ''")
        neovim.keys("/^def run<CR>")
        neovim.settle()
        choose(neovim, "GLM: Simplify")
        neovim.wait("return vim.fn.search('log.debug', 'nw') > 0")
        for _ in range(50):
            line = dice.choice(["2G", "3G", "4G", "G", "Gk"])
            neovim.keys(line + dice.choice(COMMANDS))
            if dice.random() < 0.6:
                time.sleep(dice.random() * 0.08)
        gate.open()
        finish(neovim)
        neovim.settle()

        assert neovim.text().count(after) == 1
        assert "log(value" not in neovim.text()
        neovim.keys("u")
        neovim.settle()
        assert neovim.text() == above + before + below

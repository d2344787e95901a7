"""The server's life in Neovim: it crashes, is stopped, restarted, switched off; and is said to."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from glm_lsp.actions.registry import ACTIONS, REFACTOR
from tests.editors.glm_in_neovim import start
from tests.editors.neovim import Neovim
from tests.editors.real_server import through_gateway
from tests.gateway import Gateway, chat_stream, error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.editors.setup_editors import Found

pytestmark = pytest.mark.editor

CODE = "def one():\n    return 1\n\n\ndef two():\n    return 2\n"
REPLY = chat_stream("```python\ndef two():\n    return 2.0\n```\n")
STATUS = "return require('glm').status()"
PIDS = "return vim.api.nvim_get_proc_children(vim.fn.getpid())"
KILL = """
for _, pid in ipairs(vim.api.nvim_get_proc_children(vim.fn.getpid())) do
  vim.uv.kill(pid, 9)
end
"""
STATUSLINE = "vim.o.laststatus, vim.o.statusline = 2, [[%{v:lua.require'glm'.status()}]]\n"


@pytest.fixture
def path(tmp_path: Path, editor: Callable[[str], Found]) -> Path:
    editor("nvim")
    path = tmp_path / "one.py"
    path.write_text(CODE)
    return path


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with Gateway(REPLY) as gateway:
        yield gateway


@pytest.fixture
def neovim(path: Path, tmp_path: Path, gateway: Gateway) -> Iterator[Neovim]:
    """Yield a Neovim whose server is ready, with a statusline that shows its state."""
    with start(tmp_path, through_gateway(gateway.base_url), path, STATUSLINE) as neovim:
        neovim.wait(f"{STATUS} == 'GLM'")
        yield neovim


def said(neovim: Neovim, text: str) -> None:
    """Wait for a message."""
    neovim.wait("return vim.fn.execute('messages'):find(..., 1, true) ~= nil", text)


def bar(neovim: Neovim) -> str:
    """Return the statusline as it is seen."""
    return neovim.screen().split("\n")[-2].strip()


def test_a_server_that_is_killed_is_started_again(neovim: Neovim, gateway: Gateway) -> None:
    """The state is never that of a server that has gone, and what is asked meanwhile is done."""
    before = neovim.lua(PIDS)
    neovim.lua(KILL)
    neovim.wait(f"{STATUS} == 'GLM …'")
    assert bar(neovim) == "GLM …"
    neovim.keys("6G:Glm refactor<CR>")
    gateway.wait_for_requests(timeout=20)
    neovim.wait("return vim.api.nvim_buf_get_lines(0, 5, 6, false)[1] == '    return 2.0'")
    neovim.wait(f"{STATUS} == 'GLM'")
    assert bar(neovim) == "GLM"
    assert not set(before) & set(neovim.lua(PIDS))


def test_a_server_that_ends_again_and_again_is_left(neovim: Neovim) -> None:
    """After the fifth end within three minutes one sentence says what helps, and it helps."""
    for _ in range(4):
        neovim.lua(KILL)
        neovim.wait(f"{STATUS} == 'GLM …'")
        neovim.wait(f"{STATUS} == 'GLM'")
    neovim.lua(KILL)
    said(neovim, "glm: The server ended 5 times")
    assert "✗ The server ended 5 times: :Glm log may say why, :Glm restart" in bar(neovim)
    assert neovim.lua(PIDS) == []
    neovim.keys(":messages clear<CR>:Glm fix<CR>")
    said(neovim, "glm: no server here; :checkhealth glm says why, :Glm restart tries again")
    neovim.keys(":Glm restart<CR>")
    neovim.wait(f"{STATUS} == 'GLM'")
    neovim.lua(KILL)
    neovim.wait(f"{STATUS} == 'GLM …'")


def test_a_server_that_is_stopped_is_off(neovim: Neovim, gateway: Gateway) -> None:
    """Stopped by hand it stays so and is said to be off; asking for something starts it."""
    neovim.lua("vim.lsp.get_clients({ name = 'glm' })[1]:stop()")
    neovim.wait(f"{STATUS} == 'GLM off'")
    assert bar(neovim) == "GLM off"
    neovim.keys(":Glm status<CR>")
    said(neovim, "GLM: off. The server has ended: :Glm restart starts it again.")
    assert neovim.lua(PIDS) == []
    neovim.keys("6G:Glm refactor<CR>")
    gateway.wait_for_requests(timeout=20)
    neovim.wait("return vim.api.nvim_buf_get_lines(0, 5, 6, false)[1] == '    return 2.0'")


def test_it_is_restarted_at_a_word(neovim: Neovim) -> None:
    """`:Glm restart` brings another process, for the same buffer, and nobody is told of an end."""
    before = neovim.lua(PIDS)
    neovim.keys(":Glm restart<CR>")
    other = PIDS.replace("return ", "return not vim.deep_equal((...), ") + ")"
    neovim.wait(other, before)
    neovim.wait(f"{STATUS} == 'GLM'")
    after = neovim.lua(PIDS)
    assert len(after) == 1
    assert after != before
    assert neovim.lua("return #vim.lsp.get_clients({ name = 'glm', bufnr = 0 })") == 1
    assert neovim.messages() == ""


def test_it_is_switched_off_and_on(neovim: Neovim, path: Path) -> None:
    """`:Glm disable` ends it for old and new files; commands then say so; `:Glm enable`."""
    neovim.keys(":Glm disable<CR>")
    neovim.wait("return #vim.lsp.get_clients({ name = 'glm' }) == 0")
    neovim.wait(f"{STATUS} == 'GLM off'")
    other = path.with_name("two.py")
    other.write_text(CODE)
    neovim.edit(other)
    neovim.keys(":Glm explain<CR>")
    said(neovim, "glm: it is switched off; :Glm enable switches it on")
    neovim.lua("vim.cmd('checkhealth glm')")
    assert "GLM: off. Switched off: :Glm enable switches it on." in neovim.text()
    neovim.lua("vim.cmd.bdelete()")
    assert neovim.lua(PIDS) == []
    neovim.keys(":Glm enable<CR>")
    neovim.wait("return #vim.lsp.get_clients({ name = 'glm', bufnr = 0 }) == 1")
    neovim.wait(f"{STATUS} == 'GLM'")


def test_status_in_sentences(neovim: Neovim, gateway: Gateway) -> None:
    """`:Glm status` and `:Glm` alone say state, model, tokens, and where ghost text is off."""
    neovim.keys("6G:Glm refactor<CR>")
    gateway.wait_for_requests()
    neovim.wait("return vim.api.nvim_buf_get_lines(0, 5, 6, false)[1] == '    return 2.0'")
    neovim.wait(f"{STATUS} == 'GLM'")
    neovim.keys(":Glm<CR>")
    said(neovim, "GLM: ready. Model: glm-5.1 (custom). Today: ")
    neovim.keys(":Glm completion<CR>:Glm status<CR>")
    said(neovim, "Ghost text is off in this buffer: :Glm completion switches it on.")
    assert bar(neovim) == "GLM, no ghost text"
    neovim.keys(":Glm completion<CR>")
    neovim.settle()
    assert bar(neovim) == "GLM"
    neovim.lua("vim.cmd.help()")
    assert neovim.lua(STATUS) == "GLM", "in a window that is no file's it is the server's"


def test_a_busy_service_is_waited_for_in_sight(path: Path, tmp_path: Path) -> None:
    """The state says for whom is waited, and for how long; then it works, and is ready."""
    with (
        Gateway([error(429, "1302", retry_after="2"), REPLY]) as gateway,
        start(tmp_path, through_gateway(gateway.base_url), path, STATUSLINE) as neovim,
    ):
        neovim.keys("6G:Glm refactor<CR>")
        neovim.wait("return require('glm').status():find('^GLM ! Waits for .+, 2 s%.$') ~= nil")
        neovim.wait(f"{STATUS} == 'GLM'")
        assert bar(neovim) == "GLM"
        assert "return 2.0" in neovim.text()


def test_a_language_without_ghost_text(path: Path, tmp_path: Path, gateway: Gateway) -> None:
    """Where a setting switches ghost text off, the state says so, there alone."""
    init = STATUSLINE + (
        "vim.lsp.config('glm', { settings = { glm = {"
        " completion = { disabledLanguages = { 'markdown' } } } } })\n"
    )
    page = tmp_path / "page.md"
    page.write_text("# Page\n")
    with start(tmp_path, through_gateway(gateway.base_url), page, init) as neovim:
        neovim.wait(f"{STATUS} == 'GLM, no ghost text'")
        neovim.keys(":Glm status<CR>")
        said(neovim, "Ghost text is off for markdown: completion.disabledLanguages.")
        neovim.edit(path)
        neovim.wait(f"{STATUS} == 'GLM'")
        assert bar(neovim) == "GLM"
        secret = tmp_path / ".env"
        secret.write_text("NAME=value\n")
        neovim.edit(secret)
        neovim.wait("return #vim.lsp.get_clients({ name = 'glm', bufnr = 0 }) == 1")
        neovim.keys(":Glm status<CR>")
        said(neovim, "GLM: ready. This file is excluded: nothing of it leaves this machine.")


def test_the_log_is_shown(path: Path, tmp_path: Path, gateway: Gateway) -> None:
    """`:Glm log` shows what the server wrote, line by line, at its end, and is no file of GLM's."""
    code = (
        "import sys; print('first of all\\nsecond', file=sys.stderr, flush=True);"
        "from glm_lsp.cli import run; run()"
    )
    words = ", ".join(f"[==[{word}]==]" for word in (sys.executable, "-c", code))
    init = f"vim.lsp.config('glm', {{ cmd = {{ {words} }} }})\n"
    with start(tmp_path, through_gateway(gateway.base_url), path, init) as neovim:
        neovim.wait(f"{STATUS} == 'GLM'")
        neovim.keys(":Glm log<CR>")
        neovim.settle()
        assert neovim.lua("return vim.api.nvim_buf_get_name(0)") == "glm://log"
        first, *lines = neovim.text().splitlines()
        assert first.startswith("From ")
        assert lines[:2] == ["first of all", "second"]
        neovim.keys(":close<CR>:Glm log<CR>")
        neovim.settle()
        assert neovim.lua("return #vim.api.nvim_tabpage_list_wins(0)") == 2
        assert neovim.lua("return #vim.lsp.get_clients({ bufnr = 0 })") == 0
        assert "second" in neovim.screen()


def test_a_model_for_this_session(neovim: Neovim, gateway: Gateway) -> None:
    """`:Glm model NAME` is what the next question asks; without a name there is a choice."""
    neovim.keys(":Glm model glm-5<CR>")
    neovim.wait("return require('glm.status').get().model:find('glm-5 ', 1, true) ~= nil")
    neovim.keys("6G:Glm refactor<CR>")
    gateway.wait_for_requests()
    assert gateway.requests[-1].json["model"] == "glm-5"
    neovim.lua(
        """
        vim.ui.select = function(items, options, choose)
          vim.g.asked = { items, options.prompt }
          choose(items[1])
        end
        """
    )
    neovim.keys(":Glm model<CR>")
    neovim.settle()
    items, prompt = neovim.lua("return vim.g.asked")
    assert "glm-5.1" in items
    assert prompt == "Model for actions (now glm-5 (custom)):"
    neovim.wait("return require('glm.status').get().model == ... .. ' (custom)'", items[0])


def test_a_server_that_is_not_there(path: Path, tmp_path: Path) -> None:
    """What cannot start says what to install, at once."""
    init = "vim.lsp.config('glm', { cmd = { 'no-such-server' } })\n"
    with Neovim(tmp_path / "home", init) as neovim:
        neovim.edit(path)
        neovim.keys(":messages clear<CR>:Glm fix<CR>")
        said(neovim, "glm: the server no-such-server is not on PATH. Install it: ")
        assert "✗ The server is not on PATH: see :checkhealth glm" in neovim.lua(STATUS)


def test_where_there_is_nothing_to_ask_about(neovim: Neovim) -> None:
    """A help page is no file; cancelling where nothing runs says so."""
    neovim.keys(":help<CR>:Glm explain<CR>")
    said(neovim, "glm: this buffer is not a file: GLM does nothing in it")
    neovim.keys(":Glm cancel<CR>")
    said(neovim, "glm: nothing is running here")


def test_names_and_presets_are_completed(neovim: Neovim) -> None:
    """Every second word that is known is offered, and another preset is refused with them."""
    complete = "return vim.fn.getcompletion(..., 'cmdline')"
    presets = [preset.name for preset in REFACTOR.presets]
    assert neovim.lua(complete, "Glm refactor ") == sorted(presets)
    assert set(ACTIONS) <= set(neovim.lua(complete, "Glm "))
    assert neovim.lua(complete, "Glm refactor s") == ["simplify"]
    assert "glm-5.1" in neovim.lua(complete, "Glm model glm-")
    for name in ("restart", "log", "status", "enable", "disable", "model"):
        assert neovim.lua(complete, f"Glm {name[:-1]}") == [name]
    neovim.keys(":Glm refactor simplyfy<CR>")
    said(neovim, f"glm: no refactoring “simplyfy”. There are: {', '.join(presets)}")


def test_every_action_and_preset_can_be_mapped(neovim: Neovim) -> None:
    """A key of the user's own is mapped to `<Plug>(GlmNAME)`, whatever stands in the records."""
    meant = {name: name for name in ACTIONS}
    meant |= {preset.name: f"refactor {preset.name}" for preset in REFACTOR.presets}
    for name, command in meant.items():
        plug = f"<Plug>(Glm{name.capitalize()})"
        assert neovim.lua("return vim.fn.maparg(..., 'n')", plug) == f"<Cmd>Glm {command}<CR>"
        assert neovim.lua("return vim.fn.maparg(..., 'x')", plug) == f":Glm {command}<CR>"

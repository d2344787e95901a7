"""Real Neovim, the plugin as installed, and the real server."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.editors.glm_in_neovim import GHOST, INIT, WORKED, choose, finish, start
from tests.editors.neovim import command
from tests.editors.real_server import (
    copy_of,
    environ,
    on_embedded_model,
    rewrite_of,
    through_gateway,
)
from tests.editors.terminal import Terminal
from tests.gateway import Gate, Gateway, chat_stream

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.editors.setup_editors import Found

pytestmark = pytest.mark.editor


@pytest.fixture
def real_file(tmp_path: Path, editor: Callable[[str], Found]) -> Path:
    """Return a copy of the standard library's colorsys.py, with a name misspelt."""
    editor("nvim")
    path = copy_of("colorsys", tmp_path)
    source = path.read_text().replace("return (y, i, q)", "return (y, i, p)")
    path.write_text(source)
    return path


# Against the embedded model: these prove the whole way, never how good the answers are.


@pytest.mark.model
def test_fix_on_the_embedded_model(real_file: Path, tmp_path: Path) -> None:
    """A fix for a linter's diagnostic streams into a real file, and one `u` takes it back."""
    original = real_file.read_text()
    with start(tmp_path, on_embedded_model(), real_file) as neovim:
        neovim.keys("/y, i, p<CR>")
        neovim.settle()
        neovim.lua(
            """
            local row, column = unpack(vim.api.nvim_win_get_cursor(0))
            vim.diagnostic.set(vim.api.nvim_create_namespace('linter'), 0, { {
              lnum = row - 1, col = column + 6, end_col = column + 7,
              message = "undefined name 'p'", source = 'pyflakes',
            } })
            """
        )
        choose(neovim, "GLM: Fix “")
        finish(neovim)

        fixed = neovim.text()
        assert fixed != original
        head, tail = original.split("def rgb_to_yiq")[0], original.split("def yiq_to_rgb")[1]
        assert fixed.startswith(head), "only the function may change"
        assert fixed.endswith(tail)
        neovim.keys("u")
        neovim.settle()
        assert neovim.text() == original


@pytest.mark.model
def test_refactor_on_the_embedded_model(real_file: Path, tmp_path: Path) -> None:
    """A refactoring of a real function changes it, and one `u` takes it back."""
    original = real_file.read_text()
    with start(tmp_path, on_embedded_model(), real_file) as neovim:
        neovim.keys("/^def rgb_to_yiq<CR>")
        neovim.settle()
        choose(neovim, "GLM: Add types")
        finish(neovim)
        if neovim.text() == original:  # The small model may find nothing to do in one form.
            choose(neovim, "GLM: Simplify")
            finish(neovim)

        assert neovim.text() != original
        neovim.keys("u")
        neovim.settle()
        assert neovim.text() == original


@pytest.mark.model
def test_explain_on_the_embedded_model(real_file: Path, tmp_path: Path) -> None:
    """An explanation appears beside the code, which stays as it is."""
    with start(tmp_path, on_embedded_model(), real_file) as neovim:
        neovim.keys("/^def rgb_to_yiq<CR>")
        neovim.settle()
        choose(neovim, "GLM: Explain")
        finish(neovim)

        window = neovim.wait("return require('glm.explanation').window()")
        buffer = neovim.lua("return vim.api.nvim_win_get_buf(...)", window)
        assert len(neovim.text(buffer).split()) > 10
        assert neovim.text() == real_file.read_text()
        assert "Explain" in neovim.screen()


@pytest.mark.model
def test_ghost_text_on_the_embedded_model(real_file: Path, tmp_path: Path) -> None:
    """Ghost text appears while typing in a real file, and Tab accepts what was shown."""
    with start(tmp_path, on_embedded_model(), real_file) as neovim:
        neovim.keys("/^def yiq_to_rgb<CR>Odef rgb_to_gray(r, g, b):<CR>return ")
        shown = neovim.wait(GHOST, seconds=60)
        assert shown.split("\n")[0] in neovim.screen()
        line = neovim.lua("return vim.api.nvim_get_current_line()")
        neovim.keys("<Tab>")
        wanted = line + shown
        neovim.wait(
            "return vim.api.nvim_get_current_line() == ...", wanted.rsplit("\n", 1)[-1], seconds=10
        )
        assert wanted in neovim.text()


# Through a gateway that answers what the test says, when the test says it.


def test_the_first_edit_comes_before_the_last_word(tmp_path: Path) -> None:
    """What is certain is in the file while the rest of the answer is still to come."""
    before, after = rewrite_of("step", "def run(value):", 6)
    path = tmp_path / "run.py"
    path.write_text(before)
    gate = Gate()
    reply = chat_stream(f"```python\n{after}```", reasoning="Let me think.", chunk=8)
    with (
        Gateway(reply.before(len(reply.steps) // 2, gate)) as gateway,
        start(tmp_path, through_gateway(gateway.base_url), path) as neovim,
    ):
        choose(neovim, "GLM: Simplify")
        neovim.wait("return vim.fn.search('log.debug', 'nw') > 0")
        half = neovim.text()
        assert "    log(value, 5)\n" in half
        gate.open()
        finish(neovim)
        assert neovim.text() == after
        neovim.keys("u")
        neovim.settle()
        assert neovim.text() == before


@pytest.mark.parametrize("how", ["command", "undo"])
def test_cancelling_restores_the_file(tmp_path: Path, how: str) -> None:
    """Cancelled half-way, or undone, the edit is gone from the file and upstream is closed."""
    before, after = rewrite_of("step", "def run(value):", 6)
    path = tmp_path / "run.py"
    path.write_text(before)
    reply = chat_stream(f"```python\n{after}```", chunk=8)
    half = len(reply.steps) // 2
    gate = Gate()
    with (
        Gateway(reply.before(half, gate).stall_after(half + 8)) as gateway,
        start(tmp_path, through_gateway(gateway.base_url), path) as neovim,
    ):
        choose(neovim, "GLM: Simplify")
        neovim.wait("return vim.fn.search('log.debug', 'nw') > 0")
        if how == "command":
            neovim.keys(":Glm cancel<CR>")
        else:
            neovim.keys("u")
            neovim.settle()
            gate.open()  # The next edit finds that it is not wanted.
        gateway.wait_for_hang_up()
        neovim.wait(WORKED)
        neovim.wait("return vim.fn.search('log.debug', 'nw') == 0")
        assert neovim.text() == before


def test_undo_by_command_keeps_later_typing(tmp_path: Path) -> None:
    """`:Glm undo` takes back GLM's part alone, `:Glm retry` asks for it again."""
    before, after = rewrite_of("step", "def run(value):", 6)
    path = tmp_path / "run.py"
    path.write_text(before)
    with (
        Gateway(chat_stream(f"```python\n{after}```", chunk=16)) as gateway,
        start(tmp_path, through_gateway(gateway.base_url), path) as neovim,
    ):
        choose(neovim, "GLM: Simplify")
        finish(neovim)
        neovim.keys("Gotyped<Esc>gg")
        neovim.settle()
        assert neovim.text() == after + "typed\n"
        neovim.keys(":Glm undo<CR>")
        neovim.wait("return vim.fn.search('log.debug', 'nw') == 0")
        assert neovim.text() == before + "typed\n"

        choose(neovim, "GLM: Simplify")
        finish(neovim)
        neovim.lua("vim.g.states = {}")
        neovim.keys(":Glm retry<CR>")
        finish(neovim)
        assert neovim.text() == after + "typed\n"
        assert len(gateway.requests) == 3


def test_tests_are_written_into_a_new_file(tmp_path: Path) -> None:
    """`:Glm test` shows the tests in a file of their own, and leaves the code alone."""
    project = tmp_path / "project"
    (project / ".git").mkdir(parents=True)
    path = project / "area.py"
    path.write_text("def area(width, height):\n    return width * height\n")
    tests = "from area import area\n\n\ndef test_area():\n    assert area(2, 3) == 6\n"
    with (
        Gateway(chat_stream(f"```python\n{tests}```")) as gateway,
        start(tmp_path, through_gateway(gateway.base_url), path) as neovim,
    ):
        neovim.keys(":Glm test<CR>")
        finish(neovim)
        buffer = "local name = ... return vim.fn.bufnr(vim.fn.fnamemodify(name, ':p'))"
        written = neovim.lua(buffer, str(project / "test_area.py"))
        assert written > 0
        assert neovim.text(written).rstrip() == tests.rstrip()
        assert neovim.text(neovim.lua(buffer, str(path))) == path.read_text()
        assert "def test_area" in neovim.screen()


@pytest.mark.parametrize("key", ["C-y", "C-e"])
def test_confirming_shows_the_edit_first(
    tmp_path: Path, key: str, editor: Callable[[str], Found]
) -> None:
    """With `edits.delivery` "confirm" one key takes the edit that is shown, another drops it."""
    editor("tmux")
    before, after = rewrite_of("step", "def run(value):", 6)
    path = tmp_path / "run.py"
    path.write_text(before)
    init = (
        "vim.lsp.config('glm', { settings = { glm = { edits = { delivery = 'confirm' } } } })\n"
        "vim.o.statusline = [[%f %= <%{v:lua.require'glm'.status()}>]]\n"
    )
    with Gateway(chat_stream(f"```python\n{after}```", chunk=16)) as gateway:
        argv, environ = command(tmp_path / "home", INIT + init, through_gateway(gateway.base_url))
        with Terminal(tmp_path, [*argv, str(path)], environ) as terminal:
            terminal.wait("<GLM>")
            terminal.type(":Glm refactor simplify\r")
            terminal.wait("run: <C-y> applies it, <C-e> refuses it")
            assert "log.debug" in terminal.screen()
            terminal.keys(key)
            screen = terminal.wait("run: <C-y> applies it", gone=True)
            assert ("log.debug" in screen) is (key == "C-y")
            terminal.type(":w\r")
            terminal.wait("written")
            assert path.read_text() == (after if key == "C-y" else before)


def test_no_key_is_one_sentence(tmp_path: Path) -> None:
    """Without a key the user reads one sentence that says what to do, and nothing changes."""
    path = tmp_path / "run.py"
    path.write_text("def run():\n    return 1\n")

    with start(tmp_path, environ(), path) as neovim:
        choose(neovim, "GLM: Simplify")
        neovim.wait("return vim.fn.execute('messages'):find('No API key') ~= nil")
        said = [line for line in neovim.messages().splitlines() if line.strip()]
        assert len(said) == 1
        assert "glm-lsp auth set" in said[0]
        assert neovim.text() == path.read_text()


def test_ghost_text_through_the_gateway(tmp_path: Path) -> None:
    """Ghost text of a chat model appears on the screen; typing along and Tab take it."""
    path = tmp_path / "area.py"
    path.write_text("def area(width, height):\n    \n")
    with (
        Gateway(chat_stream("return width * height")) as gateway,
        start(tmp_path, through_gateway(gateway.base_url), path) as neovim,
    ):
        neovim.keys("GA")
        neovim.wait(GHOST)
        assert "    return width * height" in neovim.screen()
        assert neovim.text() == path.read_text()
        neovim.keys("ret<Tab>")
        neovim.wait("return vim.api.nvim_get_current_line() == '    return width * height'")


THREE = "<fill>sum(prices)</fill><fill>max(prices) + 1</fill><fill>min(prices)</fill>"


def test_one_calls_for_suggestions_and_chooses(
    tmp_path: Path, editor: Callable[[str], Found]
) -> None:
    """With the trigger `manual` nothing comes by itself; keys call, show others, and take words."""
    editor("nvim")
    path = tmp_path / "total.py"
    path.write_text("def total(prices):\n    result =\n")
    manual = (
        "vim.lsp.config('glm', { settings = { glm = { completion = { trigger = 'manual' } } } })\n"
    )
    with (
        Gateway(chat_stream(THREE)) as gateway,
        start(tmp_path, through_gateway(gateway.base_url), path, manual) as neovim,
    ):

        def shows(text: str) -> None:
            neovim.wait(f"return (function() {GHOST} end)() == (...)", text)

        neovim.keys("GA ")
        time.sleep(0.5)  # Nothing is to come, so there is nothing to wait for.
        assert (neovim.lua(GHOST), gateway.requests) == (None, [])
        neovim.keys(r"<M-\>")
        shows("sum(prices)")
        for key, text in [("]", "max(prices) + 1"), ("]", "min(prices)"), ("[", "max(prices) + 1")]:
            neovim.keys(f"<M-{key}>")
            shows(text)
        assert "result = max(prices) + 1 (2/3)" in neovim.screen()
        neovim.keys("<M-Right>")
        shows("(prices) + 1")
        time.sleep(0.4)  # What the server says meanwhile changes nothing.
        neovim.keys("(")
        shows("prices) + 1")
        neovim.keys("<Tab>")
        neovim.wait("return vim.api.nvim_get_current_line() == '    result = max(prices) + 1'")
        assert len(gateway.requests) == 1, "choosing costs nothing"


def test_the_next_one_is_asked_for_by_tab(tmp_path: Path, editor: Callable[[str], Found]) -> None:
    """No timer is waited for, neither Neovim's nor the server's; what comes is shown."""
    editor("nvim")
    path = tmp_path / "total.py"
    path.write_text("def total(prices):\n    \n")
    with (
        Gateway(chat_stream("result = sum(prices)")) as gateway,
        start(tmp_path, through_gateway(gateway.base_url), path) as neovim,
    ):
        neovim.keys("GA")
        neovim.wait(GHOST)
        gateway.script(chat_stream("\n    return result"))
        began = time.monotonic()
        neovim.keys("<Tab>")
        asked = gateway.wait_for_requests(2)[1]
        assert asked.arrived - began < 0.15
        neovim.wait(f"return (function() {GHOST} end)() == (...)", "\n    return result")
        neovim.keys("<Tab>")
        neovim.wait("return vim.api.nvim_get_current_line() == '    return result'")
        assert neovim.text() == "def total(prices):\n    result = sum(prices)\n    return result\n"

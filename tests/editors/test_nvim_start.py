"""Neovim while the server starts: it says so, and a command waits for it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.editors.glm_in_neovim import INIT
from tests.editors.neovim import Neovim
from tests.editors.real_server import through_gateway
from tests.gateway import Gateway, chat_stream

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.editors.setup_editors import Found

pytestmark = pytest.mark.editor

CODE = "def one():\n    return 1\n\n\ndef two():\n    return 2\n"


def cmd(code: str) -> str:
    """Return the configuration of a server that is a Python program."""
    words = ", ".join(f"[==[{word}]==]" for word in (sys.executable, "-c", code))
    return f"{INIT}\nvim.lsp.config('glm', {{ cmd = {{ {words} }} }})\n"


SLOW = cmd("import time; time.sleep(1.5)\nfrom glm_lsp.cli import run\nrun()")
BROKEN = cmd("import time; time.sleep(1.5)")


@pytest.fixture
def path(tmp_path: Path, editor: Callable[[str], Found]) -> Path:
    editor("nvim")
    path = tmp_path / "one.py"
    path.write_text(CODE)
    return path


def test_a_command_at_once_waits_for_the_server(path: Path, tmp_path: Path) -> None:
    """What is asked before the server is there is done at the place where it was asked."""
    with Gateway(chat_stream("```python\ndef two():\n    return 2.0\n```\n")) as gateway:
        environ = through_gateway(gateway.base_url)
        with Neovim(tmp_path / "home", SLOW, environ=environ) as neovim:
            neovim.edit(path)
            neovim.keys("6G:Glm refactor<CR>ggx")  # The x deletes, and belongs to no command.
            neovim.settle()
            assert neovim.text() == CODE[1:]
            assert neovim.wait("return require('glm').status()") == "GLM …"
            gateway.wait_for_requests(timeout=20)
            neovim.wait("return vim.api.nvim_buf_get_lines(0, 5, 6, false)[1] == '    return 2.0'")
            neovim.wait("return require('glm').status() == 'GLM'")
            assert neovim.text() == CODE[1:].replace("return 2", "return 2.0")
            assert neovim.messages() == ""


def test_a_server_that_does_not_start_is_said(path: Path, tmp_path: Path) -> None:
    """A command that waits for nothing ends with a sentence, and so do those after it."""
    environ = through_gateway("http://127.0.0.1:9/v1")
    with Neovim(tmp_path / "home", BROKEN, environ=environ) as neovim:
        neovim.edit(path)
        neovim.keys(":Glm fix<CR>")
        neovim.wait("return vim.fn.execute('messages'):find('glm: no server here') ~= nil")
        status = "GLM ✗ The server does not start: see :checkhealth glm"
        assert neovim.lua("return require('glm').status()") == status
        neovim.keys(":messages clear<CR>:Glm fix<CR>")
        neovim.settle()
        assert "glm: no server here" in neovim.messages()
        assert neovim.text() == CODE

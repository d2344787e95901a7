"""What is asked in the user's own words in real Neovim, with the real server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.editors.glm_in_neovim import choose, finish, start
from tests.editors.real_server import through_gateway
from tests.gateway import Gateway, chat_stream
from tests.lsp.test_commit_messages import git

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.editors.neovim import Neovim
    from tests.editors.setup_editors import Found

pytestmark = pytest.mark.editor

ASKS = "# count right AI!\ndef two():\n    return 3\n"
RIGHT = "def two():\n    return 2\n"


@pytest.fixture
def path(tmp_path: Path, editor: Callable[[str], Found]) -> Path:
    """Return a file in whose first line a comment asks for something."""
    editor("nvim")
    path = tmp_path / "two.py"
    path.write_text(ASKS)
    return path


def test_a_comment_that_asks_is_done_in_one_step(path: Path, tmp_path: Path) -> None:
    """`gra` on it does what it says; the comment goes, and one `u` brings everything back."""
    with (
        Gateway(chat_stream(f"```python\n{RIGHT}```")) as gateway,
        start(tmp_path, through_gateway(gateway.base_url), path) as neovim,
    ):
        choose(neovim, "GLM: Do what this comment asks")
        finish(neovim)
        assert neovim.text() == RIGHT
        neovim.keys("u")
        neovim.settle()
        assert neovim.text() == ASKS


def test_a_named_prompt_is_an_entry(path: Path, tmp_path: Path) -> None:
    """A file in the workspace's `.glm/actions` is chosen from the menu by its title."""
    folder = tmp_path / ".glm" / "actions"
    folder.mkdir(parents=True)
    (tmp_path / ".git").mkdir()  # It makes a workspace of the folder.
    title = "GLM: Count right (workspace)"
    (folder / "right.md").write_text("---\ntitle: Count right\n---\nCount as people do.\n")
    with (
        Gateway(chat_stream(f"```python\n{RIGHT}```")) as gateway,
        start(tmp_path, through_gateway(gateway.base_url), path) as neovim,
    ):
        neovim.keys("2G")
        neovim.settle()
        listed = "vim.g.listed = {} vim.lsp.buf.code_action({ filter = function(a) "
        listed += "vim.g.listed = vim.list_extend(vim.g.listed, { a.title }) return false end }) "
        listed += "vim.wait(500, function() return #vim.g.listed > 0 end) "
        neovim.wait(listed + "return vim.list_contains(vim.g.listed, ...)", title)
        choose(neovim, title)
        finish(neovim)
        assert neovim.text() == ASKS.replace("return 3", "return 2")
        question = gateway.requests[0].json["messages"][-1]["content"]
        assert question.endswith("The programmer asks: Count as people do.")


def repository(folder: Path) -> Path:
    """Make a repository with a change that is staged; return git's folder."""
    git(folder, "init", "-q")
    (folder / "two.py").write_text(RIGHT.replace("2", "3"))
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "count: begin")
    (folder / "two.py").write_text(RIGHT)
    git(folder, "add", ".")
    return folder / ".git"


def test_the_message_of_a_commit(path: Path, tmp_path: Path) -> None:
    """`:Glm commit` in the buffer that git opens writes it above git's comments."""
    message = repository(path.parent) / "COMMIT_EDITMSG"
    message.write_text("\n# Please enter the commit message\n")
    with (
        Gateway(chat_stream("count: two is 2")) as gateway,
        start(tmp_path, through_gateway(gateway.base_url), message) as neovim,
    ):
        neovim.keys(":Glm commit<CR>")
        finish(neovim)
        assert neovim.text() == "count: two is 2\n\n# Please enter the commit message\n"
        assert "-    return 3\n+    return 2" in gateway.requests[0].json["messages"][-1]["content"]


def test_a_review_shows_diagnostics(path: Path, tmp_path: Path) -> None:
    """`:Glm review file` shows what is found; a fix from the menu changes the code, and it goes."""
    found = "3: warning: two is not 3."
    with (
        Gateway([chat_stream(found), chat_stream(f"```python\n{RIGHT}```")]) as gateway,
        start(tmp_path, through_gateway(gateway.base_url), path) as neovim,
    ):
        neovim.keys(":Glm review file<CR>")
        shown = neovim.wait("local d = vim.diagnostic.get(0) return #d == 1 and d[1]")
        assert (shown["lnum"], shown["message"]) == (2, "two is not 3.")
        neovim.keys("3G")
        neovim.settle()
        choose(neovim, "GLM: Fix “two is not 3.”")
        finish(neovim)
        assert neovim.text() == ASKS.replace("return 3", "return 2")
        neovim.wait("return #vim.diagnostic.get(0) == 0")


def explanation(neovim: Neovim) -> str:
    """Return the text of the explanation that is shown."""
    window = neovim.lua("return require('glm.explanation').window()")
    return neovim.text(neovim.lua("return vim.api.nvim_win_get_buf(...)", window)) if window else ""


def test_an_explanation_is_asked_about_where_it_stands(path: Path, tmp_path: Path) -> None:
    """Its answer comes below, in a float too; earlier ones come back; code is taken from it."""
    code = "It counts:\n\n```python\nTWO = 2\n```\n"
    answers = [chat_stream(text) for text in (code, "Because.", "Another one.")]
    init = "vim.g.glm = { explanation = 'float' }\n"
    with (
        Gateway(answers) as gateway,
        start(tmp_path, through_gateway(gateway.base_url), path, init) as neovim,
    ):
        neovim.keys("2G:Glm explain<CR>")
        neovim.wait("return require('glm.explanation').window()")
        finish(neovim)
        window = neovim.lua("return require('glm.explanation').window()")
        assert neovim.lua("return vim.api.nvim_win_get_config(...).relative", window) == "editor"
        assert "TWO = 2" in neovim.screen()
        assert "def two" in neovim.screen()
        neovim.lua("vim.g.states = {}")
        neovim.keys(":Glm ask Why?<CR>")
        finish(neovim)
        assert "**Why?**\n\nBecause." in explanation(neovim)
        assert explanation(neovim).startswith(code.strip())
        neovim.keys("<C-w>w/TWO<CR>gp<C-w>p")
        neovim.settle()
        assert neovim.text() == ASKS.replace("def two():\n", "def two():\nTWO = 2\n")
        neovim.lua("vim.g.states = {}")
        neovim.keys(":Glm explain<CR>")
        finish(neovim)
        assert explanation(neovim) == "Another one.\n"
        neovim.keys(":Glm explanation previous<CR>")
        neovim.settle()
        assert "Because." in explanation(neovim)
        neovim.keys("<C-w>wq")
        neovim.settle()
        assert explanation(neovim) == ""
        neovim.keys(":Glm explanation<CR>")
        neovim.settle()
        assert explanation(neovim) == "Another one.\n"

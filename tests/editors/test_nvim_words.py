"""What is asked in the user's own words in real Neovim, with the real server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.editors.glm_in_neovim import choose, finish, start
from tests.editors.real_server import through_gateway
from tests.gateway import Gateway, chat_stream

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

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
    (folder / "right.md").write_text("---\ntitle: Count right\n---\nCount as people do.\n")
    with (
        Gateway(chat_stream(f"```python\n{RIGHT}```")) as gateway,
        start(tmp_path, through_gateway(gateway.base_url), path) as neovim,
    ):
        neovim.keys("2G")
        choose(neovim, "GLM: Count right (workspace)")
        finish(neovim)
        assert neovim.text() == ASKS.replace("return 3", "return 2")
        question = gateway.requests[0].json["messages"][-1]["content"]
        assert question.endswith("The programmer asks: Count as people do.")

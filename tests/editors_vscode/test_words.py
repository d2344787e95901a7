"""What is asked in the user's own words, in real VS Code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.editors_vscode.workbench import until
from tests.gateway import chat_stream

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.editors_vscode.workbench import Workbench
    from tests.gateway import Gateway

pytestmark = pytest.mark.editor

ASKS = "# count right AI!\ndef two():\n    return 3\n"
RIGHT = "def two():\n    return 2\n"


def choose(window: Workbench, title: str) -> None:
    """Choose an entry of the menu at the cursor."""
    window.press("Control+.")
    window.see(".action-widget", title)
    focused = ".action-widget .monaco-list-row.focused"
    for _ in range(40):
        if any(title in text for text in window.texts(focused)):
            break
        window.press("ArrowDown")
    window.see(focused, title)
    window.press("Enter")


def test_a_comment_that_asks_is_done_in_one_step(
    opened: Callable[..., Workbench], gateway: Gateway, folder: Path
) -> None:
    """Its entry does what it says; the comment goes, and one Ctrl+Z brings everything back."""
    gateway.script(chat_stream(f"```python\n{RIGHT}```"))
    window = opened("two.py", ASKS)
    window.goto(1, 5)
    choose(window, "GLM: Do what this comment asks")
    until(lambda: "    return 2" in window.lines(), 20, "it is done")
    window.wait_status("GLM: ready")
    window.screenshot("comment-done")
    assert window.save(folder / "two.py") == RIGHT
    window.undo()
    assert window.save(folder / "two.py") == ASKS

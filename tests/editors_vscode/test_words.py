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
    """Choose an entry of the menu at the cursor, opened again until it has that entry."""
    for _ in range(10):
        window.press("Control+.")
        window.see(".action-widget", "GLM: ")
        if any(title in text for text in window.texts(".action-widget")):
            break
        window.press("Escape")
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


def test_a_named_prompt_is_an_entry(
    opened: Callable[..., Workbench], gateway: Gateway, folder: Path
) -> None:
    """A file written to the workspace's `.glm/actions` is in the lightbulb's menu, and asks."""
    gateway.script(chat_stream(f"```python\n{RIGHT}```"))
    window = opened("two.py", RIGHT.replace("2", "3"))
    actions = folder / ".glm" / "actions"
    actions.mkdir(parents=True)
    (actions / "right.md").write_text("---\ntitle: Count right\n---\nCount as people do.\n")
    window.goto(1, 5)
    choose(window, "GLM: Count right (workspace)")
    until(lambda: "    return 2" in window.lines(), 20, "it is done")
    question = gateway.requests[0].json["messages"][-1]["content"]
    assert question.endswith("The programmer asks: Count as people do.")
    window.wait_status("GLM: ready")
    assert window.save(folder / "two.py") == RIGHT

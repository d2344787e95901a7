"""Next edits in real VS Code: seen, gone to, made, dismissed; nothing is asked of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.editors_vscode.workbench import until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.editors_vscode.workbench import Workbench
    from tests.gateway import Gateway

pytestmark = pytest.mark.editor

CODE = """\
def mean(total, count):
    if count == 0:
        return 0
    return total / count
"""


@pytest.fixture
def renamed(opened: Callable[..., Workbench]) -> Workbench:
    """Return a window in which the parameter `count` was just renamed."""
    window = opened("mean.py", CODE)
    window.wait_status("GLM: ready")
    window.goto(1, 17)
    window.type("item_")
    window.press("Escape")
    shows(window, "↓ next edit, line 2")
    return window


def shows(window: Workbench, words: str) -> None:
    """Wait until the words are written behind the text, or nothing when there are none."""
    until(lambda: words in window.drawn() if words else not window.drawn(), 30, words or "nothing")


def key(window: Workbench, last: str) -> None:
    window.press("Control+Alt+g")
    window.press(last)


def test_it_is_seen_gone_to_and_made(renamed: Workbench, gateway: Gateway, folder: Path) -> None:
    """The line shows what it would be; one key goes there, the next makes it, and so on."""
    window = renamed
    shows(window, "→ if item_count == 0:")
    window.screenshot("next-edit")
    key(window, "n")
    until(lambda: "next edit" not in window.drawn(), 20, "the cursor is there")
    assert "    if count == 0:" in window.lines()
    key(window, "n")
    shows(window, "↓ next edit, line 4")
    key(window, "n")
    key(window, "n")
    whole = CODE.replace("count", "item_count")
    until(lambda: "total / item_count" in "\n".join(window.lines()), 20, "all are made")
    assert window.save(folder / "mean.py") == whole
    assert gateway.requests == []


def test_a_dismissed_one_is_shown_no_more(renamed: Workbench) -> None:
    """And the command says that nothing waits."""
    window = renamed
    window.command("GLM: Dismiss the Next Edit")
    shows(window, "")
    window.command("GLM: Go to the Next Edit, or Make It")
    window.see(".notification-toast", "Nothing waits for the change that you made last.")


def test_it_leads_to_another_file(
    opened: Callable[..., Workbench], gateway: Gateway, folder: Path
) -> None:
    """What is renamed where it is defined waits where it is imported; one key leads there."""
    (folder / "use_shapes.py").write_text("from shapes import draw_shape\n\ndraw_shape(1)\n")
    window = opened("shapes.py", "def draw_shape(shape):\n    return shape\n")
    window.goto(1, 9)
    window.type("_nice")  # `draw_nice_shape`
    window.press("Escape")
    shows(window, "→ next edit, use_shapes.py line 1")
    window.screenshot("next-edit-in-another-file")
    window.save(folder / "shapes.py")
    key(window, "n")
    shows(window, "→ from shapes import draw_nice_shape")
    key(window, "n")
    until(lambda: "from shapes import draw_nice_shape" in window.lines(), 20, "it is made")
    shows(window, "↓ next edit, line 3")
    assert gateway.requests == []

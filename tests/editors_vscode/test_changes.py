"""What GLM changed and what it offers, with the real server in real VS Code."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.editors_vscode.folder_settings import setting
from tests.editors_vscode.test_actions import items
from tests.editors_vscode.test_messages import marks
from tests.editors_vscode.workbench import until
from tests.gateway import Gateway, chat_stream

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.editors_vscode.workbench import Workbench

pytestmark = pytest.mark.editor


def test_parts_are_coloured_kept_and_undone_one_by_one(
    opened: Callable[..., Workbench], gateway: Gateway, folder: Path
) -> None:
    """Each changed line is a part: undone alone, kept alone, the rest undone as a whole."""
    before, after = items(4)
    gateway.script(chat_stream(f"```python\n{after}```\n"))
    window = opened("total.py", before)
    window.goto(2, 5)
    window.command("GLM: Fix")
    until(lambda: marks(window) == 4, 20, "four coloured lines", lambda: str(marks(window)))
    window.see(".codelens-decoration", "GLM: Undo this part")
    window.screenshot("parts")
    window.goto(4)
    window.command("GLM: Undo This Part")
    until(lambda: "    item1 = itmes[1]" in window.lines(), 20, "the second is as it was")
    window.goto(6)
    window.command("GLM: Keep This Part")
    until(lambda: marks(window) == 2, 20, "two coloured lines")
    window.command("GLM: Undo the Change")
    until(lambda: marks(window) == 0, 20, "none is coloured")
    assert window.save(folder / "total.py") == before.replace("itmes[2]", "items[2]")


def test_change_to_be_confirmed_is_compared_and_applied_by_one_click(
    opened: Callable[..., Workbench], gateway: Gateway, folder: Path
) -> None:
    """With `edits.delivery: confirm` nothing changes until Apply, which is one undo step."""
    before, after = items(4)
    gateway.script(chat_stream(f"```python\n{after}```\n"))
    window = opened("total.py", before)
    with setting(window, folder, '{"glm.edits.delivery": "confirm"}'):
        window.open_file("total.py")
        window.goto(2, 5)
        time.sleep(1.1)  # Nobody has typed for a second.
        window.command("GLM: Fix")
        window.see(".tab.active", "(total.py)")
        window.see(".modified-in-monaco-diff-editor .view-lines", "items[3]")
        window.see(".notification-toast", "apply this change to total.py?")
        time.sleep(0.5)
        window.screenshot("confirm")
        assert (folder / "total.py").read_text() == before
        window.click(".editor-actions [aria-label^='Apply']")
        until(lambda: "    item3 = items[3]" in window.lines(), 20, "it is applied")
        assert window.save(folder / "total.py") == after
        window.undo()
        assert window.save(folder / "total.py") == before


def test_change_that_the_guard_refuses_is_offered_with_its_fault(
    opened: Callable[..., Workbench], gateway: Gateway, folder: Path
) -> None:
    """An answer that breaks the code is not applied: the comparison names the fault."""
    before, _ = items(2)
    gateway.script(chat_stream("```python\ndef total(items):\n    return item0 +\n```\n"))
    window = opened("total.py", before)
    window.goto(2, 5)
    time.sleep(1.1)
    window.command("GLM: Fix")
    window.see(".modified-in-monaco-diff-editor .view-lines", "return item0 +")
    time.sleep(0.5)
    window.screenshot("offer-with-a-fault")
    assert len(gateway.requests) == 2
    window.click(".notification-toast .monaco-button", "Discard")
    window.see(".monaco-diff-editor", "", gone=True)
    assert window.save(folder / "total.py") == before
    window.command("GLM: Apply the Offered Change")
    window.see(".notification-toast", "GLM offers no change here.")

"""What is asked in the user's own words, in real VS Code."""

from __future__ import annotations

import contextlib
import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.editors_vscode.folder_settings import setting
from tests.editors_vscode.workbench import until
from tests.gateway import chat_stream
from tests.lsp.test_commit_messages import git

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
    focused = ".action-widget .monaco-list-row.focused"
    for _ in range(10):
        window.press("Control+.")
        with contextlib.suppress(AssertionError):
            window.see(".action-widget", "GLM: ", timeout=5)
            if any(title in text for text in window.texts(".action-widget")):
                for _ in range(40):
                    if any(title in text for text in window.texts(focused)):
                        window.press("Enter")
                        return
                    window.press("ArrowDown")
        window.press("Escape")
    raise AssertionError(f"{title} is not to be chosen")


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


def test_a_review_shows_problems_with_fixes(
    opened: Callable[..., Workbench], gateway: Gateway, folder: Path
) -> None:
    """What is found is underlined, and the lightbulb there fixes it; then it is gone."""
    found = chat_stream("2: error: two is not 3.")
    gateway.script([found, chat_stream(f"```python\n{RIGHT}```")])
    window = opened("two.py", RIGHT.replace("2", "3"))
    window.goto(2, 5)
    window.command("GLM: Review")
    window.see(".squiggly-error", "")
    window.press("F8")
    window.see(".zone-widget", "two is not 3.")
    window.screenshot("review")
    window.press("Escape")
    window.goto(2, 5)
    choose(window, "GLM: Fix “two is not 3.”")
    until(lambda: "    return 2" in window.lines(), 20, "it is mended")
    window.see(".squiggly-error", "", gone=True)
    window.wait_status("GLM: ready")
    assert window.save(folder / "two.py") == RIGHT


def test_the_message_of_a_commit_in_the_box_for_it(
    opened: Callable[..., Workbench], gateway: Gateway, folder: Path
) -> None:
    """The button of source control writes it from what is staged; what is there is replaced."""
    repository = folder / "counting"
    repository.mkdir()
    git(repository, "init", "-q")
    (repository / "two.py").write_text(RIGHT)
    git(repository, "add", ".")
    gateway.script(chat_stream("count: two is 2"))
    window = opened("two.py", RIGHT)
    with setting(window, folder, json.dumps({"git.enabled": True})):
        window.open_file("counting/two.py")
        window.press("Control+Shift+g")
        window.see(".scm-view", "two.py")
        window.command("GLM: Write the Commit Message")
        window.see(".scm-editor", "count: two is 2")
        window.screenshot("commit-message")
        assert "+    return 2" in gateway.requests[0].json["messages"][-1]["content"]


def test_an_explanation_is_asked_about_where_it_stands(
    opened: Callable[..., Workbench], gateway: Gateway, folder: Path
) -> None:
    """Its answer comes below; code is copied and inserted; an earlier one comes back."""
    first = chat_stream("It counts:\n\n```python\nreturn 2\n```\n\nThe end.")
    gateway.script([first, chat_stream("Because **two** is two."), chat_stream("Another one.")])
    window = opened("two.py", "def two():\n    pass\n")
    window.goto(2, 5)
    window.command("GLM: Explain")
    window.wait_frames("The end.")
    shown = re.search(r"(\d+) / (\d+)", window.frames())  # Others may have been asked for before.
    last = int(shown[2]) + 1 if shown else 2
    window.in_frame("input", fill="Why?")
    window.wait_frames("Because two is two.")
    assert "It counts:" in window.frames()
    window.in_frame("button", "Insert at Cursor")
    until(lambda: "    return 2" in window.lines(), 20, "it is inserted")
    window.screenshot("explanation-asked")
    window.click(".editor-instance .view-lines")
    window.goto(1, 5)
    window.command("GLM: Explain")
    window.wait_frames("Another one.")
    assert "It counts:" not in window.frames()
    assert f"{last} / {last}" in window.frames()
    window.in_frame("button", "‹")
    window.wait_frames("Because two is two.")
    window.wait_status("GLM: ready")
    window.click(".editor-instance .view-lines")

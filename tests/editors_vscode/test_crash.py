"""The server dies in the middle of a change, in real VS Code."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.editors_vscode.test_actions import items
from tests.editors_vscode.workbench import until
from tests.gateway import Gate, chat_stream

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.editors_vscode.workbench import CodeServer, Workbench
    from tests.gateway import Gateway

pytestmark = pytest.mark.editor

SAID = "GLM's server ended in the middle of a change to total.py, so the half change was taken back"


@pytest.fixture
def halfway(opened: Callable[..., Workbench], gateway: Gateway) -> tuple[Workbench, str]:
    """A window in which the first half of a change is in the text, and the text before."""
    before, after = items(8)
    reply = chat_stream(f"```python\n{after}```\n", chunk=12)
    gateway.script(reply.before(len(reply.steps) // 2, Gate()))
    text = f"# top\n\n{before}\n# bottom\n"
    window = opened("total.py", text)
    window.goto(4, 5)
    window.command("GLM: Fix")
    until(lambda: "items[2]" in "\n".join(window.lines()), 20, "the first hunks are seen")
    assert "itmes[7]" in "\n".join(window.lines())
    return window, text


def test_half_change_is_taken_back_and_said(
    halfway: tuple[Workbench, str], shared_server: CodeServer, folder: Path
) -> None:
    """Nothing of the change is left, a sentence says so, and one undo changes nothing of that."""
    window, before = halfway
    os.kill(shared_server.language_server(), signal.SIGKILL)
    window.see(".notification-toast", f"{SAID}.")
    time.sleep(0.5)  # It slides in.
    window.screenshot("crash")
    assert window.save(folder / "total.py") == before
    window.press("Control+z")
    assert window.save(folder / "total.py") == before
    window.wait_status("GLM: ready")  # The client has started another one.


def test_what_was_typed_meanwhile_stays(
    halfway: tuple[Workbench, str], shared_server: CodeServer, folder: Path
) -> None:
    """Typing above, between and below GLM's lines is in the text; GLM's lines are not."""
    window, before = halfway
    window.goto(1, 6)
    window.type(" typed above")
    window.goto(5)
    window.press("End")
    window.type("\nbetween()")
    window.press("Control+End")
    window.type("# below")
    os.kill(shared_server.language_server(), signal.SIGKILL)
    window.see(".notification-toast", f"{SAID}.")
    typed = before.replace("# top", "# top typed above") + "# below"
    assert window.save(folder / "total.py") == typed.replace(
        "    print(item0)\n", "    print(item0)\n    between()\n"
    )
    window.wait_status("GLM: ready")


def test_line_that_was_edited_is_left_and_said(
    halfway: tuple[Workbench, str], shared_server: CodeServer, folder: Path
) -> None:
    """A line of GLM's in which the user typed is the user's; the sentence names it."""
    window, before = halfway
    window.goto(4)
    window.press("End")
    window.type("  # mine")
    os.kill(shared_server.language_server(), signal.SIGKILL)
    window.see(".notification-toast", f"{SAID}, except in lines that you had edited")
    time.sleep(0.5)
    window.screenshot("crash-with-a-line-left")
    assert window.save(folder / "total.py") == before.replace(
        "item0 = itmes[0]", "item0 = items[0]  # mine"
    )
    window.wait_status("GLM: ready")


def test_it_dies_before_it_was_told_of_what_was_typed(
    halfway: tuple[Workbench, str], shared_server: CodeServer, folder: Path
) -> None:
    """Writing to a server that is gone fails many times: it is started anew nevertheless."""
    window, before = halfway
    window.press("Control+End")
    typed = "# typed on and on" * 6
    extensions = shared_server.process(b"--type=extensionHost")
    os.kill(extensions, signal.SIGSTOP)  # It is busy, as on a loaded machine.
    try:
        window.type(typed)
        os.kill(shared_server.language_server(), signal.SIGKILL)
    finally:
        os.kill(extensions, signal.SIGCONT)
    window.see(".notification-toast", f"{SAID}.")
    assert window.save(folder / "total.py") == before + typed
    window.wait_status("GLM: ready")


def test_restart_in_the_middle_leaves_nothing_half_done(
    halfway: tuple[Workbench, str], folder: Path
) -> None:
    """“GLM: Restart the Server” takes the half change back, whoever does it, and starts anew."""
    window, before = halfway
    window.command("GLM: Restart the Server")
    until(lambda: "items[0]" not in "\n".join(window.lines()), 20, "it is taken back")
    window.wait_status("GLM: ready")
    assert window.save(folder / "total.py") == before

"""Ghost text, as VS Code shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.editors_vscode.workbench import until
from tests.gateway import Gateway, chat_stream

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.editors_vscode.workbench import Workbench

pytestmark = pytest.mark.editor


def switch(window: Workbench, state: str, where: str = "") -> None:
    """Switch completions from the palette."""
    window.command(f"GLM: Switch Completions On or Off{' in This Language' if where else ''}")
    window.see(".statusbar", f"GLM completions are {state}{f' in {where}' if where else ''}")


def test_ghost_text_is_taken_with_tab(
    opened: Callable[..., Workbench], gateway: Gateway, folder: Path
) -> None:
    """What GLM suggests after typing stands in grey, asked for once, and Tab takes it."""
    gateway.script(chat_stream("b", model="glm-4.7"))
    window = opened("add.py", "def add(a, b):\n    return\n")
    switch(window, "on")
    window.goto(2, 11)
    window.type(" a + ", delay=60)
    window.see(".ghost-text-decoration, .ghost-text", "b")
    window.screenshot("ghost-text")
    assert (folder / "add.py").read_text() == "def add(a, b):\n    return\n"
    window.press("Tab")
    until(lambda: "    return a + b" in window.lines(), 10, "the suggestion is in the text")
    assert window.save(folder / "add.py") == "def add(a, b):\n    return a + b\n"
    asked = [request.content for request in gateway.requests]
    assert len(asked) == len(set(asked)), "a registration too many asks everything twice"
    switch(window, "off")


def test_switching_off_ends_ghost_text(opened: Callable[..., Workbench], gateway: Gateway) -> None:
    """The palette switches completions off, and then nothing is asked any more."""
    gateway.script(chat_stream("b", model="glm-4.7"))
    window = opened("add.py", "def add(a, b):\n    return\n")
    switch(window, "on")
    switch(window, "off", "python")
    window.goto(2, 11)
    window.type(" a + ", delay=60)
    window.command("GLM: Explain")
    gateway.wait_for_requests(1)
    window.wait_status("GLM: ready")
    assert len(gateway.requests) == 1
    switch(window, "on", "python")
    switch(window, "off")

"""Ghost text, as VS Code shows it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from tests.editors_vscode.folder_settings import setting
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


def see_ghost(window: Workbench, text: str) -> None:
    """Wait until exactly this stands in grey, however many pieces it is drawn in."""

    def seen() -> str:
        return "".join(window.texts(GHOST)).replace("\xa0", " ")

    until(lambda: seen() == text, 20, f"ghost text {text!r}", seen)


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


THREE = "<fill>sum(prices)</fill><fill>max(prices) + 1</fill><fill>min(prices)</fill>"
GHOST = ".ghost-text-decoration, .ghost-text"


def test_one_calls_for_suggestions_and_chooses(
    opened: Callable[..., Workbench], gateway: Gateway, folder: Path
) -> None:
    """With the trigger `manual` nothing comes by itself; keys call, show others, and take words."""
    gateway.script(chat_stream(THREE, model="glm-4.7"))
    code = "def total(prices):\n    result =\n"
    window = opened("total.py", code)
    switch(window, "on")
    with setting(window, folder, json.dumps({"glm.completion.trigger": "manual"})):
        window.open_file("total.py")
        window.goto(2, 13)
        window.type(" ", delay=60)
        time.sleep(1)  # Nothing is to come, so there is nothing to wait for.
        assert (window.texts(GHOST), gateway.requests) == ([], [])
        window.press("Alt+\\")
        see_ghost(window, "sum(prices)")
        window.press("Alt+]")
        see_ghost(window, "max(prices) + 1")
        window.press("Alt+]")
        see_ghost(window, "min(prices)")
        window.screenshot("ghost-text-choice")
        window.press("Alt+[")
        see_ghost(window, "max(prices) + 1")
        window.press("Control+ArrowRight")
        see_ghost(window, "(prices) + 1")
        window.press("Alt+l")
        see_ghost(window, "")
    assert len(gateway.requests) == 1, "choosing costs nothing"
    assert window.save(folder / "total.py") == "def total(prices):\n    result = max(prices) + 1\n"
    switch(window, "off")


def test_the_next_suggestion_comes_by_itself(
    opened: Callable[..., Workbench], gateway: Gateway, folder: Path
) -> None:
    """Tab, and the next line is there; Tab again: two lines for two requests, and no other key."""
    gateway.script(chat_stream("0", model="glm-4.7"))
    window = opened("total.py", "def total(prices):\n    result =\n")
    switch(window, "on")
    window.goto(2, 13)
    window.type(" ", delay=60)
    see_ghost(window, "0")
    gateway.script(chat_stream("\n    for price in prices:", model="glm-4.7"))
    window.press("Tab")
    until(lambda: "    result = 0" in window.lines(), 10, "the first is taken")
    see_ghost(window, "    for price in prices:")
    window.screenshot("ghost-text-next")
    assert len(gateway.requests) == 2
    gateway.script(chat_stream("", model="glm-4.7"))
    window.press("Tab")
    until(lambda: "    for price in prices:" in window.lines(), 10, "the next is taken")
    taken = "def total(prices):\n    result = 0\n    for price in prices:\n"
    assert window.save(folder / "total.py") == taken
    switch(window, "off")

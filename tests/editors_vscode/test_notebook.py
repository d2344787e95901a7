"""Notebooks: ghost text and actions in their cells, in real VS Code."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.editors_vscode.folder_settings import setting
from tests.editors_vscode.test_completion import switch
from tests.editors_vscode.workbench import until
from tests.gateway import Gate, Gateway, chat_stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.editors_vscode.workbench import Workbench

pytestmark = pytest.mark.editor

NAME = "prices.ipynb"
ABOVE = "rate = 3\nprices = [1, 2]"
BROKEN = """\
def total(prices):
    cents = sum(prcies)
    print(cents)
    dear = max(prcies)
    print(dear)
    return rate * sum(prcies)"""
MENDED = BROKEN.replace("prcies", "prices")
CODE = ".notebook-editor .code-cell-row"


@pytest.fixture
def notebook(shared_window: Workbench, gateway: Gateway, folder: Path) -> Iterator[Workbench]:
    """A notebook that is open in the window: Markdown, then three cells of code."""
    cells: list[dict[str, Any]] = [{"cell_type": "markdown", "metadata": {}, "source": ["# Cents"]}]
    for text in (ABOVE, BROKEN, "below = 1"):
        code: dict[str, Any] = {
            "cell_type": "code",
            "execution_count": None,
            "metadata": {},
            "outputs": [],
        }
        cells.append({**code, "source": text.splitlines(keepends=True)})
    written = {"cells": cells, "metadata": {"language_info": {"name": "python"}}}
    (folder / NAME).write_text(json.dumps({**written, "nbformat": 4, "nbformat_minor": 2}))
    window = shared_window
    open_notebook(window)
    window.wait_status("GLM: ready")
    yield window
    window.screenshot("end-of-notebook")
    window.leave()


def open_notebook(window: Workbench) -> None:
    """Open it by Quick Open, and wait until its cells are there."""
    window.pick("Control+p", NAME, NAME)
    window.see(".tab.active", NAME)
    window.see(f"{CODE} .view-lines", "below")


def sources(folder: Path) -> list[str]:
    """Return the texts of the cells on disk."""
    return ["".join(cell["source"]) for cell in json.loads((folder / NAME).read_text())["cells"]]


def shown(window: Workbench) -> str:
    """Return the texts of the cells of code, as they are seen."""
    return "\n".join(window.texts(f"{CODE} .view-lines")).replace("\xa0", " ")


def marks(window: Workbench) -> int:
    """Return how many lines of the cells are coloured as GLM's."""
    return len(window.texts(f"{CODE} .view-overlays [class*='ced-']"))


def test_ghost_text_in_a_cell_is_taken_with_tab(
    notebook: Workbench, gateway: Gateway, folder: Path
) -> None:
    """It is asked for with the cells above, once, and Tab puts it into the cell."""
    gateway.script(chat_stream("rate", model="glm-4.7"))
    window = notebook
    switch(window, "on")
    window.click(f"{CODE} .view-lines", "def total")
    window.press("Control+End")
    window.press("Enter")
    window.type("x = 2 * ", delay=60)
    window.see(".ghost-text-decoration, .ghost-text", "rate")
    window.screenshot("notebook-ghost-text")
    window.press("Tab")
    until(lambda: "x = 2 * rate" in shown(window), 10, "the suggestion is in the cell")
    window.press("Control+s")
    window.see(".tab.active.dirty", "", gone=True)
    assert sources(folder) == ["# Cents", ABOVE, f"{BROKEN}\n    x = 2 * rate", "below = 1"]
    asked = [request.content.decode() for request in gateway.requests]
    assert len(asked) == len(set(asked)), "a registration too many asks everything twice"
    assert "# # Cents\\n\\nrate = 3\\nprices = [1, 2]\\n\\ndef total(prices):" in asked[-1]
    assert "below = 1" not in asked[-1]
    switch(window, "off")


def test_a_fix_in_a_cell_is_one_undo_step(
    notebook: Workbench, gateway: Gateway, folder: Path
) -> None:
    """Both menus offer GLM; a fix streams into the cell, coloured; one Ctrl+Z takes it back."""
    gateway.script(chat_stream(f"```python\n{MENDED}\n```\n", chunk=12))
    window = notebook
    window.click(f"{CODE} .view-lines", "def total", button="right")
    window.see(".monaco-menu .action-menu-item", "GLM")
    window.press("Escape")
    window.click(f"{CODE} .view-lines", "def total")
    window.press("Control+Home")
    window.press("Control+.")
    window.see(".action-widget", "GLM: Refactor")
    window.screenshot("notebook-menu")
    window.press("Escape")
    window.command("GLM: Fix")
    until(lambda: marks(window) == 3, 20, "three coloured lines", lambda: str(marks(window)))
    window.wait_status("GLM: ready")
    window.screenshot("notebook-fix")
    assert MENDED in shown(window)
    assert "rate = 3" in gateway.requests[0].content.decode()
    window.press("Control+z")
    until(lambda: BROKEN in shown(window), 10, "the fix is taken back")
    until(lambda: marks(window) == 0, 10, "nothing is coloured")
    window.press("Control+s")
    assert sources(folder) == ["# Cents", ABOVE, BROKEN, "below = 1"]


def test_a_fix_goes_on_in_a_notebook_that_is_not_shown(
    notebook: Workbench,
    opened: Callable[..., Workbench],
    gateway: Gateway,
    folder: Path,
) -> None:
    """Looking at a file while a cell is mended neither stops nor spoils it."""
    gate = Gate()
    reply = chat_stream(f"```python\n{MENDED}\n```\n", chunk=12)
    gateway.script(reply.before(len(reply.steps) * 3 // 4, gate))
    window = notebook
    window.click(f"{CODE} .view-lines", "def total")
    window.press("Control+Home")
    window.command("GLM: Fix")
    until(lambda: "sum(prices)" in shown(window), 20, "the first line is mended")
    opened("other.py", "pass\n", state="working")
    gate.open()
    window.wait_status("GLM: ready")
    open_notebook(window)
    window.screenshot("notebook-after")
    until(lambda: MENDED in shown(window), 20, "the last line is mended", lambda: shown(window))
    window.leave()
    open_notebook(window)
    until(lambda: MENDED in shown(window), 20, "it was saved")
    time.sleep(0.5)
    assert marks(window) == 0, "what was closed is another text when it is opened again"


def test_an_offered_change_of_a_cell_is_compared_and_applied(
    notebook: Workbench, gateway: Gateway, folder: Path
) -> None:
    """It is shown in the cell's language, not the notebook's; Apply brings it into the cell."""
    gateway.script(chat_stream(f"```python\n{MENDED}\n```\n"))
    window = notebook
    with setting(window, folder, '{"glm.edits.delivery": "confirm"}'):
        open_notebook(window)
        window.click(f"{CODE} .view-lines", "def total")
        time.sleep(1.1)  # Nobody has typed for a second.
        window.command("GLM: Fix")
        window.see(".tab.active", f"Fixing total ({NAME})")
        window.see(".statusbar", "Python")
        window.screenshot("notebook-comparison")
        window.click(".notification-toast .monaco-button", "Apply")
        window.see(".tab.active", "Fixing total", gone=True)
        open_notebook(window)
        until(lambda: MENDED in shown(window), 20, "it is applied", lambda: shown(window))

"""Another extension beside ours: what it knows is passed on, and what it says of a fix is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.editors_vscode import other_tool
from tests.editors_vscode.conftest import KEY, settings
from tests.editors_vscode.workbench import CodeServer, Workbench, until, workbench
from tests.gateway import Gateway, chat_stream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.editor

SHAPES = "def area(width, height):\n    return width * height\n"
SOURCE = "from shapes import area\n\n\ndef total(side):\n    return area(3, heigth)\n"
WORSE = "def total(side):\n    return area(4, heigth)\n"
GOOD = "def total(side):\n    return area(4, side)\n"
TOAST = ".notification-toast"
SHOW = "GLM: Show what is sent"
BUTTON = "Fix what this broke"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("beside")
    (folder / "shapes.py").write_text(SHAPES, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def window(
    ready: None,
    shared_gateway: Gateway,
    folder: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Workbench]:
    """Open a window in which another extension with a language server runs."""
    home = tmp_path_factory.mktemp("vscode")
    server = CodeServer(home)
    own = {**settings(shared_gateway), "glm.context.project": False}
    server.configure({**own, **other_tool.SETTINGS})
    server.install_ours()
    server.install(other_tool.package(home))
    server.start({"GLM_API_KEY": KEY})
    try:
        with workbench(server) as window:
            window.open(folder)
            yield window
    finally:
        server.close()


@pytest.fixture
def opened(window: Workbench, folder: Path, request: pytest.FixtureRequest) -> Iterator[Workbench]:
    """Open the file with the problem, which the other extension has found."""
    (folder / "total.py").write_text(SOURCE, encoding="utf-8")
    window.open_file("total.py")
    window.wait_text(SOURCE)
    window.wait_status("GLM: ready")
    window.see(".squiggly-error", "")
    window.goto(5, 8)
    yield window
    window.screenshot(f"end-of-{request.node.name}")
    window.leave()


def test_a_fix_that_left_its_problem_is_said_and_mended(
    opened: Workbench, gateway: Gateway, folder: Path
) -> None:
    """The other extension's word after the edit is told with a button, which asks again."""
    gateway.script(chat_stream(f"```python\n{WORSE}```"))
    opened.command("GLM: Fix")
    opened.see(TOAST, "GLM's change left its problem: “undefined name 'heigth'” (line 5).")
    opened.screenshot("fix-left-its-problem")
    assert len(gateway.requests) == 1
    gateway.script(chat_stream(f"```python\n{GOOD}```"))
    opened.click(f"{TOAST} .monaco-button", BUTTON)
    opened.wait_text(SOURCE.partition("def total")[0] + GOOD)
    opened.see(".squiggly-error", "", gone=True)
    opened.wait_status("GLM: ready")
    assert "undefined name 'heigth'" in gateway.requests[1].json["messages"][1]["content"]
    assert opened.save(folder / "total.py").endswith(GOOD)


def test_what_another_extension_knows_is_in_the_question(
    opened: Workbench, gateway: Gateway
) -> None:
    """An explanation's question shows the definition that the other language server names."""
    gateway.script(chat_stream("It adds."))
    opened.command("GLM: Explain")
    until(lambda: len(gateway.requests) == 1, 20, "GLM is asked")
    opened.wait_status("GLM: ready")
    question = gateway.requests[0].json["messages"][1]["content"]
    assert f"# shapes.py\n{SHAPES}" in question


def test_what_would_be_sent_is_shown_beside_the_code(opened: Workbench, gateway: Gateway) -> None:
    """The lightbulb has it; it opens where explanations stand, and nothing is sent."""
    opened.press("Control+.")
    opened.see(".action-widget", SHOW)
    for _ in range(30):
        if opened.texts(".action-widget .monaco-list-row.focused")[0].strip() == SHOW:
            break
        opened.press("ArrowDown")
    opened.press("Enter")
    opened.see(".tab", "What is sent: Refactoring total")
    opened.wait_frames("shapes.py:1")
    opened.screenshot("what-is-sent")
    assert gateway.requests == []


def test_a_fix_that_did_what_it_should_is_not_talked_about(
    opened: Workbench, gateway: Gateway
) -> None:
    """Where the other extension finds nothing any more, nothing is said."""
    gateway.script(chat_stream(f"```python\n{GOOD}```"))
    opened.command("GLM: Fix")
    opened.wait_text(SOURCE.partition("def total")[0] + GOOD)
    opened.see(".squiggly-error", "", gone=True)
    until_settled(opened)
    assert not any(BUTTON in text for text in opened.texts(TOAST))
    assert len(gateway.requests) == 1


def until_settled(window: Workbench) -> None:
    """Give the message of a moment ago, if there is one, time to be shown."""
    with pytest.raises(AssertionError):
        window.see(TOAST, BUTTON, timeout=4)
    until(lambda: window.status() != "", 5, "the status is shown")

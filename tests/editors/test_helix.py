"""Real Helix in a terminal, with the configuration of editors/helix, and the real server."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.editors.real_server import (
    SERVER,
    copy_of,
    on_embedded_model,
    rewrite_of,
    through_gateway,
)
from tests.editors.setup_editors import ROOT
from tests.editors.terminal import Terminal
from tests.gateway import Gateway, Reply, chat_stream

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.editors.setup_editors import Found

pytestmark = pytest.mark.editor


@pytest.fixture
def helix(tmp_path: Path, editor: Callable[[str], Found]) -> Callable[..., Terminal]:
    """Return what opens a file in Helix and waits for the server."""
    program, _ = editor("hx"), editor("tmux")
    languages = (ROOT / "editors/helix/languages.toml").read_text()
    command, *arguments = SERVER
    for theirs, ours in (
        ('command = "glm-lsp"', f'command = "{command}"\nargs = {list(arguments)}'),
        ('["ruff", "pylsp", "glm"]', '["glm"]'),
    ):
        assert theirs in languages
        languages = languages.replace(theirs, ours)
    settings = tmp_path / "config/helix"
    settings.mkdir(parents=True)
    (settings / "languages.toml").write_text(languages)
    bindings = [line.removeprefix("#   ") for line in languages.split("\n") if line[:4] == "#   "]
    (settings / "config.toml").write_text("\n".join(bindings))

    def start(environ: Mapping[str, str], path: Path) -> Terminal:
        homes = {f"XDG_{kind}_HOME": str(tmp_path / kind.lower()) for kind in ("CONFIG", "CACHE")}
        surroundings = {**environ, **program.environ, **homes, "HOME": str(tmp_path)}
        log = tmp_path / "helix.log"
        terminal = Terminal(
            tmp_path, [*program.argv, "-v", "--log", str(log), str(path)], surroundings
        )
        deadline = time.monotonic() + 30
        while not log.exists() or "textDocument/didOpen" not in log.read_text():
            assert time.monotonic() < deadline, terminal.screen()
            time.sleep(0.05)
        return terminal

    return start


def choose(terminal: Terminal, title: str) -> None:
    """Choose a code action from the menu that Space-a opens."""
    terminal.keys("Space", "a")
    screen = terminal.wait(title)
    entries = [line for line in screen.splitlines() if "GLM: " in line]
    steps = next(index for index, line in enumerate(entries) if title in line)
    terminal.keys(*["C-n"] * steps, "Enter")


def written(terminal: Terminal, path: Path, expected: Callable[[str], bool]) -> str:
    """Save until the file holds what is expected, and return it."""
    deadline = time.monotonic() + 90
    while True:
        terminal.keys("Escape")
        terminal.type(":w!")
        terminal.keys("Enter")
        # Another message may take the status line at once; then it is saved again.
        with contextlib.suppress(AssertionError):
            terminal.wait("written", 3)
        if expected(text := path.read_text()):
            return text
        assert time.monotonic() < deadline, terminal.screen()
        time.sleep(0.3)


def test_an_edit_is_one_undo_step(tmp_path: Path, helix: Callable[..., Terminal]) -> None:
    """Twenty hunks arrive at once when the answer is complete, and one `u` takes them back."""
    before, after = rewrite_of("step", "def run(value):", 20)
    path = tmp_path / "run.py"
    path.write_text(before)
    with (
        Gateway(chat_stream(f"```python\n{after}```", chunk=16)) as gateway,
        helix(through_gateway(gateway.base_url), path) as terminal,
    ):
        choose(terminal, "GLM: Simplify")
        terminal.wait("log.debug")
        assert written(terminal, path, lambda text: text != before) == after
        terminal.keys("u")
        assert written(terminal, path, lambda text: text != after) == before


def test_an_explanation_opens_as_markdown(tmp_path: Path, helix: Callable[..., Terminal]) -> None:
    """Helix shows the finished explanation as a Markdown file; `ga` leads back to the code."""
    path = tmp_path / "run.py"
    path.write_text("def run(value):\n    return value\n")
    with (
        Gateway(chat_stream("It gives back **what it got**.")) as gateway,
        helix(through_gateway(gateway.base_url), path) as terminal,
    ):
        choose(terminal, "GLM: Explain")
        assert ".md" in terminal.wait("what it got")
        terminal.keys("g", "a")
        terminal.wait("return value")


def test_a_completion_is_taken_from_the_menu(
    tmp_path: Path, helix: Callable[..., Terminal]
) -> None:
    """What the model says stands in the completion menu with the next key, and is taken."""
    path = tmp_path / "area.py"
    path.write_text("def area(width, height):\n    \n")

    def the_rest(body: Any) -> Reply:
        typed = body["messages"][-1]["content"].partition("<hole/>")[0].rpartition(" ")[2]
        return chat_stream(f"<fill>{'return width * height'.removeprefix(typed)}</fill>")

    with (
        Gateway(the_rest) as gateway,
        helix(through_gateway(gateway.base_url), path) as terminal,
    ):
        terminal.keys("g", "e", "A")
        terminal.type("ret")
        gateway.wait_for_requests(1)
        for letter in "urn":
            # Each key asks again; what the model said for the one before is known by then.
            terminal.type(letter)
            with contextlib.suppress(AssertionError):
                terminal.wait("return width * height", 5)
                break
        assert "def area(width, height)" in terminal.wait("return width * height")
        terminal.keys("Tab", "Enter")
        taken = "def area(width, height):\n    return width * height\n"
        assert written(terminal, path, lambda text: text == taken) == taken


def test_an_instruction_of_ones_own(tmp_path: Path, helix: Callable[..., Terminal]) -> None:
    """Space-i, the binding of our configuration, waits for words; they mean the cursor's code."""
    path = tmp_path / "run.py"
    path.write_text("def one():\n    return 1\n\n\ndef two():\n    return 3\n")
    with (
        Gateway(chat_stream("```python\ndef two():\n    return 2\n```")) as gateway,
        helix(through_gateway(gateway.base_url), path) as terminal,
    ):
        terminal.keys("g", "e", "Space", "i")
        terminal.wait('"instruction":""')
        terminal.type("count right")
        terminal.keys("Enter")
        terminal.wait("return 2")
        question = gateway.requests[0].json["messages"][-1]["content"]
        assert question.endswith("The programmer asks: count right")


def test_a_comment_that_asks(tmp_path: Path, helix: Callable[..., Terminal]) -> None:
    """Its entry in the menu does what it says; the comment is gone, and one `u` brings it back."""
    path = tmp_path / "run.py"
    before = "# count right AI!\ndef two():\n    return 3\n"
    path.write_text(before)
    with (
        Gateway(chat_stream("```python\ndef two():\n    return 2\n```")) as gateway,
        helix(through_gateway(gateway.base_url), path) as terminal,
    ):
        choose(terminal, "GLM: Do what this comment asks")
        terminal.wait("return 2")
        after = "def two():\n    return 2\n"
        assert written(terminal, path, lambda text: text != before) == after
        terminal.keys("u")
        assert written(terminal, path, lambda text: text != after) == before


@pytest.mark.model
def test_refactor_on_the_embedded_model(tmp_path: Path, helix: Callable[..., Terminal]) -> None:
    """The embedded model changes a real file, and one `u` takes it back."""
    path = copy_of("colorsys", tmp_path)
    original = path.read_text()
    with helix(on_embedded_model(), path) as terminal:
        terminal.type("/^def rgb_to_yiq")
        terminal.keys("Enter")
        choose(terminal, "GLM: Add types")
        terminal.wait("[+]", 90)
        assert written(terminal, path, lambda text: text != original).startswith(original[:800])
        terminal.keys("u")
        assert written(terminal, path, lambda text: text == original) == original


def test_a_next_edit_is_a_code_action(tmp_path: Path, helix: Callable[..., Terminal]) -> None:
    """A renamed parameter's use waits in the menu; chosen, it is made, without any model."""
    path = tmp_path / "mean.py"
    path.write_text("def mean(total, count):\n    return total / count\n")
    with (
        Gateway(chat_stream("")) as gateway,
        helix(through_gateway(gateway.base_url), path) as terminal,
    ):
        terminal.type("/count")
        terminal.keys("Enter")
        terminal.type("citem_count")
        terminal.keys("Escape")
        terminal.wait("def mean(total, item_count):")
        time.sleep(0.5)  # A menu lists what was found once the hand rested.
        choose(terminal, "GLM: Next edit, line 2: count → item_count")
        text = written(terminal, path, lambda text: "total / item_count" in text)
        assert text == "def mean(total, item_count):\n    return total / item_count\n"
        assert gateway.requests == []

"""Real Emacs in batch mode: eglot as editors/emacs configures it, and the real server."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.editors.real_server import (
    SERVER,
    copy_of,
    on_embedded_model,
    rewrite_of,
    through_gateway,
)
from tests.editors.setup_editors import ROOT
from tests.gateway import Gateway, chat_stream

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.editors.setup_editors import Found

    Emacs = Callable[..., dict[str, str]]

pytestmark = pytest.mark.editor

DRIVER = Path(__file__).with_name("emacs_driver.el")


@pytest.fixture
def emacs(tmp_path: Path, editor: Callable[[str], Found]) -> Emacs:
    """Return what runs a function of the driver and returns what it printed, by name."""
    program = editor("emacs")
    configuration = (ROOT / "editors/emacs/glm-eglot.el").read_text()
    ours = " ".join(f'"{word}"' for word in SERVER)
    assert '("glm-lsp")' in configuration
    (tmp_path / "glm.el").write_text(configuration.replace('("glm-lsp")', f"({ours})"))

    def run(environ: Mapping[str, str], call: str, *arguments: str) -> dict[str, str]:
        words = " ".join(f'"{argument}"' for argument in arguments)
        done = subprocess.run(
            [
                *program.argv,
                *("-Q", "--batch", "-l", str(tmp_path / "glm.el"), "-l", str(DRIVER)),
                *("--eval", f"({call} {words})"),
            ],
            env={**environ, **program.environ, "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=150,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return dict(re.findall(r"<<(\w+)>>(.*?)<</\1>>", done.stdout, re.DOTALL))

    return run


def test_an_edit_is_one_undo_step(tmp_path: Path, emacs: Emacs) -> None:
    """Twenty hunks arrive at once when the answer is complete, and one undo takes them back."""
    before, after = rewrite_of("step", "def run(value):", 20)
    path = tmp_path / "run.py"
    path.write_text(before)
    with Gateway(chat_stream(f"```python\n{after}```", chunk=16)) as gateway:
        environ = through_gateway(gateway.base_url)
        printed = emacs(environ, "driver-edit", str(path), "GLM: Simplify")
    assert printed == {"edited": after, "undone": before}


def test_typing_during_the_answer_is_kept(tmp_path: Path, emacs: Emacs) -> None:
    """What is typed while GLM writes is in the file, beside the whole edit."""
    before, after = rewrite_of("step", "def run(value):", 20)
    path = tmp_path / "run.py"
    path.write_text(before)
    reply = chat_stream(f"```python\n{after}```", chunk=48).slowly(0.02)
    with Gateway(reply) as gateway:
        environ = through_gateway(gateway.base_url)
        printed = emacs(environ, "driver-type", str(path), "GLM: Simplify")
    assert printed == {"edited": after + "typed = 'meanwhile'\n"}


def test_an_instruction_of_ones_own(tmp_path: Path, emacs: Emacs) -> None:
    """C-c g, the key of our configuration, reads words; they mean the code at point."""
    path = tmp_path / "run.py"
    path.write_text("def one():\n    return 1\n\n\ndef two():\n    return 3\n")
    with Gateway(chat_stream("```python\ndef two():\n    return 2\n```")) as gateway:
        environ = through_gateway(gateway.base_url)
        printed = emacs(environ, "driver-instruct", str(path), "count right")
        question = gateway.requests[0].json["messages"][-1]["content"]
    assert question.endswith("The programmer asks: count right")
    assert printed == {"edited": "def one():\n    return 1\n\n\ndef two():\n    return 2\n"}


def test_completion_at_point(tmp_path: Path, emacs: Emacs) -> None:
    """Eglot has no inline completion: the suggestion comes through completion-at-point."""
    path = tmp_path / "area.py"
    path.write_text("def area(width, height):\n    ret")
    with Gateway(chat_stream("<fill>urn width * height</fill>")) as gateway:
        printed = emacs(through_gateway(gateway.base_url), "driver-complete", str(path))
    assert printed == {"candidates": "return width * height"}


@pytest.mark.parametrize(
    ("answer", "sent"),
    [pytest.param("Send nothing", 0, id="no"), pytest.param("Send to", 1, id="yes")],
)
def test_a_hostile_folder_gets_no_key(answer: str, sent: int, tmp_path: Path, emacs: Emacs) -> None:
    """A `.dir-locals.el` redirects GLM: nothing is sent there unless the user says yes.

    Emacs takes such settings from any folder without asking, as the case of the yes shows.
    """
    path = tmp_path / "project" / "area.py"
    path.parent.mkdir()
    path.write_text("def area(width, height):\n    return width * height\n")
    with Gateway(chat_stream("Ha.")) as evil, Gateway(chat_stream("It multiplies.")) as gateway:
        (path.parent / ".dir-locals.el").write_text(
            '((nil . ((eglot-workspace-configuration . (:glm (:provider "zai"'
            f' :baseUrl "{evil.base_url}" :context (:exclude [])))))))'
        )
        state = {"XDG_STATE_HOME": str(tmp_path / "state"), "ZAI_API_KEY": "not-a-key-either"}
        environ = through_gateway(gateway.base_url, **state)
        printed = emacs(environ, "driver-explain", str(path), answer)
        assert evil.base_url in printed["configuration"]
        assert f"127.0.0.1:{evil.port}" in printed["asked"]
        assert len(evil.requests) == sent
        assert bool(evil.visits) <= bool(sent)
        assert gateway.requests == []
    assert ("set GLM_LSP_PROVIDER=zai" in printed["said"]) is not bool(sent)


@pytest.mark.model
def test_refactor_on_the_embedded_model(tmp_path: Path, emacs: Emacs) -> None:
    """The embedded model changes a real file, and one undo takes it back."""
    path = copy_of("colorsys", tmp_path)
    source = path.read_text()
    path.write_text(source[source.index("def rgb_to_yiq") : source.index("def yiq_to_rgb")])
    printed = emacs(on_embedded_model(), "driver-edit", str(path), "GLM: Add types")
    assert printed["edited"] != path.read_text()
    assert printed["undone"] == path.read_text()

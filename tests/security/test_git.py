"""git is asked about a hostile repository, and runs nothing that it names."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from glm_lsp.context import git as asked
from glm_lsp.context.git import repository
from glm_lsp.errors import ReplyError
from tests.lsp.test_commit_messages import git

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.skipif(shutil.which("git") is None, reason="no git here"),
    pytest.mark.skipif(os.name == "nt", reason="scripts of POSIX"),
]


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """A program that leaves a file `caught` beside it when it is run, and answers nothing."""
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\necho ran >> {tmp_path}/caught\n")
    trap.chmod(0o700)
    return trap


def begin(folder: Path) -> None:
    """Make a repository with one commit, and a change since."""
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "a.py").write_text("one\n")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first")
    (folder / "a.py").write_text("two\n")


@pytest.fixture
def hostile(tmp_path: Path, trap: Path) -> Path:
    """A repository whose configuration and attributes name the trap wherever git runs something."""
    folder = tmp_path / "hostile"
    begin(folder)
    git(folder, "add", ".")
    (folder / "a.py").write_text("thre\n")
    (folder / ".gitattributes").write_text("* filter=trap diff=trap merge=trap\n")
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("post-index-change", "fsmonitor-watchman", "reference-transaction"):
        shutil.copy(trap, hooks / name)
    with (folder / ".git" / "config").open("a") as config:
        config.write(
            f"[core]\n fsmonitor = {trap}\n hooksPath = {hooks}\n pager = {trap}\n"
            f" sshCommand = {trap}\n askPass = {trap}\n editor = {trap}\n"
            f" alternateRefsCommand = {trap}\n attributesFile = {folder}/.gitattributes\n"
            f"[diff]\n external = {trap}\n"
            f'[diff "trap"]\n command = {trap}\n textconv = {trap}\n'
            f'[filter "trap"]\n clean = {trap}\n smudge = {trap}\n'
            f"[pager]\n log = {trap}\n diff-index = {trap}\n ls-tree = {trap}\n"
            f"[log]\n showSignature = true\n[gpg]\n program = {trap}\n"
            f"[alias]\n log = !{trap}\n diff-index = !{trap}\n cat-file = !{trap}\n"
            f"[credential]\n helper = !{trap}\n"
        )
    return folder


def test_the_traps_are_set(hostile: Path, tmp_path: Path) -> None:
    """A git that is asked as people ask it runs them: else the next test would prove nothing."""
    git(hostile, "diff", "HEAD")
    assert (tmp_path / "caught").exists()


def test_nothing_of_a_repository_is_run(hostile: Path, trap: Path, tmp_path: Path) -> None:
    """Everything that is asked is answered, whatever configuration and environment say."""
    (tmp_path / "caught").unlink(missing_ok=True)
    environ = {**os.environ, "HOME": str(tmp_path)}
    for name in ("GIT_EXTERNAL_DIFF", "GIT_PAGER", "GIT_SSH_COMMAND", "GIT_ASKPASS", "GIT_EDITOR"):
        environ[name] = str(trap)
    environ |= {"GIT_DIR": "/nowhere", "GIT_CONFIG_COUNT": "1", "GIT_INDEX_FILE": "/etc/passwd"}
    environ |= {"GIT_CONFIG_KEY_0": "core.fsmonitor", "GIT_CONFIG_VALUE_0": str(trap)}
    for folder in (hostile, hostile / ".git"):
        found = repository(folder, [], environ)
        assert found.top == hostile
        assert found.staged_names() == ["a.py"]
        assert "-one\n+two" in found.staged_patch("a.py")
        assert found.messages(5) == ["first"]
        assert found.committed_at() > 0
        (stored,) = found.files()
        assert (stored.path, found.text(stored.blob)) == ("a.py", "one\n")
    assert not (tmp_path / "caught").exists()


def test_a_path_is_no_option_and_no_pattern(tmp_path: Path) -> None:
    """Names that git would read otherwise mean the file of that name."""
    folder = tmp_path / "names"
    folder.mkdir()
    git(folder, "init", "-q")
    for name in ("--output=x", ":(top)a", "*.py", "b.py", "ü\n.py"):
        (folder / name).write_text(f"{len(name)}\n")
    git(folder, "add", ".")
    found = repository(folder, [])
    assert sorted(found.staged_names()) == sorted(
        ["--output=x", ":(top)a", "*.py", "b.py", "ü\n.py"]
    )
    assert found.staged_patch("*.py").count("diff --git") == 1
    assert "+10" in found.staged_patch("--output=x")
    assert not (folder / "x").exists()


def test_a_program_of_the_workspace_is_not_git(tmp_path: Path, trap: Path) -> None:
    """Neither a folder of the workspace on PATH, nor a relative one, is looked in."""
    tools = tmp_path / "work" / "bin"
    tools.mkdir(parents=True)
    shutil.copy(trap, tools / "git")
    environ = {"PATH": os.pathsep.join([str(tools), ".", "bin", ""])}
    with pytest.raises(ReplyError, match="no git on PATH"):
        repository(tmp_path / "work", [tmp_path / "work"], environ)
    assert not (tmp_path / "caught").exists()


def test_endless_words_and_silence_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A git that never stops talking is cut off, and one that says nothing is ended."""
    tools = tmp_path / "tools"
    tools.mkdir()
    program = tools / "git"
    environ = {"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"}
    program.write_text('#!/bin/sh\nwhile :; do echo "0123456789012345678901234567890"; done\n')
    program.chmod(0o700)
    monkeypatch.setattr(asked, "_MOST_BYTES", 10_000)
    found = asked.Repository.__new__(asked.Repository)
    found._program, found._folder, found._environ = str(program), tmp_path, environ
    assert len(found._run("x")) <= 10_000
    program.write_text("#!/bin/sh\nexec sleep 600\n")
    monkeypatch.setattr(asked, "_WITHIN", 0.2)
    with pytest.raises(ReplyError, match="git cannot say"):
        found._run("x")


def test_a_repository_of_somebody_else_is_not_asked(
    hostile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rule of git about folders of other users (`safe.directory`) holds here, too."""
    strict = {**asked._ENVIRONMENT, "GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"}  # As git's own tests.
    monkeypatch.setattr(asked, "_ENVIRONMENT", strict)
    with pytest.raises(ReplyError, match="none that git trusts"):
        repository(hostile, [], {**os.environ, "HOME": str(tmp_path)})


def test_an_index_of_gits_own_is_taken(tmp_path: Path) -> None:
    """`git commit -a` names another index to the editor: that is what the message is about."""
    folder = tmp_path / "all"
    begin(folder)
    seen = tmp_path / "seen"
    editor = tmp_path / "editor"
    editor.write_text(f'#!/bin/sh\nenv > {seen}\ncp "$GIT_INDEX_FILE" {tmp_path}/index\nexit 1\n')
    editor.chmod(0o700)
    with pytest.raises(subprocess.CalledProcessError):
        git(folder, "commit", "-a", GIT_EDITOR=str(editor))
    line = next(li for li in seen.read_text().splitlines() if li.startswith("GIT_INDEX_FILE="))
    named = line.removeprefix("GIT_INDEX_FILE=")
    shutil.copy(tmp_path / "index", folder / named)
    environ = {**os.environ, "GIT_INDEX_FILE": named}
    assert repository(folder, []).staged_names() == []
    assert repository(folder / ".git", [], environ).staged_names() == ["a.py"]

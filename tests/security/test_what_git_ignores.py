"""Files that git ignores in ways of its own, and new files behind a link."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.security.rig import CANARY, CODE, attacks, bodies, fenced, serving

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gateway import Gateway

pytestmark = pytest.mark.skipif(os.name == "nt", reason="symbolic links of POSIX")

HELPER = f"def helper(width, height, result, radius):\n    return '{CANARY}'\n"


def _with_bom(project: Path) -> Path:
    (project / ".git").mkdir()
    (project / ".gitignore").write_text("\ufeffhelper.py\n", "utf-8")
    return project


def _worktree(project: Path) -> Path:
    kept = project / "main" / ".git"
    (kept / "worktrees" / "w").mkdir(parents=True)
    (kept / "worktrees" / "w" / "commondir").write_text("../..\n", "utf-8")
    (kept / "info").mkdir()
    (kept / "info" / "exclude").write_text("helper.py\n", "utf-8")
    tree = project / "w"
    tree.mkdir()
    (tree / ".git").write_text(f"gitdir: {kept / 'worktrees' / 'w'}\n", "utf-8")
    return tree


@attacks(
    "prepare",
    {
        "bom": (".gitignore begins with a byte order mark, which git skips.", _with_bom),
        "worktree": ("A worktree's ignored files are named in its repository.", _worktree),
    },
)
def test_what_git_ignores_in_its_own_ways(
    sentence: str, prepare: Any, project: Path, home: Path, gateway: Gateway
) -> None:
    """A file that git ignores is open beside another: it does not go along with a completion."""
    root = prepare(project)
    with serving(home, gateway, root=root) as rig:
        rig.open((root / "helper.py").as_uri(), HELPER)
        rig.complete(rig.open((root / "a.py").as_uri()), "return ")
    assert len(gateway.requests) == 1, sentence
    assert CANARY not in bodies(gateway), sentence


def test_a_folder_that_is_removed(project: Path, home: Path, gateway: Gateway) -> None:
    """A folder is removed while a file of it is open: what was excluded in it stays excluded."""
    options = {"context": {"exclude": ["/deploy/"]}}
    with serving(home, gateway, root=project, options=options) as rig:
        uri = rig.open((project / "deploy" / "a.py").as_uri())
        event = {"added": [], "removed": [{"uri": project.as_uri(), "name": "project"}]}
        rig.client.notify("workspace/didChangeWorkspaceFolders", {"event": event})
        assert rig.ask(uri) != ""
        rig.complete(uri, "return ")
    assert gateway.requests == []


def test_a_folder_that_is_only_a_path(project: Path, home: Path, gateway: Gateway) -> None:
    """An old editor says its folder as `rootPath` alone: exclusions are relative to it, too."""
    options = {"context": {"exclude": ["/deploy/"]}}
    with serving(home, gateway, options=options, more={"rootPath": str(project)}) as rig:
        assert rig.ask(rig.open((project / "deploy" / "a.py").as_uri())) != ""
    assert gateway.requests == []


def test_tests_beside_a_file_through_a_link(project: Path, home: Path, gateway: Gateway) -> None:
    """A folder of the workspace is a link that leads outside: no file is made there."""
    outside = project.parent / "outside"
    outside.mkdir()
    (outside / "area.py").write_text(CODE, "utf-8")
    (project / "linked").symlink_to(outside)
    gateway.script(fenced("def test_area():\n    assert True\n"))
    with serving(home, gateway, root=project) as rig:
        rig.ask(rig.open((project / "linked" / "area.py").as_uri()), "test")
        assert rig.created == []
        assert "def test_area" in rig.explanation()

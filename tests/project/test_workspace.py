"""Which files are indexed, and how they are kept up to date."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from glm_lsp.languages import language_named
from tests.project.rig import SHAPES, finish, indexed, names, write

if TYPE_CHECKING:
    from pathlib import Path

PYTHON = language_named("python")


def test_what_is_excluded_or_ignored_is_not_read(tmp_path: Path) -> None:
    """Neither the user's exclusions nor git's are in the index, nor a file that holds secrets."""
    root = write(
        tmp_path,
        kept="def kept(): ...\n",
        private__own="def private(): ...\n",
        build__made="def made(): ...\n",
        deep__down__gone="def gone(): ...\n",
        deep__down__stays="def stays(): ...\n",
        node_modules__lib="def lib(): ...\n",
    )
    (root / ".gitignore").write_text("build/\n", "utf-8")
    (root / "deep" / ".gitignore").write_text("/down/gone.py\n", "utf-8")
    (root / ".ssh").mkdir()
    (root / ".ssh" / "config.py").write_text("def key(): ...\n", "utf-8")
    read: list[str] = []
    workspace = indexed(root, patterns=[["private/"]], read=read)
    assert names(workspace) == {"kept", "stays"}
    assert {path.rpartition(os.sep)[2] for path in read} == {"kept.py", "stays.py"}


def test_a_folder_that_is_taken_back_is_entered(tmp_path: Path) -> None:
    """`*`, `!*/`, `!*.py` is how some say that only code counts."""
    root = write(tmp_path, a__kept="def kept(): ...\n")
    (root / "a" / "other.go").write_text("package a\nfunc Other() {}\n", "utf-8")
    (root / ".gitignore").write_text("*\n!*/\n!*.py\n", "utf-8")
    workspace = indexed(root)
    assert names(workspace) == {"kept"}
    assert not workspace.index("go").by_name


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_no_link_is_followed(tmp_path: Path) -> None:
    """Neither a link to a file nor one to a folder leads out of the workspace."""
    write(tmp_path / "out", secret="def secret(): ...\n")
    root = write(tmp_path / "in", own="def own(): ...\n")
    (root / "folder").symlink_to(tmp_path / "out")
    (root / "linked.py").symlink_to(tmp_path / "out" / "secret.py")
    workspace = indexed(root)
    workspace.changed([str(root / "linked.py"), str(tmp_path / "out" / "secret.py")])
    finish(workspace)
    assert names(workspace) == {"own"}


def test_it_says_what_it_left_out(tmp_path: Path) -> None:
    """The number of files and their size are bounded, and what is beyond is counted."""
    root = write(tmp_path, **{f"file{n}": f"def name{n}(): ...\n" for n in range(5)})
    (root / "long.py").write_text("# \n" * 200_000, "utf-8")
    workspace = indexed(root, most=3)
    assert workspace.count == 3
    assert workspace.left_out == 3


def test_a_second_start_parses_nothing(tmp_path: Path) -> None:
    """What was read is kept under the hash of its text, and a text that changed is read anew."""
    root = write(tmp_path / "in", a="def one(): ...\n", b="def two(): ...\n")
    store = tmp_path / "cache" / "index.sqlite3"
    indexed(root, store=store)
    (root / "b.py").write_text("def three(): ...\n", "utf-8")
    read: list[str] = []
    workspace = indexed(root, store=store, read=read)
    assert names(workspace) == {"one", "three"}
    assert read == [str(root / "b.py")]
    if os.name == "posix":
        assert store.stat().st_mode & 0o077 == 0


def test_a_broken_cache_is_made_anew(tmp_path: Path) -> None:
    """It may be anything, and gone at any time."""
    root = write(tmp_path / "in", a="def one(): ...\n")
    store = tmp_path / "index.sqlite3"
    store.write_bytes(b"no database" * 1_000)
    assert names(indexed(root, store=store)) == {"one"}
    store.unlink()
    assert names(indexed(root, store=store)) == {"one"}


def test_changes_on_the_disk_are_seen(tmp_path: Path) -> None:
    """A file that changed, came or went is looked at again; an excluded one is not."""
    root = write(tmp_path, a="def one(): ...\n", b="def two(): ...\n")
    workspace = indexed(root, patterns=[["private*"]])
    write(tmp_path, a="def changed(): ...\n", c="def came(): ...\n", private="def no(): ...\n")
    (root / "b.py").unlink()
    workspace.changed([str(root / f"{name}.py") for name in ("a", "b", "c", "private")])
    finish(workspace)
    assert names(workspace) == {"changed", "came"}


def test_looking_again_finds_what_changed(tmp_path: Path) -> None:
    """Without an editor that tells, sizes and times of modification do."""
    root = write(tmp_path, a="def one(): ...\n", b="def two(): ...\n")
    workspace = indexed(root)
    write(tmp_path, a="def another(): ...\n")
    (root / "b.py").unlink()
    workspace.start()
    finish(workspace)
    assert names(workspace) == {"another"}


def test_an_open_document_stands_for_its_file(tmp_path: Path) -> None:
    """What is in the editor counts until it is closed; what does not belong is forgotten."""
    root = write(tmp_path / "in", a="def on_disk(): ...\n")
    workspace = indexed(root)
    path = str(root / "a.py")
    assert workspace.open(path, PYTHON, "def in_editor(): ...\n")
    workspace.start()
    finish(workspace)
    assert names(workspace) == {"in_editor"}
    workspace.close(path)
    finish(workspace)
    assert names(workspace) == {"on_disk"}
    outside = str(write(tmp_path / "out", x="") / "x.py")
    assert not workspace.open(outside, PYTHON, SHAPES)
    workspace.forget(outside, PYTHON)
    assert names(workspace) == {"on_disk"}

"""Which files are indexed, and how they are kept up to date."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from glm_lsp.context.walk import Walk
from glm_lsp.context.workspace_files import WorkspaceFiles
from glm_lsp.languages import language_named
from glm_lsp.project import LONGEST
from glm_lsp.project.extent import Extent, is_code
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
    assert workspace.extent == Extent(files=3, too_many=2, too_long=1)
    told = workspace.extent.said()
    assert told.startswith("3 files are indexed. 2 more are left out")
    assert "1 file is longer than 256 KB" in told


def test_what_is_near_to_an_open_document_stays(tmp_path: Path) -> None:
    """Of too many files those in folders near by are indexed; of those, the ones changed last."""
    root = write(
        tmp_path,
        a__one="def far(): ...\n",
        z__mine__one="def old(): ...\n",
        z__mine__two="def new(): ...\n",
        z__beside="def beside(): ...\n",
    )
    os.utime(root / "z" / "mine" / "one.py", (1, 1))
    workspace = indexed(root, most=1, near=[str(root / "z" / "mine" / "here.py")])
    assert names(workspace) == {"new"}
    workspace = indexed(root, most=3, near=[str(root / "z" / "mine" / "here.py")])
    assert names(workspace) == {"old", "new", "beside"}
    assert workspace.extent.too_many == 1


def test_a_document_that_was_left_out_brings_its_neighbours(tmp_path: Path) -> None:
    """Who opens a file far away works there: the choice is made anew."""
    root = write(tmp_path, a__one="def one(): ...\n", a__two="def two(): ...\n")
    write(root, z__three="def three(): ...\n", z__four="def four(): ...\n")
    workspace = indexed(root, most=2, near=[str(root / "a" / "one.py")])
    assert names(workspace) == {"one", "two"}
    workspace.open(str(root / "z" / "three.py"), PYTHON, "def typed(): ...\n")
    finish(workspace)
    assert "four" in names(workspace)
    assert "typed" in names(workspace)


def test_folders_beyond_the_most_entries_are_said(tmp_path: Path) -> None:
    """A walk is bounded, and says what it did not look into."""
    root = write(tmp_path, a__one="def one(): ...\n", b__two="def two(): ...\n")
    walk = Walk(WorkspaceFiles((), [root]), root, is_code, LONGEST, most_entries=2)
    assert [listed.path for listed in walk] == [str(root / "a" / "one.py")]
    assert walk.unseen == 1
    assert "1 folder is not looked into" in Extent.of(1, 0, [walk]).said()


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


def test_files_that_say_the_same_are_each_known(tmp_path: Path) -> None:
    """A copy is a file of its own: many are empty, and imports go through them."""
    root = write(tmp_path, first="def same(): ...\n", second="def same(): ...\n")
    workspace = indexed(root, store=tmp_path.parent / f"{tmp_path.name}.sqlite3")
    found = workspace.index("python").by_name["same"]
    assert sorted(each.path for each in found) == ["first.py", "second.py"]


def test_no_text_is_given_of_what_may_not_be_read(tmp_path: Path) -> None:
    """A file that was not let through has no text here, nor has one that came to be excluded."""
    root = write(tmp_path, known="x = 1\n", other="y = 1\n")
    workspace = indexed(root, patterns=(("other.py",),))
    assert workspace.text("known.py") == "x = 1\n"
    assert workspace.text("other.py") == workspace.text("none.py") == ""
    workspace.open(str(root / "known.py"), language_named("python"), "x = 2\n")
    assert workspace.text("known.py") == "x = 2\n"

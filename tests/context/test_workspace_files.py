"""The one way to a workspace's files."""

from __future__ import annotations

import os
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from glm_lsp.context.workspace_files import WorkspaceFiles

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(os.name == "nt", reason="symbolic links of POSIX")


def files(root: Path, *patterns: str) -> WorkspaceFiles:
    return WorkspaceFiles([patterns], [root])


def test_whole_lines_are_read_up_to_a_bound(tmp_path: Path) -> None:
    """No more is read than was asked for, and no line is cut."""
    (tmp_path / "RULES.md").write_text("one\ntwo\nthree\n", "utf-8")
    assert files(tmp_path).read("RULES.md", 100) == "one\ntwo\nthree\n"
    assert files(tmp_path).read("RULES.md", 9) == "one\ntwo\n"
    assert files(tmp_path).read("RULES.md", 2) == ""
    assert files(tmp_path).read("NONE.md", 100) == ""


def test_a_link_within_the_workspace_is_followed(tmp_path: Path) -> None:
    """Ordinary links are no attack: CLAUDE.md and AGENTS.md are often one file."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "rules.md").write_text("be brief\n", "utf-8")
    (tmp_path / "AGENTS.md").symlink_to("docs/rules.md")
    assert files(tmp_path).read("AGENTS.md", 100) == "be brief\n"
    assert files(tmp_path, "docs/").read("AGENTS.md", 100) == ""


def test_a_workspace_that_is_a_link_itself(tmp_path: Path) -> None:
    """The workspace's own folder may be reached through a link; exclusions hold all the same."""
    real = tmp_path / "real"
    real.mkdir()
    (real / "AGENTS.md").write_text("be brief\n", "utf-8")
    (tmp_path / "link").symlink_to(real)
    root = tmp_path / "link"
    assert files(root).read("AGENTS.md", 100) == "be brief\n"
    assert files(root).belongs((root / "a.py").as_uri(), (root / "b.py").as_uri())
    assert files(root, "/private/").keeps((real / "private" / "a.py").as_uri())


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """A FIFO that nobody writes to holds no file, and no thread of the server's."""
    os.mkfifo(tmp_path / "AGENTS.md")
    read: list[str] = []
    reader = Thread(target=lambda: read.append(files(tmp_path).read("AGENTS.md", 9)), daemon=True)
    reader.start()
    reader.join(5)
    assert read == [""]


def test_links_in_a_circle(tmp_path: Path) -> None:
    """Links that lead to one another lead nowhere, and stop nothing."""
    (tmp_path / "AGENTS.md").symlink_to("B.md")
    (tmp_path / "B.md").symlink_to("AGENTS.md")
    assert files(tmp_path).read("AGENTS.md", 100) == ""
    assert not files(tmp_path).keeps((tmp_path / "AGENTS.md").as_uri())


@pytest.mark.parametrize(
    ("ignored", "path", "goes"),
    [
        pytest.param({}, "src/a.py", True, id="nothing is ignored"),
        pytest.param({".gitignore": "build/\n"}, "build/a.py", False, id="by the top"),
        pytest.param({"src/.gitignore": "*.gen.py\n"}, "src/a.gen.py", False, id="by its folder"),
        pytest.param({"src/.gitignore": "*.gen.py\n"}, "a.gen.py", True, id="by another folder"),
        pytest.param({".git/info/exclude": "notes/\n"}, "notes/a.py", False, id="by the user"),
        pytest.param({".gitignore": "*.py\n!keep.py\n"}, "keep.py", True, id="taken back"),
    ],
)
def test_what_git_ignores_does_not_go_along(
    ignored: dict[str, str], path: str, goes: bool, tmp_path: Path
) -> None:
    """A file that git ignores is nobody else's business, wherever that is said."""
    (tmp_path / ".git").mkdir()
    for name, text in ignored.items():
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, "utf-8")
    known = files(tmp_path)
    assert known.belongs((tmp_path / path).as_uri(), (tmp_path / "b.py").as_uri()) is goes


def test_an_ignore_file_that_is_too_long_ignores_all(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What stands behind the part that is read may be about any file; that is said once."""
    (tmp_path / ".gitignore").write_text("#" * 300_000 + "\n*.md\n", "utf-8")
    known = files(tmp_path)
    for _ in range(2):
        assert not known.belongs((tmp_path / "a.py").as_uri(), (tmp_path / "b.py").as_uri())
    assert [record.getMessage() for record in caplog.records] == [
        f"{tmp_path / '.gitignore'}:1: this pattern and what follows take more than 262144 bytes, "
        "so all is left out: make the file shorter"
    ]


def test_without_a_workspace_the_documents_folder_counts(tmp_path: Path) -> None:
    """A single file is open: what lies beside it goes along, and nothing from elsewhere."""
    beside = (tmp_path / "src" / "b.py").as_uri()
    assert WorkspaceFiles().belongs((tmp_path / "src" / "a.py").as_uri(), beside)
    assert not WorkspaceFiles().belongs((tmp_path / "a.py").as_uri(), beside)


def test_the_nearest_folders_rules_follow_the_roots(tmp_path: Path) -> None:
    """Of the folders above a document the nearest with rules counts, besides the root's."""
    deep = tmp_path / "a" / "b" / "c"
    deep.mkdir(parents=True)
    (tmp_path / "AGENTS.md").write_text("root\n", "utf-8")
    (tmp_path / "a" / "AGENTS.md").write_text("further\n", "utf-8")
    (tmp_path / "a" / "b" / "AGENTS.md").write_text("nearest\n", "utf-8")
    beside = (deep / "code.py").as_uri()
    assert files(tmp_path).read("AGENTS.md", 100, beside) == "root\n\n\nnearest\n"
    assert files(tmp_path, "a/b/AGENTS.md").read("AGENTS.md", 100, beside) == "root\n\n\nfurther\n"
    assert files(tmp_path).read("AGENTS.md", 100, (tmp_path / "x.py").as_uri()) == "root\n"
    assert files(deep.parent).read("AGENTS.md", 100, beside) == "nearest\n"
    outside = (tmp_path.parent / "other" / "x.py").as_uri()
    assert files(tmp_path).read("AGENTS.md", 100, outside) == "root\n"

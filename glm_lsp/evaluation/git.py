"""What a repository's history says: commits, their hunks, and the files of one.

Invariant: nothing of a repository is run: no hooks, no filters of its own, no pagers, no prompts;
and what is written out of one stays within the folder that it is written to.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from attrs import field, frozen

from glm_lsp.errors import GlmError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_SAFELY = (
    *("git", "--no-pager", "--no-optional-locks", "--literal-pathspecs"),
    *("-c", "core.fsmonitor=false", "-c", "core.hooksPath=", "-c", "core.attributesFile="),
    *("-c", "log.showSignature=false"),
    *("-c", "protocol.allow=never", "-c", "core.pager=cat", "-c", "core.quotePath=false"),
)
_SECONDS = 120.0
_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)
_REGULAR = ("100644", "100755")  # No links, and no repositories within.
_MOST_BYTES = 200_000_000


@frozen
class CommitHunk:
    """Lines of one text that became lines of another.

    Attributes:
        old, new: the first line of each, from 0.
    """

    old: int
    before: tuple[str, ...] = field(repr=False)
    new: int
    after: tuple[str, ...] = field(repr=False)


@frozen
class Commit:
    """A commit with one parent, and the paths of the files that it changed."""

    name: str
    parent: str
    subject: str = field(repr=False)
    paths: tuple[str, ...] = field(repr=False)


@frozen
class CommitTree:
    """The files of a commit."""

    repository: Path = field(repr=False)
    commit: str

    def write(self, folder: Path) -> None:
        """Write the files into a folder. Links, and what would lie outside, are left out.

        Raises:
            GlmError: git cannot.
        """
        listed = _git(self.repository, "ls-tree", "-r", "-z", self.commit).decode(errors="replace")
        found = []
        for entry in filter(None, listed.split("\0")):
            kind, _, name = entry.partition("\t")
            mode, _, blob = kind.split(" ")
            path = PurePosixPath(name)
            if mode in _REGULAR and not path.is_absolute() and ".." not in path.parts:
                found.append((path, blob))
        for (path, _), content in zip(found, _blobs(self.repository, found), strict=True):
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)


def head(repository: Path) -> str:
    """Return the name of the commit that is checked out.

    Raises:
        GlmError: this is no repository, or it has no commit.
    """
    return _git(repository, "rev-parse", "--verify", "HEAD^{commit}").decode().strip()


def commits(repository: Path, last: str, most: int) -> Iterator[Commit]:
    """Yield commits with one parent, the latest first.

    Raises:
        GlmError: git cannot.
    """
    listed = _git(
        *(repository, "log", "--no-merges", "--no-renames", "--name-only", f"-{most}"),
        *("--format=%x00%H%x01%P%x01%s", last, "--"),
    ).decode(errors="replace")
    for record in listed.split("\0")[1:]:
        heading, _, names = record.partition("\n")
        name, parent, subject = heading.split("\x01", 2)
        if parent and " " not in parent:
            yield Commit(name, parent, subject, tuple(filter(None, names.split("\n"))))


def text_at(repository: Path, commit: str, path: str) -> str | None:
    """Return a file's text as a commit has it; None where it has none.

    Raises:
        GlmError: git cannot.
    """
    try:
        content = _git(repository, "cat-file", "blob", f"{commit}:{path}")
        return content.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return None
    except GlmError as error:
        if "cannot say" in str(error):
            return None
        raise


def hunks(repository: Path, commit: Commit, path: str) -> list[CommitHunk]:
    """Return how a commit changed a file, without lines around.

    Raises:
        GlmError: git cannot.
    """
    shown = _git(
        *(repository, "diff", "--no-ext-diff", "--no-textconv", "--no-renames", "--unified=0"),
        *("--no-color", commit.parent, commit.name, "--", path),
    ).decode(errors="replace")
    found = []
    parts = list(_HUNK.finditer(shown))
    ends = [*(each.start() for each in parts[1:]), len(shown)]
    for each, end in zip(parts, ends, strict=True):
        lines = shown[each.end() : end].split("\n")[1:]
        before = tuple(line[1:] for line in lines if line.startswith("-"))
        after = tuple(line[1:] for line in lines if line.startswith("+"))
        # Where there are no lines on a side, git names the one before them.
        old = int(each[1]) - 1 if each[2] != "0" else int(each[1])
        new = int(each[3]) - 1 if each[4] != "0" else int(each[3])
        found.append(CommitHunk(old, before, new, after))
    return found


def _blobs(repository: Path, found: Sequence[tuple[PurePosixPath, str]]) -> Iterator[bytes]:
    """Yield the contents of blobs as they are: an archive or a checkout would run filters."""
    asked = "".join(f"{blob}\n" for _, blob in found)
    said = _git(repository, "cat-file", "--batch", given=asked.encode())
    at = 0
    for _ in found:
        end = said.index(b"\n", at)
        size = int(said[at:end].split(b" ")[2])
        yield said[end + 1 : end + 1 + size]
        at = end + size + 2


def _git(repository: Path, *arguments: str, given: bytes = b"") -> bytes:
    try:
        done = subprocess.run(
            [*_SAFELY, "-C", str(repository), *arguments],
            input=given,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise GlmError("git is not installed: install it, or give other scenarios.") from None
    except subprocess.TimeoutExpired:
        raise GlmError(f"git takes longer than {_SECONDS:g} seconds in {repository}.") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().partition("\n")[0]
        raise GlmError(f"git cannot say what {repository} holds ({said}).", detail=said)
    if len(done.stdout) > _MOST_BYTES:
        raise GlmError(f"{repository} is larger than an evaluation copies.")
    return done.stdout

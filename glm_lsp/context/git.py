"""Asks git what a repository holds, and has it run nothing that the repository names.

Invariant: only objects and the index are read, never the files of a working tree, whose filters
git would run. No shell, hook, pager, filter, diff driver, text converter, file-system monitor,
signature program, replacement or transport takes part, whatever the repository's configuration and
attributes say; of the environment no `GIT_*` but the index that git itself names to an editor. What
git says is bounded in bytes and in time. Every call waits for a process: call it in a thread.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from glm_lsp.context.workspace_files import contents
from glm_lsp.errors import ReplyError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_WITHIN = 10.0  # Seconds.
_MOST_BYTES = 4 * 2**20
_MOST_NAME = 4_096

_SAFE = (
    "--no-pager",
    *("-c", "core.fsmonitor=false"),
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "log.showSignature=false"),
    *("-c", "protocol.allow=never"),
    *("-c", "core.quotePath=false"),
)
_ENVIRONMENT = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    "LC_ALL": "C",
}
_NO_DRIVERS = ("--no-ext-diff", "--no-textconv", "--ignore-submodules=all", "--no-renames")


@frozen
class StoredFile:
    """A file of a commit: its path from the top, the name of its content, its size in bytes."""

    path: str
    blob: str
    size: int


class Repository:
    """One repository; `top` is the folder that paths are relative to."""

    def __init__(self, program: str, folder: Path, environ: Mapping[str, str]) -> None:
        """Ask `program` in a folder of the repository.

        Raises:
            ReplyError: it is in none that git trusts.
        """
        self._program = program
        self._folder = folder
        self._environ = {
            **{name: value for name, value in environ.items() if name[:4].upper() != "GIT_"},
            **_ENVIRONMENT,
        }
        self.directory = Path(self._line("rev-parse", "--absolute-git-dir"))
        self.top = _top(self.directory)
        index = environ.get("GIT_INDEX_FILE", "")
        if index and _is_within(self.top / index, self.directory):
            self._environ["GIT_INDEX_FILE"] = str(self.top / index)

    def head(self) -> str:
        """Return the name of the last commit; before the first one that of an empty tree."""
        try:
            return self._line("rev-parse", "-q", "--verify", "HEAD^{commit}")
        except ReplyError:
            return self._line("hash-object", "-t", "tree", "--stdin")

    def staged_names(self) -> list[str]:
        """Return the paths of what is staged."""
        said = self._run(
            "diff-index", "--cached", "--name-only", "-z", *_NO_DRIVERS, self.head(), "--"
        )
        return [name for name in said.decode("utf-8", "replace").split("\0") if name]

    def staged_patch(self, path: str) -> str:
        """Return how a staged path differs from the last commit."""
        return self._run(
            *("diff-index", "--cached", "-p", "-U3", "--no-color", *_NO_DRIVERS),
            *("--src-prefix=a/", "--dst-prefix=b/", self.head(), "--", path),
        ).decode("utf-8", "replace")

    def messages(self, count: int) -> list[str]:
        """Return the last commits' messages, the latest first."""
        try:
            said = self._run(
                *("log", f"-n{count}", "--no-show-signature", "--no-color", "--no-decorate"),
                *("--no-notes", "--no-mailmap", "--no-ext-diff", "--format=%B%x00", "HEAD", "--"),
            )
        except ReplyError:
            return []  # There is none yet.
        found = (message.strip() for message in said.decode("utf-8", "replace").split("\0"))
        return [message for message in found if message]

    def files(self) -> list[StoredFile]:
        """Return the files of the last commit."""
        said = self._run("ls-tree", "-r", "-z", "-l", "--full-tree", self.head())
        found = []
        for entry in said.decode("utf-8", "replace").split("\0"):
            about, _, path = entry.partition("\t")
            words = about.split()
            if len(words) == 4 and words[0].startswith("100") and words[3].isdecimal():
                found.append(StoredFile(path, words[2], int(words[3])))
        return found

    def text(self, blob: str) -> str:
        """Return a stored content as text."""
        return self._run("cat-file", "blob", blob).decode("utf-8", "replace")

    def committed_at(self) -> int:
        """Return when the last commit was made, in seconds since the epoch; 0: there is none."""
        try:
            return int(
                self._line("log", "-n1", "--no-show-signature", "--format=%ct", "HEAD", "--")
            )
        except ReplyError:
            return 0

    def _line(self, *words: str) -> str:
        return self._run(*words).decode("utf-8", "surrogateescape").strip()

    def _run(self, *words: str) -> bytes:
        """Return what git says, `_MOST_BYTES` of it at the most.

        Raises:
            ReplyError: it says that something is wrong, or takes too long.
        """
        process = subprocess.Popen(
            [self._program, *_SAFE, *words],
            cwd=self._folder,
            env=self._environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        timer = threading.Timer(_WITHIN, process.kill)
        timer.start()
        try:
            said = process.stdout.read(_MOST_BYTES + 1) if process.stdout is not None else b""
            if len(said) > _MOST_BYTES:
                process.kill()
                said = said[: said.rfind(b"\n", 0, _MOST_BYTES) + 1]
                process.wait()
                return said
            if process.wait():
                raise ReplyError("git cannot say what changed here: run git status to see why.")
            return said
        finally:
            timer.cancel()
            if process.stdout is not None:
                process.stdout.close()
            if process.poll() is None:
                process.kill()
                process.wait()


def repository(
    folder: Path, roots: Iterable[Path], environ: Mapping[str, str] | None = None
) -> Repository:
    """Return the repository of a folder.

    Raises:
        ReplyError: there is none, or no git.
    """
    given = os.environ if environ is None else environ
    program = _program(given.get("PATH", ""), [*roots])
    if program is None:
        raise ReplyError("There is no git on PATH: install it, then ask again.")
    try:
        return Repository(program, folder, given)
    except ReplyError as error:
        raise ReplyError("This is no git repository, or none that git trusts here.") from error
    except OSError as error:
        raise ReplyError("git does not start: see that `git status` works.") from error


def _program(path: str, roots: Sequence[Path]) -> str | None:
    """Return git's program; none of a workspace's folders, and none of the current one, counts."""
    for name in path.split(os.pathsep):
        folder = Path(name)
        if name and folder.is_absolute() and not any(map(folder.is_relative_to, roots)):
            found = shutil.which(str(folder / "git"))
            if found is not None:
                return found
    return None


def _top(directory: Path) -> Path:
    """Return the folder of the files of a repository, given the one that git keeps its own in."""
    if directory.name == ".git":
        return directory.parent
    named = contents(directory / "gitdir", _MOST_NAME).strip()  # Of a further worktree.
    return Path(named).parent if named and Path(named).is_absolute() else directory


def _is_within(path: Path, folder: Path) -> bool:
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):
        return False

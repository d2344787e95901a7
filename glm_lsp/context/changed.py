"""Which files of a repository differ from the last commit, and in which lines.

Invariant: git is asked for what is stored; what stands in the working tree is read as a workspace's
files are, or is the editor's own text. A file that must stay on this machine, is ignored, too large
or no text is left out. It waits for a disk and for git: call it in a thread.
"""

from __future__ import annotations

import difflib
import hashlib
from typing import TYPE_CHECKING

from attrs import field, frozen

from glm_lsp.text import Text, common_ends, split_lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glm_lsp.context.git import Repository, StoredFile
    from glm_lsp.context.workspace_files import WorkspaceFiles

MOST_FILES = 20
_MOST_BYTES = 400_000  # Of a file.
_MOST_LOOKED_AT = 20_000  # Files whose size and time are looked at.
_MOST_READ = 300
_SHA1 = 40  # Digits.
_MOST_COMPARED = 2_000  # Lines between those that both texts begin and end with.


@frozen
class ChangedFile:
    """A file that differs: its path from the top, its text, the ranges of lines that are new."""

    uri: str
    path: str
    text: Text = field(repr=False)
    fresh: tuple[tuple[int, int], ...]


def changed_files(
    repository: Repository, files: WorkspaceFiles, opened: Mapping[str, str]
) -> list[ChangedFile]:
    """Return what differs, `MOST_FILES` at the most; `opened` holds the editor's texts by path."""
    stored = {file.path: file for file in repository.files()[:_MOST_LOOKED_AT]}
    paths = dict.fromkeys([*opened, *_touched(repository, stored), *repository.staged_names()])
    found: list[ChangedFile] = []
    beside = (repository.top / "a").as_uri()
    for path in list(paths)[:_MOST_READ]:
        uri = (repository.top / path).as_uri()
        old = stored.get(path)
        if not files.belongs(uri, beside):
            continue
        text = opened.get(path)
        text = files.text_of(uri, beside, _MOST_BYTES) if text is None else text
        if not text or "\0" in text or _is_same(text, old):
            continue
        before = repository.text(old.blob) if old is not None and old.size <= _MOST_BYTES else ""
        if fresh := _fresh(before, text):
            found.append(ChangedFile(uri, path, Text.of(text), fresh))
        if len(found) >= MOST_FILES:
            break
    return found


def _touched(repository: Repository, stored: Mapping[str, StoredFile]) -> list[str]:
    """Return what has another size than its stored text, or was written after the last commit."""
    since, found = repository.committed_at(), []
    for path, file in stored.items():
        try:
            seen = (repository.top / path).lstat()
        except (OSError, ValueError):
            continue  # It is gone: there is nothing to be reviewed.
        if seen.st_size != file.size or seen.st_mtime >= since:
            found.append((seen.st_mtime, path))
    return [path for _, path in sorted(found, reverse=True)[:_MOST_READ]]


def _is_same(text: str, stored: StoredFile | None) -> bool:
    """Tell whether a text is the stored one, its line ends apart."""
    if stored is None:
        return False
    content = text.replace("\r\n", "\n").encode()
    named = b"blob %d\0%b" % (len(content), content)
    if len(stored.blob) == _SHA1:  # git's name of a content; nothing is kept safe by it here.
        return hashlib.sha1(named, usedforsecurity=False).hexdigest() == stored.blob
    return hashlib.sha256(named).hexdigest() == stored.blob


def _fresh(before: str, after: str) -> tuple[tuple[int, int], ...]:
    """Return the ranges of lines of a text that another does not have there."""
    old, new = ([line.rstrip("\r\n") for line in split_lines(text)] for text in (before, after))
    start, old_end, new_end = common_ends(old, new)
    ours, theirs = old[start:old_end], new[start:new_end]
    if not ours and not theirs:
        return ()
    if max(len(ours), len(theirs)) > _MOST_COMPARED:
        return ((start, start + len(theirs)),)
    matcher = difflib.SequenceMatcher(None, ours, theirs, autojunk=True)
    return tuple(
        (start + first, start + last)
        for tag, _, _, first, last in matcher.get_opcodes()
        if tag != "equal"
    )

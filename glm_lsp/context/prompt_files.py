"""The files of named prompts: the user's own, and those of a workspace.

Invariant: of a workspace's files only regular ones are read that lie in it once every link is
followed, that are not excluded, and up to a bound; what is refused is said in a sentence. The
user's own may be links. Everything here waits for a disk: call it in a thread.
"""

from __future__ import annotations

import os
from itertools import islice
from typing import TYPE_CHECKING

from attrs import field, frozen

from glm_lsp.context.workspace_files import contents

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from glm_lsp.context.workspace_files import WorkspaceFiles

FOLDER = ".glm/actions"
_SUFFIX = ".md"
_MOST_FILES = 50
_MOST_NAMES = 1_000  # Of a folder that are looked at.


@frozen
class PromptFile:
    """A file: its path, its name for people, and its text, or what is wrong with it."""

    path: Path
    name: str
    text: str = field(default="", repr=False)
    fault: str = ""
    workspaces: bool = False


def own_folder() -> Path:
    """Return the folder of the user's own prompts."""
    from platformdirs import user_config_path

    return user_config_path("glm-lsp", appauthor=False) / "actions"


def of_user(folder: Path, most: int) -> Iterator[PromptFile]:
    """Yield the user's own; `most` counts characters of each."""
    names, fault = _names(folder)
    for name in names:
        yield _read(str(folder / name), folder / name, most)
    if fault:
        yield PromptFile(folder, str(folder), fault=fault)


def of_workspace(files: WorkspaceFiles, most: int) -> Iterator[PromptFile]:
    """Yield those of a workspace's folders."""
    for root in files.roots:
        names, fault = _names(root / FOLDER)
        for name in names:
            path, label = root / FOLDER / name, f"{FOLDER}/{name}"
            if not files.holds(path):
                refused = "leads out of the workspace: it is not read"
                yield PromptFile(path, label, fault=refused)
            elif files.keeps(path.as_uri()):
                yield PromptFile(path, label, fault="is excluded: it is not read")
            else:
                yield _read(label, path, most, workspaces=True)
        if fault:
            yield PromptFile(root / FOLDER, FOLDER, fault=fault)


def _names(folder: Path) -> tuple[list[str], str]:
    """Return the names of a folder's files in their order, and what is to be said of it."""
    try:
        with os.scandir(folder) as entries:
            found = [each.name for each in islice(entries, _MOST_NAMES)]
    except OSError:
        return [], ""
    names = sorted(name for name in found if name.endswith(_SUFFIX))
    more = f"has more than {_MOST_FILES} files: the others are not read"
    return names[:_MOST_FILES], more if len(names) > _MOST_FILES else ""


def _read(label: str, path: Path, most: int, *, workspaces: bool = False) -> PromptFile:
    try:
        text = contents(path.resolve(), 4 * most + 1)
    except (OSError, RuntimeError):
        text = ""
    if len(text) > most:
        return PromptFile(path, label, fault=f"is longer than {most:,} characters: it is not read")
    fault = "" if text.strip() else "is empty, or no regular file"
    return PromptFile(path, label, text, fault, workspaces)

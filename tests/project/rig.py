"""A workspace on the disk, and its index within the test's own process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp.context.workspace_files import WorkspaceFiles
from glm_lsp.project.store import FactsStore
from glm_lsp.project.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SHAPES = "class Circle:\n    def __init__(self, radius): ...\n    def area_within(self): ...\n"
USE = (
    "from shapes import Circle\n\n\ndef compared(first: Circle, second: Circle):\n"
    "    return first.\n"
)


def write(root: Path, **texts: str) -> Path:
    """Write files, named with `__` for `/` and for `.` before the suffix."""
    for name, text in texts.items():
        path = root / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return root.resolve()


def indexed(
    root: Path,
    *,
    patterns: Sequence[Sequence[str]] = (),
    store: Path | None = None,
    most: int = 1_000,
    read: list[str] | None = None,
    near: Sequence[str] = (),
) -> Workspace:
    """Return a workspace that has looked at all its files; `read` takes those that it parsed."""
    parsed = read if read is not None else []

    def reading(path: str) -> None:
        parsed.extend([path] if path else [])

    files = WorkspaceFiles(patterns, [root])
    workspace = Workspace(files, FactsStore(store), reading, most=most, near=near)
    workspace.start()
    finish(workspace)
    return workspace


def finish(workspace: Workspace) -> None:
    """Let a workspace do what it has to do."""
    while workspace.step():
        pass


def names(workspace: Workspace) -> set[str]:
    """Return what the Python files define."""
    return set(workspace.index("python").by_name)

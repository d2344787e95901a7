"""Settings of the folder that is open in VS Code."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.editors_vscode.workbench import Workbench


@contextlib.contextmanager
def setting(window: Workbench, folder: Path, text: str) -> Iterator[None]:
    """Have settings in the folder, written as a person does: VS Code watches no files here."""
    path = folder / ".vscode" / "settings.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text("{}")

    def write(content: str) -> None:
        window.open_file("settings.json")
        window.rewrite(content)
        window.click(".tab.active .codicon-close")

    write(text)
    try:
        yield
    finally:
        write("{}")

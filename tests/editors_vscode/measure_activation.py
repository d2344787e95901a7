"""Measures what the extension adds to VS Code's start: run this file with `python -m`.

Prints the times that VS Code itself gives for loading and activating it, and its own
extensions, of several starts.
A measurement, not a test: it says nothing about another machine.
"""

from __future__ import annotations

import re
import statistics
import sys
import tempfile
from pathlib import Path

from tests.editors_vscode import setup_vscode
from tests.editors_vscode.conftest import SERVER
from tests.editors_vscode.workbench import code_server, workbench

STARTS = 5


def main() -> int:
    """Start VS Code several times and print each activation, in milliseconds."""
    if lacking := setup_vscode.missing():
        print(lacking, file=sys.stderr)
        return 1
    times: dict[str, list[int]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        home, folder = Path(scratch, "home"), Path(scratch, "work")
        folder.mkdir()
        (folder / "add.py").write_text("def add(a, b):\n    return a + b\n")
        settings = {**SERVER, "glm.provider": "custom", "glm.baseUrl": "http://127.0.0.1:9/v1"}
        with code_server(home, settings, {"GLM_API_KEY": "not-a-key"}) as server:
            for _ in range(STARTS):
                with workbench(server) as window:
                    window.open(folder, "add.py")
                    window.wait_status("GLM: ready")
                    window.command("Developer: Show Running Extensions")
                    window.see(".runtime-extensions-editor .extension", "GLM")
                    for row in window.texts(".runtime-extensions-editor .extension"):
                        name = row.split("\n", 1)[0]
                        for found in re.findall(r"(\d+)ms", row)[:1]:
                            times.setdefault(name, []).append(int(found))
    for name, found in times.items():
        print(f"{name}: {statistics.median(found)} ms of", *found)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Measures what the extension adds to VS Code's start: run this file with `python -m`.

VS Code counts, for each extension, the milliseconds of loading its code, of the call of
`activate`, and until what that returned is there; loading also counts the time in which other
extensions that are activated by the same event are loaded. So a nearly empty extension with the
same activation events stands beside ours in the same starts, loaded before it: what ours takes
more is what it adds of its own. "First answer" is what the user waits for: from loading the
window, with a file open, until the status bar says ready and until the first ghost text.
Exits 1 when the median of our own is over the bound.

A measurement, not a test: it says nothing about another machine.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from tests.editors_vscode import setup_vscode
from tests.editors_vscode.conftest import SERVER
from tests.editors_vscode.workbench import EXTENSION, code_server, until, workbench
from tests.gateway import Gateway, chat_stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.editors_vscode.workbench import Workbench

BOUND = 50  # Milliseconds.
PATIENCE = 60  # Seconds.
FLOOR = "glm-lsp.floor"  # Sorts before ours, and so is loaded before it.
FILE = "add.py"


def main(arguments: Sequence[str]) -> int:
    """Start VS Code several times and print what each start took, in milliseconds."""
    parser = argparse.ArgumentParser(description="What the extension adds to VS Code's start.")
    parser.add_argument("--starts", type=int, default=11, help="how often (11)")
    starts = parser.parse_args(arguments).starts
    if lacking := setup_vscode.missing():
        print(lacking, file=sys.stderr)
        return 1
    for path in sorted(setup_vscode.PACKAGE.parent.iterdir()):
        print(f"{path.name}: {path.stat().st_size / 1024:.0f} KB")
    print("load average before:", *(f"{load:.2f}" for load in os.getloadavg()))
    times, waits = measure(starts)
    print("load average after:", *(f"{load:.2f}" for load in os.getloadavg()))
    for name, found in sorted(times.items(), key=lambda row: -_total(row[1])):
        parts = [f"{statistics.median(part):3.0f}" for part in zip(*found, strict=True)]
        sums = [load + call for load, call, _ in found]
        print(f"{_total(found):4.0f} ms = load {parts[0]} + call {parts[1]}", end="")
        print(f" (finish {parts[2]}): {name}, of", *sums)
    for name, seconds in waits.items():
        print(f"{statistics.median(seconds):4.0f} ms until {name}, of", *map(round, seconds))
    pairs = zip(times[EXTENSION], times[FLOOR], strict=True)
    own = [ours[0] + ours[1] - floor[0] - floor[1] for ours, floor in pairs]
    print(f"of its own: {statistics.median(own):.0f} ms (at most {BOUND}), of", *own)
    return int(statistics.median(own) > BOUND)


def measure(starts: int) -> tuple[dict[str, list[tuple[int, ...]]], dict[str, list[float]]]:
    """Return the parts of each extension's activation, and the waits, of each start."""
    times: dict[str, list[tuple[int, ...]]] = {}
    waits: dict[str, list[float]] = {}
    with (
        tempfile.TemporaryDirectory() as scratch,
        Gateway(chat_stream("answer", model="glm-4.7")) as gateway,
    ):
        home, folder = Path(scratch, "home"), Path(scratch, "work")
        folder.mkdir()
        (folder / FILE).write_text("def add(a, b):\n    return \n")
        settings = {**SERVER, "glm.provider": "custom", "glm.baseUrl": gateway.base_url}
        with code_server(home, settings, {"GLM_API_KEY": "not-a-key"}) as server:
            server.install(floor(Path(scratch, "floor.vsix")))
            address = f"http://127.0.0.1:{server.port}/"
            opening = [["openFile", f"vscode-remote://127.0.0.1:{server.port}{folder / FILE}"]]
            query = urlencode({"folder": str(folder), "payload": json.dumps(opening)})
            with workbench(server) as window:
                start(window, f"{address}?{query}")  # The first one fills the disk's cache.
                for _ in range(starts):
                    for name, seconds in start(window, f"{address}?{query}").items():
                        waits.setdefault(name, []).append(seconds * 1000)
                    for name, parts in activations(window).items():
                        times.setdefault(name, []).append(parts)
    return times, waits


def start(window: Workbench, url: str) -> dict[str, float]:
    """Open a window with the file and type; return the seconds until each thing was there."""
    time.sleep(1)  # The processor rests.
    waits: dict[str, float] = {}
    began = time.monotonic()
    window.call("open", url=url, width=1280, height=800)
    window.see(".editor-instance .view-lines", "def")
    waits["the text is seen"] = time.monotonic() - began
    window.press("Control+1")
    window.goto(2, 12)

    while len(waits) < len(("text", "ready", "ghost")):
        assert time.monotonic() - began < PATIENCE, waits
        if "GLM: ready" in window.status():
            waits.setdefault("ready", time.monotonic() - began)
        if window.texts(".ghost-text-decoration, .ghost-text"):
            waits.setdefault("the first ghost text", time.monotonic() - began)
        window.type("a")  # As somebody does who does not wait for us.
        time.sleep(0.25)
    window.press("Escape")
    window.command("File: Revert File")
    return waits


def activations(window: Workbench) -> dict[str, tuple[int, ...]]:
    """Return what VS Code's own page says of each extension: load, call and finish."""
    window.command("Developer: Startup Performance")
    window.see(".tab.active", "Startup Performance")
    page: list[str] = []

    def copied() -> bool:
        window.press("Control+a")
        window.press("Control+c")
        page[:] = window.call("clipboard").splitlines()
        return any(line.startswith(f"| {EXTENSION} ") for line in page)

    until(copied, PATIENCE, "the page of the start")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page]
    return {row[0]: tuple(map(int, row[2:5])) for row in rows if _is_activation(row)}


def _is_activation(row: list[str]) -> bool:
    return len(row) == 7 and row[1] in ("true", "false") and row[2].lstrip("-").isdigit()


def floor(path: Path) -> Path:
    """Write the package of a nearly empty extension that is activated as ours is."""
    with zipfile.ZipFile(setup_vscode.PACKAGE) as package:
        ours: dict[str, Any] = json.loads(package.read("extension/package.json"))
    publisher, name = FLOOR.split(".")
    taken = ("version", "engines", "extensionKind", "activationEvents")
    manifest = {"publisher": publisher, "name": name, "main": "./main.js"}
    with zipfile.ZipFile(path, "w") as package:
        package.writestr(
            "extension/package.json", json.dumps({**manifest, **{key: ours[key] for key in taken}})
        )
        package.writestr("extension/main.js", "exports.activate = () => undefined;\n")
    return path


def _total(found: list[tuple[int, ...]]) -> float:
    return statistics.median(load + call for load, call, _ in found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""A workspace of twenty thousand files, and a user who types while it is indexed.

    python -m tests.bench.context.large [--files 20000] [--after 5]

The files are those of real packages, in a folder each; where they are too few, each again with its
names changed. The real stdio server, whose event loop is watched (`tests.bench.watched`), with a
gateway that answers at once; a document is typed into and completed in from the start until all
is indexed, and for some seconds more. Then it is started again, and `glm-lsp context` and `doctor`
are asked what was left out. The longest stall is what the loop was late, less the time that other
programs had its processor.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import define, field

from glm_lsp.demo.editor import CAPABILITIES, Editor, ResponseError
from glm_lsp.project import LONGEST
from glm_lsp.project.extent import is_code
from glm_lsp.text import Span
from tests.bench.context.packages import PACKAGES, Package, fetched
from tests.gateway import Gateway, chat_stream

if TYPE_CHECKING:
    from collections.abc import Iterator

MORE = (
    *(Package("pip", name, ()) for name in ("wagtail", "twisted", "ansible-core", "mypy")),
    *(Package("npm", name, ()) for name in ("viem@2.21.0", "react-native-navigation@7.37.0")),
    *(Package("apt", f"golang-golang-x-{name}-dev", ()) for name in ("net", "crypto")),
)
_DEFINED = re.compile(r"\b(def|class|function|interface|type|func|fn|struct|enum|trait) (\w+)")
_KEY = 0.02
"""Seconds between two keys: one who types faster than any."""
_LONGEST_WAIT = 900.0
"""Seconds."""
_EVERY = 6
"""Keys between two questions for a completion."""


@define
class Figures:
    """What was measured in one life of a server."""

    complete: float = 0.0
    first: float = 0.0
    keys: int = 0
    asked: int = 0
    answered: list[float] = field(factory=list)
    trips: list[float] = field(factory=list)
    server: list[float] = field(factory=list)
    index: list[float] = field(factory=list)
    message: str = ""


def fill(root: Path, wanted: int) -> Path:
    """Write a workspace of so many files; return one in the middle of it to type into."""
    count = 0
    typed: Path | None = None
    for again in itertools.count():
        for package in (*PACKAGES, *MORE):
            top = fetched(package)
            name = package.name.strip("@").replace("/", "-")
            for path, text in _texts(top):
                if count == wanted:
                    assert typed is not None
                    return typed
                if again:
                    text = _DEFINED.sub(rf"\1 \2_{again}", text)
                place = root / f"{name}-{again}" / path.relative_to(top)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(text, "utf-8")
                count += 1
                if typed is None and count > wanted // 4 and path.suffix == ".py":
                    typed = place
    raise AssertionError


def _texts(top: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(top.rglob("*")):
        if not is_code(path.name) or path.is_symlink() or not path.is_file():
            continue
        if path.stat().st_size <= LONGEST:
            with contextlib.suppress(ValueError):
                yield path, path.read_text("utf-8")


async def life(root: Path, home: Path, typed: Path, after: float, report: Path) -> Figures:
    """Start a server, and type until everything is indexed, and some seconds more."""
    figures = Figures()
    with Gateway(chat_stream("<fill>value</fill>")) as gateway:
        editor = await Editor.start(
            [sys.executable, "-m", "tests.bench.watched", str(report), "--log-level", "error"],
            root=root,
            options={"provider": "runapi", "apiKey": "not-a-key", "completion": {"delay": 0}},
            capabilities=CAPABILITIES,
            environ={**_environ(home, gateway.base_url), "PYTHONPATH": str(Path.cwd())},
            stderr=subprocess.DEVNULL,
        )
        await _warm(editor)
        report.write_text("")
        begun = time.monotonic()
        text = typed.read_text("utf-8")
        uri = typed.as_uri()
        editor.open(uri, "python", f"{text}\n\ndef typed_here():\n    ")
        end: float | None = None
        while time.monotonic() < (end if end is not None else begun + _LONGEST_WAIT):
            await _key(editor, uri, figures, gateway, begun)
            if figures.keys % 10 == 0:
                _weigh(editor, figures)
                status = (await editor.execute("glm.status"))["index"]
                if end is None and status is not None:
                    figures.complete = time.monotonic() - begun
                    figures.message = status["message"]
                    end = time.monotonic() + after
        await editor.stop()
    return figures


async def _warm(editor: Editor) -> None:
    """Have everything loaded that a first completion needs; of no workspace yet."""
    editor.open("untitled:warm", "python", "value = 1\n")
    place = {"line": 0, "character": 9}
    params = {"textDocument": {"uri": "untitled:warm"}, "position": place}
    params["context"] = {"triggerKind": 1}
    await editor.request("textDocument/inlineCompletion", params)
    await editor.execute("glm.status")
    await asyncio.sleep(2.0)


async def _key(editor: Editor, uri: str, figures: Figures, gateway: Gateway, begun: float) -> None:
    """Type one key, send a message there and back, and ask for a completion now and then."""
    figures.keys += 1
    end = len(editor.text(uri))
    key = "\n    " if figures.keys % 30 == 0 else "abc.self"[figures.keys % 8]
    editor.type(uri, Span(end, end), key)
    start = time.perf_counter()
    with contextlib.suppress(ResponseError):
        await editor.request("glm/ping")
    figures.trips.append(time.perf_counter() - start)
    if figures.keys % _EVERY == 0:
        end = len(editor.text(uri))
        place = editor.range_of(uri, Span(end, end))["start"]
        params = {"textDocument": {"uri": uri}, "position": place, "context": {"triggerKind": 1}}
        figures.asked += 1
        start = time.perf_counter()
        await editor.request("textDocument/inlineCompletion", params)
        figures.answered.append(time.perf_counter() - start)
        if not figures.first and "<project>" in str(gateway.requests[-1].json):
            figures.first = time.monotonic() - begun
    await asyncio.sleep(_KEY)


def _environ(home: Path, base_url: str = "") -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if "GLM" not in k and "API" not in k}
    gateway = {"GLM_LSP_BASE_URL": base_url} if base_url else {}
    return {
        **kept,
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_DATA_HOME": str(home / "data"),
        **gateway,
        "GLM_LSP_PROVIDER": "runapi",
        "NO_PROXY": "*",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }


def _weigh(editor: Editor, figures: Figures) -> None:
    """Note the resident memory of the server and of its index, in MB."""
    server = editor.process.pid
    figures.server.append(_resident(server))
    children = Path(f"/proc/{server}/task/{server}/children")
    threads = Path(f"/proc/{server}/task").glob("*/children") if children.exists() else ()
    pids = [int(pid) for each in threads for pid in each.read_text().split()]
    figures.index.append(sum(map(_resident, pids)))


def _resident(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


def told(name: str, figures: Figures, gaps: list[dict[str, Any]]) -> None:
    """Print what was measured."""
    kept = sorted((max(0.0, gap["wall"] - gap["waited"]) * 1e3 for gap in gaps), reverse=True)
    cpu = max((gap["cpu"] for gap in gaps), default=0.0) * 1e3
    trips, answers = sorted(figures.trips), sorted(figures.answered)
    print(f"{name}: all indexed after {figures.complete:.1f} s: {figures.message}")
    print(f"  the first prompt that shows the workspace: after {figures.first:.1f} s")
    print(
        f"  {figures.keys} keys; there and back p50 {trips[len(trips) // 2] * 1e3:.1f} ms,"
        f" p99 {trips[int(len(trips) * 0.99)] * 1e3:.1f}, longest {trips[-1] * 1e3:.1f};"
        f" {len(answers)} of {figures.asked} completions answered,"
        f" p95 {answers[int(len(answers) * 0.95)] * 1e3:.0f} ms, longest {answers[-1] * 1e3:.0f}"
    )
    print(
        f"  loop: longest stall {kept[0] if kept else 0.0:.1f} ms ({cpu:.1f} ms of a processor),"
        f" {sum(each > 20 for each in kept)} over 20 ms"
    )
    print(
        f"  memory at the end: server {figures.server[-1]:.0f} MB, index {figures.index[-1]:.0f} MB"
        f" (most {max(figures.server):.0f}, {max(figures.index):.0f})",
        flush=True,
    )
    for gap in sorted(gaps, key=lambda gap: gap["waited"] - gap["wall"])[:3]:
        print(f"    {(gap['wall'] - gap['waited']) * 1e3:.1f} ms at {' < '.join(gap['stack'][:6])}")


def commands(root: Path, home: Path, typed: Path) -> None:
    """Print what the commands say of what was left out."""
    for command in (["context", f"{typed}:1"], ["doctor"]):
        start = time.monotonic()
        run = subprocess.run(
            [sys.executable, "-m", "glm_lsp", *command],
            cwd=root,
            env={**_environ(home), "PYTHONPATH": str(Path.cwd())},
            capture_output=True,
            text=True,
            check=False,
        )
        said = " ".join(run.stdout.split())
        at = said.find("files are indexed")
        took = time.monotonic() - start
        print(f"glm-lsp {command[0]} ({took:.1f} s): …{said[max(0, at - 8) : at + 260]}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--after", type=float, default=5.0, help="seconds of typing afterwards")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder).resolve()
        root = base / "work"
        typed = fill(root, given.files)
        (root / ".git").mkdir()
        print(f"{given.files} files, typing in {typed.relative_to(root)}", flush=True)
        for name in ("first start", "second start"):
            report = base / f"{name}.jsonl"
            report.touch()
            figures = asyncio.run(life(root, base, typed, given.after, report))
            told(name, figures, [json.loads(line) for line in report.read_text().splitlines()])
        commands(root, base, typed)


if __name__ == "__main__":
    main()

"""How long hostile input and hostile services keep the event loop, and what memory they take.

    python -m tests.bench.security [--only WORDS] [--stacks]

The real server, over stdio, with a watch on its loop (`tests.bench.watched`). For each case: the
longest time for which the loop was kept from looking at what came (without the time in which other
programs had the processor; `wall` is with it), how much more memory the server had at its peak,
and what the user read. With --stacks: where the loop was when it was kept too long.

It fails when a bound is broken.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from tests.bench.hostile import cases
from tests.gateway import Gateway, chat_stream
from tests.lsp_floor.client import NoReplyError
from tests.security.rig import memory, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.hostile import Case
    from tests.security.rig import Rig

KEPT = 0.020
"""Seconds for which the loop may be kept."""
GROWTH = 64
"""MB by which the server may grow."""
AFTERWARDS = 0.4
"""Seconds in which what was put off is done, too."""


@frozen
class Measured:
    """What a case cost; seconds and MB."""

    kept: float = 0.0
    wall: float = 0.0
    cpu: float = 0.0
    growth: float = 0.0
    read: str = ""
    stacks: tuple[Any, ...] = field(default=())

    @property
    def held(self) -> bool:
        """Whether both bounds held."""
        return self.kept <= KEPT and self.growth < GROWTH


def main() -> int:
    """Run the cases; return 1 when a bound was broken."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="", help="cases whose names hold these words")
    parser.add_argument("--stacks", action="store_true", help="show what kept the loop")
    given = parser.parse_args()
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # The gateway's, of who hung up.
    print(f"{'':44} {'kept':>9} {'wall':>9} {'cpu':>9} {'memory':>8}")
    broken = 0
    for name, case in cases():
        if given.only not in name:
            continue
        measured = measure(case)
        broken += not measured.held
        show(name, measured, stacks=given.stacks)
    print(f"{broken} broke a bound ({KEPT * 1000:.0f} ms, {GROWTH} MB)")
    return 1 if broken else 0


def measure(case: Case) -> Measured:
    """Do something to a new server that is warm."""
    with tempfile.TemporaryDirectory() as folder, Gateway(chat_stream("Fine.")) as gateway:
        report = Path(folder) / "report"
        with watched(Path(folder), gateway, report) as rig:
            warm(rig)
            process = rig.client.process.pid
            before = reset_peak(process)
            seen = report.stat().st_size
            try:
                case(rig, gateway)
                rig.idle(60)
            except NoReplyError:
                rig.client.received.append({"method": "window/showMessage", "params": "NO REPLY"})
            time.sleep(AFTERWARDS)
            growth = (memory(process) - before) / 2**20
            gaps = [json.loads(line) for line in report.read_bytes()[seen:].splitlines()]
            read = rig.shown()
    kept = [max(0.0, gap["wall"] - gap["waited"]) for gap in gaps]
    long = sorted(gaps, key=lambda gap: gap["waited"] - gap["wall"])[:3]
    return Measured(
        max(kept, default=0.0),
        max((gap["wall"] for gap in gaps), default=0.0),
        max((gap["cpu"] for gap in gaps), default=0.0),
        growth,
        sentences(read),
        tuple(gap["stack"] for gap in long if gap["wall"] - gap["waited"] > KEPT / 2),
    )


@contextmanager
def watched(home: Path, gateway: Gateway, report: Path) -> Iterator[Rig]:
    """Start a server whose loop is watched."""
    report.touch()
    options = {"limits": {"timeout": 3}}
    module = ("tests.bench.watched", str(report))
    with serving(home, gateway, options=options, level="error", module=module) as rig:
        yield rig


def warm(rig: Rig) -> None:
    """Have everything that the cases use loaded, as after a minute of ordinary work."""
    uri = rig.open("file:///project/warm.py")
    rig.menu(uri, "heigth", [rig.problem(uri, "undefined")])
    rig.ask(uri, "fix", "heigth", diagnostics=[rig.problem(uri, "undefined")])
    rig.ask(uri)
    rig.complete(uri)
    time.sleep(1.2)  # What a start puts off is loaded, and the collector let loose.
    rig.client.received.clear()


def reset_peak(process: int) -> int:
    """Have the system forget a process's peak; return what it holds now, in bytes."""
    try:
        Path(f"/proc/{process}/clear_refs").write_text("5", "ascii")
    except OSError:
        return memory(process)
    return memory(process)


def sentences(shown: str) -> str:
    """Return what the user was told, each once."""
    told = []
    for line in shown.splitlines():
        at = line.find("'message': ")
        text = line[at + 11 :].strip("'\"}") if at >= 0 else line
        if "'value'" not in line and text[:150] not in told:
            told.append(text[:150])
    return " / ".join(told)[:400]


def show(name: str, measured: Measured, *, stacks: bool) -> None:
    """Print a case's line, and what the user read."""
    times = (measured.kept, measured.wall, measured.cpu)
    figures = " ".join(f"{seconds * 1000:6.1f} ms" for seconds in times)
    mark = "" if measured.held else "  BROKEN"
    print(f"{name[:44]:44} {figures} {measured.growth:5.0f} MB{mark}", flush=True)
    if measured.read:
        print(f"    read: {measured.read}")
    for stack in measured.stacks if stacks else ():
        print(f"    at: {' < '.join(stack)}")


if __name__ == "__main__":
    sys.exit(main())

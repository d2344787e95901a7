"""The server with a watch on its event loop, which is not changed for it.

    python -m tests.bench.watched REPORT ARGUMENTS…

REPORT gets a line of JSON for each time that the loop was kept from its next look at what came,
for longer than `NOTED`: `wall`, the seconds it was late; `waited`, those of them in which the
loop's thread was ready and had no processor (other programs had it); `cpu`, those it used; and
`stack`, what the threads were at when the loop was `SAMPLED` seconds late.

The loop looks every `BEAT` seconds, so that waiting for another thread that holds the interpreter
counts like work of the loop's own.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import selectors
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import FrameType

BEAT = 0.002
NOTED = 0.004
SAMPLED = 0.012
IDLE = ("futures/thread.py", "llm/usage_store.py")
"""Where threads wait for work."""


class Watch:
    """What is noted between one look of the loop and the next."""

    def __init__(self, report: str) -> None:
        self._report = Path(report)
        self._queue: int | None = None
        self._thread = 0
        self._due = self._cpu = self._waited = 0.0
        self._stack: list[str] = []
        # A read of Python's would let go of the interpreter, and wait until it gets it again.
        self._libc = ctypes.PyDLL(None)
        self._read = ctypes.create_string_buffer(200)

    def looks(self) -> None:
        """The loop looks for what came: end what was measured."""
        now, thread = time.perf_counter(), threading.get_ident()
        if self._thread != thread:
            self._thread = thread
            with contextlib.suppress(OSError):
                self._queue = os.open("/proc/thread-self/schedstat", os.O_RDONLY)
            signal.signal(signal.SIGALRM, self._sample)
        elif now - self._due > NOTED:
            gap = {"wall": now - self._due, "waited": self._ready() - self._waited}
            gap["cpu"] = time.thread_time() - self._cpu
            with self._report.open("a", encoding="utf-8") as report:
                report.write(json.dumps({**gap, "stack": self._stack}) + "\n")
        signal.setitimer(signal.ITIMER_REAL, BEAT + SAMPLED)
        self._stack = []
        self._cpu, self._waited = time.thread_time(), self._ready()

    def came(self, due: float) -> None:
        """The loop goes on; it wanted to at `due` at the latest."""
        self._due = min(time.perf_counter(), due)

    def _ready(self) -> float:
        """Return for how many seconds the thread has waited for a processor; 0: unknown."""
        if self._queue is None:
            return 0.0
        self._libc.pread(self._queue, self._read, len(self._read) - 1, 0)
        return int(self._read.value.split()[1]) / 1e9

    def _sample(self, _: int, frame: FrameType | None) -> None:
        threads = {k: f for k, f in sys._current_frames().items() if k != self._thread}
        self._stack = [*_named(frame), *("| " + n for f in threads.values() for n in _named(f, 3))]


def _named(frame: FrameType | None, most: int = 9) -> list[str]:
    """Return the innermost places of a stack, but those of a thread that waits for work."""
    names: list[str] = []
    while frame is not None and len(names) < most:
        code = frame.f_code
        if code.co_name not in ("_sample", "looks", "came", "select"):
            names.append(f"{'/'.join(code.co_filename.split('/')[-2:])}:{frame.f_lineno}")
        frame = frame.f_back
    return [] if names and names[0].split(":")[0] in IDLE else names


def watch(report: str) -> None:
    """Have every event loop that is made from now on watched."""
    noted = Watch(report)

    class Watched(selectors.DefaultSelector):
        def select(self, timeout: float | None = None) -> Any:
            noted.looks()
            patience = BEAT if timeout is None or timeout > BEAT else max(timeout, 0.0)
            due = time.perf_counter() + patience + (0.001 if patience else 0.0)  # Rounded up.
            ready = super().select(patience)
            noted.came(due)
            return ready

    selectors.DefaultSelector = Watched  # type: ignore[misc]


if __name__ == "__main__":
    watch(sys.argv[1])
    del sys.argv[1]
    from glm_lsp.cli import run

    run()

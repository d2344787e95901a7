"""Imports what a start can do without, in the pauses of the event loop.

Python runs one thread at a time, and executing a module takes up to milliseconds, which a
request would wait for. Invariant: before each module the thread lets the event loop do what it
has to do; it never waits for long, for the event loop might wait for the module. The list of who
finds modules is replaced, never changed: another thread that goes through it misses none.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
from importlib import import_module
from importlib.abc import MetaPathFinder

_LONGEST = 5e-3  # Seconds that one module may wait for the event loop.

_REPLACING = threading.Lock()


async def import_modules(*names: str) -> None:
    """Import modules in a thread."""
    missing = [name for name in names if name not in sys.modules]
    if missing:
        await asyncio.to_thread(_import, missing, asyncio.get_running_loop())


def _import(names: list[str], loop: asyncio.AbstractEventLoop) -> None:
    polite = _Polite(loop)
    with _REPLACING:
        sys.meta_path = [polite, *sys.meta_path]
    try:
        for name in names:
            import_module(name)
    finally:
        with _REPLACING:
            sys.meta_path = [finder for finder in sys.meta_path if finder is not polite]


class _Polite(MetaPathFinder):
    """Finds nothing, but is asked before each module that is not imported yet."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._thread = threading.get_ident()

    def find_spec(self, *_: object) -> None:
        if threading.get_ident() == self._thread:
            turn = threading.Event()
            with contextlib.suppress(RuntimeError):  # The event loop has ended.
                self._loop.call_soon_threadsafe(turn.set)
                turn.wait(_LONGEST)

"""Notice the end of the process that started the server.

Invariant: best effort, and never wrong the other way: a process that was not there when the
watch began (a number from another machine or container) is not taken for dead.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_EVERY = 3.0  # Seconds between two looks, where the system does not tell by itself.


def watch(pid: int, gone: Callable[[], None]) -> Callable[[], None]:
    """Call `gone` when the process ends; return what ends the watch."""
    if pid <= 0:
        return lambda: None
    if sys.platform == "linux" and hasattr(os, "pidfd_open"):
        with contextlib.suppress(OSError):
            return _watch_descriptor(os.pidfd_open(pid), gone)
    if sys.platform == "win32":
        return _watch_clock(_alive_on_windows(pid), gone)
    return _watch_clock(_alive(pid), gone)


def _watch_descriptor(descriptor: int, gone: Callable[[], None]) -> Callable[[], None]:
    loop = asyncio.get_running_loop()

    def ended() -> None:
        stop()
        gone()

    def stop() -> None:
        if loop.remove_reader(descriptor):
            os.close(descriptor)

    loop.add_reader(descriptor, ended)
    return stop


def _watch_clock(alive: Callable[[], bool], gone: Callable[[], None]) -> Callable[[], None]:
    if not alive():
        return lambda: None
    loop = asyncio.get_running_loop()
    timer: asyncio.TimerHandle

    def look() -> None:
        nonlocal timer
        if alive():
            timer = loop.call_later(_EVERY, look)
        else:
            gone()

    timer = loop.call_later(_EVERY, look)
    return lambda: timer.cancel()  # noqa: PLW0108  # The timer of that moment, not of this.


def _alive(pid: int) -> Callable[[], bool]:
    def alive() -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except (OSError, OverflowError):  # Not ours to signal, yet there.
            return True
        return True

    return alive


if sys.platform == "win32":

    def _alive_on_windows(pid: int) -> Callable[[], bool]:
        import ctypes

        synchronize, still_waiting = 0x00100000, 0x102
        kernel = ctypes.WinDLL("kernel32")
        kernel.OpenProcess.restype = ctypes.c_void_p
        handle = kernel.OpenProcess(synchronize, False, pid)
        if not handle:
            return lambda: False
        return lambda: kernel.WaitForSingleObject(ctypes.c_void_p(handle), 0) == still_waiting

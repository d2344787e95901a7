"""The server's end of the process that holds an index.

Invariant: neither a start nor a message waits on the event loop; a process that ends unasked is
started anew without the file it read last, a few times; closed, it is ended and reaped.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import sys
import threading
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from glm_lsp.project import frames

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

logger = logging.getLogger(__name__)

COMMAND = (sys.executable, "-m", "glm_lsp.project")
_MOST_STARTS = 6
_END_WITHIN = 2.0


class _Ended:
    """Stands in the queue where a process ended."""


class IndexProcess:
    """One process, and the two threads that speak to it."""

    def __init__(
        self,
        begin: dict[str, Any],
        hear: Callable[[dict[str, Any]], None],
        *,
        command: tuple[str, ...] = COMMAND,
    ) -> None:
        """Start it with a first message; `hear` is called in a thread with each of its own."""
        self._begin = dict(begin)
        self._hear = hear
        self._command = command
        self._waiting: queue.SimpleQueue[Callable[[], dict[str, Any]] | _Ended | None]
        self._waiting = queue.SimpleQueue()
        self._closed = threading.Event()
        self._reading = ""
        self._thread = threading.Thread(target=self._live, daemon=True, name="glm-index")
        self._thread.start()

    def send(self, message: Callable[[], dict[str, Any]]) -> None:
        """Have a message made and sent, in a thread."""
        self._waiting.put(message)

    def close(self) -> None:
        """End it, without waiting."""
        self._closed.set()
        self._waiting.put(None)

    @property
    def alive(self) -> bool:
        """Whether anything of it is left."""
        return self._thread.is_alive()

    def join(self) -> None:
        """Wait for its end, which `close` began."""
        self._thread.join(2 * _END_WITHIN)

    def _live(self) -> None:
        skipped: list[str] = []
        for _ in range(_MOST_STARTS):
            if self._closed.is_set():
                return
            self._reading = ""
            self._once({**self._begin, "skipped": skipped})
            if self._closed.is_set():
                return
            if self._reading:
                logger.warning("A file took too long to read: %s", self._reading)
                skipped.append(self._reading)
            self._hear({"said": "ended"})
        logger.warning("The workspace cannot be indexed: its index ended %d times.", _MOST_STARTS)
        self._hear({"said": "gone"})
        while self._waiting.get() is not None:
            pass

    def _once(self, begin: dict[str, Any]) -> None:
        import subprocess  # A start does without.

        try:
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=Path(__file__).parents[2],  # Never the workspace: it has modules, too.
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            logger.warning("The workspace cannot be indexed: %s", error)
            return
        assert process.stdin is not None  # noqa: S101  # Both are pipes.
        assert process.stdout is not None  # noqa: S101
        ended = _Ended()
        given = (process.stdout, ended)
        listener = threading.Thread(target=self._listen, args=given, daemon=True)
        listener.start()
        with contextlib.suppress(OSError, ValueError), process.stdin as pipe:
            frames.write(pipe, begin)
            while (message := self._waiting.get()) is not None and message is not ended:
                if not isinstance(message, _Ended):  # Of a process before this one.
                    frames.write(pipe, message())
        self._end(process)
        listener.join(_END_WITHIN)
        process.stdout.close()

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        import subprocess

        try:
            process.wait(_END_WITHIN if self._closed.is_set() else 0.2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _listen(self, pipe: IO[bytes], ended: _Ended) -> None:
        with contextlib.suppress(OSError, ValueError):
            while (message := frames.read(pipe)) is not None:
                if message.get("said") == "reading":
                    self._reading = str(message.get("path", ""))
                else:
                    self._hear(message)
        self._waiting.put(ended)

"""The log, which people read in terminals.

Invariant: one record's message is one line, of characters that a terminal shows and does not obey;
what follows it (a traceback) is indented, so that no text of a client's, a service's or a model's
passes for a record. Nobody waits for who reads it: what they do not take in is dropped, and a
reader who is gone ends nothing.
"""

from __future__ import annotations

import logging
import os
import queue
import sys
import threading
import time
from contextlib import suppress
from textwrap import indent
from typing import TYPE_CHECKING

from glm_lsp.characters import escaped, one_line

if TYPE_CHECKING:
    from types import TracebackType

_MOST = 10_000  # Characters of one message.
_MOST_WAITING = 2_000  # Records that wait to be written.
_LAST_WAIT = 1.0  # Seconds that the end of a process waits for its log.


class Formatter(logging.Formatter):
    """Formats records so that none of their words can be taken for something else."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # Its name there.
        """Return the line of a record."""
        record.message = one_line(record.message, _MOST)
        return super().formatMessage(record)

    def formatException(  # noqa: N802
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None]
        | tuple[None, None, None],
    ) -> str:
        """Return a traceback."""
        return indent(escaped(super().formatException(ei)), "  ")


class Handler(logging.Handler):
    """Writes records to stderr in a thread of its own, which may have to wait."""

    def __init__(self) -> None:
        super().__init__()
        self._queue: queue.Queue[str] = queue.Queue(_MOST_WAITING)
        self._thread: threading.Thread | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Have a record written, if there is room for it."""
        try:
            line = self.format(record)
        except Exception:  # What cannot be logged must not end what is.
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._write, name="log", daemon=True)
            self._thread.start()
        with suppress(queue.Full):
            self._queue.put_nowait(line + "\n")

    def flush(self) -> None:
        """Wait until all is written, for a moment."""
        late = time.monotonic() + _LAST_WAIT
        while self._queue.unfinished_tasks and time.monotonic() < late:
            time.sleep(0.005)

    def _write(self) -> None:
        while True:
            line = self._queue.get()
            try:
                _write_now(line)
            except (OSError, ValueError):
                pass  # It is closed, or nobody reads any more.
            finally:
                self._queue.task_done()


def _write_now(line: str) -> None:
    stream = sys.stderr
    try:
        descriptor = stream.fileno()
    except (AttributeError, OSError, ValueError):  # It was replaced, as in a test.
        stream.write(line)
        return
    # Past its buffer, whose lock a thread that waits would keep from the end of the process.
    rest = memoryview(line.encode(stream.encoding, stream.errors or "replace"))
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def begin(level: str) -> None:
    """Have everything of this level and above written to stderr."""
    handler = Handler()
    logging.captureWarnings(capture=True)
    handler.setFormatter(Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(handlers=[handler], level=level.upper())
    # The HTTP libraries log addresses and headers at these levels; headers hold the key.
    for name in ("httpx", "httpcore", "hpack"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # A request that is asked again is no news to the user, unless it fails in the end.
    logging.getLogger("stamina").setLevel(logging.ERROR)

"""One request at a time of one model, over all processes of a user: plans count them together.

Invariants: two locks on files that are the user's alone, taken by each request and let go by the
system when its process ends, however it does. `holds` is whose turn it is; `wants` is held by an
action that waits, and makes every completion give way. No lock is waited for on the event loop.
Where locks cannot be had, or one is held for minutes, everybody asks as if there were none.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from glm_lsp import private_files

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from pathlib import Path

    from glm_lsp.llm.limits import ConcurrencyLimiter
    from glm_lsp.llm.types import Request

_log = logging.getLogger(__name__)

_LOOK_AGAIN = 0.02  # Seconds for an action; a completion waits twice as long.
_LONGEST = 120.0  # Seconds; whoever holds it for longer hangs, or will be told by the service.
_DISK = 1.0  # Seconds in which the disk has to answer.

ANOTHER = "another window"


class SharedSlot:
    """The slot of each model of one service."""

    def __init__(self, folder: Callable[[], Path], service: str) -> None:
        """Keep the locks in a folder; `service` is its address."""
        self._folder = folder
        self._service = service
        self._files: dict[str, tuple[Path, Path]] = {}

    @asynccontextmanager
    async def turn(
        self, limiter: ConcurrencyLimiter, request: Request
    ) -> AsyncGenerator[None, None]:
        """Wait for a turn among this process's requests and the others', and hold it."""
        loop = asyncio.get_running_loop()
        name = hashlib.sha256(f"{self._service}\n{request.model}".encode()).hexdigest()[:24]
        way = _WayIn(lambda: self._files_of(name), interactive=request.interactive)
        late = loop.time() + _LONGEST
        waited = False
        try:
            while True:
                # Who looks whether others have gone does not keep this process's actions back.
                async with limiter.slot(
                    request.model, request.feature, interactive=request.interactive
                ):
                    if await way.enter() or loop.time() >= late:
                        if waited and request.waits is not None:
                            request.waits("", 0)
                        yield
                        return
                if not waited and request.waits is not None:
                    request.waits(ANOTHER, 0)
                waited = True
                await asyncio.sleep(_LOOK_AGAIN if request.interactive else 2 * _LOOK_AGAIN)
        finally:
            way.leave()

    def _files_of(self, name: str) -> tuple[Path, Path]:
        """Return the files of those who want the slot and of who holds it.

        They are kept: Python remembers each part of each path, and is long in forgetting it.
        """
        if name not in self._files:
            folder = self._folder()
            self._files[name] = (folder / f"{name}.wants", folder / f"{name}.holds")
        return self._files[name]


class _WayIn:
    """The way of one request to its turn; what touches files runs in a thread."""

    def __init__(self, files: Callable[[], tuple[Path, Path]], *, interactive: bool) -> None:
        self._files = files
        self._interactive = interactive
        self._wants = self._holds = -1
        self._wanting = False
        self._trying: asyncio.Future[bool] | None = None

    async def enter(self) -> bool:
        """Tell whether it is this request's turn now; if so, it is until it leaves."""
        self._trying = asyncio.get_running_loop().run_in_executor(None, self._try)
        done, _ = await asyncio.wait([self._trying], timeout=_DISK)
        try:
            return self._trying.result() if done else True
        except OSError as error:
            _log.info("There is no turn to take among this user's windows: %s", error)
            return True

    def leave(self) -> None:
        """Let the locks go, now or when the disk has answered."""
        if self._trying is not None and not self._trying.done():
            self._trying.add_done_callback(lambda _: self._close())
        else:
            self._close()

    def _try(self) -> bool:
        if self._holds < 0:
            wants, holds = self._files()
            # Each folder by itself: of several at once only the last would be the user's alone.
            private_files.folder(wants.parent.parent)
            self._wants = private_files.descriptor(wants)
            self._holds = private_files.descriptor(holds)
        self._wanting = self._wanting or _lock(self._wants)
        if not self._wanting:
            return False
        entered = _lock(self._holds)
        if entered or not self._interactive:
            _unlock(self._wants)
            self._wanting = False
        return entered

    def _close(self) -> None:
        for descriptor in (self._wants, self._holds):
            if descriptor >= 0:
                os.close(descriptor)  # With it goes the lock.
        self._wants = self._holds = -1


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> bool:
        os.lseek(descriptor, 0, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def slots_folder() -> Path:
    """Return the folder of the locks, in the operating system's place for state."""
    from platformdirs import user_state_path

    return user_state_path("glm-lsp", appauthor=False) / "turns"

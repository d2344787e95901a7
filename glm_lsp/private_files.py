"""Files that this user alone may read: made, found and mended in one way.

Invariant: what is written through here lies in a regular file of mode 0600 in a folder of mode
0700, whatever the umask says and whoever made it before; no link is followed, and nothing but a
regular file is opened. Where a system has no such modes (Windows) the user's own folders do it.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_ABANDONED = 7 * 86_400.0  # Seconds.
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


def folder(path: Path) -> Path:
    """Make a folder, with those above it, or close it to others; return it.

    Raises:
        OSError: it cannot be made.
    """
    path.mkdir(0o700, parents=True, exist_ok=True)
    if os.name == "posix":
        found = path.stat()
        if found.st_uid == os.getuid() and found.st_mode & _OTHERS:
            path.chmod(0o700)
    return path


def file(path: Path) -> Path:
    """Make an empty file in a folder of its own, or close one to others; return it.

    Raises:
        OSError: it is a link, or no regular file, or cannot be made.
    """
    os.close(descriptor(path))
    return path


def descriptor(path: Path) -> int:
    """Open such a file, made if there is none; return its descriptor.

    Raises:
        OSError: see `file`.
    """
    folder(path.parent)
    opened = os.open(path, os.O_RDWR | os.O_CREAT | _NO_LINK, 0o600)
    try:
        _close_to_others(opened, path.name)
    except OSError:
        os.close(opened)
        raise
    return opened


def _close_to_others(opened: int, name: str) -> None:
    found = os.fstat(opened)
    if not stat.S_ISREG(found.st_mode):
        raise OSError(f"{name} is no regular file")
    if os.name == "posix" and found.st_uid == os.getuid() and found.st_mode & _OTHERS:
        os.fchmod(opened, 0o600)


def temporary_folder(prefix: str) -> Path:
    """Make a folder among the temporary files, of a name that nobody can foresee.

    Raises:
        OSError: it cannot be made.
    """
    return Path(tempfile.mkdtemp(prefix=prefix))  # Of mode 0700.


def remove_left_behind(prefix: str, now: Callable[[], float] = time.time) -> None:
    """Remove this user's temporary folders that programs which were killed have left.

    They are a week old at least: no other server writes to them any more. `now` is the time in
    seconds since the epoch.
    """
    with suppress(OSError), os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            if not entry.name.startswith(prefix) or not entry.is_dir(follow_symlinks=False):
                continue
            found = entry.stat(follow_symlinks=False)
            mine = os.name != "posix" or found.st_uid == os.getuid()
            if mine and now() - found.st_mtime > _ABANDONED:
                shutil.rmtree(entry.path, ignore_errors=True)


def read(path: Path, most: int) -> str:
    """Return the text of such a file, of at most so many bytes; "" where there is none.

    Raises:
        OSError: it is not this user's alone, or cannot be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | _NO_LINK)
    except FileNotFoundError:
        return ""
    with os.fdopen(descriptor, "rb") as opened:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(f"{path.name} is no regular file")
        if os.name == "posix" and (found.st_uid not in (os.getuid(), 0) or found.st_mode & _OTHERS):
            raise PermissionError(f"others may read or write {path.name}")
        return opened.read(most).decode("utf-8", "replace")


def write(path: Path, text: str) -> None:
    """Write such a file at once: who reads it sees the old text or the new one.

    Raises:
        OSError: it cannot be written.
    """
    folder(path.parent)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)  # Of mode 0600.
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(text.encode("utf-8"))
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise

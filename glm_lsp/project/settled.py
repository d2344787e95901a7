"""An index as it was at an earlier start, in a file of the user's own.

Invariant: what comes of such a file counts for nothing until a text was found to be the one that
it was read from. A file that is broken, or of another version, is as good as none; each may be
deleted at any time.
"""

from __future__ import annotations

import hashlib
import os
import struct
import sys
from array import array
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING

from glm_lsp import private_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    Part = Sequence[bytes | array[int]]

_MARK = f"glm-lsp index 2 {sys.byteorder}\n".encode()
_DIGEST = 32
_LENGTH = struct.Struct("=Q")
_CHUNK = 65_536
_ENDING = ".settled"
_MOST_BYTES = 400 * 2**20
"""Of all such files together; the ones that were not written for longest go."""


def place_of(folder: Path, roots: Iterable[Path], family: str) -> Path:
    """Return the file for the index of some folders."""
    named = "\0".join([family, *map(str, roots)])
    name = hashlib.blake2b(named.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    return folder / f"{name}{_ENDING}"


class KeptParts:
    """The parts of a file, read one after the other and in pieces: all at once would be much."""

    def __init__(self, opened: IO[bytes]) -> None:
        """Read on from where the lengths of the parts stand."""
        self._opened = opened
        (count,) = _LENGTH.unpack(opened.read(_LENGTH.size))
        lengths = (_LENGTH.unpack(opened.read(_LENGTH.size))[0] for _ in range(count))
        self._lengths = iter(list(lengths))

    def part(self) -> bytes:
        """Return the next part."""
        return self.piece(self.begin())

    def begin(self) -> int:
        """Begin with the next part, of which all pieces are to be read; return its bytes.

        Raises:
            ValueError: there is none.
        """
        if (length := next(self._lengths, None)) is None:
            raise ValueError("no part")
        return int(length)

    def piece(self, size: int) -> bytes:
        """Return so many bytes of the part."""
        return self._opened.read(size)

    def numbers(self, kind: str, count: int) -> array[int]:
        """Return so many numbers of the part."""
        made = array(kind)
        made.frombytes(self._opened.read(count * made.itemsize))
        return made

    def all_numbers(self, kind: str) -> array[int]:
        """Return the numbers of the next part."""
        return self.numbers(kind, self.begin() // array(kind).itemsize)


@contextmanager
def source(path: Path) -> Iterator[KeptParts | None]:
    """Open a file; None where there is no whole one of this version."""
    try:
        opened = path.open("rb") if not path.is_symlink() else None
    except OSError:
        opened = None
    if opened is None:
        yield None
        return
    with opened:
        yield KeptParts(opened) if _whole(opened) else None


def _whole(opened: IO[bytes]) -> bool:
    """Tell whether a file is as it was written, and go to where its parts begin."""
    if opened.read(len(_MARK)) != _MARK:
        return False
    digest, found = opened.read(_DIGEST), hashlib.blake2b(digest_size=_DIGEST)
    start = opened.tell()
    while chunk := opened.read(_CHUNK):
        found.update(chunk)
    opened.seek(start)
    return found.digest() == digest


def write(path: Path, parts: Sequence[Part]) -> Iterator[None]:
    """Write a file in steps; who reads it sees the old one or the new."""
    beside = path.with_name(f".{path.stem}.new")
    try:
        descriptor = private_files.descriptor(beside)
    except OSError:
        return
    lengths = [sum(map(_size, part)) for part in parts]
    head = b"".join(map(_LENGTH.pack, (len(parts), *lengths)))
    digest = hashlib.blake2b(head, digest_size=_DIGEST)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.truncate()
            opened.write(_MARK + bytes(_DIGEST) + head)
            for part in parts:
                for chunk in part:
                    digest.update(chunk)
                    opened.write(chunk)
                yield
            opened.seek(len(_MARK))
            opened.write(digest.digest())
        beside.replace(path)
        _drop_old(path.parent)
    except OSError:
        pass
    finally:
        beside.unlink(missing_ok=True)


def _size(chunk: bytes | array[int]) -> int:
    return memoryview(chunk).nbytes


def _drop_old(folder: Path) -> None:
    found = []
    for path in folder.glob(f"*{_ENDING}"):
        with suppress(OSError):
            stat = path.stat()
            found.append((stat.st_mtime_ns, stat.st_size, path))
    total = 0
    for _, size, path in sorted(found, reverse=True):
        total += size
        if total > _MOST_BYTES:
            path.unlink(missing_ok=True)

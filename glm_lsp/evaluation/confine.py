"""Runs a program by itself: a script of its own, for what it gives up it cannot take back.

    python -I confine.py SPECIFICATION.json

Invariants: the program sees a file system of its own, in memory and of bounded size: the
system's programs and the Python that runs it, which it can only read, and a copy of the files
that it is given. No network but its own loopback, no process but its own, no privilege, bounded
time on the processor, memory, files and processes. It ends with this script. Where the system
does not let all that come about, nothing is run, and the exit code is what the specification says.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import shutil
import signal
import socket
import struct
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_USER, _MOUNTS, _NETWORK, _PROCESSES = 0x10000000, 0x00020000, 0x40000000, 0x20000000
_IPC, _NAMES = 0x08000000, 0x04000000
_PRIVATE, _RECURSIVE, _BIND, _REMOUNT = 1 << 18, 1 << 14, 1 << 12, 1 << 5
_READ_ONLY, _NO_SUID, _NO_DEVICES = 1, 2, 4
_DETACH = 2
_KEPT_FLAGS = 0x1 | 0x2 | 0x4 | 0x8 | 0x400 | 0x800 | 0x200000  # Locked, or wanted to stay.
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41, "riscv64": 41, "ppc64le": 203, "s390x": 217}
_DIE_WITH_PARENT, _DROP_FROM_BOUNDS, _NO_NEW_PRIVILEGES = 1, 24, 38
_DEVICES = ("null", "zero", "full", "random", "urandom")
_OF_ETC = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "localtime")
_OF_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")

_libc = ctypes.CDLL(None, use_errno=True)


def main() -> int:
    """Run what the specification names; return its exit code."""
    spec = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    try:
        _begin()
        return _wait(_forked(lambda: _inside(spec), spec["refused"]))
    except OSError as error:
        print(f"confine: {error}", file=sys.stderr)  # noqa: T201
        return int(spec["refused"])


def _begin() -> None:
    """Leave the namespaces that everybody is in."""
    user, group = os.getuid(), os.getgid()
    _call(_libc.unshare, _USER | _MOUNTS | _NETWORK | _PROCESSES | _IPC | _NAMES)
    Path("/proc/self/setgroups").write_text("deny", "ascii")
    Path("/proc/self/uid_map").write_text(f"0 {user} 1", "ascii")
    Path("/proc/self/gid_map").write_text(f"0 {group} 1", "ascii")
    _mount("none", "/", "", _PRIVATE | _RECURSIVE)


def _inside(spec: dict[str, Any]) -> int:
    """Be the first process of the new namespace: when it ends, all end."""
    _call(_libc.prctl, _DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    root = Path(spec["root"])
    _mount("tmpfs", root, "tmpfs", _NO_SUID | _NO_DEVICES, f"size={spec['bytes']},mode=755")
    _furnish(root, spec)
    shutil.copytree(spec["files"], root / "sandbox/files", symlinks=True)
    (root / "old").mkdir()
    _call(_libc.syscall, _PIVOT_ROOT[os.uname().machine], bytes(root), bytes(root / "old"))
    os.chdir("/")
    _call(_libc.umount2, b"/old", _DETACH)
    with suppress(OSError):
        Path("/proc/sys/user/max_user_namespaces").write_text("0", "ascii")
    with suppress(OSError):
        _loopback()
    code = _wait(_forked(lambda: _run(spec), 1))
    return code if code != spec["refused"] else 1


def _furnish(root: Path, spec: dict[str, Any]) -> None:
    """Put what a program needs to run into a root."""
    for name in ("tmp", "sandbox", "sandbox/home", "proc", "dev", "dev/shm", "etc"):
        (root / name).mkdir()
    (root / "etc/passwd").write_text("root:x:0:0::/sandbox/home:/bin/sh\n", "ascii")
    (root / "etc/hosts").write_text("127.0.0.1 localhost\n::1 localhost\n", "ascii")
    for place in (*_OF_SYSTEM, *(f"/etc/{name}" for name in _OF_ETC), *spec["reads"]):
        _show(root, Path(place))
    for name in _DEVICES:
        (root / "dev" / name).touch()
        _mount(f"/dev/{name}", root / "dev" / name, "", _BIND)
    with suppress(OSError):  # A container may not let it: most programs do without.
        _mount("proc", root / "proc", "proc", _NO_SUID | _NO_DEVICES)


def _show(root: Path, place: Path) -> None:
    """Let a file or a folder of the system be read in a root, where there is one."""
    there = root / place.relative_to("/")
    if place.is_symlink() and str(place) in _OF_SYSTEM:
        there.parent.mkdir(parents=True, exist_ok=True)
        there.symlink_to(place.readlink())
        return
    if not place.exists() or there.exists():
        return
    if place.is_dir():
        there.mkdir(parents=True)
    else:
        there.parent.mkdir(parents=True, exist_ok=True)
        there.touch()
    _mount(place, there, "", _BIND | _RECURSIVE)
    kept = os.statvfs(there).f_flag & _KEPT_FLAGS
    _mount("none", there, "", _REMOUNT | _BIND | _READ_ONLY | _NO_SUID | kept)


def _loopback() -> None:
    """Switch the namespace's own loopback on."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        import fcntl

        up = struct.pack("16sh", b"lo", 0x1 | 0x40)  # Up, and running.
        fcntl.ioctl(found, 0x8914, up)


def _run(spec: dict[str, Any]) -> int:
    """Become the program."""
    for which, most in spec["limits"].items():
        kind = getattr(resource, which)
        _, hard = resource.getrlimit(kind)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, most))
    for capability in range(64):
        with suppress(OSError):
            _call(_libc.prctl, _DROP_FROM_BOUNDS, capability, 0, 0, 0)
    _call(_libc.prctl, _NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    os.chdir("/sandbox/files")
    try:
        os.execve(spec["command"][0], spec["command"], spec["environ"])  # noqa: S606
    except OSError as error:
        print(f"{spec['command'][0]}: {error.strerror}", file=sys.stderr)  # noqa: T201
        return 127


def _forked(work: Callable[[], int], failed: int) -> int:
    """Do something in a child, whose exit code is `failed` if it cannot; return its process id."""
    child = os.fork()
    if child:
        return child
    code = failed
    try:
        code = work()
    except (OSError, KeyError, shutil.Error) as error:
        print(f"confine: {type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201
    finally:
        sys.stderr.flush()
        os._exit(code)


def _wait(child: int) -> int:
    """Wait for a child, and for those that it leaves behind until then; return its exit code."""
    while True:
        ended, status = os.wait()
        if ended == child:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def _mount(what: Path | str, where: Path | str, kind: str, flags: int, data: str = "") -> None:
    _call(
        _libc.mount,
        os.fsencode(what),
        os.fsencode(where),
        kind.encode(),
        ctypes.c_ulong(flags),
        data.encode(),
    )


def _call(function: Any, *arguments: Any) -> None:
    if function(*arguments) < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{function.__name__}: {os.strerror(number)}")


if __name__ == "__main__":
    sys.exit(main())

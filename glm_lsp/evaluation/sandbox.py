"""Runs programs that somebody else wrote: the tests of a scenario, contained.

Invariant: what runs can read nothing of the user's and reach nobody (`confine.py` says how), and
ends in bounded time; where the system cannot promise that, nothing runs, and it is said.
"""

from __future__ import annotations

import json
import os
import site
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from attrs import field, frozen

from glm_lsp.evaluation.scenario import PYTHON

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from glm_lsp.evaluation.git import CommitTree

SECONDS = 60.0
"""How long a program may take."""

ENDLESS = "It did not end within"
"""What is said at the end of one that took longer."""

_CONFINE = Path(__file__).with_name("confine.py")
_REFUSED = 125  # The exit code that says that nothing was run.
_MEMORY = 4 << 30  # Bytes of address space of each process.
_FILES = 512 << 20  # Bytes of all files together.
_KEPT = 16_000  # Bytes of what it says.


@frozen
class Verdict:
    """How a program ended.

    Attributes:
        passed: None where it was not run; `said` tells why.
        said: the end of what it wrote.
    """

    passed: bool | None
    said: str = field(default="", repr=False)


def run(
    command: Sequence[str],
    files: Mapping[str, str],
    tree: CommitTree | None = None,
    *,
    seconds: float = SECONDS,
) -> Verdict:
    """Run a program beside some files, which lie over those of a tree.

    Raises:
        GlmError: the tree cannot be read.
    """
    if sys.platform != "linux":
        return Verdict(None, "programs are contained on Linux only")
    with _folder() as folder:
        given = folder / "files"
        given.mkdir()
        if tree is not None:
            tree.write(given)
        for name, text in files.items():
            place = given / name
            if not place.resolve().is_relative_to(given.resolve()):
                return Verdict(None, "a file of its own lies outside of its folder")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, "utf-8", newline="")
        (folder / "root").mkdir()
        spec = folder / "spec.json"
        spec.write_text(json.dumps(_spec(folder, command, seconds)), "utf-8")
        return _ended([sys.executable, "-I", str(_CONFINE), str(spec)], seconds)


@contextmanager
def _folder() -> Iterator[Path]:
    # What a test's own files are called may be more than a system removes at once.
    with TemporaryDirectory(prefix="glm-lsp-tests-", ignore_cleanup_errors=True) as name:
        yield Path(name).resolve()


def _spec(folder: Path, command: Sequence[str], seconds: float) -> dict[str, object]:
    python = Path(sys.executable)
    reads = {sys.prefix, sys.base_prefix, str(python.resolve().parent.parent)}
    reads |= {path for path in (*sys.path, site.getusersitepackages()) if "-packages" in path}
    outside = sorted(path for path in reads if not path.startswith(("/usr/", "/lib")))
    words = [str(python) if word == PYTHON else word for word in command]
    return {
        "root": str(folder / "root"),
        "files": str(folder / "files"),
        "reads": outside,
        "bytes": _FILES,
        "refused": _REFUSED,
        "command": words,
        "limits": {
            "RLIMIT_CPU": int(seconds) + 1,
            "RLIMIT_AS": _MEMORY,
            "RLIMIT_FSIZE": _FILES,
            "RLIMIT_NPROC": 512,
            "RLIMIT_CORE": 0,
        },
        "environ": {
            "HOME": "/sandbox/home",
            "TMPDIR": "/tmp",  # noqa: S108  # Of the file system that is the program's own.
            "PATH": os.pathsep.join((str(python.parent), "/usr/bin", "/bin")),
            "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": "0",
        },
    }


def _ended(command: Sequence[str], seconds: float) -> Verdict:
    """Run to the end, or until the time is over; keep the end of what is said."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        env={"PATH": "/usr/bin:/bin"},
    )
    said = bytearray()
    stream = process.stdout
    assert stream is not None  # noqa: S101  # It was asked for.

    def listen() -> None:
        while data := os.read(stream.fileno(), 65_536):
            said.extend(data)
            del said[:-_KEPT]

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    try:
        code = process.wait(seconds)
    except subprocess.TimeoutExpired:
        code = None
    finally:
        process.kill()  # Who confines has died then, and with it all that it confined.
        process.wait()
        listener.join(5)
        stream.close()
    text = said.decode(errors="replace")
    if code is None:
        return Verdict(False, f"{text}\n{ENDLESS} {seconds:g} seconds.")
    if code == _REFUSED:
        return Verdict(None, text.strip() or "this system does not let programs be contained")
    return Verdict(code == 0, text)

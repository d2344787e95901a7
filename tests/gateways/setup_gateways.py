"""The gateways that the tests put in front of the model: found on PATH, or set up in `.cache/`.

nginx and HAProxy are Debian's, unpacked without root as the editors are; LiteLLM is PyPI's, in
a virtual environment of its own, for it brings a hundred packages that are none of ours.

Invariant: nothing outside the git-ignored `.cache/gateways` is written, and no root is needed.

`make test-gateways` calls this file; run it again at will, it is quick when all is there.
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv

from tests.editors import setup_editors as debian

FOLDER = debian.ROOT / ".cache" / "gateways"
PINS = debian.ROOT / "packaging" / "gateways.txt"
PROGRAMS = (
    debian.Program("nginx", "nginx", "nginx", (1, 22), "-v", "usr/sbin"),
    debian.Program("HAProxy", "haproxy", "haproxy", (2, 6), "-v", "usr/sbin"),
)

_DEBIAN = FOLDER / "debian"
_PYTHON = FOLDER / "litellm"


def main() -> int:
    """Set up what is missing, and say what is used."""
    missing = [each for each in PROGRAMS if not debian.locate(each, _DEBIAN, os.environ)]
    if missing:
        names = " and ".join(each.name for each in missing)
        print(f"Setting up {names} from Debian {debian.SUITE} …", file=sys.stderr, flush=True)
        debian.set_up(missing, _DEBIAN)
    if not _current():
        print("Setting up LiteLLM from PyPI …", file=sys.stderr, flush=True)
        _set_up_litellm()
    for program in PROGRAMS:
        print(find(program.command).sentence)
    print(f"LiteLLM {litellm_version()}: {litellm()[0]}")
    return 0


def find(command: str) -> debian.Found:
    """Return a gateway that was set up.

    Raises:
        LookupError: it was not.
    """
    program = next(program for program in PROGRAMS if program.command == command)
    found = debian.locate(program, _DEBIAN, os.environ)
    if found is None:
        raise LookupError(f"no {program.name}: run `make test-gateways`")
    return found


def litellm() -> tuple[str, ...]:
    """Return the words that start LiteLLM."""
    return (str(_PYTHON / "bin" / "litellm"),)


def litellm_version() -> str:
    """Return the pinned version."""
    lines = PINS.read_text("utf-8").splitlines()
    return next(line.split()[0].split("==")[1] for line in lines if line.startswith("litellm=="))


def _current() -> bool:
    """Whether the pins of today are what is installed."""
    stamp = _PYTHON / "pins.txt"
    return stamp.exists() and stamp.read_bytes() == PINS.read_bytes()


def _set_up_litellm() -> None:
    venv.create(_PYTHON, with_pip=True, clear=True)
    python = str(_PYTHON / "bin" / "python")
    words = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    subprocess.run([*words, "--no-deps", "--require-hashes", "-r", str(PINS)], check=True)
    (_PYTHON / "pins.txt").write_bytes(PINS.read_bytes())


if __name__ == "__main__":
    sys.exit(main())

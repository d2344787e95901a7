"""Run the unit and protocol tests on every Python from 3.10 to 3.14 that this machine has.

Each version gets a virtual environment of its own under `.cache`; versions that are not here
are named, never passed over in silence. Real models and editors are left to `make test`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

VERSIONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
ROOT = Path(__file__).parents[1]
CACHE = ROOT / ".cache" / "pythons"


def interpreters() -> dict[str, list[str]]:
    """Return the command that starts each version found on this machine."""
    found: dict[str, list[str]] = {}
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for version in VERSIONS:
        kept = sorted(pyenv.glob(f"{version}.*/bin/python"))
        named = shutil.which(f"python{version}")
        if kept:
            found[version] = [str(kept[-1])]
        elif named and _answers([named], version):
            found[version] = [named]
    newest = VERSIONS[-1]
    if newest not in found:  # The editors' folder brings one.
        setup = ROOT / "tests" / "editors" / "setup_editors.py"
        words = [sys.executable, str(setup), "--path", f"python{newest}"]
        path = subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()
        if path and _answers([path], newest):
            found[newest] = [path]
    return found


def _answers(command: list[str], version: str) -> bool:
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    result = subprocess.run([*command, "-c", code], capture_output=True, text=True, check=False)
    return result.stdout.strip() == version


def run(version: str, command: list[str]) -> bool:
    """Make the environment of a version and run the tests in it."""
    environment = CACHE / version
    bin_ = environment / ("Scripts" if sys.platform == "win32" else "bin")
    python = str(bin_ / "python")
    if not (environment / ".ready").exists():
        # Debian's Python has no pip of its own: this one's installs into the other.
        make = [*command, "-m", "venv", "--clear", "--without-pip", str(environment)]
        subprocess.run(make, check=True)
        pip = [sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps"]
        subprocess.run([*pip, "--require-hashes", "-r", "constraints.txt"], check=True, cwd=ROOT)
        subprocess.run([*pip, "--no-build-isolation", "-e", "."], check=True, cwd=ROOT)
        (environment / ".ready").touch()
    print(f"== Python {version}", flush=True)
    tests = [python, "-m", "pytest", "-q", "-m", "not editor and not model and not gateway"]
    return subprocess.run([*tests, "-p", "no:cacheprovider"], cwd=ROOT, check=False).returncode == 0


def main() -> int:
    """Run all; return 1 when one fails."""
    found = interpreters()
    results = {version: run(version, command) for version, command in found.items()}
    for version in VERSIONS:
        passed = results.get(version)
        state = "not on this machine" if passed is None else "passed" if passed else "FAILED"
        print(f"Python {version}: {state}")
    return 0 if results and all(results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())

"""Real packages, for the fit of the weights and, others, for what they reach.

Fetched into `.cache/context` by pip, npm and apt of this machine; nothing of them is kept in the
repository.
"""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import NamedTuple

CACHE = Path(__file__).resolve().parents[3] / ".cache" / "context"
_LONGEST = 256 * 1024


class Package(NamedTuple):
    """A package: who has it, its name there, and whether the weights were fitted on it."""

    source: str
    name: str
    suffixes: tuple[str, ...]
    fitted: bool = False


PACKAGES = (
    *(Package("pip", n, (".py",), True) for n in ("flask", "sqlalchemy", "celery", "networkx")),
    *(Package("pip", n, (".py",), True) for n in ("httpx", "pydantic")),
    *(Package("pip", n, (".py",)) for n in ("scrapy", "aiohttp", "sphinx", "tornado", "requests")),
    Package("pip", "django", (".py",)),
    *(Package("npm", n, (".ts",), True) for n in ("rxjs@7.8.1", "@reduxjs/toolkit@2.2.0")),
    *(Package("npm", n, (".ts",)) for n in ("mobx@6.12.0", "ethers@6.13.0", "effect@3.4.0")),
    Package("npm", "@capacitor/android@6.1.0", (".java",), True),
    Package("npm", "react-native@0.74.0", (".java",)),
    Package("apt", "golang-google-grpc-dev", (".go",), True),
    *(Package("apt", n, (".go",)) for n in ("golang-golang-x-tools-dev",)),
    Package("apt", "golang-github-hashicorp-raft-dev", (".go",)),
    *(Package("apt", n, (".rs",), True) for n in ("librust-syn-dev", "librust-image-dev")),
    *(Package("apt", n, (".rs",)) for n in ("librust-tokio-dev", "librust-h2-dev")),
)


def files(package: Package) -> dict[str, str]:
    """Return the texts of a package's files, by path."""
    root = fetched(package)
    found: dict[str, str] = {}
    for folder, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            path = Path(folder, name)
            if not name.endswith(package.suffixes) or name.endswith((".d.ts", ".min.js")):
                continue
            if path.is_symlink() or path.stat().st_size > _LONGEST:
                continue
            try:
                text = path.read_text("utf-8")
            except ValueError:
                continue
            found[path.relative_to(root).as_posix()] = text.replace("\r\n", "\n")
    return found


def fetched(package: Package) -> Path:
    """Return the folder of a package, fetched if need be."""
    root = CACHE / package.name.strip("@").replace("/", "-")
    ready = root / ".ready"
    if ready.exists():
        return root
    root.mkdir(parents=True, exist_ok=True)
    if package.source == "pip":
        pip = (sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:")
        _run(root, *pip, "-d", ".", package.name)
        for archive in root.glob("*.whl"):
            zipfile.ZipFile(archive).extractall(root)
            archive.unlink()
    elif package.source == "npm":
        _run(root, "npm", "pack", "--silent", package.name)
        for archive in root.glob("*.tgz"):
            _run(root, "tar", "xzf", archive.name)
            archive.unlink()
    else:
        _run(root, "apt-get", "-qq", "download", package.name)
        for archive in root.glob("*.deb"):
            _run(root, "dpkg-deb", "--extract", archive.name, ".")
            archive.unlink()
    ready.touch()
    return root


def _run(folder: Path, *command: str) -> None:
    subprocess.run(command, cwd=folder, capture_output=True, check=True)

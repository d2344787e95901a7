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


_FITTED = {
    "pip .py": "flask sqlalchemy celery networkx httpx pydantic twisted wagtail textual"
    " ansible-core djangorestframework pylint trio werkzeug paramiko jupyter-server dask mypy",
    "npm .ts": "rxjs@7.8.1 @reduxjs/toolkit@2.2.0 viem@2.21.0 @trpc/server@10.45.2"
    " @apollo/server@4.11.0",
    "npm .java": "@capacitor/android@6.1.0 react-native-navigation@7.37.0 cordova-android@13.0.0",
    "apt .go": "golang-google-grpc-dev golang-github-gin-gonic-gin-dev golang-golang-x-net-dev"
    " golang-github-prometheus-client-golang-dev",
    "apt .rs": "librust-syn-dev librust-image-dev librust-hyper-dev librust-rustls-dev",
}
_MEASURED = {
    "pip .py": "scrapy aiohttp sphinx tornado requests django",
    "npm .ts": "mobx@6.12.0 ethers@6.13.0 effect@3.4.0",
    "npm .java": "react-native@0.74.0",
    "apt .go": "golang-golang-x-tools-dev golang-github-hashicorp-raft-dev",
    "apt .rs": "librust-tokio-dev librust-h2-dev",
}
PACKAGES = tuple(
    Package(kind.split()[0], name, (kind.split()[1],), fitted)
    for some, fitted in ((_FITTED, True), (_MEASURED, False))
    for kind, names in some.items()
    for name in names.split()
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

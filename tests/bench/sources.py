"""Real source files in many languages, for benchmarks that need truth rather than examples.

Nothing of them is kept in the repository: they are installed packages of this machine, or are
fetched into `.cache/sources` by the machine's own apt and npm.
"""

from __future__ import annotations

import os
import subprocess
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "sources"
DEBIAN = (
    "golang-golang-x-tools-dev",
    "golang-golang-x-net-dev",
    "librust-syn-dev",
    "librust-regex-dev",
    "librust-tokio-dev",
    "ruby-rack",
    "ruby-rspec-core",
    "libeigen3-dev",
    "liblua5.4-dev",
    "lua-penlight",
    "php-symfony-console",
    "libcommons-lang3-java",
)
NPM = ("rxjs@7.8.1", "express@4.19.2", "lodash@4.17.21", "immer@10.1.1", "zod@3.23.8")
LANGUAGES = {
    ".py": "python",
    ".go": "go",
    ".rs": "rust",
    ".rb": "ruby",
    ".c": "c",
    ".h": "c",
    ".hpp": "cpp",
    ".cpp": "cpp",
    ".js": "javascript",
    ".ts": "typescript",
    ".lua": "lua",
    ".sh": "shellscript",
    ".php": "php",
    ".pl": "perl",
    ".pm": "perl",
    ".css": "css",
}
_LONGEST, _WIDEST, _LEAST = 120_000, 500, 30


def sources(dice: random.Random, count: int) -> Iterator[tuple[str, str, str]]:
    """Yield (path, text, LSP language) of so many files, as many of each language as there are.

    What two versions of a package have in common is yielded once.
    """
    fetch()
    by_language: dict[str, list[Path]] = {}
    for root in (
        CACHE,
        Path(sysconfig.get_path("purelib")),
        Path(sysconfig.get_path("stdlib")),
        Path("/usr/include"),
        Path("/usr/share/perl"),
        Path("/usr/share/perl5"),
    ):
        for folder, _, names in os.walk(root):
            if "nicode" in folder or "unicore" in folder:
                continue  # Tables of data.
            for name in names:
                language = LANGUAGES.get(Path(name).suffix)
                if language and not name.endswith((".min.js", ".d.ts", ".min.css")):
                    by_language.setdefault(language, []).append(Path(folder, name))
    for paths in by_language.values():
        paths.sort()
        dice.shuffle(paths)
    lists = [(language, paths) for language, paths in sorted(by_language.items())]
    yielded = 0
    seen: set[int] = set()
    while yielded < count and any(paths for _, paths in lists):
        for language, paths in lists:
            while paths:
                path = paths.pop()
                try:
                    text = path.read_text("utf-8")
                except (OSError, ValueError):
                    continue
                if (
                    len(text) <= _LONGEST
                    and text.count("\n") >= 30
                    and max(map(len, text.split("\n"))) < 500
                    and hash(text) not in seen
                ):
                    seen.add(hash(text))
                    yield str(path), text, language
                    yielded += 1
                    break


def fetch() -> None:
    """Fetch what is not there yet."""
    if (CACHE / ".ready").exists():
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    for package in DEBIAN:
        if not _ran(CACHE, "apt-get", "-qq", "download", package):
            print(f"{package} is not to be had")
    for archive in CACHE.glob("*.deb"):
        _ran(CACHE, "dpkg-deb", "--extract", archive.name, archive.name.partition("_")[0])
        archive.unlink()
    for package in NPM:
        _ran(CACHE, "npm", "pack", "--silent", package)
    for archive in CACHE.glob("*.tgz"):
        (CACHE / archive.stem).mkdir(exist_ok=True)
        _ran(CACHE, "tar", "xzf", archive.name, "-C", archive.stem)
        archive.unlink()
    (CACHE / ".ready").touch()


def _ran(folder: Path, *command: str) -> bool:
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0

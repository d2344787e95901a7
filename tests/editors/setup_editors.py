"""The real editors that the tests drive: found on PATH, or set up beside the checkout.

Invariant: nothing outside the git-ignored `.cache/` is written, and no root is needed. Where
an editor is missing or too old, Debian forky's packages are fetched by the machine's own apt
(its mirror, its keys, its proxy) into a private folder, unpacked, and their programs told
to use that folder's libraries. What is used is always said; a missing editor is loud, and in
continuous integration (`CI=true`) an error.

`make test-editors` calls this file; run it again at will, it is quick when all is there.
It imports only the standard library, so that any Python 3.10 or later runs it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ROOT_VARIABLE = "GLM_EDITORS_ROOT"
"""Names a folder this program set up earlier, for instance to share one between checkouts."""

SUITE = "forky"

ROOT = Path(__file__).resolve().parents[2]
"""The checkout."""


class Program(NamedTuple):
    """A program the tests want: its Debian package, how new it must be, and its folder."""

    name: str
    command: str
    package: str
    least: tuple[int, ...]
    version_flag: str = "--version"
    place: str = "usr/bin"


PROGRAMS = (
    Program("Neovim", "nvim", "neovim", (0, 12)),
    Program("Helix", "hx", "hx", (25, 7)),
    Program("Emacs", "emacs", "emacs-nox", (30, 1)),
    Program("tmux", "tmux", "tmux", (3, 0), "-V"),
    Program("Python", "python3.14", "python3.14", (3, 14)),
)

# Packages that apt names as dependencies but that no program here needs to run.
_UNNEEDED = re.compile(
    r"(?:.*-dev|linux-libc-dev|binutils.*|systemd|perl.*|libperl.*|lib[aglthu]w?[ltu]?[bs]?san\d*"
    r"|emacs-el|libhwasan0|ca-certificates|tzdata|debconf|gcc-.*-base|libc-dev-bin)_"
)


class Found(NamedTuple):
    """A program that can be started: how, which version, and what it needs around it."""

    program: Program
    argv: tuple[str, ...]
    version: tuple[int, ...]
    environ: dict[str, str]
    origin: str

    @property
    def sentence(self) -> str:
        """What is used, for people."""
        number = ".".join(map(str, self.version))
        return f"{self.program.name} {number}: {self.argv[0]} ({self.origin})"


def find(command: str, environ: Mapping[str, str]) -> Found | None:
    """Return the program, from PATH when it is new enough, else from the folder set up."""
    program = next(program for program in PROGRAMS if program.command == command)
    return locate(program, root(environ), environ)


def locate(program: Program, folder: Path, environ: Mapping[str, str]) -> Found | None:
    """Return a program, from PATH when it is new enough, else from a folder set up."""
    return _on_path(program, environ) or _in_root(program, folder, environ)


def root(environ: Mapping[str, str]) -> Path:
    """Return the folder in which the editors are set up."""
    if given := environ.get(ROOT_VARIABLE):
        return Path(given)
    return ROOT / ".cache" / "editors"


def main(arguments: list[str]) -> int:
    """Make programs available, say which is used, and return the exit code.

    `--path COMMAND` is for scripts: it does so for one program, and prints only its path.
    """
    environ = os.environ
    if arguments[:1] == ["--path"]:
        found, _ = provide([p for p in PROGRAMS if p.command in arguments[1:]], environ)
        print("".join(each.argv[0] for each in found))
        return 0 if found else 1
    found, trouble = provide(PROGRAMS, environ)
    for each in found:
        print(each.sentence)
    missing = [p.name for p in PROGRAMS if p not in {each.program for each in found}]
    for name in missing:
        print(f"{name}: MISSING, its tests will be SKIPPED{trouble}", file=sys.stderr)
    return 1 if missing and environ.get("CI") else 0


def provide(programs: Iterable[Program], environ: Mapping[str, str]) -> tuple[list[Found], str]:
    """Find the programs, after setting up those that are missing; second, what went wrong."""
    trouble = ""
    missing = [program for program in programs if find(program.command, environ) is None]
    if missing and ROOT_VARIABLE not in environ:
        names = ", ".join(program.name for program in missing)
        print(f"Setting up {names} from Debian {SUITE} …", file=sys.stderr, flush=True)
        try:
            set_up(missing, root(environ))
        except (OSError, subprocess.CalledProcessError, LookupError) as error:
            trouble = ": " + _explain(error)
    candidates = (find(program.command, environ) for program in programs)
    return [found for found in candidates if found], trouble


def set_up(programs: Iterable[Program], folder: Path) -> None:
    """Fetch and unpack the programs' packages, and point them at their own libraries.

    Raises:
        LookupError: this machine has no apt, or no Debian mirror among its sources.
        OSError: the folder cannot be written.
        subprocess.CalledProcessError: apt or dpkg failed.
    """
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise LookupError(f"{tool} is not on this machine")
    apt = folder / "apt"
    options = _private_apt(apt)
    packages = [program.package for program in programs]
    _run("apt-get", *options, "-qq", "update")
    _run("apt-get", *options, "-qq", "-y", "--download-only", "install", "patchelf", *packages)
    for archive in sorted((apt / "cache" / "archives").glob("*.deb")):
        if not _UNNEEDED.match(archive.name):
            _run("dpkg-deb", "--extract", str(archive), str(folder))
    shutil.rmtree(apt)
    for program in programs:
        _use_own_libraries(_binary(program, folder), folder)


def _private_apt(apt: Path) -> list[str]:
    """Lay out a folder for apt and return the options that keep it there."""
    empty = apt / "empty"
    for part in ("lists/partial", "cache/archives/partial", "empty"):
        (apt / part).mkdir(parents=True, exist_ok=True)
    (apt / "status").write_text("")
    (apt / "list.sources").write_text(_source())
    places = {
        "Dir::State": apt,
        "Dir::State::status": apt / "status",
        "Dir::Cache": apt / "cache",
        "Dir::Etc::sourcelist": apt / "list.sources",
        "Dir::Etc::sourceparts": empty,
        "Dir::Etc::preferencesparts": empty,
        "APT::Sandbox::User": "root",
        "APT::Install-Recommends": "false",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
    }
    return [word for key, value in places.items() for word in ("-o", f"{key}={value}")]


def _source() -> str:
    """Write the deb822 entry for the suite, with the mirror this machine already uses.

    Raises:
        LookupError: no source of this machine is a Debian archive.
    """
    for address, keyring in _debian_sources():
        entry = f"Types: deb\nURIs: {address}\nSuites: {SUITE}\nComponents: main\n"
        return entry + (f"Signed-By: {keyring}\n" if keyring else "")
    raise LookupError("its apt sources name no Debian archive")


def _debian_sources() -> Iterator[tuple[str, str]]:
    folder = Path("/etc/apt")
    parts = folder / "sources.list.d"
    for path in [*sorted(parts.glob("*.sources")), folder / "sources.list", *parts.glob("*.list")]:
        text = path.read_text() if path.exists() else ""
        keyring = re.search(r"^Signed-By:\s*(/\S+)", text, re.MULTILINE)
        pattern = r"^(?:URIs:|deb\s+(?:\[[^]]*\])?)\s*(https?://\S+/debian)/?(?:\s|$)"
        for match in re.finditer(pattern, text, re.MULTILINE):
            yield match[1], keyring[1] if keyring else ""


def _use_own_libraries(binary: Path, folder: Path) -> None:
    """Make a program load its libraries, the C library included, from `folder`."""
    loader, libraries = _loader(folder), _libraries(folder)
    patchelf = [str(loader), "--library-path", libraries, str(folder / "usr/bin/patchelf")]
    _run(
        *patchelf,
        "--no-sort",  # Sorting the program headers breaks programs at fixed addresses.
        *("--set-interpreter", str(loader)),
        *("--force-rpath", "--set-rpath", libraries),
        str(binary),
    )


def _loader(folder: Path) -> Path:
    return next(folder.glob("usr/lib*/ld-linux-*.so.*"))


def _libraries(folder: Path) -> str:
    return str(next(folder.glob("usr/lib/*-linux-gnu*")))


def _binary(program: Program, folder: Path) -> Path:
    """Return where a package keeps the program itself, past any alternatives link."""
    names = {"emacs": "emacs-nox", "hx": "../lib/hx/hx"}
    return (folder / program.place / names.get(program.command, program.command)).resolve()


def _on_path(program: Program, environ: Mapping[str, str]) -> Found | None:
    path = shutil.which(program.command, path=environ.get("PATH"))
    return _probe(program, (path,), {}, environ, "found on PATH") if path else None


def _in_root(program: Program, folder: Path, environ: Mapping[str, str]) -> Found | None:
    binary = _binary(program, folder)
    if not binary.exists():
        return None
    argv, extra = _surroundings(program, folder)
    origin = f"Debian {SUITE}, set up for the tests"
    return _probe(program, (str(binary), *argv), extra, environ, origin)


def _surroundings(program: Program, folder: Path) -> tuple[list[str], dict[str, str]]:
    """Return the arguments and variables that lead a program to its own data files."""
    share = folder / "usr/share"
    if program.command == "nvim":
        return [], {"VIMRUNTIME": str(share / "nvim/runtime")}
    if program.command == "hx":
        return [], {"HELIX_RUNTIME": str(folder / "usr/lib/hx/runtime")}
    if program.command == "tmux":
        return [], {"TERMINFO_DIRS": f"/usr/share/terminfo:/lib/terminfo:{share}/terminfo"}
    dumps = list(folder.glob("usr/libexec/emacs/*/*/*.pdmp"))
    if program.command == "emacs" and dumps:
        data = share / "emacs" / dumps[0].parts[-3]
        return [f"--dump-file={dumps[0]}"], {
            "EMACSLOADPATH": f"{data}/lisp",
            "EMACSDATA": f"{data}/etc",
            "EMACSDOC": f"{data}/etc",
            "EMACSPATH": str(dumps[0].parent),
        }
    return [], {}


def _probe(
    program: Program,
    argv: tuple[str, ...],
    extra: dict[str, str],
    environ: Mapping[str, str],
    origin: str,
) -> Found | None:
    """Start the program for its version; None when it does not start or is too old."""
    try:
        answer = subprocess.run(
            [*argv, program.version_flag],
            env={**environ, **extra},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    number = re.search(r"\d+(?:\.\d+)+", answer.stdout + answer.stderr)
    version = tuple(map(int, number[0].split("."))) if number else ()
    return Found(program, argv, version, extra, origin) if version >= program.least else None


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)


def _explain(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        lines = (error.stderr or error.stdout or "").strip().splitlines()
        return f"{error.cmd[0]} failed: {lines[-1] if lines else error.returncode}"
    return str(error)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

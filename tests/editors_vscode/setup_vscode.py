"""Sets up a real VS Code for the tests: code-server, a browser, our extension, our wheel.

Invariant: apart from Debian packages, everything goes into the checkout's git-ignored
`.cache/vscode/` and `editors/vscode/{node_modules,dist}/`. Run it again at will: what is there
is kept. What is missing and cannot be had is named, in one sentence, and the exit code is 1.

    python tests/editors_vscode/setup_vscode.py

It imports only the standard library, so that any Python 3.10 or later runs it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
EXTENSION = CHECKOUT / "editors" / "vscode"
PACKAGE = EXTENSION / "dist" / "glm-lsp.vsix"

# The newest code-server that runs on Node 20; its own shrink-wrap pins the rest.
PINS = {"code-server": "4.100.3", "playwright-core": "1.65.1"}
LEAST_NODE = 20

# Native modules that VS Code's server cannot do without; the others it loads lazily.
NATIVE = ("node-pty", "@vscode/spdlog", "native-watchdog")

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DEBIAN = ("chromium", "ripgrep", "fonts-dejavu-core")


class MissingError(Exception):
    """Something is missing that this program cannot set up here."""


def root() -> Path:
    """Return the folder of code-server; `GLM_VSCODE_ROOT` may name one set up elsewhere."""
    return Path(os.environ.get("GLM_VSCODE_ROOT") or CHECKOUT / ".cache" / "vscode")


def browser() -> str | None:
    """Return the path of a browser that Playwright can drive."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def entry() -> Path:
    """Return the script that starts code-server."""
    return root() / "node_modules" / "code-server" / "out" / "node" / "entry.js"


def server() -> Path:
    """Return the folder into which the server was installed from its wheel."""
    return root() / "server"


def missing() -> str | None:
    """Return a sentence about what the tests lack, or None when all is there."""
    wanted = {
        "a browser": browser(),
        "code-server": _stamp().is_file() and _stamp().read_text() == _wanted(),
        "the built extension": PACKAGE.is_file(),
        "the server's wheel": (server() / "bin" / "glm-lsp").is_file(),
        "Node": shutil.which("node"),
    }
    lacking = [name for name, there in wanted.items() if not there]
    if not lacking:
        return None
    return f"{', '.join(lacking)} missing: run python tests/editors_vscode/setup_vscode.py"


def main() -> int:
    """Set up everything; return the process's exit code."""
    began = time.monotonic()
    try:
        _check_node()
        _install_debian()
        _install_code_server()
        _build_extension()
        _build_server()
    except (MissingError, subprocess.CalledProcessError) as error:
        print(f"VS Code cannot be set up here: {error}", file=sys.stderr)
        return 1
    size = PACKAGE.stat().st_size / 1024
    print(f"VS Code is ready after {time.monotonic() - began:.0f} s; the package has {size:.0f} KB")
    return 0


def _check_node() -> None:
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        raise MissingError("Node and npm are not on PATH.")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
    if int(version.stdout.lstrip("v").split(".")[0]) < LEAST_NODE:
        raise MissingError(f"Node {LEAST_NODE} or later is needed, not {version.stdout.strip()}.")


def _install_debian() -> None:
    """Install the browser and ripgrep where they are missing and this may be done."""
    if browser() and shutil.which("rg"):
        return
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise MissingError(f"install {', '.join(DEBIAN)} first (that needs root here).")
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *DEBIAN]
    if subprocess.run(install, env=environ, stdout=subprocess.DEVNULL, check=False).returncode:
        _run(["apt-get", "update", "-qq"], environ=environ)
        _run(install, environ=environ)


def _install_code_server() -> None:
    if _stamp().is_file() and _stamp().read_text() == _wanted() and entry().is_file():
        return
    folder = root()
    folder.mkdir(parents=True, exist_ok=True)
    manifest = {"private": True, "dependencies": PINS}
    (folder / "package.json").write_text(json.dumps(manifest))
    _npm("install", "--ignore-scripts", "--no-package-lock", folder=folder)
    _rebuild("argon2", folder)
    code = folder / "node_modules" / "code-server" / "lib" / "vscode"
    _npm("install", "--ignore-scripts", "--omit=dev", folder=code)
    # TypeScript, whose diagnostics the lightbulb's test needs.
    _npm("install", "--ignore-scripts", "--omit=dev", folder=code / "extensions")
    for module in NATIVE:
        _rebuild(module, code)
    search = code / "node_modules" / "@vscode" / "ripgrep" / "bin" / "rg"
    search.parent.mkdir(exist_ok=True)
    search.unlink(missing_ok=True)
    search.symlink_to(str(shutil.which("rg")))
    _stamp().write_text(_wanted())


def _rebuild(module: str, folder: Path) -> None:
    """Compile a native module; what counts is the outcome, for some stumble after it."""
    words, environ = ["npm", "rebuild", module], {**os.environ}
    prefix = Path(shutil.which("node") or "").resolve().parents[1]
    if (prefix / "include" / "node" / "node.h").is_file():  # Else they are fetched.
        environ.setdefault("npm_config_nodedir", str(prefix))
    done = subprocess.run(
        words, cwd=folder, env=environ, capture_output=True, text=True, check=False
    )
    if not any((folder / "node_modules" / module).rglob("*.node")):
        raise MissingError(f"{module} does not compile: {done.stderr[-2000:]}")


def _build_extension() -> None:
    lock = EXTENSION / "package-lock.json"
    marker = EXTENSION / "node_modules" / ".installed"
    if not marker.is_file() or marker.read_text() != lock.read_text():
        _npm("ci", "--ignore-scripts", folder=EXTENSION)
        marker.write_text(lock.read_text())
    _npm("run", "check", folder=EXTENSION)
    _npm("run", "package", folder=EXTENSION)


def _build_server() -> None:
    """Install the server from its wheel into a folder of its own, without its dependencies."""
    wheels, pip = root() / "wheels", [sys.executable, "-m", "pip"]
    quiet = ["--quiet", "--disable-pip-version-check", "--no-deps"]
    for old in (wheels, server()):
        shutil.rmtree(old, ignore_errors=True)
    _run([*pip, "wheel", *quiet, "--no-build-isolation", "--wheel-dir", str(wheels), str(CHECKOUT)])
    (wheel,) = wheels.glob("*.whl")
    _run([*pip, "install", *quiet, "--target", str(server()), str(wheel)])


def _npm(*arguments: str, folder: Path) -> None:
    _run(["npm", *arguments, "--silent", "--no-audit", "--no-fund"], folder=folder)


def _run(
    words: list[str], *, folder: Path = CHECKOUT, environ: dict[str, str] | None = None
) -> None:
    """Run a program quietly; show what it said only when it failed."""
    done = subprocess.run(
        words, cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=600
    )
    if done.returncode:
        print((done.stdout + done.stderr)[-4000:], file=sys.stderr)
        done.check_returncode()


def _stamp() -> Path:
    return root() / "installed"


def _wanted() -> str:
    return json.dumps([PINS, NATIVE, "typescript"])


if __name__ == "__main__":
    sys.exit(main())

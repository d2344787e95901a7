"""The command line: what is printed, the exit codes, and what `serve` does not load."""

from __future__ import annotations

import io
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from glm_lsp import cli
from glm_lsp.commands import config
from glm_lsp.errors import GlmError

EDITORS = Path(__file__).parents[1] / "editors"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `glm-lsp` in a process of its own, with nothing on stdin."""
    return subprocess.run(
        [sys.executable, "-m", "glm_lsp", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """`--version` prints the program's name and version, and ends well."""
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("glm-lsp ")


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("127.0.0.1:7658", ("127.0.0.1", 7658)),
        ("localhost:0", ("localhost", 0)),
        ("[::1]:80", ("::1", 80)),
        ("::1:80", ("::1", 80)),
    ],
)
def test_addresses(value: str, address: tuple[str, int]) -> None:
    """`--tcp` takes a host and a port, IPv6 in brackets too."""
    assert cli._parser().parse_args(["--tcp", value]).tcp == address
    assert cli._parser().parse_args(["serve", "--tcp", value]).tcp == address


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["--tcp", "7658"], "should be HOST:PORT", id="no host"),
        pytest.param(["--tcp", "a:b"], "should be HOST:PORT", id="no port"),
        pytest.param(["--tcp", "a:65536"], "should be HOST:PORT", id="port too large"),
        pytest.param(["--log-level", "loud"], "invalid choice", id="level"),
        pytest.param(["config", "notepad"], "invalid choice", id="editor"),
        pytest.param(["demo", "--action", "dance"], "invalid choice", id="action"),
        pytest.param(["auth"], "required", id="no step"),
        pytest.param(["nonsense"], "invalid choice", id="command"),
    ],
)
def test_wrong_arguments_are_explained(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Arguments that cannot be meant give usage, the reason, and exit code 2."""
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


def test_editors_own_arguments_are_taken() -> None:
    """What editors' libraries append to the command is no error."""
    for arguments in (["--stdio", "--clientProcessId=1"], ["serve", "--stdio"]):
        assert cli._parser().parse_args(arguments).stdio


@pytest.mark.parametrize("editor", config.EDITORS)
def test_configurations_are_the_files_that_are_tested(editor: str) -> None:
    """What `config` prints is the editor's file in `editors/`, and nothing else."""
    out = io.StringIO()
    assert config.run(editor, out) == 0
    expected = (EDITORS / config.EDITORS[editor]).read_text("utf-8")
    assert out.getvalue() == expected
    assert "glm-lsp" in expected


def test_a_configuration_reaches_stdout() -> None:
    """`glm-lsp config helix` prints the file on stdout, ready for a redirection."""
    done = run("config", "helix")
    assert done.returncode == 0
    assert done.stdout == (EDITORS / config.EDITORS["helix"]).read_text("utf-8")
    assert done.stderr == ""


def test_a_command_that_cannot_do_its_job_says_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An error of ours is its sentence on stderr and exit code 1; an interruption is 130."""

    def fails(_: object) -> int:
        raise GlmError("The editors' files are missing.")

    def interrupted(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_config", fails)
    assert cli.main(["config", "helix"]) == 1
    assert capsys.readouterr().err == "The editors' files are missing.\n"
    monkeypatch.setattr(cli, "_config", interrupted)
    assert cli.main(["config", "helix"]) == 130


def test_without_a_command_it_is_the_server() -> None:
    """`glm-lsp` serves: a client that leaves without a word is exit code 1, and nothing else."""
    done = run()
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")


def test_a_failure_reaches_the_shell(tmp_path: Path) -> None:
    """The process ends with the code of its command."""
    done = run("demo", str(tmp_path / "none.py"))
    assert done.returncode == 1
    assert "none.py" in done.stderr


def test_http_libraries_stay_quiet_in_a_debug_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """With everything logged, the libraries that see headers still log none of them."""
    monkeypatch.setattr(cli, "_serve", lambda _: 0)
    names = ("httpx", "httpcore", "hpack")
    for name in names:
        monkeypatch.setattr(logging.getLogger(name), "level", logging.NOTSET)
    monkeypatch.setattr(logging.getLogger(), "level", logging.DEBUG)
    assert cli.main(["serve", "--log-level", "debug"]) == 0
    assert not [name for name in names if logging.getLogger(name).isEnabledFor(logging.INFO)]


def test_missing_files_of_editors_are_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where the editors' files were not installed, the sentence names the remedy."""
    monkeypatch.setattr("importlib.resources.files", lambda _: tmp_path)
    monkeypatch.setattr(config, "__file__", str(tmp_path / "a" / "b" / "config.py"))
    with pytest.raises(GlmError, match="install glm-lsp again"):
        config.run("helix", io.StringIO())


def test_serve_loads_only_what_a_server_needs() -> None:
    """A server that starts and ends has loaded nothing of the other commands."""
    script = (
        "import sys; from glm_lsp.cli import main\n"
        "import atexit\n"
        "atexit.register(lambda: print(*sorted(sys.modules), file=sys.stderr))\n"
        "import os; os._exit = sys.exit\n"
        "sys.exit(main(['serve']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    loaded = set(done.stderr.split())
    assert "glm_lsp.app" in loaded
    others = {"rich", "glm_lsp.demo.run", "glm_lsp.doctor", "glm_lsp.commands.usage", "xllamacpp"}
    assert loaded & others == set()
    assert done.stdout == ""

"""The command line.

Invariant: `serve` imports what a server needs and nothing more; every other command prints
one sentence and returns 1 when it cannot do its job, never a traceback.
"""

from __future__ import annotations

import argparse
import atexit
import contextlib
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from glm_lsp import __version__, logs, standard_streams
from glm_lsp.characters import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping, Sequence

    from glm_lsp.lsp.server import Server

_LONGEST = 2_000  # Characters of an error.

ACTIONS = ("explain", "fix", "refactor", "complete", "all")
FEATURES = ("complete", "next", "fix", "edit", "refactor", "document")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return the process's exit code."""
    standard_streams.prepare()
    _ignore_relative_folders(os.environ)
    parser = _parser()
    arguments = parser.parse_args(argv)
    logs.begin(getattr(arguments, "log_level", "warning"))
    run: Callable[[argparse.Namespace], int] = arguments.run
    from glm_lsp.errors import GlmError

    try:
        return run(arguments)
    except GlmError as error:
        print(one_line(str(error), _LONGEST), file=sys.stderr)  # noqa: T201
        return 1
    except BrokenPipeError:
        return 1  # Who read has gone, as `head` does: there is nobody to tell.
    except KeyboardInterrupt:
        return 130


def run() -> NoReturn:
    """Run a command and end the process with its code.

    Without unloading native libraries: llama.cpp, once it has answered, crashes there in one
    end of five (measured), and an editor would read a crash where all went well.
    """
    code = main()
    atexit._run_exitfuncs()  # noqa: SLF001  # What `os._exit` leaves out: usage is written.
    logging.shutdown()  # Waits for the log, but not for ever.
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # Nobody reads any more.
            stream.flush()
    os._exit(code)


def _ignore_relative_folders(environ: MutableMapping[str, str]) -> None:
    """Take out folders that are not absolute paths, as the XDG specification says."""
    for name in [name for name in environ if name.startswith("XDG_")]:
        if name.endswith(("_HOME", "_DIR")) and not Path(environ[name]).is_absolute():
            del environ[name]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glm-lsp", description="Language server that brings GLM models into every editor."
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    _serve_options(parser)
    parser.set_defaults(run=_serve)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    serve = commands.add_parser("serve", help="the language server (the default)")
    _serve_options(serve)
    serve.set_defaults(run=_serve)

    demo = commands.add_parser("demo", help="see the main job in this terminal, without a key")
    demo.add_argument("file", nargs="?", type=Path, help="a source file (default: a sample)")
    demo.add_argument("--action", choices=ACTIONS, default="all")
    demo.add_argument("--model", type=Path, metavar="PATH.gguf", help="another embedded model")
    demo.set_defaults(run=_demo)

    _add_commands(commands)
    return parser


def _serve_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--stdio", action="store_true", help="speak over stdin and stdout (default)"
    )
    parser.add_argument(
        "--tcp", metavar="HOST:PORT", type=_address, help="listen for clients instead"
    )
    parser.add_argument(
        "--socket", metavar="PATH", type=Path, help="listen on a Unix socket that is yours alone"
    )
    parser.add_argument(
        "--token-file",
        metavar="PATH",
        type=Path,
        help="what clients of --tcp say as initializationOptions.token (default: one is made)",
    )
    parser.add_argument(
        "--allow-remote", action="store_true", help="let --tcp listen to other machines, too"
    )
    parser.add_argument(
        "--log-level", choices=("debug", "info", "warning", "error"), default="warning"
    )
    parser.add_argument("--model", type=Path, metavar="PATH.gguf", help=argparse.SUPPRESS)
    # Editors' libraries append this; the server reads the id from `initialize`.
    parser.add_argument("--clientProcessId", type=int, help=argparse.SUPPRESS)


def _serve(arguments: argparse.Namespace) -> int:
    from glm_lsp.lsp.wire.serve import prepare, serve_stdio, serve_unix

    prepare()  # Before anything imports LSP's types.
    from glm_lsp.app import factory

    build = factory(model_file=arguments.model)
    if arguments.tcp:
        return _serve_tcp(build, arguments)
    if arguments.socket:
        return serve_unix(build, arguments.socket)
    return serve_stdio(build)


def _serve_tcp(build: Callable[[], Server], arguments: argparse.Namespace) -> int:
    from glm_lsp.errors import GlmError
    from glm_lsp.lsp.wire.gate import is_loopback, kept_token, make_token
    from glm_lsp.lsp.wire.serve import serve_tcp

    host, port = arguments.tcp
    if not is_loopback(host) and not arguments.allow_remote:
        raise GlmError(
            f"Other machines could connect to {host}: listen on 127.0.0.1, or add --allow-remote."
        )
    token = make_token() if arguments.token_file is None else kept_token(arguments.token_file)

    def listening(host: str, port: int) -> None:
        print(f"glm-lsp listens on {host}, port {port}.", file=sys.stderr)  # noqa: T201
        if arguments.token_file is None:
            said = f'Clients say this in initializationOptions: {{"token": "{token}"}}'
            print(said, file=sys.stderr, flush=True)  # noqa: T201

    return serve_tcp(build, host, port, token=token, listening=listening)


def _demo(arguments: argparse.Namespace) -> int:
    from glm_lsp.demo.run import run

    return run(arguments.file, action=arguments.action, model=arguments.model)


def _add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands around the server."""
    doctor = commands.add_parser("doctor", help="what is set, and whether it works")
    doctor.add_argument(
        "--editor", action="store_true", help="with what an editor says on standard input, as JSON"
    )
    doctor.set_defaults(run=_doctor)

    models = commands.add_parser("models", help="the models, with windows and prices")
    models.add_argument("--json", action="store_true", help="for programs")
    models.set_defaults(run=_models)

    usage = commands.add_parser("usage", help="tokens and estimated cost by day")
    usage.add_argument("--json", action="store_true", help="for programs")
    usage.add_argument("--days", type=int, default=30, help="how many (default: 30)")
    usage.set_defaults(run=_usage)

    auth = commands.add_parser("auth", help="the API key in the system's keyring")
    auth.add_argument("step", choices=("set", "status", "remove"))
    auth.add_argument("--provider", choices=_providers(), help="default: the one set")
    auth.set_defaults(run=_auth)

    context = commands.add_parser(
        "context", help="what GLM would be shown at a line; sends nothing"
    )
    context.add_argument("place", metavar="FILE:LINE[:COLUMN|-LINE]")
    context.add_argument(
        "--action", default="", metavar="NAME", help="what this action would be shown instead"
    )
    context.set_defaults(run=_context)

    _eval_options(commands.add_parser("eval", help="how good the answers are, and what they cost"))

    config = commands.add_parser("config", help="ready configuration for an editor")
    config.add_argument("editor", choices=_editors())
    config.set_defaults(run=_config)


def _eval_options(parser: argparse.ArgumentParser) -> None:
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--from-git", type=Path, metavar="REPO", help="a repository’s history")
    source.add_argument("--benchmark", type=Path, metavar="FILE", help="a published benchmark")
    source.add_argument("--scenarios", type=Path, metavar="PATH", help="scenarios of your own")
    parser.set_defaults(run=_eval)
    one = parser.add_argument
    one("--feature", action="append", default=[], choices=FEATURES, help="this one only")
    one("--count", type=int, help="the most scenarios of each feature")
    one("--tests", default="", metavar="COMMAND", help="runs a repository’s tests, given paths")
    one("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting, for this run")
    one("--model", type=Path, metavar="PATH.gguf", help="another embedded model")
    kept = parser.add_mutually_exclusive_group()
    kept.add_argument("--record", type=Path, metavar="FILE", help="keep answers; go on from them")
    kept.add_argument("--replay", type=Path, metavar="FILE", help="ask nobody: play a recording")
    one("--budget", action="append", default=[], help="tokens (50000) or money (0.50usd)")
    one("--yes", action="store_true", help="agree to what it costs")
    one("--json", type=Path, metavar="FILE", help="the report, for programs and as a baseline")
    one("--html", type=Path, metavar="FILE", help="the report, as a page with plots")
    one(
        "--baseline",
        action="append",
        default=[],
        type=Path,
        metavar="REPORT.json",
        help="show another report beside it, and fail below",
    )


def _eval(arguments: argparse.Namespace) -> int:
    from glm_lsp.evaluation.run import EvaluationOptions, run

    wish = EvaluationOptions(
        features=tuple(arguments.feature),
        git=arguments.from_git,
        benchmark=arguments.benchmark,
        scenarios=arguments.scenarios,
        count=arguments.count,
        tests=arguments.tests,
        settings=tuple(arguments.set),
        model=arguments.model,
        record=arguments.record,
        replay=arguments.replay,
        budgets=tuple(arguments.budget),
        yes=arguments.yes,
        json=arguments.json,
        html=arguments.html,
        baselines=tuple(arguments.baseline),
    )
    return run(wish, os.environ)


def _providers() -> list[str]:
    """Return the providers that a key is kept for: all but the model inside this process."""
    from glm_lsp.providers import PRESETS

    return [preset.name for preset in PRESETS if preset.name != "local"]


def _editors() -> list[str]:
    from glm_lsp.commands.config import EDITORS

    return list(EDITORS)


def _doctor(arguments: argparse.Namespace) -> int:
    from glm_lsp import doctor
    from glm_lsp.llm.usage_store import usage_path

    editor = doctor.read_editor(sys.stdin.read()) if arguments.editor else None
    folder = editor.folder if editor else Path.cwd()
    return doctor.run(os.environ, editor=editor, usage=usage_path(), folder=folder)


def _models(arguments: argparse.Namespace) -> int:
    from glm_lsp.commands import models
    from glm_lsp.settings.layers import from_environment, load

    return models.run(load(from_environment(os.environ)).settings, as_json=arguments.json)


def _usage(arguments: argparse.Namespace) -> int:
    from glm_lsp.commands import usage
    from glm_lsp.llm.usage_store import usage_path

    return usage.run(usage_path(), days=arguments.days, as_json=arguments.json)


def _auth(arguments: argparse.Namespace) -> int:
    from glm_lsp.commands import auth
    from glm_lsp.settings.layers import from_environment, load

    provider = arguments.provider or load(from_environment(os.environ)).settings.provider
    return auth.run(arguments.step, provider, os.environ)


def _config(arguments: argparse.Namespace) -> int:
    from glm_lsp.commands import config

    return config.run(arguments.editor)


def _context(arguments: argparse.Namespace) -> int:
    from glm_lsp.commands import context
    from glm_lsp.settings.layers import from_environment, load

    return context.run(arguments.place, load(from_environment(os.environ)), action=arguments.action)


def _address(value: str) -> tuple[str, int]:
    host, _, port = value.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise argparse.ArgumentTypeError("should be HOST:PORT, for example 127.0.0.1:7658")
    return host.strip("[]"), int(port)

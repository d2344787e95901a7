"""`glm-lsp auth`: the key in the operating system's keyring.

Invariant: a key is typed, or comes through a pipe; it is never an argument, which the
machine's list of processes would show, and never printed.
"""

from __future__ import annotations

import getpass
import sys
from typing import TYPE_CHECKING, Literal

from rich.console import Console

from glm_lsp import providers
from glm_lsp.errors import NoKeyError
from glm_lsp.llm import credentials

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from glm_lsp.providers import ProviderName

Step = Literal["set", "status", "remove"]


def run(
    step: Step,
    provider: ProviderName,
    environ: Mapping[str, str],
    *,
    console: Console | None = None,
    ask: Callable[[str], str] | None = None,
) -> int:
    """Store, look for, or remove the key of a provider. Returns the exit code.

    Raises:
        GlmError: the keyring cannot be used, or what was typed is no key.
    """
    console = console or Console(highlight=False)
    preset = providers.find(provider)
    if step == "set":
        credentials.store(preset, (ask or _typed)(f"API key for {preset.title}: "))
        console.print(f"The key for {preset.title} is in the system’s keyring.")
        _warn_of_another(preset, environ, console)
        return 0
    if step == "remove":
        was_there = credentials.remove(preset)
        state = "is no longer" if was_there else "was not"
        console.print(f"The key for {preset.title} {state} in the system’s keyring.")
        return 0
    key = credentials.find_key(preset, given=None, environ=environ)
    if key is None:
        if not preset.needs_key:
            console.print(f"{preset.title.capitalize()} needs no key; none is set.")
            return 0
        raise credentials.no_key(preset)
    console.print(f"{preset.title}: the key from {key.source} is used.")
    return 0


def _warn_of_another(
    preset: providers.Preset, environ: Mapping[str, str], console: Console
) -> None:
    """Say so when the environment has a key, which goes before the keyring's."""
    key = credentials.find_key(preset, given=None, environ=environ, use_keyring=False)
    if key is not None:
        console.print(f"{key.source} is set as well, and is used before it.", style="yellow")


def _typed(prompt: str) -> str:
    """Read a key from the terminal without echo, or from a pipe."""
    if sys.stdin.isatty():
        return getpass.getpass(prompt)
    line = sys.stdin.readline()
    if not line.strip():
        raise NoKeyError("No API key came: type it, or send it through a pipe.")
    return line

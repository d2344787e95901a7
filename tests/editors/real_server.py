"""The real server as the editors of the tests start it, and files it may change.

Invariant: no setting, key or keyring of the person who runs the tests reaches the server,
and it can reach nothing but the loopback interface.
"""

from __future__ import annotations

import os
import shutil
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from glm_lsp.providers import PRESETS

if TYPE_CHECKING:
    from types import ModuleType

SERVER = (sys.executable, "-m", "glm_lsp")

_KEYS = tuple(name for preset in PRESETS for name in preset.key_names)
_OURS = ("GLM_", "CI_JOB_TOKEN", *_KEYS)


def environ(**more: str) -> dict[str, str]:
    """Return the environment for an editor whose server is the one under test."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    return {**kept, "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring", **more}


def through_gateway(base_url: str, **more: str) -> dict[str, str]:
    """Return the environment in which the server asks a gateway of the test."""
    return environ(
        GLM_LSP_PROVIDER="custom",
        GLM_LSP_BASE_URL=base_url,
        GLM_API_KEY="not-a-key",
        **more,
    )


def on_embedded_model(**more: str) -> dict[str, str]:
    """Return the environment in which the server runs its embedded model."""
    return environ(GLM_LSP_PROVIDER="local", **more)


def copy_of(module_name: str, folder: Path) -> Path:
    """Copy a module of the standard library, somebody else's real code, and return the copy."""
    module: ModuleType = import_module(module_name)
    assert module.__file__ is not None
    return Path(shutil.copy(module.__file__, folder))


def rewrite_of(source: str, start: str, count: int) -> tuple[str, str]:
    """Return a function of `count` pairs of lines, and the same with every second one changed.

    Both open with the line `start`. The unchanged lines between make `count` hunks.
    """
    before, after = [start], [start]
    for number in range(count):
        kept = f"    value = {source}(value, {number})"
        before += [kept, f"    log(value, {number})"]
        after += [kept, f"    log.debug('value %s', value, {number})"]
    return "\n".join([*before, "    return value\n"]), "\n".join([*after, "    return value\n"])

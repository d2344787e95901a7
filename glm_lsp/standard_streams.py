"""The process's standard input, output and error, whatever it was started with.

Invariants: descriptors 0, 1 and 2 are taken, so that no file or connection becomes one of them;
what a console cannot show is shown in plainer signs, and ends no command.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import sys
from types import MappingProxyType
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLAIN: Mapping[str, str] = MappingProxyType(
    {
        "“": '"',
        "”": '"',
        "‘": "'",
        "’": "'",
        "…": "...",
        "–": "-",
        "—": "-",
        "→": "->",
        "×": "x",
        "·": "-",
        "•": "-",
        "✓": "ok",
        "✗": "x",
        "\N{NO-BREAK SPACE}": " ",
    }
)


def prepare() -> None:
    """Take what is closed, and let the streams write anything."""
    _take_closed()
    codecs.register_error("glm_lsp.plainer", plainer)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError, OSError):
            stream.reconfigure(errors="glm_lsp.plainer")  # type: ignore[union-attr]


def _take_closed() -> None:
    """Put the null device where a descriptor is closed, and a stream where Python has none."""
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(descriptor)
        except OSError:
            # The lowest free descriptor is this one: those below are taken by now.
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != descriptor:
                os.dup2(opened, descriptor)
                os.close(opened)
        if getattr(sys, name) is None:
            setattr(sys, name, _null(descriptor))


def _null(descriptor: int) -> IO[str]:
    mode = "r" if descriptor == 0 else "w"
    return os.fdopen(descriptor, mode, encoding="utf-8", errors="replace", closefd=False)


def plainer(error: UnicodeError) -> tuple[str, int]:
    """Return what stands for characters that an encoding lacks, and where to go on."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    plain = "".join(_PLAIN.get(character, "?") for character in lacking)
    return plain, error.end

"""How sure an answer has to be, learnt from what became of the last ones; it stays on this machine.

Invariant: it holds languages, triggers and yes or no, and never a text.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from glm_lsp import private_files

if TYPE_CHECKING:
    from pathlib import Path

_REMEMBERED = 10
_FEW = 3
_MOST_BYTES = 64 * 1024
_OFTEN, _SELDOM = 0.5, 0.2


class Eagerness:
    """What became of the answers, by language and trigger; kept in a file, where there is one."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._taken: dict[str, str] = {}
        if path is not None:
            try:
                known = json.loads(private_files.read(path, _MOST_BYTES) or "{}")
            except (OSError, ValueError):
                known = {}
            self._taken = {
                str(key): str(value)[-_REMEMBERED:]
                for key, value in (known.items() if isinstance(known, dict) else ())
            }

    def least(self, language: str, trigger: str) -> int:
        """Return how sure an answer has to be: 0 for hardly, 2 for very."""
        taken = self._taken.get(f"{language} {trigger}", "")
        if len(taken) < _FEW:
            return 1
        share = taken.count("1") / len(taken)
        return 0 if share >= _OFTEN else 1 if share >= _SELDOM else 2

    def note(self, language: str, trigger: str, *, taken: bool) -> None:
        """Take note of an answer that was made, or refused or passed over."""
        key = f"{language} {trigger}"
        self._taken[key] = (self._taken.get(key, "") + "01"[taken])[-_REMEMBERED:]

    def write(self) -> None:
        """Keep it; what cannot be kept is only held."""
        if self._path is None:
            return
        try:
            private_files.write(self._path, json.dumps(self._taken, indent=1) + "\n")
        except OSError:
            return


def data_folder() -> Path:
    """Return the operating system's place for the user's data of this program."""
    from platformdirs import user_data_path

    return user_data_path("glm-lsp", appauthor=False)


def open_eagerness() -> Eagerness:
    """Return the user's."""
    return Eagerness(data_folder() / "next_edits.json")

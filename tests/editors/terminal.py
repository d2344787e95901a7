"""A program on a terminal of its own, in tmux: real keys in, the screen out.

Invariant: the tmux server is private to the object and ends with the `with` block.
"""

from __future__ import annotations

import os
import subprocess
import time
from typing import TYPE_CHECKING

from tests.editors.setup_editors import find

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from typing_extensions import Self


class Terminal:
    """One program in one window of `size` (columns, lines)."""

    def __init__(
        self,
        folder: Path,
        command: Sequence[str],
        environ: Mapping[str, str],
        size: tuple[int, int] = (110, 40),
    ) -> None:
        tmux = find("tmux", os.environ)
        if tmux is None:
            raise LookupError("no tmux: run tests/editors/setup_editors.py")
        self._environ = {**environ, **tmux.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
        self._environ.pop("TMUX", None)
        self._tmux = [*tmux.argv, "-S", str(folder / "tmux"), "-f", os.devnull]
        columns, lines = map(str, size)
        self._run("new-session", "-d", "-x", columns, "-y", lines, "--", *command)
        self._run("set-option", "-s", "escape-time", "0")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run([*self._tmux, "kill-server"], env=self._environ, check=False)

    def keys(self, *keys: str) -> None:
        """Press keys, in tmux's notation ("Escape", "Enter", "C-x"); others are typed."""
        self._run("send-keys", *keys)

    def type(self, text: str) -> None:
        """Type a text as it is."""
        self._run("send-keys", "-l", text)

    def screen(self) -> str:
        """Return what a person would see."""
        return self._run("capture-pane", "-p")

    def wait(self, text: str, seconds: float = 20, *, gone: bool = False) -> str:
        """Wait until a text is on the screen (or `gone` from it), and return the screen.

        Raises:
            AssertionError: that did not happen.
        """
        deadline = time.monotonic() + seconds
        while (text in (screen := self.screen())) is gone:
            if time.monotonic() > deadline:
                raise AssertionError(f"{text!r} {'stays' if gone else 'never came'}:\n{screen}")
            time.sleep(0.03)
        return screen

    def _run(self, *command: str) -> str:
        done = subprocess.run(
            [*self._tmux, *command],
            env=self._environ,
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        return done.stdout

"""A real Neovim, headless, with the plugin installed as a user would install it.

Invariant: it reads no configuration of the person who runs the tests, and it and what it
started end with the `with` block.
"""

from __future__ import annotations

import itertools
import os
import select
import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgpack  # type: ignore[import-untyped]

from tests.editors.setup_editors import find

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Self

PLUGIN = Path(__file__).resolve().parents[2] / "editors" / "nvim"

_SCREEN = """
vim.cmd.redraw()
local lines = {}
for row = 1, vim.o.lines do
  local cells = {}
  for column = 1, vim.o.columns do
    cells[column] = vim.fn.screenstring(row, column)
  end
  lines[row] = (table.concat(cells):gsub('%s+$', ''))
end
return table.concat(lines, '\\n')
"""


def command(
    folder: Path, init: str, environ: Mapping[str, str]
) -> tuple[list[str], dict[str, str]]:
    """Make `folder` a home with the plugin and an init.lua; return how Neovim starts there.

    Raises:
        LookupError: there is no Neovim.
    """
    found = find("nvim", os.environ)
    if found is None:
        raise LookupError("no Neovim: run tests/editors/setup_editors.py")
    package = folder / "data/nvim/site/pack/tests/start"
    package.mkdir(parents=True, exist_ok=True)
    if not (package / "glm").exists():
        shutil.copytree(PLUGIN, package / "glm")
    (folder / "config/nvim").mkdir(parents=True, exist_ok=True)
    # Looking for a Python provider takes a second and has nothing to do with the plugin.
    quick = "vim.g.loaded_python3_provider = 0\n"
    (folder / "config/nvim/init.lua").write_text(quick + init)
    home = {"HOME": str(folder), "NVIM_LOG_FILE": str(folder / "nvim.log")}
    homes = {f"XDG_{kind}_HOME": str(folder / kind.lower()) for kind in _XDG}
    return [*found.argv], {**environ, **found.environ, **home, **homes}


class Neovim:
    """One Neovim; `folder` becomes its home, `init` its init.lua."""

    def __init__(
        self,
        folder: Path,
        init: str = "",
        *,
        environ: Mapping[str, str] | None = None,
        size: tuple[int, int] = (100, 30),
    ) -> None:
        argv, surroundings = command(folder, init, os.environ if environ is None else environ)
        self._process = subprocess.Popen(
            [*argv, "--embed", "--headless"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=surroundings,
            bufsize=0,
        )
        self._unpacker = msgpack.Unpacker(raw=False, unicode_errors="replace")
        self._numbers = itertools.count()
        self.lua("vim.o.columns, vim.o.lines = ...", *size)
        self.wait("return vim.v.vim_did_enter == 1")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            self._send([0, next(self._numbers), "nvim_command", ["silent! qall!"]])
            process.wait(10)
        except (OSError, subprocess.TimeoutExpired):
            process.kill()
            process.wait()
        finally:
            process.stdin.close()
            process.stdout.close()

    def call(self, function: str, *arguments: Any, seconds: float = 30) -> Any:
        """Call a function of Neovim's API and return its result.

        Raises:
            AssertionError: it failed, or gave no answer within the time.
        """
        number = next(self._numbers)
        self._send([0, number, function, arguments])
        deadline = time.monotonic() + seconds
        while True:
            for message in self._unpacker:
                if message[0] == 1 and message[1] == number:
                    if message[2]:
                        raise AssertionError(f"{function}: {message[2][1]}")
                    return message[3]
            self._receive(deadline)

    def lua(self, code: str, *arguments: Any) -> Any:
        """Run Lua in the editor and return its result."""
        return self.call("nvim_exec_lua", code, arguments)

    def keys(self, keys: str) -> None:
        """Type, in Neovim's notation (`<Esc>`); returns before the keys have been worked on."""
        self.call("nvim_input", keys)

    def edit(self, path: Path) -> None:
        """Open a file in the current window."""
        self.call("nvim_cmd", {"cmd": "edit", "args": [str(path)]}, {})

    def text(self, buffer: int = 0) -> str:
        """Return a buffer's text as a file would hold it."""
        lines = self.lua("return vim.api.nvim_buf_get_lines(...)", buffer, 0, -1, False)
        return "".join(f"{line}\n" for line in lines)

    def wait(self, code: str, *arguments: Any, seconds: float = 20) -> Any:
        """Wait until Lua returns something true, and return it.

        Raises:
            AssertionError: it did not within the time; shows the screen.
        """
        deadline = time.monotonic() + seconds
        while not (value := self.lua(code, *arguments)):
            if time.monotonic() > deadline:
                raise AssertionError(f"never true: {code}\n{self.messages()}\n{self.screen()}")
            time.sleep(0.01)
        return value

    def settle(self) -> None:
        """Return when all keys typed so far have been worked on."""
        self.wait("return vim.fn.getcharstr(1) == '' and not vim.api.nvim_get_mode().blocking")

    def screen(self) -> str:
        """Return what a person would see."""
        return str(self.lua(_SCREEN))

    def messages(self) -> str:
        """Return `:messages`, for error reports and for tests that want none."""
        return str(self.lua("return vim.fn.execute('messages')")).strip()

    def _send(self, message: list[Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(msgpack.packb(message))

    def _receive(self, deadline: float) -> None:
        assert self._process.stdout is not None
        left = max(deadline - time.monotonic(), 0)
        ready, _, _ = select.select([self._process.stdout], [], [], left)
        data = os.read(self._process.stdout.fileno(), 1 << 16) if ready else b""
        if not data:
            raise AssertionError("Neovim has ended" if ready else "Neovim gave no answer")
        self._unpacker.feed(data)


_XDG = ("CONFIG", "DATA", "STATE", "CACHE", "RUNTIME")

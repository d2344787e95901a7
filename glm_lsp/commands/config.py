"""`glm-lsp config EDITOR`: ready configuration for an editor, on stdout.

Invariant: what is printed is the very file of `editors/` that the tests use; nothing is
written anywhere.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from glm_lsp.errors import GlmError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO

EDITORS: Mapping[str, str] = MappingProxyType(
    {
        "coc": "other/coc-settings.json",
        "eglot": "emacs/glm-eglot.el",
        "helix": "helix/languages.toml",
        "kate": "other/kate.json",
        "lsp-mode": "emacs/glm-lsp-mode.el",
        "neovim": "nvim/example.lua",
        "sublime": "other/LSP.sublime-settings",
        "vim": "other/vim.vim",
        "zed": "other/zed.json",
    }
)
"""The editors, and the file of each."""


def run(editor: str, out: TextIO = sys.stdout) -> int:
    """Print the configuration of an editor; return the exit code.

    Raises:
        GlmError: the files were not installed.
    """
    out.write(_read(EDITORS[editor]))
    return 0


def _read(name: str) -> str:
    from importlib.resources import files  # The command line lists editors at every start.

    installed = files("glm_lsp") / "editors" / name
    checkout = Path(__file__).parents[2] / "editors" / name
    for file in (installed, checkout):
        if file.is_file():
            return file.read_text("utf-8")
    raise GlmError("The editors' files are missing: install glm-lsp again.")

"""`python -m glm_lsp`: the same as the command `glm-lsp`."""

from __future__ import annotations

import os
import sys

# Python puts the folder it is started in before all others: an editor starts us in a workspace,
# whose own `keyring.py` would be run in place of the library. (`os` is there before us.)
if not getattr(sys.flags, "safe_path", False) and sys.path[0] in ("", os.getcwd()):  # noqa: PTH109
    del sys.path[0]

from glm_lsp.cli import run

if __name__ == "__main__":
    run()

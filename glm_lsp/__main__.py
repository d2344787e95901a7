"""`python -m glm_lsp`: the same as the command `glm-lsp`."""

from __future__ import annotations

from glm_lsp.cli import run

if __name__ == "__main__":
    run()

"""`python -m glm_lsp`: the same as the command `glm-lsp`."""

from __future__ import annotations

import sys

from glm_lsp.cli import main

if __name__ == "__main__":
    sys.exit(main())

"""`python -m glm_lsp.project`: the process that holds an index; the server starts it for itself."""

from __future__ import annotations

import sys

from glm_lsp.project.worker import main

if __name__ == "__main__":
    sys.exit(main())

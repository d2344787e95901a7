"""The server with one filter of ghost text broken: it lets everything through.

python -m tests.evaluation.broken_filter NAME
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from glm_lsp.completion.filters import pipeline
from glm_lsp.evaluation import server

if TYPE_CHECKING:
    from glm_lsp.completion.types import Draft
    from glm_lsp.context.cursor import CursorContext


class _Broken:
    def apply(self, draft: Draft, context: CursorContext) -> Draft:
        return draft


def command(name: str) -> tuple[str, ...]:
    """Return what starts such a server."""
    return (sys.executable, "-m", "tests.evaluation.broken_filter", name)


if __name__ == "__main__":
    pipeline.FILTERS[sys.argv[1]] = _Broken()
    sys.exit(server.main())

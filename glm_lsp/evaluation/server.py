"""The server that is measured: `glm-lsp serve`, but for its patience.

    python -m glm_lsp.evaluation.server

Invariant: what a question shows of the workspace does not depend on how busy the machine is: the
index is waited for, where a user's server would go without after a tenth of a second. So the same
scenarios ask the same questions, today and in a replay.
"""

from __future__ import annotations

import sys

from glm_lsp import logs, standard_streams
from glm_lsp.lsp.wire.serve import prepare, serve_stdio

_PATIENCE = 60.0  # Seconds.


def main() -> int:
    """Serve over standard input and output; return the exit code."""
    standard_streams.prepare()
    logs.begin("error")
    prepare()  # Before anything imports LSP's types.
    from glm_lsp.app import factory
    from glm_lsp.completion import question
    from glm_lsp.lsp.work import planner

    vars(question)["RELATED_DEADLINE"] = vars(planner)["_SHOWN_WITHIN"] = _PATIENCE
    return serve_stdio(factory())


if __name__ == "__main__":
    sys.exit(main())

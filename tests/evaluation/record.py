"""Records anew what CI plays: the program's own scenarios, answered by the embedded model.

    make eval-record

`own` is the recording and its report, the baseline; `worse` is the same model asked badly, which
the baseline must notice. Look at what changed before you commit it.
"""

from __future__ import annotations

import gzip
import os
import sys
from pathlib import Path

from glm_lsp.evaluation.drive import server_command
from glm_lsp.evaluation.run import EvaluationOptions, run
from tests.bench.prompt_layouts import command

FOLDER = Path(__file__).with_name("recorded")
BASELINE = FOLDER / "own.json"


def main() -> int:
    """Record; return 0 when everything was answered."""
    environ = {**os.environ, "GLM_LSP_PROVIDER": "local"}
    failed = 0
    for name, features, server in (
        ("own", (), server_command()),
        ("worse", ("fix",), command("worse")),
    ):
        plain = FOLDER / f"{name}.jsonl"
        report = BASELINE if name == "own" else None
        failed |= run(
            EvaluationOptions(features=features, record=plain, json=report, server=server), environ
        )
        (FOLDER / f"{name}.jsonl.gz").write_bytes(gzip.compress(plain.read_bytes(), 9, mtime=0))
        plain.unlink()
    return failed


if __name__ == "__main__":
    sys.exit(main())

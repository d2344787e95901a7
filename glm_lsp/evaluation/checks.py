"""Whether code passes its tests: run once for the same code, and kept."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from glm_lsp.evaluation import sandbox
from glm_lsp.evaluation.recording import key_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glm_lsp.evaluation.git import CommitTree
    from glm_lsp.evaluation.recording import Recording
    from glm_lsp.evaluation.sandbox import Verdict
    from glm_lsp.evaluation.scenario import Check


def verdict_of(
    recording: Recording,
    check: Check,
    files: Mapping[str, str],
    tree: CommitTree | None,
    seconds: float = sandbox.SECONDS,
) -> Verdict:
    """Return how a check of some files ends, which lie over those of a tree; in a thread.

    Raises:
        GlmError: the tree cannot be read.
    """
    beside = {**check.files, **files}
    key = key_of(
        tree.commit if tree is not None else "",
        json.dumps([check.command, sorted(beside.items())], ensure_ascii=False),
    )
    known = recording.verdict(key)
    if known is not None:
        return known
    verdict = sandbox.run(check.command, beside, tree, seconds=seconds)
    # What this system cannot do, another may: that is not kept.
    return verdict if verdict.passed is None else recording.add_verdict(key, verdict)

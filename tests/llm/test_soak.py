"""Many streams at once; the full run, with lags and memory, is `tests.bench.llm_soak`."""

from __future__ import annotations

import os

from tests.bench.llm_soak import run

SCALE = float(os.environ.get("GLM_TEST_SCALE", "1"))  # 10 is 50 streams for ten seconds.


def test_no_delta_is_lost_or_crossed_between_streams() -> None:
    """Each of many readers gets exactly its own tokens, in their order, and one end."""
    seen = run(SCALE, int(min(20 + 3 * SCALE, 50)))
    assert (seen.answers >= 20, seen.wrong) == (True, 0), f"{seen.answers}, {seen.deltas}"

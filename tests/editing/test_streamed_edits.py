"""The promise of the product: streamed edits never lose a keystroke."""

from __future__ import annotations

import os
from collections import Counter

import pytest

from tests.editing.chaos import Run, live
from tests.editing.clockwork import run

_RUNS = int(400 * float(os.environ.get("GLM_TEST_SCALE", "1")))
"""`GLM_TEST_SCALE=50` makes it the 20,000 runs of the record."""


@pytest.fixture(scope="module")
def runs() -> list[Run]:
    return [run(live(seed)) for seed in range(_RUNS)]


def test_the_file_ends_as_intended_or_as_it_was_with_every_keystroke(runs: list[Run]) -> None:
    """Whatever editor and user do, the end is the whole change or none, and all that was typed."""
    wrong = [(item.seed, item.problems) for item in runs if item.problems]
    assert not wrong, wrong[:10]


def test_the_runs_meet_what_they_are_about(runs: list[Run]) -> None:
    """The runs hold every refusal, delay and way to end that they claim to."""
    total: Counter[str] = Counter()
    for item in runs:
        total.update(
            typed=item.seen.typed,
            pasted=item.seen.pasted,
            deleted=item.seen.deleted,
            undone=item.seen.undone,
            reopened=item.seen.reopened,
            in_flight=item.seen.typed_in_flight,
            edits=item.seen.edits,
            stale=item.seen.stale,
            refused=item.seen.refused,
        )
        total[f"ended: {item.ending}"] += 1
    orders = {"".join(item.seen.trace) for item in runs}
    print(f"{len(runs)} runs, {len(orders)} interleavings, {dict(total)}")
    assert not [name for name, count in total.items() if count == 0]
    for ending in ("applied", "unchanged", "cancelled", "undone later"):
        assert total[f"ended: {ending}"]
    assert len(orders) > len(runs) / 4

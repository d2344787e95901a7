"""What waits after some edits, in scenarios that people can read: `scenarios/*.txt`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.next_edits.scenario import scenarios, waits_after

if TYPE_CHECKING:
    from glm_lsp.evaluation.scenario import Scenario

SCENARIOS = list(scenarios())


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[each.title for each in SCENARIOS])
def test_scenario(scenario: Scenario) -> None:
    wanted = [(before, "\n".join(after).strip()) for before, after in scenario.waits]
    assert waits_after(scenario) == wanted


def test_there_are_scenarios_of_both_kinds() -> None:
    silent = [each for each in SCENARIOS if not each.waits]
    assert len(SCENARIOS) >= 80
    assert 0.4 <= len(silent) / len(SCENARIOS) <= 0.6
    assert len({each.language for each in SCENARIOS}) >= 6

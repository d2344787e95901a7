"""The answers are as good as they were: CI plays what the embedded model answered.

A change of a prompt asks what was not recorded, and one of a filter changes what is shown. Both are
meant to fail here. Where the change is meant, `make eval-record` records anew; the difference of
`recorded/own.json` says whether it is for the better.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from glm_lsp.evaluation.run import EvaluationOptions, run
from tests.bench import prompt_layouts
from tests.evaluation import broken_filter
from tests.evaluation.record import BASELINE, FOLDER

if TYPE_CHECKING:
    from pathlib import Path


def played(wish: EvaluationOptions) -> tuple[int, str]:
    """Play a recording; return the exit code and what was shown."""
    out = io.StringIO()
    return run(wish, {}, Console(file=out, width=160)), out.getvalue()


def test_the_answers_are_as_good_as_before_and_the_report_is_the_same(tmp_path: Path) -> None:
    found = tmp_path / "own.json"
    wish = EvaluationOptions(replay=FOLDER / "own.jsonl.gz", baselines=(BASELINE,), json=found)
    code, shown = played(wish)
    assert code == 0, f"{shown}\nRun `make eval-record` if this is meant."
    assert found.read_bytes() == BASELINE.read_bytes(), "Run `make eval-record` if this is meant."


def test_a_worse_prompt_asks_what_was_not_recorded() -> None:
    server = prompt_layouts.command("worse")
    recording = FOLDER / "own.jsonl.gz"
    code, shown = played(EvaluationOptions(replay=recording, features=("refactor",), server=server))
    assert code == 1
    assert "are not in the recording" in shown


def test_a_worse_prompt_whose_answers_are_there_is_below_the_baseline() -> None:
    """What the same model answered to it: the figures are its, and they have fallen."""
    server = prompt_layouts.command("worse")
    wish = EvaluationOptions(replay=FOLDER / "worse.jsonl.gz", baselines=(BASELINE,), server=server)
    code, shown = played(wish)
    assert code == 1
    assert "are not in the recording" not in shown
    assert "Below the baseline: fix: tests pass" in shown


@pytest.mark.parametrize("name", ["line_below"])
def test_a_broken_filter_is_below_the_baseline(name: str) -> None:
    """It asks the same questions, has the same answers, and shows what it should not."""
    wish = EvaluationOptions(
        replay=FOLDER / "own.jsonl.gz",
        baselines=(BASELINE,),
        features=("complete",),
        server=broken_filter.command(name),
    )
    code, shown = played(wish)
    assert code == 1
    assert "are not in the recording" not in shown
    assert "Below the baseline: complete: " in shown

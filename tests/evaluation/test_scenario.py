"""Scenarios as text: what is written is what an editor is given."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from glm_lsp.errors import GlmError
from glm_lsp.evaluation.sandbox import run
from glm_lsp.evaluation.scenario import FEATURES, Scenario, in_files, own, read
from glm_lsp.text import Span

OWN = list(own())
NEXT_EDITS = Path(__file__).parents[1] / "next_edits" / "scenarios"


def one(text: str) -> Scenario:
    (found,) = read("file", text)
    return found


def test_a_completion_has_a_cursor_and_what_belongs_there() -> None:
    found = one("== a sum (python)\ntotal = a $0\n-- complete\n+ b\n")
    assert (found.feature, found.language, found.path) == ("complete", "python", "example.py")
    assert (found.text, found.place, found.wanted) == ("total = a \n", Span(10, 10), "+ b")
    assert found.title == "file: a sum"


def test_a_fix_has_a_problem_and_the_smallest_edit() -> None:
    """The lines of the edit stand without their indentation, which is kept."""
    found = one("== x (python)\nif a:\n    b =$0 1\n-- fix: no b\n- b = 1\n+ c = 1\n+ d = 1\n")
    assert (found.asks, found.text) == ("no b", "if a:\n    b = 1\n")
    assert found.wanted == "if a:\n    c = 1\n    d = 1\n"


def test_two_marks_are_a_selection() -> None:
    found = one("== x (python)\n$0a = 1\nb$0 = 2\n-- refactor\n")
    assert found.text[found.place.start : found.place.end] == "a = 1\nb"
    assert found.wanted is None


def test_tests_stand_beside_the_file() -> None:
    found = one("== x (python)\na = $0\n-- complete\n1\n-- tests\nimport example\n")
    assert found.wanted == "1"
    assert found.check is not None
    assert found.check.files == {"check.py": "import example\n"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("== x (python)\na = 1\n-- complete\nb\n", "marks the cursor"),
        ("== x (python)\na$0\n-- fix\n- a\n+ b\n", "followed by a colon"),
        ("== x (python)\na$0\n-- edit: it\n- c\n+ b\n", "no line says “c”"),
        ("== x (python)\na$0\n", "what is asked"),
        ("== x (python)\na$0\n-- tests\nb\n", "what is asked"),
    ],
)
def test_what_is_not_complete_is_said(text: str, said: str) -> None:
    with pytest.raises(GlmError, match=said) as raised:
        list(read("file", text))
    assert "file: x" in str(raised.value)


def test_the_scenarios_of_next_edits_are_of_the_same_format() -> None:
    found = list(in_files(NEXT_EDITS))
    assert len(found) >= 80
    assert {each.feature for each in found} == {"next"}


def test_there_are_scenarios_of_every_feature_and_half_demand_silence() -> None:
    counts = Counter(each.feature for each in OWN)
    assert set(counts) == set(FEATURES)
    for feature in ("complete", "next"):
        quiet = [each for each in OWN if each.feature == feature and each.quiet]
        assert len(quiet) * 2 == counts[feature], feature
    assert len({each.title for each in OWN}) == len(OWN)


CHECKED = [each for each in OWN if each.check is not None]


@pytest.mark.parametrize("scenario", CHECKED, ids=[each.title for each in CHECKED])
def test_what_is_wanted_passes_and_what_is_there_does_not(scenario: Scenario) -> None:
    """The tests of our own scenarios tell the right code from what it begins with."""
    assert scenario.check is not None
    text, wanted = scenario.text, scenario.wanted
    if scenario.feature == "complete":
        start = scenario.place.start
        wanted = text[:start] + (wanted or "") + text[start:]
    files = dict(scenario.check.files)
    before = run(scenario.check.command, {**files, scenario.path: text})
    if before.passed is None:
        pytest.skip(f"nothing is contained here: {before.said}")
    assert before.passed == (scenario.feature == "refactor"), before.said
    if wanted is not None:
        after = run(scenario.check.command, {**files, scenario.path: wanted})
        assert after.passed, after.said

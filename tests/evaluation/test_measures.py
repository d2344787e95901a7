"""What is measured of an answer."""

from __future__ import annotations

import pytest
from attrs import evolve

from glm_lsp.evaluation.drive import Came
from glm_lsp.evaluation.gateway import Exchange
from glm_lsp.evaluation.measures import (
    Measured,
    changed_lines,
    chrf,
    f1,
    measured,
    middle,
    percentile,
    summary,
)
from glm_lsp.evaluation.scenario import Check, Scenario
from glm_lsp.llm.types import Usage
from glm_lsp.text import Span

COMPLETION = Scenario(
    title="t",
    feature="complete",
    language="python",
    path="example.py",
    text="def f():\n    return \n",
    place=Span(20, 20),
    wanted="a + b\n    # done",
)
FIX = Scenario(
    title="t",
    feature="fix",
    language="python",
    path="example.py",
    text="a = 1\nb = heigth\nc = 3\n",
    wanted="a = 1\nb = height\nc = 3\n",
)


def completed(shown: str) -> Measured:
    text = COMPLETION.text[:20] + shown + COMPLETION.text[20:]
    return measured(COMPLETION, Came(shown, text), None, [])


@pytest.mark.parametrize(
    ("text", "wanted", "value"),
    [("abc", "abc", 1.0), ("abc", "xyz", 0.0), ("a b", "ab", 1.0), ("", "", 1.0), ("", "a", 0.0)],
)
def test_chrf_of_what_is_the_same_and_what_has_nothing_in_common(
    text: str, wanted: str, value: float
) -> None:
    assert chrf(text, wanted) == value


def test_chrf_is_what_its_definition_says() -> None:
    """By hand: "abd" for "abc" has 2 of 3 letters, 1 of 2 pairs, 0 of 1 triple, each both ways."""
    assert chrf("abd", "abc") == pytest.approx((2 / 3 + 1 / 2 + 0) / 3, abs=1e-4)
    # Recall counts more: half of the text is worse than twice the text.
    assert chrf("ab", "abab") < chrf("abab", "ab")


@pytest.mark.parametrize(
    ("shown", "exact"),
    [
        ("a + b", True),
        ("a + b\n    # done", True),
        ("a + ", False),
        ("a + b + c", False),
        ("a - b", False),
    ],
)
def test_a_completion_is_exact_as_far_as_it_goes_in_whole_lines(shown: str, exact: bool) -> None:
    assert completed(shown).exact is exact


def test_nothing_shown_is_as_far_from_what_is_wanted_as_can_be() -> None:
    found = measured(COMPLETION, Came("", COMPLETION.text), None, [])
    assert (found.applied, found.exact, found.chrf) == (False, False, 0.0)


def test_an_edit_is_compared_where_the_texts_differ() -> None:
    """A long file does not make a wrong line look right."""
    right = measured(FIX, Came("", FIX.wanted or ""), True, [])
    assert (right.exact, right.chrf, right.size, right.parses) == (True, 1.0, 1.0, True)
    long = evolve(FIX, text="x\n" * 500 + FIX.text, wanted="x\n" * 500 + (FIX.wanted or ""))
    wrong = measured(long, Came("", "x\n" * 500 + "a = 1\nzzz\nc = 3\n"), None, [])
    assert wrong.exact is False
    assert wrong.chrf is not None
    assert wrong.chrf < 0.2


def test_size_is_in_smallest_edits() -> None:
    """Two lines more than the two that had to change: twice the smallest edit."""
    found = measured(FIX, Came("", "a = 2\nb = height\nc = 3\n"), None, [])
    assert found.size == 2.0


def test_a_fault_of_syntax_is_one_only_where_there_was_none() -> None:
    broken = measured(FIX, Came("", "a = 1\nb = (\nc = 3\n"), None, [])
    assert broken.parses is False
    before = evolve(FIX, text="a = (\nb = heigth\n", wanted=None)
    assert measured(before, Came("", "a = (\nb = height\n"), None, []).parses is True


def test_who_changed_nothing_has_not_passed() -> None:
    checked = evolve(FIX, check=Check(("{python}",)))
    assert measured(checked, Came("", FIX.text), None, []).passes is False


def outcome(*, applied: bool, quiet: bool) -> Measured:
    return Measured("t", "complete", quiet, applied)


def test_f1_counts_noise_and_what_was_missed() -> None:
    """Two right, one noise, one missed: 2·2 / (2·2 + 1 + 1)."""
    kinds = [(True, False), (True, False), (True, True), (False, False), (False, True)]
    found = [outcome(applied=applied, quiet=quiet) for applied, quiet in kinds]
    assert f1(found) == pytest.approx(2 / 3, abs=1e-4)
    assert summary(found)["quiet"] == 0.5
    assert f1([outcome(applied=False, quiet=False)]) == 0.0


def test_silence_that_is_broken_is_measured_as_nothing_else() -> None:
    quiet = evolve(COMPLETION, quiet=True, wanted="")
    found = measured(quiet, Came("x", quiet.text), None, [])
    assert (found.applied, found.exact, found.chrf) == (True, None, None)


def test_a_next_edit_is_right_when_it_waits() -> None:
    scenario = Scenario(
        title="t",
        feature="next",
        language="python",
        path="a.py",
        text="",
        waits=(("a", ("b",)), ("c", ("d",))),
    )
    assert measured(scenario, Came("d", "", (("c", "d"),)), None, []).exact is True
    assert measured(scenario, Came("b", "", (("c", "b"),)), None, []).exact is False


def test_times_tokens_and_costs_are_added_up() -> None:
    exchanges = [
        Exchange("m", 0.5, 1.0, Usage(10, 5, 4), True, 0.25, True),
        Exchange("m", 0.1, 2.0, Usage(20, 5), False, 0.5, True),
    ]
    found = measured(COMPLETION, Came("a", "a"), None, exchanges)
    assert (found.first, found.seconds, found.questions) == (0.5, 3.0, 2)
    assert (found.prompt, found.cached, found.output, found.estimated) == (30, 4, 10, 1)
    assert found.cost == 0.75
    unpriced = measured(COMPLETION, Came("a", "a"), None, [evolve(exchanges[0], cost=None)])
    assert unpriced.cost is None
    assert summary([found, unpriced])["cost"] is None


def test_percentiles_are_values_that_were_measured() -> None:
    times = [1.0, 2.0, 3.0, 4.0]
    assert (percentile(times, 50), percentile(times, 90)) == (2.0, 4.0)
    assert percentile([], 50) is None


def test_what_texts_share_at_both_ends_is_left_out() -> None:
    assert middle("a\nb\nc", "a\nx\ny\nc", "a\nc") == ("b", "x\ny", "")
    assert middle("a", "a") == ("", "")
    assert changed_lines("a\nb", "a\nc\nd") == 3

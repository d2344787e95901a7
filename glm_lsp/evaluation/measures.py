"""What is measured of an answer, and what comes of many.

Invariant: pure; the same answers give the same figures. What cannot be known is None, and counts
in no average.
"""

from __future__ import annotations

import math
from collections import Counter
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from glm_lsp.context.syntax import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from glm_lsp.evaluation.drive import Came
    from glm_lsp.evaluation.gateway import Exchange
    from glm_lsp.evaluation.scenario import Scenario

_LONGEST_GRAM = 6
_RECALL = 2.0  # chrF's beta: how much more recall counts than precision.

RATES = ("applied", "parses", "passes", "exact", "chrf", "f1")
"""What is better when it is higher, from 0 to 1."""


@frozen
class Measured:
    """What came of one scenario.

    Attributes:
        applied: something was shown, or changed.
        parses: the document has no fault of syntax that it had not.
        passes: its tests pass.
        size: changed lines, by those of the smallest edit; 1 is as small.
        exact: as wanted, or, of a completion, as far as it goes.
        chrf: how near it comes to what is wanted, by its characters, from 0 to 1.
        first: seconds until the service's first token.
        seconds: that the service took for all of it.
        estimated: how many questions have estimated tokens.
        said: what the user was told.
        change: what stood there, what came, and what was wanted.
    """

    title: str
    feature: str
    quiet: bool
    applied: bool
    parses: bool | None = None
    passes: bool | None = None
    size: float | None = None
    exact: bool | None = None
    chrf: float | None = None
    first: float | None = None
    seconds: float | None = None
    questions: int = 0
    prompt: int = 0
    cached: int = 0
    output: int = 0
    estimated: int = 0
    cost: float | None = 0.0
    said: str = ""
    change: tuple[str, str, str] = field(default=("", "", ""), repr=False)


def measured(
    scenario: Scenario, came: Came, passes: bool | None, exchanges: Sequence[Exchange]
) -> Measured:
    """Measure what came of a scenario."""
    wanted, before, after = _wanted(scenario), scenario.text, came.text
    applied = bool(came.shown) if scenario.shows else after != before
    figures: dict[str, Any] = {}
    if scenario.feature == "next":
        if applied and not scenario.quiet:
            waits = {(line, (to or ("",))[0].strip()) for line, to in scenario.waits}
            figures["exact"] = came.offered[0] in waits
            figures["chrf"] = max(chrf(came.shown, to) for _, to in waits)
    elif applied:
        figures["parses"] = _parses(scenario.language, before, after)
        if wanted is not None and not scenario.quiet:
            figures |= _likeness(scenario, came, wanted)
    if not applied and not scenario.quiet and (wanted is not None or scenario.waits):
        figures = {"exact": False, "chrf": 0.0}
    unasked = all(each.cost is not None for each in exchanges)
    return Measured(
        scenario.title,
        scenario.feature,
        scenario.quiet,
        applied,
        **figures,
        # Where nothing came the tests were not run: they fail without the change.
        passes=passes if applied or scenario.check is None else False,
        first=next((each.first for each in exchanges if each.first is not None), None),
        seconds=round(sum(each.seconds for each in exchanges), 4) if exchanges else None,
        questions=len(exchanges),
        prompt=sum(each.usage.prompt for each in exchanges),
        cached=sum(each.usage.cached for each in exchanges),
        output=sum(each.usage.output for each in exchanges),
        estimated=sum(not each.counted for each in exchanges),
        cost=sum(each.cost or 0.0 for each in exchanges) if unasked else None,
        said=came.said,
        change=_shown(scenario, came, wanted or ""),
    )


def summary(outcomes: Sequence[Measured]) -> dict[str, Any]:
    """Return the figures of many scenarios of one feature."""
    asked = [each for each in outcomes if not each.quiet]
    found: dict[str, Any] = {"scenarios": len(outcomes)}
    found["applied"] = _mean(each.applied for each in asked)
    for name in ("parses", "passes", "exact", "chrf", "size"):
        found[name] = _mean(getattr(each, name) for each in asked)
    found["f1"] = f1(outcomes) if any(each.quiet for each in outcomes) else None
    found["quiet"] = _mean(not each.applied for each in outcomes if each.quiet)
    for name in ("first", "seconds"):
        times = sorted(t for each in outcomes if (t := getattr(each, name)) is not None)
        found[name] = {"p50": percentile(times, 50), "p90": percentile(times, 90)}
    for name in ("questions", "prompt", "cached", "output", "estimated"):
        found[name] = sum(getattr(each, name) for each in outcomes)
    costs = [each.cost for each in outcomes]
    known = [cost for cost in costs if cost is not None]
    found["cost"] = round(sum(known), 6) if len(known) == len(costs) else None
    return found


def f1(outcomes: Iterable[Measured]) -> float:
    """Return the harmonic mean of precision and recall of showing something where it should be."""
    counts = Counter((each.applied, each.quiet) for each in outcomes)
    right, noise, missed = counts[True, False], counts[True, True], counts[False, False]
    return _rounded(2 * right / (2 * right + noise + missed)) if right else 0.0


def chrf(text: str, wanted: str) -> float:
    """Return the F score of the n-grams of characters, blanks left out: 1 for the same text."""
    text, wanted = ("".join(each.split()) for each in (text, wanted))
    scores = []
    for size in range(1, _LONGEST_GRAM + 1):
        grams, true = _grams(text, size), _grams(wanted, size)
        if not grams and not true:
            continue
        shared = sum((grams & true).values())
        if not shared:
            scores.append(0.0)
            continue
        precision, recall = shared / sum(grams.values()), shared / sum(true.values())
        weight = _RECALL**2
        scores.append((1 + weight) * precision * recall / (weight * precision + recall))
    return _rounded(sum(scores) / len(scores)) if scores else 1.0


def changed_lines(before: str, after: str) -> int:
    """Return how many lines an edit takes away and adds."""
    matcher = SequenceMatcher(None, before.split("\n"), after.split("\n"), autojunk=False)
    return sum(
        (end - start) + (to - into)
        for kind, start, end, into, to in matcher.get_opcodes()
        if kind != "equal"
    )


def percentile(ordered: Sequence[float], percent: int) -> float | None:
    """Return the smallest of some values, in order, that so many in a hundred do not exceed."""
    if not ordered:
        return None
    return ordered[max(math.ceil(len(ordered) * percent / 100) - 1, 0)]


def middle(*texts: str) -> tuple[str, ...]:
    """Return texts without the lines that all of them begin and end with."""
    lines = [text.split("\n") for text in texts]
    shortest = min(map(len, lines))
    start = 0
    while start < shortest and len({each[start] for each in lines}) == 1:
        start += 1
    end = 0
    while end < shortest - start and len({each[-1 - end] for each in lines}) == 1:
        end += 1
    return tuple("\n".join(each[start : len(each) - end]) for each in lines)


def _wanted(scenario: Scenario) -> str | None:
    """Return the document as it should be."""
    if scenario.feature == "next" or scenario.wanted is None:
        return None
    if scenario.feature == "complete":
        start, end = scenario.place.start, scenario.place.end
        return scenario.text[:start] + scenario.wanted + scenario.text[end:]
    return scenario.wanted


def _likeness(scenario: Scenario, came: Came, wanted: str) -> dict[str, Any]:
    if scenario.feature == "complete":
        true = scenario.wanted or ""
        shown = came.shown.rstrip()
        rest = true[len(shown) :]
        # A line that is left in the middle is not the line.
        exact = true.startswith(shown) and (not rest.strip() or rest.lstrip(" \t")[:1] == "\n")
        as_far = "\n".join(true.split("\n")[: shown.count("\n") + 1])
        return {"exact": exact, "chrf": chrf(shown, as_far)}
    _, result, true = middle(scenario.text, came.text, wanted)
    least = changed_lines(scenario.text, wanted)
    return {
        "exact": _plain(result) == _plain(true),
        "chrf": chrf(result, true),
        "size": _rounded(changed_lines(scenario.text, came.text) / least) if least else None,
    }


def _parses(language: str, before: str, after: str) -> bool | None:
    was, tree = parse(language, before), parse(language, after)
    if was is None or tree is None:
        return None
    return len(tree.errors()) <= (len(was.errors()) if was.has_error else 0)


def _shown(scenario: Scenario, came: Came, wanted: str) -> tuple[str, str, str]:
    if scenario.feature == "next":
        waits = "\n".join(" ".join(to) for _, to in scenario.waits)
        return "", "\n".join(to for _, to in came.offered), waits
    if scenario.feature == "complete":
        start = scenario.text.rfind("\n", 0, scenario.place.start) + 1
        return scenario.text[start : scenario.place.start], came.shown, scenario.wanted or ""
    parts = middle(scenario.text, came.text, wanted or came.text)
    return parts[0], parts[1], parts[2] if wanted else ""


def _plain(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip("\n").split("\n"))


def _grams(text: str, size: int) -> Counter[str]:
    return Counter(text[start : start + size] for start in range(len(text) - size + 1))


def _mean(values: Iterable[float | None]) -> float | None:
    known = [float(value) for value in values if value is not None]
    return _rounded(sum(known) / len(known)) if known else None


def _rounded(value: float) -> float:
    return round(value, 4)

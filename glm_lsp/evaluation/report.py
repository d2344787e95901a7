"""A report: what was asked, what came of it, and how that stands to another report.

Invariant: it holds nothing but what the scenarios, the recording and the settings say: no time of
day, no path of a machine; the same recording gives the same bytes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import attrs
from attrs import field, frozen

from glm_lsp import __version__
from glm_lsp.errors import GlmError
from glm_lsp.evaluation.measures import RATES, Measured, summary
from glm_lsp.evaluation.scenario import FEATURES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_VERSION = 1
_TOLERANCE = 0.005
"""By how much a figure may fall before it has fallen: less than one of a hundred scenarios."""

_HIGHER_IS_WORSE = {"size": 0.02}


@frozen
class Report:
    """What one run found.

    Attributes:
        about: models, settings, sources.
        features: the figures of each feature, see `measures.summary`.
        notes: what a reader should know.
    """

    about: Mapping[str, Any]
    features: Mapping[str, Mapping[str, Any]] = field(repr=False)
    outcomes: tuple[Measured, ...] = field(default=(), repr=False)
    notes: tuple[str, ...] = ()

    def json(self) -> str:
        """Return the report for programs."""
        value = {
            "evaluation": _VERSION,
            "about": dict(self.about),
            "features": {name: dict(found) for name, found in self.features.items()},
            "notes": list(self.notes),
            "scenarios": [_plain(each) for each in self.outcomes],
        }
        return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def report_of(
    about: Mapping[str, Any], outcomes: Sequence[Measured], notes: Sequence[str]
) -> Report:
    """Make the report of a run."""
    features: dict[str, Mapping[str, Any]] = {}
    for name in FEATURES:
        if found := [each for each in outcomes if each.feature == name]:
            features[name] = summary(found)
    return Report({"glm-lsp": __version__, **about}, features, tuple(outcomes), tuple(notes))


def read(path: Path) -> Report:
    """Read a report as far as others are compared with it.

    Raises:
        GlmError: it is none.
    """
    try:
        value = json.loads(path.read_text("utf-8"))
        if value["evaluation"] == _VERSION:
            outcomes = tuple(_outcome(each) for each in value.get("scenarios", ()))
            return Report(value["about"], value["features"], outcomes, tuple(value["notes"]))
        error: Exception | None = None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as raised:
        error = raised
    raise GlmError(
        f"{path} is no report of an evaluation: write one with --json.",
        detail=type(error).__name__,
    )


def fallen(found: Report, baseline: Report, features: Sequence[str] = FEATURES) -> list[str]:
    """Return a sentence for each figure of some features that is worse than in a baseline."""
    sentences = []
    for feature, was in baseline.features.items():
        if feature not in features:
            continue
        now = found.features.get(feature)
        if now is None:
            sentences.append(f"{feature}: nothing was measured.")
            continue
        if now["scenarios"] < was["scenarios"]:
            sentences.append(f"{feature}: {now['scenarios']} scenarios of {was['scenarios']}.")
        for name in (*RATES, *_HIGHER_IS_WORSE):
            before, after = was.get(name), now.get(name)
            if before is None:
                continue
            most = _HIGHER_IS_WORSE.get(name)
            if after is None:
                worse = True
            elif most is None:
                worse = after < before - _TOLERANCE
            else:
                worse = after > before + most
            if worse:
                shown = "none" if after is None else f"{after:.3f}"
                sentences.append(f"{feature}: {NAMES[name]} {shown}, was {before:.3f}.")
    return sentences


NAMES: Mapping[str, str] = {
    "applied": "applied or shown",
    "parses": "parses",
    "passes": "tests pass",
    "exact": "exact",
    "chrf": "chrF",
    "f1": "show/quiet F1",
    "size": "size",
}
"""What the figures are called."""


def _plain(outcome: Measured) -> dict[str, Any]:
    return {name: value for name, value in attrs.asdict(outcome).items() if value is not None}


def _outcome(value: Mapping[str, Any]) -> Measured:
    known = {each.name for each in attrs.fields(Measured)}
    given = {name: each for name, each in value.items() if name in known}
    return Measured(**{"cost": None, **given, "change": tuple(given.get("change", ("", "", "")))})

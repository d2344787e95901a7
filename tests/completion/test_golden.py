"""The filters, case by case: what a model said, and what the user sees of it.

The cases stand in `golden/`, one file for each filter. A case is a title with its language,
the document with the raw answer between `├` and `┤`, an arrow, and the document with the
completion between them; where it replaces what stands behind the cursor, `╣` marks the end.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from attrs import frozen

from glm_lsp.completion.context import Place, place_at
from glm_lsp.completion.filters import pipeline
from glm_lsp.completion.filters.draft import Draft
from glm_lsp.completion.scope import extent_at
from glm_lsp.text import Snapshot, Text

GOLDEN = Path(__file__).parent / "golden"
FILTERS = [stage.__name__.rpartition(".")[2] for stage in pipeline.STAGES]


@frozen
class Case:
    """One golden case."""

    title: str
    language: str
    before: str
    raw: str
    after: str
    shown: str


def read(path: Path) -> list[Case]:
    """Read the cases of a file."""
    cases = []
    # Written apart, so that no file here holds anything in the shape of a key.
    text = path.read_text(encoding="utf-8")
    for apart in ("(s)(k)-", "(g)(h)(p)_", "(A)(K)(I)(A)"):
        text = text.replace(apart, re.sub(r"[()]", "", apart))
    for block in text.split("\n== ")[1:]:
        title, _, body = block.partition("\n")
        title, _, language = title.rstrip(")").rpartition(" (")
        given, _, shown = body.rstrip("\n").partition("\n-->\n")
        before, _, rest = given.partition("├")
        raw, _, after = rest.partition("┤")
        cases.append(Case(title, language, before, raw, after, shown))
    return cases


def place_of(case: Case) -> Place:
    """Put the cursor of a case into its document."""
    text = Text.of(f"{case.before}{case.after}\n")
    return place_at(Snapshot("file:///a", 1, case.language, text), len(case.before))


def show(case: Case, draft: Draft) -> str:
    """Draw a draft into the document as the golden files do."""
    after = case.after
    if draft.replaced:
        after = after[: draft.replaced] + "╣" + after[draft.replaced :]
    return f"{case.before}├{draft.text}┤{after}"


CASES = [
    pytest.param(case, id=f"{path.stem}: {case.title}")
    for path in sorted(GOLDEN.glob("*.txt"))
    for case in read(path)
]


@pytest.mark.parametrize("case", CASES)
def test_a_raw_answer_becomes_what_the_user_sees(case: Case) -> None:
    """The filters make the golden completion of the raw answer."""
    place = place_of(case)
    assert show(case, pipeline.run(Draft(case.raw, extent=extent_at(place)), place)) == case.shown


@pytest.mark.parametrize("case", CASES)
def test_a_stream_stopped_early_shows_the_same(case: Case) -> None:
    """Cutting the stream as soon as it has said enough changes nothing that is shown."""
    place = place_of(case)
    draft = Draft("", extent=extent_at(place))
    for character in case.raw:
        draft = draft.with_text(draft.text + character)
        if pipeline.finished(draft, place):
            break
    assert show(case, pipeline.run(draft, place)) == case.shown


@pytest.mark.parametrize("case", CASES)
def test_a_stream_is_never_said_to_begin_otherwise_than_it_does(case: Case) -> None:
    """At every moment of a stream its known beginning agrees with what will be shown."""
    place = place_of(case)
    final = pipeline.run(Draft(case.raw, extent=extent_at(place)), place).text
    draft = Draft("", extent=extent_at(place))
    for character in case.raw if final else "":
        draft = draft.with_text(draft.text + character)
        opening = pipeline.opening(draft, place)
        assert opening.startswith(final) or final.startswith(opening.rstrip()), draft.text


@pytest.mark.parametrize("name", FILTERS)
def test_every_filter_is_needed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a filter at least one of its own golden cases goes wrong."""
    stages = tuple(stage for stage in pipeline.STAGES if not stage.__name__.endswith(f".{name}"))
    monkeypatch.setattr(pipeline, "STAGES", stages)
    cases = read(GOLDEN / f"{name}.txt")
    wrong = 0
    for case in cases:
        place = place_of(case)
        draft = pipeline.run(Draft(case.raw, extent=extent_at(place)), place)
        wrong += show(case, draft) != case.shown
    assert wrong

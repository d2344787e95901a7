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

from glm_lsp.completion.filters import ORDER, pipeline
from glm_lsp.completion.scope import is_multiline
from glm_lsp.completion.types import Draft
from glm_lsp.context.cursor import CursorContext, context_at
from glm_lsp.text import Snapshot, Text

GOLDEN = Path(__file__).parent / "golden"


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
    for unseen, char in (("(RLO)", "\u202e"), ("(ZWSP)", "\u200b"), ("(CR)", "\r")):
        text = text.replace(unseen, char)
    for block in text.split("\n== ")[1:]:
        title, _, body = block.partition("\n")
        title, _, language = title.rstrip(")").rpartition(" (")
        given, _, shown = body.rstrip("\n").partition("\n-->\n")
        before, _, rest = given.partition("├")
        raw, _, after = rest.partition("┤")
        cases.append(Case(title, language, before, raw, after, shown))
    return cases


def context_of(case: Case) -> CursorContext:
    """Put the cursor of a case into its document."""
    text = Text.of(f"{case.before}{case.after}\n")
    return context_at(Snapshot("file:///a", 1, case.language, text), len(case.before))


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
    context = context_of(case)
    assert (
        show(case, pipeline.run(Draft(case.raw, multiline=is_multiline(context)), context))
        == case.shown
    )


@pytest.mark.parametrize("case", CASES)
def test_a_stream_stopped_early_shows_the_same(case: Case) -> None:
    """Cutting the stream as soon as it has said enough changes nothing that is shown."""
    context = context_of(case)
    draft = Draft("", multiline=is_multiline(context))
    for character in case.raw:
        draft = draft.with_text(draft.text + character)
        if pipeline.is_finished(draft, context):
            break
    assert show(case, pipeline.run(draft, context)) == case.shown


@pytest.mark.parametrize("case", CASES)
def test_a_stream_is_never_said_to_begin_otherwise_than_it_does(case: Case) -> None:
    """At every moment of a stream its known beginning agrees with what will be shown."""
    context = context_of(case)
    final = pipeline.run(Draft(case.raw, multiline=is_multiline(context)), context).text
    draft = Draft("", multiline=is_multiline(context))
    for character in case.raw if final else "":
        draft = draft.with_text(draft.text + character)
        prefix = pipeline.stable_prefix(draft, context)
        assert prefix.startswith(final) or final.startswith(prefix.rstrip()), draft.text


@pytest.mark.parametrize("name", ORDER)
def test_every_filter_is_needed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a filter at least one of its own golden cases goes wrong."""
    monkeypatch.delitem(pipeline.FILTERS, name)
    cases = read(GOLDEN / f"{name}.txt")
    wrong = 0
    for case in cases:
        context = context_of(case)
        draft = pipeline.run(Draft(case.raw, multiline=is_multiline(context)), context)
        wrong += show(case, draft) != case.shown
    assert wrong

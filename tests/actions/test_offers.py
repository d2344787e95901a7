"""What the menu offers, from diagnostics and the kinds asked for."""

from __future__ import annotations

import pytest

from glm_lsp.actions.comments import comment_at
from glm_lsp.actions.offers import FIX_ALL, Diagnostic, covered, offers
from glm_lsp.actions.registry import REFACTOR
from glm_lsp.text import Span, Text

HERE = Span(3, 5)
ONE = Diagnostic(HERE, "undefined name 'x'", 1, "pyflakes", "F821")
TWO = Diagnostic(HERE, "unused\n  import", 2)
ALWAYS = [
    ("GLM: Refactor", "refactor.rewrite"),
    ("GLM: Simplify", "refactor.rewrite"),
    ("GLM: Extract", "refactor.extract"),
    ("GLM: Improve names", "refactor.rewrite"),
    ("GLM: Add types", "refactor.rewrite"),
    ("GLM: Document", "refactor.rewrite"),
    ("GLM: Write tests", "source"),
    ("GLM: Explain", "glm.explain"),
    ("GLM: Review", "source"),
]
REFACTORINGS = [entry for entry in ALWAYS if entry[1].startswith("refactor.")]
FIX_ONE = ("GLM: Fix “undefined name 'x'”", "quickfix")
FIX_TWO = ("GLM: Fix “unused import”", "quickfix")
FIX_BOTH = ("GLM: Fix all in this file (2 problems: lines 3 and 7)", "quickfix")
LINES = (7, 3)


@pytest.mark.parametrize(
    ("diagnostics", "only", "expected"),
    [
        pytest.param([], None, ALWAYS, id="no problems"),
        pytest.param([ONE], None, [FIX_ONE, *ALWAYS], id="one problem"),
        pytest.param([ONE, TWO], None, [FIX_ONE, FIX_TWO, FIX_BOTH, *ALWAYS], id="two problems"),
        pytest.param([ONE, TWO], ["quickfix"], [FIX_ONE, FIX_TWO, FIX_BOTH], id="quick fixes"),
        pytest.param([], ["quickfix"], [], id="quick fixes without a problem"),
        pytest.param([ONE], ["refactor"], REFACTORINGS, id="refactorings of every kind"),
        pytest.param(
            [ONE], ["refactor.extract"], [("GLM: Extract", "refactor.extract")], id="a kind below"
        ),
        pytest.param([ONE], ["refactor.extract.function"], [], id="a kind below that is not ours"),
        pytest.param([ONE], ["ref"], [], id="a piece of a kind"),
        pytest.param([ONE], ["glm"], [("GLM: Explain", "glm.explain")], id="ours"),
        pytest.param([ONE], ["source", "glm.explain"], ALWAYS[-3:], id="two kinds"),
        pytest.param([ONE], [""], [FIX_ONE, *ALWAYS], id="the empty kind is every kind"),
        pytest.param([ONE], [], [], id="no kind"),
    ],
)
def test_the_menu(
    diagnostics: list[Diagnostic], only: list[str] | None, expected: list[tuple[str, str]]
) -> None:
    """Fixes come first, one per problem; `only` and its kinds below decide what is left."""
    listed = offers(diagnostics, only, lines=LINES[: len(diagnostics)])
    assert [(offer.title, offer.kind) for offer in listed] == expected


@pytest.mark.parametrize(
    ("diagnostics", "lines", "more", "expected"),
    [
        pytest.param([ONE], [3], False, None, id="the only one"),
        pytest.param([ONE], [3, 7], False, " (2 problems: lines 3 and 7)", id="one here of two"),
        pytest.param([ONE], [3], True, "", id="the editor can be asked"),
        pytest.param([ONE, TWO], [3, 3], False, " (2 problems: line 3)", id="two on one line"),
        pytest.param([], [3, 7], True, None, id="none here"),
    ],
)
def test_when_fixing_all_is_offered(
    diagnostics: list[Diagnostic], lines: list[int], more: bool, expected: str | None
) -> None:
    """On a problem of several in the file, and on the only one known if there may be others."""
    listed = offers(diagnostics, lines=lines, more=more)
    titles = [offer.title for offer in listed if offer.every]
    assert titles == ([] if expected is None else [f"{FIX_ALL}{expected}"])


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param([2], "1 problem: line 2", id="one"),
        pytest.param([9, 2, 5], "3 problems: lines 2, 5 and 9", id="by line"),
        pytest.param([5, 2, 5], "3 problems: lines 2 and 5", id="two on a line"),
        pytest.param(range(1, 6), "5 problems: lines 1, 2, 3, 4 and 5", id="just named"),
        pytest.param(range(1, 7), "6 problems: lines 1 to 6", id="too many to name"),
        pytest.param([4] * 900, "900 problems: line 4", id="many on a line"),
    ],
)
def test_which_problems_are_covered(lines: list[int], expected: str) -> None:
    """How many there are is said, and where, in a few words however many there are."""
    assert covered(lines) == expected


def test_a_menu_is_no_list_of_problems() -> None:
    """Of very many problems fifty have an entry of their own; one entry is about them all."""
    many = [Diagnostic(HERE, f"problem {number}") for number in range(1000)]
    fixes = offers(many, ["quickfix"], lines=range(1, 1001))
    assert [offer.diagnostics for offer in fixes[:-1]] == [(one,) for one in many[:50]]
    assert fixes[-1].title == "GLM: Fix all in this file (1000 problems: lines 1 to 1000)"


def test_every_offer_has_what_its_command_needs() -> None:
    """Fixes carry their problems, refactorings their preset."""
    listed = offers([ONE, TWO], lines=LINES)
    fixes = [offer for offer in listed if offer.command == "glm.fix"]
    assert [offer.diagnostics for offer in fixes] == [(ONE,), (TWO,), (ONE, TWO)]
    presets = [offer.preset for offer in listed if offer.command == "glm.refactor"]
    assert presets == ["", *(preset.name for preset in REFACTOR.presets)]
    assert all(not offer.diagnostics for offer in listed if offer.command != "glm.fix")


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        pytest.param("x" * 60, "x" * 60, id="just fits"),
        pytest.param("x" * 61, "x" * 59 + "…", id="too long"),
        pytest.param("word " * 20, ("word " * 20)[:59].rstrip() + "…", id="cut at a space"),
        pytest.param("a\r\n\tb", "a b", id="lines"),
        pytest.param("", "", id="empty"),
    ],
)
def test_a_title_is_one_short_line(message: str, shown: str) -> None:
    """However long a problem's message is, the menu's entry is one line."""
    assert offers([Diagnostic(HERE, message)])[0].title == f"GLM: Fix “{shown}”"


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        pytest.param("x = 1\n# sort ┃the areas\ny = 2\n", "sort the areas", id="hash"),
        pytest.param("  // sort┃ the areas\r\n", "sort the areas", id="slashes, crlf"),
        pytest.param("/* ┃sort the areas */", "sort the areas", id="c"),
        pytest.param("-- sort the ┃areas\n", "sort the areas", id="dashes"),
        pytest.param("<!-- sort the areas┃ -->\n", "sort the areas", id="html"),
        pytest.param("# sort\n# the┃ areas\n# now\n\n# not this\n", "sort the areas now", id="run"),
        pytest.param("# too ┃short\n", "", id="two words"),
        pytest.param("x = 1  # sort the ┃areas\n", "", id="behind code"),
        pytest.param("#!/usr/bin/env python┃ -u x\n", "", id="interpreter"),
        pytest.param("# sort the areas\nx = ┃1\n", "", id="on code"),
        pytest.param("┃", "", id="empty"),
    ],
)
def test_a_comment_that_asks(marked: str, expected: str) -> None:
    """The words of a comment on lines of its own are read, its neighbouring lines joined."""
    assert comment_at(Text.of(marked.replace("┃", "")), marked.index("┃")) == expected
    titles = [offer.title for offer in offers([], None, expected)]
    assert ("GLM: Do what this comment asks" in titles) is bool(expected)
    assert [o.instruction for o in offers([], None, expected) if o.command == "glm.edit"] == (
        [expected] if expected else []
    )


@pytest.mark.parametrize(
    ("source", "code", "label"),
    [
        ("pyflakes", "F821", "pyflakes F821"),
        ("", "F821", "F821"),
        ("ruff", "", "ruff"),
        ("", "", ""),
    ],
)
def test_a_problem_says_who_reports_it(source: str, code: str, label: str) -> None:
    """The tool and its code are named, where there are any."""
    assert Diagnostic(HERE, "", source=source, code=code).label == label

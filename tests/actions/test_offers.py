"""What the menu offers, from diagnostics and the kinds asked for."""

from __future__ import annotations

import pytest

from glm_lsp.actions.offers import Diagnostic, offers
from glm_lsp.prompts.actions import PRESETS
from glm_lsp.text import Span

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
]
FIX_ONE = ("GLM: Fix “undefined name 'x'”", "quickfix")
FIX_TWO = ("GLM: Fix “unused import”", "quickfix")
FIX_ALL = ("GLM: Fix all in this file", "quickfix")


@pytest.mark.parametrize(
    ("diagnostics", "only", "expected"),
    [
        pytest.param([], None, ALWAYS, id="no problems"),
        pytest.param([ONE], None, [FIX_ONE, *ALWAYS], id="one problem"),
        pytest.param([ONE, TWO], None, [FIX_ONE, FIX_TWO, FIX_ALL, *ALWAYS], id="two problems"),
        pytest.param([ONE, TWO], ["quickfix"], [FIX_ONE, FIX_TWO, FIX_ALL], id="quick fixes"),
        pytest.param([], ["quickfix"], [], id="quick fixes without a problem"),
        pytest.param([ONE], ["refactor"], ALWAYS[:-2], id="refactorings of every kind"),
        pytest.param([ONE], ["refactor.extract"], [ALWAYS[2]], id="a kind below"),
        pytest.param([ONE], ["refactor.extract.function"], [], id="a kind below that is not ours"),
        pytest.param([ONE], ["ref"], [], id="a piece of a kind"),
        pytest.param([ONE], ["glm"], [ALWAYS[-1]], id="ours"),
        pytest.param([ONE], ["source", "glm.explain"], ALWAYS[-2:], id="two kinds"),
        pytest.param([ONE], [""], [FIX_ONE, *ALWAYS], id="the empty kind is every kind"),
        pytest.param([ONE], [], [], id="no kind"),
    ],
)
def test_the_menu(
    diagnostics: list[Diagnostic], only: list[str] | None, expected: list[tuple[str, str]]
) -> None:
    """Fixes come first, one per problem; `only` and its kinds below decide what is left."""
    assert [(offer.title, offer.kind) for offer in offers(diagnostics, only)] == expected


def test_every_offer_has_what_its_command_needs() -> None:
    """Fixes carry their problems, refactorings their preset."""
    listed = offers([ONE, TWO])
    fixes = [offer for offer in listed if offer.command == "glm.fix"]
    assert [offer.diagnostics for offer in fixes] == [(ONE,), (TWO,), (ONE, TWO)]
    presets = [offer.preset for offer in listed if offer.command == "glm.refactor"]
    assert presets == ["", *PRESETS]
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

"""Which problems a change left, and which it made."""

from __future__ import annotations

import pytest

from glm_lsp.actions.consequences import Placed, consequences
from glm_lsp.actions.offers import Diagnostic
from glm_lsp.text import Span


def placed(line: int | None, message: str = "m", *, on: bool = False, severity: int = 1) -> Placed:
    """Return a problem at a line, `on` the change or not."""
    at = line or 0
    return Placed(Diagnostic(Span(at, at + 1), message, severity, "lint"), line, on or line is None)


WAS = placed(None, "undefined")
STILL = placed(3, "undefined", on=True)
NEW = placed(4, "unused", on=True)


@pytest.mark.parametrize(
    ("about", "before", "after", "said"),
    [
        ([WAS], [WAS], [], ""),
        ([WAS], [WAS], [STILL], "GLM's change left its problem: “undefined” (line 4)."),
        ([WAS], [WAS], [NEW], "GLM's change made a new problem: “unused” (line 5)."),
        (
            [WAS],
            [WAS],
            [STILL, NEW],
            "GLM's change left its problem and made a new one: “undefined” (line 4).",
        ),
        (
            [WAS, placed(3, "other", on=True)],
            [WAS, placed(3, "other", on=True)],
            [STILL, placed(3, "other", on=True), NEW, placed(6, "more", on=True)],
            "GLM's change left 2 of its problems and made 2 new ones: “undefined” (line 4).",
        ),
        ([], [], [NEW, placed(9, "far")], "GLM's change made 2 new problems: “unused” (line 5)."),
    ],
    ids=["mended", "left", "made", "both", "several", "elsewhere"],
)
def test_what_is_said(
    about: list[Placed], before: list[Placed], after: list[Placed], said: str
) -> None:
    """One sentence counts what was left and what was made, and names the first of it."""
    found = consequences(about, before, after, alone=True)
    assert (str(found) if found.problems else "") == said


def test_a_problem_that_moved_is_not_new() -> None:
    """What stood on a line that the change replaced, and stands elsewhere now, was there before."""
    found = consequences([], [placed(None, "unused")], [NEW], alone=True)
    assert not found.problems


def test_advice_breaks_nothing() -> None:
    """Information and hints are not said to be broken; what the change was about always is."""
    hint = placed(3, "undefined", on=True, severity=4)
    assert not consequences([], [], [hint], alone=True).problems
    assert consequences([WAS], [WAS], [hint], alone=True).left == (hint,)


def test_while_the_user_types() -> None:
    """Then only what stands on the change's own lines is the change's, and no more than grew."""
    far = placed(9, "unused")
    assert not consequences([], [], [far], alone=False).problems
    assert consequences([], [], [NEW], alone=False).made == (NEW,)
    assert not consequences([], [placed(None, "unused")], [NEW, far], alone=False).problems
    assert not consequences([], [far], [NEW], alone=False).problems, "it may have moved there"
    like = placed(8, "undefined")
    assert consequences([WAS], [], [STILL, like], alone=False).made == ()


def test_the_same_problem_elsewhere_is_not_left() -> None:
    """A fix of one of several like problems left it only where it stood itself."""
    other = placed(8, "undefined")
    assert not consequences([WAS], [WAS, other], [other], alone=True).problems
    here = placed(5, "undefined")
    assert not consequences([here], [here, other], [other], alone=True).problems
    assert consequences([here], [here, other], [here, other], alone=True).left == (here,)


def test_the_problem_that_is_one_more_is_the_one_on_the_change() -> None:
    """Of like problems, that on the change is said to be new."""
    far = placed(1, "unused")
    assert consequences([], [far], [far, NEW], alone=True).made == (NEW,)

"""The fuzz's judge, on logs made by hand: each kind of problem, and what is none."""

from __future__ import annotations

import pytest

from tests.editors.fuzz.changes import Change, aligned
from tests.editors.fuzz.oracle import Course, Problem, Segment, judge
from tests.editors.fuzz.ownership import Ownership
from tests.editors.fuzz.pieces import Line

TEXT = "def f():\n    a = old(1)\n    same()\n    b = old(2)\n    return a\n"
SEGMENTS = (
    Segment(("def f():\n",), ("def f():\n",)),
    Segment(("    a = old(1)\n",), ("    a = new(1)\n",)),
    Segment(("    same()\n",), ("    same()\n",)),
    Segment(("    b = old(2)\n",), ("    b = new(2)\n", "    more()\n")),
    Segment(("    return a\n",), ("    return a\n",)),
)
SAID = ("GLM left out a line that you changed.",)


class Hand:
    """Writes a log as an editor would."""

    def __init__(self) -> None:
        self.text = TEXT
        self.log: list[Change] = []

    def does(self, who: str, old: str, new: str, *, nth: int = 0, request: int = 0) -> Hand:
        """Replace the nth occurrence of a text."""
        start = -1
        for _ in range(nth + 1):
            start = self.text.index(old, start + 1)
        self.log.append(Change(who, start, old, new, request))  # type: ignore[arg-type]
        self.text = self.text[:start] + new + self.text[start + len(old) :]
        return self

    def glm(self) -> Hand:
        """Make the whole intended change."""
        return self.first().second()

    def first(self) -> Hand:
        """Make the first hunk."""
        return self.does("glm", "old(1)", "new(1)", request=1)

    def second(self) -> Hand:
        """Make the second hunk."""
        return self.does("glm", "old(2)\n", "new(2)\n    more()\n", request=2)

    def problems(self, *sentences: str, **more: object) -> list[Problem]:
        """Judge it."""
        course = Course(SEGMENTS, self.log, self.text, sentences, **more)  # type: ignore[arg-type]
        return judge(course)

    def kinds(self, *sentences: str, **more: object) -> list[str]:
        """Judge it; return the kinds."""
        return sorted({problem.kind for problem in self.problems(*sentences, **more)})


def test_the_whole_change_and_nobody_typing() -> None:
    """A change that came in whole is right."""
    assert Hand().glm().kinds() == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("def f", "x = 1\ndef f", id="a line above"),
        pytest.param("    same()\n", "", id="a line between deleted"),
        pytest.param("same", "samest", id="a line between changed"),
        pytest.param("    a = new(1)\n", "", id="a new line deleted"),
        pytest.param("new(1)", "newer(1)", id="a new line changed"),
        pytest.param("    a = new(1)\n    same", "    a = new(1) same", id="new lines joined"),
        pytest.param("    more()\n", "    more()\n    yet()\n", id="a line after new ones"),
    ],
)
def test_what_the_user_does_after_a_change_is_the_users(old: str, new: str) -> None:
    """The user may do anything with what is there: it needs no sentence."""
    assert Hand().glm().does("user", old, new).kinds() == []


def test_a_hunk_that_was_left_out_is_said() -> None:
    """The user deletes a line that a hunk would replace: the rest is done, and it is said."""
    hand = Hand().does("user", "    a = old(1)\n", "").second()
    assert hand.kinds(*SAID) == []
    assert hand.kinds() == ["silent"]


def test_text_that_glm_removes_is_lost() -> None:
    """GLM deletes a line in which the user has typed."""
    hand = Hand().does("user", "old(1)", "old(1)x").does("glm", "a = old(1)x", "a = new(1)")
    assert hand.second().kinds(*SAID) == ["lost", "touched"]


def test_text_that_the_user_removes_is_not_lost() -> None:
    """The user deletes what he typed."""
    hand = Hand().does("user", "a", "axy", nth=0).does("user", "xy", "")
    assert "lost" not in hand.kinds(*SAID)


def test_keys_that_never_arrived() -> None:
    """What was typed must be in what the user put in."""
    hand = Hand().glm().does("user", "same", "salphame")
    assert hand.kinds(typed=["alpha"]) == []
    assert hand.kinds(typed=["alpha", "beta"]) == ["swallowed"]


def test_a_line_that_is_partly_new() -> None:
    """GLM writes half of a new line and stops; or the user deletes a line and GLM the next."""
    assert "mixed" in Hand().does("glm", "a = old", "a = new(old", request=1).kinds(*SAID)
    hand = Hand().does("user", "    a = old(1)\n", "").does("glm", "same", "new(1)same")
    assert "mixed" in hand.kinds(*SAID)


def test_a_half_line_that_the_user_then_touches() -> None:
    """A line that was half new when the user came to it is mixed, whatever he made of it."""
    hand = Hand().does("glm", "a = old", "a = ne", request=1).does("user", "a = ne", "a = nex")
    assert "mixed" in hand.kinds(*SAID)


def test_a_touched_line_is_not_changed() -> None:
    """Deleting within a line touches it; whole lines beside it do not."""
    hand = Hand().does("user", "old(1)", "old()").does("glm", "old(", "new(", request=1)
    assert "touched" in hand.kinds(*SAID)
    hand = Hand().does("user", "    a = old(1)\n", "").does("user", "def f", "one\ntwo\ndef f")
    assert "touched" not in hand.second().kinds(*SAID)


def test_a_hunk_that_is_half_in() -> None:
    """Half of a hunk is wrong, unless the user has touched the half that is there."""
    hand = Hand().does("glm", "old(2)", "new(2)", request=1)
    assert hand.kinds(*SAID) == ["half", "withheld"]
    assert hand.kinds() == ["half", "silent"]
    hand = Hand().first().does("glm", "old(2)", "new(2)", request=2).does("user", "new(2)", "X(2)")
    assert hand.kinds(*SAID) == []
    assert hand.kinds() == ["silent"]


def test_old_and_new_lines_side_by_side() -> None:
    """The user deletes an old line and GLM then inserts the new one."""
    hand = Hand().second().does("user", "    a = old(1)\n", "")
    hand.does("glm", "    same", "    a = new(1)\n    same", request=3)
    assert hand.kinds(*SAID) == ["half"]


def test_text_that_is_neither() -> None:
    """GLM changes a line that was to stay."""
    assert "scrambled" in Hand().glm().does("glm", "    same()\n", "").kinds(*SAID)


def test_a_job_that_does_not_end() -> None:
    """Not ended in time, more edits than lines explain, or more questions."""
    assert Hand().glm().kinds(ended=False) == ["endless"]
    assert Hand().glm().kinds(requests=500) == ["endless"]
    hand = Hand().glm()
    for number in range(40):
        hand.does("glm", "more()\n", "more()\n    more()\n", request=3 + number)
    assert "endless" in hand.kinds(*SAID)


def test_a_log_that_leads_elsewhere() -> None:
    """A recorder that lost a change is found out."""
    hand = Hand().glm()
    hand.log.pop()
    assert hand.kinds() == ["replay"]
    hand.log.append(Change("user", 3, "nothing like it", ""))
    assert hand.kinds() == ["replay"]


def test_the_users_undo_brings_ownership_back() -> None:
    """What the user undoes is as if it had never been."""
    hand = Hand().does("user", "old(1)", "old(1)x").does("undo", "old(1)x", "old(1)").glm()
    assert hand.kinds() == ["unclear"]


def test_taking_a_change_back() -> None:
    """After Undo what the user did not touch is as it was; what he touched is his, and said."""
    hand = Hand().glm()
    hand.does("user", "new(2)", "newer(2)")
    hand.does("glm", "new(1)", "old(1)", request=9)
    hand.does("glm", "    more()\n", "", request=9)
    assert hand.kinds(*SAID, rejected=True) == []
    assert hand.kinds(rejected=True) == ["silent"]
    assert Hand().glm().kinds(*SAID, rejected=True) == ["undo"]


def test_deleting_one_of_two_equal_lines() -> None:
    """Which of two equal lines was deleted is known, and the other is not touched."""
    owned = Ownership("x\nlog\nlog\ny\n")
    owned.apply(Change("user", 2, "log\n", ""))
    assert owned.lines() == [Line("x\n", False), Line("log\n", False), Line("y\n", False)]
    assert [line.text for line in owned.without_user()] == ["x\n", "log\n", "log\n", "y\n"]


@pytest.mark.parametrize(
    ("change", "whole"),
    [
        pytest.param(Change("user", 1, "", "\nb"), Change("user", 2, "", "b\n"), id="inserted"),
        pytest.param(Change("user", 1, "\nc", ""), Change("user", 2, "c\n", ""), id="deleted"),
        pytest.param(Change("user", 0, "a", "ab"), Change("user", 1, "", "b"), id="trimmed"),
    ],
)
def test_changes_are_read_as_whole_lines(change: Change, whole: Change) -> None:
    """A change that can be read as whole lines is."""
    assert aligned("a\nc\nd\n", change) == whole


SHORT = "one two\n    three\nfour\n"


@pytest.mark.parametrize(
    ("changes", "touched"),
    [
        pytest.param([(0, "", "x")], ["xone two"], id="typed"),
        pytest.param([(0, "", "x"), (0, "x", "")], [], id="typed and taken back"),
        pytest.param([(3, " ", "\n")], ["one", "two"], id="divided"),
        pytest.param([(3, " ", "\n"), (4, "", "x\n")], ["one", "x", "two"], id="divided twice"),
        pytest.param([(3, " ", "\n"), (4, "two\n", "")], ["one"], id="half of it deleted"),
        pytest.param([(8, "    ", "\n")], ["", "three"], id="divided in its indentation"),
        pytest.param([(12, "", "x"), (13, "", "\n    ")], ["    x"], id="a line before"),
        pytest.param([(7, "", "\n"), (8, "", "x")], ["x"], id="a line after"),
        pytest.param([(7, "", ";"), (7, "", "\n")], [";"], id="a line after, of what was behind"),
        pytest.param(
            [(8, "", "x"), (9, "    ", "\n"), (7, "\n", " ")],
            ["one two x", "three"],
            id="divided in its indentation, and the first half joined",
        ),
        pytest.param([(8, "    three\n", ""), (13, "", "    three\n")], [], id="moved"),
        pytest.param([(8, "    three\nfo", ""), (8, "", "    three\nfo")], [], id="put back"),
        pytest.param(
            [
                (0, "one two\n", ""),
                (10, "", "one two\n"),
                (0, "", "    "),
                (26, "", "x"),
                (0, " " * 8, "    "),
            ],
            ["fourx"],
            id="indented and back, below where a moved line was",
        ),
        pytest.param([(7, "\n    ", " ")], ["one two three"], id="joined"),
        pytest.param(
            [(0, "one two\n", ""), (0, "", "x")], ["x    three"], id="below a deleted one"
        ),
        pytest.param([(8, "    three\n", "    \n")], ["    "], id="emptied"),
        pytest.param([(8, "", "x\n"), (7, "\n", " ")], ["one two x"], id="joined with a new one"),
    ],
)
def test_lines_that_the_user_touched(
    changes: list[tuple[int, str, str]], touched: list[str]
) -> None:
    """A line is touched when the user changed it, not when whole lines came or went beside it."""
    owned = Ownership(SHORT, frozenset(SHORT.splitlines(keepends=True)))
    for start, old, new in changes:
        owned.apply(Change("user", start, old, new))
    assert [line.text for line in owned.lines() if line.touched] == [
        f"{text}\n" for text in touched
    ]

"""What is whose: GLM's lines and the user's hand in one document."""

from __future__ import annotations

import random

import pytest

from glm_lsp.editing.lines import LineEdit
from glm_lsp.editing.live.session import EditSession
from glm_lsp.text import Change, Snapshot, Span, Text
from tests.editing.live.document import FIXED, ORIGINAL, RETURN, Document


def test_a_change_goes_in_around_what_is_typed_meanwhile() -> None:
    """Typing before, behind and beside a hunk stays, and the hunk lands in its place."""
    document = Document(ORIGINAL)
    document.plan(FIXED)
    document.type("import os", "# mine\n")
    document.type("return", "# also mine\n    ")
    document.type("x = 1", "y = 2\n")
    document.apply()
    expected = FIXED.replace("import os", "# mine\nimport os")
    expected = expected.replace("return", "# also mine\n    return").replace("x =", "y = 2\nx =")
    assert str(document) == expected
    assert document.session.edits() == []


def test_undo_after_later_typing_restores_the_span_and_keeps_the_typing() -> None:
    """Taking a change back long after brings the original text back, around what came since."""
    document = Document(ORIGINAL)
    document.plan(FIXED)
    document.apply()
    document.type("return", "log(width)\n    ")
    document.type("x = 1", "y = 2\n")
    document.undo()
    expected = ORIGINAL.replace("return", "log(width)\n    return").replace("x =", "y = 2\nx =")
    assert str(document) == expected
    assert document.session.left_out() == []


def test_a_hunk_that_the_user_changed_is_the_users() -> None:
    """Undo leaves such a hunk as it is, takes back the others, and says where it left one."""
    document = Document("a\nb\n")
    document.plan("a\nfirst_line_of_glm()\nsecond_line_of_glm()\nb\nlast_line_of_glm()\n")
    document.apply()
    document.type("_of_glm", "MINE")
    document.undo()
    assert str(document) == "a\nfirst_lineMINE_of_glm()\nsecond_line_of_glm()\nb\n"
    assert document.session.left_out() == [1]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("heigth", "heigh"),
        ("heigth", "heiXgth"),
        ("return width", "return 2 * width"),
        (RETURN, ""),
        ("):\n    return", "): return"),
        (RETURN, "total = 1\n"),
        ("heigth\n\n\nx", "heigth x"),
    ],
    ids=["deleted", "typed inside", "beside", "dd", "J above", "cc", "J below"],
)
def test_the_users_hand_wins_by_line(old: str, new: str) -> None:
    """A hunk whose line the user changed, joined or removed is not done, and that is said."""
    document = Document(ORIGINAL)
    document.plan(FIXED)
    document.replace(old, new)
    assert document.session.edits() == []
    assert len(document.session.left_out()) == 1


def test_a_hunk_goes_on_when_the_user_takes_their_edit_back() -> None:
    """A pause ends when the line is again what GLM was given."""
    document = Document(ORIGINAL)
    document.plan(FIXED)
    document.replace("heigth", "heiXgth")
    document.replace("X", "")
    document.apply()
    assert str(document) == FIXED


def test_an_insertion_stands_between_two_lines() -> None:
    """What comes between them, or takes one away, keeps the insertion out."""
    new = ORIGINAL.replace("import os\n", "import os\nimport sys\n")
    between = Document(ORIGINAL)
    between.plan(new)
    between.type("\n\ndef", "import re\n")
    assert between.session.edits() == []
    without = Document(ORIGINAL)
    without.plan(new)
    without.replace("import os\n", "")
    assert without.session.edits() == []
    assert without.session.left_out() == [0]


def test_what_follows_glms_own_line_goes_on_behind_it() -> None:
    """An insertion that streams line by line stays together, whatever is typed behind it."""
    document = Document("a\nb\n")
    document.session.add([LineEdit(1, 1, ("one()",))])
    document.apply()
    document.type("b", "mine()\n")
    document.session.add([LineEdit(1, 1, ("two()",))])
    document.apply()
    assert str(document) == "a\none()\ntwo()\nmine()\nb\n"


def test_a_hunk_touched_before_it_is_complete_is_taken_back() -> None:
    """Half of it does not stay: what the user left alone goes, what they changed is theirs."""
    document = Document("a\nb\n")
    document.session.add([LineEdit(1, 1, ("one()",)), LineEdit(1, 1, ("two()",))])
    document.apply()
    document.replace("two()", "twice()")
    document.session.add([LineEdit(1, 1, ("three()",)), LineEdit(2, 2, ("end",))])
    document.session.close()
    document.apply()
    assert str(document) == "a\ntwice()\nb\nend\n"
    assert document.session.left_out() == [1]
    assert document.session.edits() == []


def test_a_hunk_that_meets_the_users_line_later_is_taken_back() -> None:
    """What it wrote before is taken back too, although it had been as it should."""
    document = Document("a\nb\n")
    document.session.add([LineEdit(1, 1, ("one()",))])
    document.apply()
    document.replace("b", "mine")
    assert document.session.edits() == []
    document.session.add([LineEdit(1, 2, ("two()",))])
    document.session.close()
    document.apply()
    assert str(document) == "a\nmine\n"
    assert document.session.left_out() == [1]


def test_a_removed_line_of_glms_is_not_written_again() -> None:
    """`dd` on the last line while it changes: nothing is inserted for ever."""
    document = Document("a\nb\nlast")
    document.plan("a\nb\nlast + 1")
    document.apply()
    document.session._hunks[-1].open = True  # More of it may come.
    document.report([Change(Span(3, len(document.text)), "")])
    document.session.close()
    assert document.session.edits() == []
    assert str(document) == "a\nb"


def test_one_of_two_equal_lines_may_go() -> None:
    """Whichever of two equal lines is reported gone, no line is lost or doubled."""
    for start in (2, 6):
        document = Document("a\nsame\nsame\nb\n")
        document.plan("a\nsame\nother\nb\n")
        document.report([Change(Span(start, start + 5), "")])
        if document.session.edits():
            document.apply()
        assert str(document) in ("a\nsame\nb\n", "a\nother\nb\n")


@pytest.mark.parametrize("trimmed", [False, True], ids=["whole", "trimmed"])
def test_the_users_own_undo_is_known(trimmed: bool) -> None:
    """A change that is taken back exactly is over, however the editor reports it."""
    document = Document(ORIGINAL)
    document.plan(FIXED)
    document.apply()
    if trimmed:  # Of `height` and `heigth` only the last two letters differ.
        document.replace("ht\n", "th\n")
    else:
        document.replace("height\n", "heigth\n")
    assert document.session.undone
    assert document.session.hunks() == []
    document.session.withdraw()
    assert document.session.edits() == []
    assert str(document) == ORIGINAL


def test_an_undo_of_many_hunks_at_once_is_known() -> None:
    """One report over all hunks and the lines between them gives each its text back."""
    old = "".join(f"line_{n} = old_{n}\n" for n in range(9))
    document = Document(old)
    document.plan(old.replace("old_2", "new_2").replace("old_5", "new_5") + "last = 1\n")
    document.apply()
    document.report([Change(Span(0, len(document.text)), old)])
    assert document.session.undone


def test_an_undo_is_known_among_equal_lines() -> None:
    """Where it cannot be told which of the equal lines came back, the whole text tells."""
    lines = ["a = 1", "b = a", "    return a", "}", "", "x", "return f(a, b)"]
    chance = random.Random(3)  # noqa: S311
    for _ in range(500):
        old, new = (
            "\n".join(chance.choice(lines) for _ in range(chance.randint(1, 9))) for _ in "on"
        )
        document = Document(old)
        document.plan(new)
        document.apply()
        assert str(document) == new == document.session.intended()
        assert document.session.without_change() == old
        document.report([Change(Span(0, len(document.text)), old)])
        assert document.session.undone or old == new


def test_a_block_that_the_user_indents_keeps_its_gaps() -> None:
    """What GLM removed between lines that the user changed together comes back between them."""
    document = Document("a\nb\nprint()\nc\n")
    document.plan("a\nb\nc\n")
    document.apply()
    document.replace("b\nc\n", "  b\n  c\n")
    document.undo()
    assert str(document) == "a\n  b\nprint()\n  c\n"


def test_hunks_are_kept_and_undone_one_by_one() -> None:
    """Each run of changed lines can be taken back, or kept, for itself."""
    old = "".join(f"line_{n} = old_{n}\n" for n in range(9))
    document = Document(old)
    document.plan(old.replace("old_2", "new_2").replace("old_5", "new_5"))
    document.apply()
    first, second = document.session.hunks()
    assert (first.first, first.end) == (2, 3)
    assert (first.before, first.after) == (("line_2 = old_2",), ("line_2 = new_2",))
    document.undo(first.number)
    assert str(document) == old.replace("old_5", "new_5")
    document.session.keep(second.number)
    document.session.withdraw()
    assert document.session.edits() == []


def test_two_places_are_one_change() -> None:
    """An import at the top and a function below go in, and come out, together."""
    document = Document(ORIGINAL)
    document.plan(ORIGINAL.replace("width *", "math.fabs(width) *"))
    document.session.add([LineEdit(0, 0, ("import math",))], apart=True)
    document.apply()
    assert str(document) == "import math\n" + ORIGINAL.replace("width *", "math.fabs(width) *")
    document.type("import os", "# mine\n")
    document.undo()
    assert str(document) == "# mine\n" + ORIGINAL


def test_what_goes_beside_glms_own_lines_goes_in() -> None:
    """An import above a line that GLM has written already finds its place."""
    document = Document("a\nb\n")
    document.plan("one()\na\nb\n")
    document.apply()
    document.type("b", "mine\n")
    document.session.add([LineEdit(0, 0, ("import z",))], apart=True)
    document.apply()
    assert str(document) == "import z\none()\na\nmine\nb\n"


def test_changes_that_meet_at_the_end_of_a_text_do_not_overlap() -> None:
    """A last line has no end: what replaces it leaves that of the line before alone."""
    document = Document("a\nb")
    document.session.add([LineEdit(0, 1, ()), LineEdit(1, 2, ("B",))])
    document.session.close()
    document.session.add([LineEdit(2, 2, ("z",))], apart=True)
    document.apply()
    assert str(document) == "z\nB"
    document.undo()
    assert str(document) == "a\nb"


@pytest.mark.parametrize("new", ["a\nb", "a", "", "b", "a\nb\nc", "c", "a\nb\n"])
def test_a_last_line_without_an_end_comes_and_goes(new: str) -> None:
    """Whatever is done to the last lines, no line end is brought or lost."""
    document = Document("a\nb")
    document.plan(new)
    document.apply()
    assert str(document) == new
    document.undo()
    assert str(document) == "a\nb"


def test_an_edit_that_landed_elsewhere_is_repaired() -> None:
    """An editor that ignores versions puts an old edit in the wrong place: it is moved."""
    document = Document("one\ntwo\nthree\n")
    document.plan("one\n2\nthree\n")
    (change,) = document.session.send()
    document.type("one", "mine\n")
    assert (change.span, change.text) == (Span(4, 7), "2")  # All of line 1,
    document.report([Change(Span(5, 8), "2")])  # which is `one` by now.
    assert document.session.misplaced
    document.apply()
    assert str(document) == "mine\none\n2\nthree\n"
    assert not document.session.misplaced


def test_a_report_may_hold_our_edit_and_the_users() -> None:
    """An editor that reports the whole text has one report for both."""
    document = Document(ORIGINAL)
    document.plan(FIXED)
    document.session.send()
    document.report([Change(Span(0, len(document.text)), "# mine\n" + FIXED)])
    assert document.session.in_effect
    document.undo()
    assert str(document) == "# mine\n" + ORIGINAL


def test_the_version_tells_which_reports_are_ours() -> None:
    """What is reported up to the acknowledged version is one edit, in however many reports."""
    document = Document("a\nb\nc\n")
    document.plan("A()\nb\nC()\n")
    later, earlier = document.session.send(awaited=True)[::-1]
    middle = document.text.apply([later])
    final = middle.apply([earlier])
    typed = final.apply([Change(Span(0, 0), "# mine\n")])
    document.session.observe(middle, [later], 2)
    document.session.answered(True, 3)
    assert document.session.landed == 0
    document.session.observe(final, [earlier], 3)
    document.session.observe(typed, [Change(Span(0, 0), "# mine\n")], 4)
    assert document.session.landed == 1
    assert len(document.session.hunks()) == 2
    assert document.session.edits() == []


def test_nothing_is_read_before_the_answer_that_is_owed() -> None:
    """Even a report that looks like our edit waits for the version that holds it."""
    document = Document("a\nb\n")
    document.plan("A()\nb\n")
    changes = document.session.send(awaited=True)[::-1]
    document.session.observe(document.text.apply(changes), changes, 2)
    assert document.session.landed == 0
    document.session.answered(True, 2)
    assert document.session.landed == 1


def test_edits_must_not_overlap() -> None:
    """Two edits of the same line are a mistake of the program."""
    session = EditSession(Snapshot("file:///a.py", 1, "python", Text.of("a\nb\nc\nd\n")))
    session.add([LineEdit(1, 3, ("x",))])
    with pytest.raises(ValueError, match="overlap"):
        session.add([LineEdit(2, 4, ("y",))])

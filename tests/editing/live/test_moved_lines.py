"""Lines that the user moves, cuts off, deletes and puts back while GLM changes them."""

from __future__ import annotations

from glm_lsp.editing.lines import LineEdit
from glm_lsp.text import Change, Span
from tests.editing.live.document import FIXED, ORIGINAL, RETURN, Document


def test_a_line_put_back_where_it_was_is_itself_again() -> None:
    """`dd` and `P` are no conflict; `ddp`, which moves the line, is."""
    document = Document(ORIGINAL)
    document.plan(FIXED)
    document.replace(RETURN, "")
    document.type("\n\nx", RETURN)
    document.apply()
    assert str(document) == FIXED
    moved = Document(ORIGINAL)
    moved.plan(FIXED)
    moved.replace(RETURN, "")
    moved.type("\nx", RETURN)
    assert moved.session.edits() == []


def test_a_line_put_back_too_late_is_left_out() -> None:
    """Cut while the rest goes in and pasted when all is over: what was not done is known."""
    document = Document("a = 1\nb = 2\nc = 3\n")
    document.plan("a = 10\nb = 2\nc = 30\n")
    document.replace("c = 3\n", "")
    document.apply()
    document.replace("b = 2\n", "b = 2\nc = 3\n")
    assert str(document) == "a = 10\nb = 2\nc = 3\n"
    assert document.session.left_out() == [2]


def test_lines_put_back_around_what_glm_removed_are_themselves() -> None:
    """`dap` and `P` over a place where GLM removed lines: Undo still finds that place."""
    document = Document("a\nb\nprint()\nc\nend\n")
    document.plan("a\nb\nc\nend\n")
    document.apply()
    document.replace("b\nc\n", "")
    document.type("end", "b\nc\n")
    document.undo()
    assert str(document) == "a\nb\nprint()\nc\nend\n"


def test_a_moved_line_moves_whole_or_not_at_all() -> None:
    """When it cannot come where it belongs, it is not taken away where it stands."""
    document = Document("first()\nsecond()\nthird()\nfourth()\n")
    document.plan("second()\nthird()\nfirst()\nfourth()\n")
    document.type("fourth", "mine()\n")
    assert document.session.edits() == []
    assert len(document.session.left_out()) == 2


def test_a_line_moved_in_part_comes_back() -> None:
    """Taken away already when its new place is touched, it is put back where it was."""
    document = Document("first()\nsecond()\nthird()\nfourth()\n")
    document.session.add([LineEdit(0, 1, ()), LineEdit(2, 3, ("third(1)",))])
    document.apply()
    document.session.add([LineEdit(4, 4, ("first()",))])
    document.session.close()
    document.report([Change(Span(len(document.text), len(document.text)), "mine()\n")])
    assert document.session.edits() == document.session.edits() != []
    document.apply()
    assert str(document) == "first()\nsecond()\nthird(1)\nfourth()\nmine()\n"


def test_the_users_lines_among_those_put_back_are_known_too() -> None:
    """`dap` and `P` over lines the user had typed in: Undo finds the place between them."""
    document = Document("a\nb\nprint()\nc\nd\nend\n")
    document.plan("a\nb\nc\nd\nend\n")
    document.apply()
    document.type("c", "mine ")
    document.replace("b\nmine c\nd\n", "")
    document.type("end", "b\nmine c\nd\n")
    document.undo()
    assert str(document) == "a\nb\nprint()\nmine c\nd\nend\n"


def test_a_line_of_the_users_that_becomes_like_a_removed_one_stays_theirs() -> None:
    """GLM removed one of two equal lines; the user rewrites the other, twice: Undo brings both."""
    document = Document("a\n    log()\n    log()\nb\n")
    document.plan("a\n    log()\nb\n")
    document.apply()
    document.replace("    log()\n", "mine\nlog()\n")
    document.replace("log()\n", "    log()\n")
    document.undo()
    assert str(document) == "a\nmine\n    log()\n    log()\nb\n"


def test_a_line_of_glms_that_the_user_moved_goes_with_its_hunk() -> None:
    """`:m` on a line that has just come: the hunk is in conflict, and nothing of it stays."""
    document = Document("a\nb\nc\n")
    document.session.add([LineEdit(1, 1, ("one()",)), LineEdit(1, 1, ("two()",))])
    document.apply()
    document.type("c", "one()\n")
    document.replace("one()\n", "")
    document.session.add([LineEdit(1, 1, ("three()",))])
    document.session.close()
    document.apply()
    assert str(document) == "a\nb\nc\n"
    assert document.session.left_out() == [1]


def test_a_line_of_glms_cut_off_from_what_was_typed_before_it_goes_with_its_hunk() -> None:
    """Words and Return in front of a line that has just come: the words stay, the line goes."""
    document = Document("a\nb\n")
    document.session.add([LineEdit(1, 1, ("one()",))])
    document.apply()
    document.type("one()", "mine")
    document.type("one()", "\n")
    document.session.add([LineEdit(1, 1, ("two()",))])
    document.session.close()
    document.apply()
    assert str(document) == "a\nmine\nb\n"


def test_a_copy_of_a_finished_line_stays() -> None:
    """What the user copied of a hunk that is all there is his: Undo leaves the copy."""
    document = Document("a\nb\nc\n")
    document.plan("a\none()\nb\nc\n")
    document.apply()
    document.type("c", "one()\n")
    document.undo()
    assert str(document) == "a\nb\none()\nc\n"

"""What is whose: GLM's hunks and the user's typing in one document."""

from __future__ import annotations

import pytest

from glm_lsp.editing.diff import diff
from glm_lsp.editing.session import EditSession
from glm_lsp.editing.tokens import Hunk
from glm_lsp.text import Change, Snapshot, Span, Text

ORIGINAL = "import os\n\n\ndef area(width, height):\n    return width * heigth\n\n\nx = 1\n"
FIXED = ORIGINAL.replace("heigth", "height")


class Document:
    """A document whose editor does at once what it is told."""

    def __init__(self, text: str) -> None:
        self.text = Text.of(text)
        self.session = EditSession(Snapshot("file:///a.py", 1, "python", self.text))

    def __str__(self) -> str:
        return str(self.text)

    def plan(self, replacement: str) -> None:
        self.session.add(diff(str(self.text), replacement))
        self.session.release()

    def apply(self) -> None:
        changes = list(reversed(self.session.send()))
        self.report(changes)

    def replace(self, old: str, new: str) -> None:
        """Do as a user who replaces the first `old` by `new`."""
        start = str(self.text).index(old)
        self.report([Change(Span(start, start + len(old)), new)])

    def type(self, before: str, text: str) -> None:
        start = str(self.text).index(before)
        self.report([Change(Span(start, start), text)])

    def report(self, changes: list[Change]) -> None:
        self.text = self.text.apply(changes)
        self.session.observe(self.text, changes)


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


def test_undo_after_later_typing_restores_the_span_and_keeps_the_typing() -> None:
    """Taking a change back long after brings the original text back, around what came since."""
    document = Document(ORIGINAL)
    document.plan(FIXED)
    document.apply()
    document.type("return", "log(width)\n    ")
    document.type("x = 1", "y = 2\n")
    document.session.withdraw()
    document.apply()
    expected = ORIGINAL.replace("return", "log(width)\n    return").replace("x =", "y = 2\nx =")
    assert str(document) == expected


def test_typing_within_what_glm_wrote_survives_its_undo() -> None:
    """The user's words in GLM's text are the user's: only GLM's go."""
    document = Document("a\nb\n")
    document.plan("a\nlong_line_of_glm()\nb\n")
    document.apply()
    document.type("_of_glm", "MINE")
    document.session.withdraw()
    document.apply()
    assert str(document) == "a\nMINEb\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [("heigth", "heigh"), ("heigth", "heiXgth"), ("width * heigth", "0")],
    ids=["deleted", "typed inside", "replaced"],
)
def test_a_hunk_whose_text_the_user_touched_waits(old: str, new: str) -> None:
    """The user's text wins: what GLM would rewrite is theirs once they edit it."""
    document = Document(ORIGINAL)
    document.plan(FIXED)
    document.replace(old, new)
    assert document.session.conflicts
    assert document.session.edits() == []


def test_a_hunk_goes_on_when_the_user_takes_their_edit_back() -> None:
    """A pause ends when the text is again what GLM was given."""
    document = Document(ORIGINAL)
    document.plan(FIXED)
    document.replace("heigth", "heiXgth")
    document.replace("X", "")
    document.apply()
    assert str(document) == FIXED


def test_typing_beside_a_hunk_on_its_line_is_no_conflict() -> None:
    """Only the tokens that change are GLM's, not the line."""
    document = Document(ORIGINAL)
    document.plan(FIXED)
    document.replace("return width", "return 2 * width")
    document.apply()
    assert str(document) == FIXED.replace("return width", "return 2 * width")


@pytest.mark.parametrize("trimmed", [False, True], ids=["whole", "trimmed"])
def test_an_undo_in_the_editor_refuses_the_change(trimmed: bool) -> None:
    """A hunk that is taken back exactly is refused, however the editor reports it."""
    document = Document(ORIGINAL)
    document.plan(FIXED)
    document.apply()
    if trimmed:  # Of `height` and `heigth` only the last two letters differ.
        document.replace("ht\n", "th\n")
    else:
        document.replace("height\n", "heigth\n")
    assert document.session.refused
    document.session.withdraw()
    assert document.session.edits() == []
    assert str(document) == ORIGINAL


def test_an_undo_of_many_hunks_at_once_is_recognised() -> None:
    """One report over all hunks and the lines between them gives each its text back."""
    old = "".join(f"line_{n} = old_{n}\n" for n in range(9))
    document = Document(old)
    document.plan(old.replace("old_2", "new_2").replace("old_5", "new_5") + "last = 1\n")
    document.apply()
    document.report([Change(Span(0, len(document.text)), old)])
    assert document.session.refused
    document.session.withdraw()
    assert document.session.edits() == []


def test_two_places_are_one_change() -> None:
    """An import at the top and a function below go in, and come out, together."""
    document = Document(ORIGINAL)
    start = ORIGINAL.index("def area")
    target = ORIGINAL[start : ORIGINAL.index("x = 1")]
    document.session.add(diff(target, target.replace("width *", "math.fabs(width) *")), start)
    document.session.add([Hunk(Span(0, 0), "import math\n")])
    document.session.release()
    document.apply()
    assert str(document) == "import math\n" + ORIGINAL.replace("width *", "math.fabs(width) *")
    document.type("import os", "# mine\n")
    document.session.withdraw()
    document.apply()
    assert str(document) == "# mine\n" + ORIGINAL


def test_an_echo_that_was_reformatted_is_still_ours() -> None:
    """An editor that changes the blanks of what it is sent has done it all the same."""
    document = Document("a\nb\n")
    document.plan("a\nfoo(1)\nb\n")
    (change,) = document.session.send()
    document.report([Change(change.span, "    foo(1)\n")])
    assert document.session.edits() == []
    document.session.withdraw()
    document.apply()
    assert str(document) == "a\nb\n"


def test_an_edit_that_landed_elsewhere_is_repaired() -> None:
    """An editor that ignores versions puts an old edit in the wrong place: it is moved."""
    document = Document("one\ntwo\nthree\n")
    document.plan("one\n2\nthree\n")
    (change,) = document.session.send()
    document.type("one", "mine\n")
    assert (change.span, change.text) == (Span(4, 8), "2\n")  # All of line 1,
    document.report([Change(Span(5, 9), "2\n")])  # which is `one` by now.
    document.session.dropped()
    document.apply()
    assert str(document) == "mine\none\n2\nthree\n"


def test_a_document_that_comes_back_is_compared() -> None:
    """Closed and opened again with the original text, the change is seen to be gone."""
    document = Document(ORIGINAL)
    document.plan(FIXED)
    document.apply()
    document.session.resume(Text.of("# header\n" + ORIGINAL))
    assert document.session.refused
    document.session.withdraw()
    assert document.session.edits() == []


def test_hunks_must_not_overlap() -> None:
    """Two hunks for the same text are a mistake of the program."""
    session = EditSession(Snapshot("file:///a.py", 1, "python", Text.of("abcdef")))
    session.add([Hunk(Span(1, 4), "x")])
    with pytest.raises(ValueError, match="overlap"):
        session.add([Hunk(Span(3, 5), "y")])

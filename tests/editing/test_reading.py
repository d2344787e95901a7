"""Whose text is whose when an editor reports more than one thing as one change."""

from __future__ import annotations

import pytest

from glm_lsp.editing.diff import diff
from glm_lsp.editing.echo import same_place
from glm_lsp.editing.session import EditSession
from glm_lsp.editing.tokens import Hunk
from glm_lsp.text import Change, Snapshot, Span, Text, common_ends

OLD = "one = 1\ntwo = 2\nthree = 3\nfour = 4\n"


class Live:
    """A session whose editor reports each time by one change how the text differs."""

    def __init__(self, replacement: str, old: str = OLD) -> None:
        self.text = Text.of(old)
        self.session = EditSession(Snapshot("file:///a.py", 1, "python", self.text))
        self.session.add(diff(old, replacement))
        self.session.release()

    def becomes(self, text: str, actions: int | None = None) -> None:
        """Report that the document holds `text` after so many actions."""
        start, end, new_end = common_ends(str(self.text), text)
        self.text = Text.of(text)
        self.session.observe(self.text, [Change(Span(start, end), text[start:new_end])], actions)

    def done(self) -> str:
        """Return the text once everything is done that the session wants."""
        return self._after(self.session.edits())

    def _after(self, changes: list[Change]) -> str:
        return str(self.text.apply(changes[::-1]))


@pytest.mark.parametrize("actions", [None, 2, 7])
def test_our_edit_and_typing_in_one_report(actions: int | None) -> None:
    """An edit that is reported together with typing elsewhere is made, and the typing stays."""
    new = OLD.replace("two = 2", "two = 22")
    live = Live(new)
    live.session.send()
    live.becomes("# mine\n" + new, actions)
    assert live.session.edits() == []
    live.session.withdraw()
    assert live.done() == "# mine\n" + OLD


def test_one_action_is_not_our_edit_and_typing() -> None:
    """A pasted line end at the place of ours is the user's when the editor counts one action."""
    new = OLD.replace("three", "\nthree")
    live = Live(new)
    live.session.send()
    live.becomes(OLD.replace("three", "X\nYthree"), actions=1)
    assert live.done().replace("X\nY", "") == new


def test_typing_within_our_edit_in_one_report() -> None:
    """Text pasted into what GLM wrote, before that was ever reported, leaves GLM's as it is."""
    new = OLD.replace("three", "}\nthree")
    live = Live(new)
    live.session.send()
    live.becomes(OLD.replace("three", "}x\ny\nthree"), actions=2)
    assert live.session.edits() == []
    live.session.withdraw()
    assert live.done() == OLD.replace("three", "x\nythree")


@pytest.mark.parametrize("accepted", [True, False], ids=["accepted", "refused"])
def test_a_report_waits_for_the_answer(accepted: bool) -> None:
    """What may hold our edit is read once the editor has said whether it made it."""
    new = OLD.replace("three", "return 1\nthree")
    live = Live(new)
    live.session.send(awaited=True)
    live.becomes(OLD.replace("three", "return 1  # mine\nthree"))
    live.becomes(str(live.text) + "five = 5\n")
    live.session.answered(accepted)
    live.session.dropped()
    mine = "" if accepted else "return 1  # mine\n"
    assert live.done().replace(mine or "  # mine", "") == new + "five = 5\n"


def test_an_undo_of_ours_and_typing_in_one_report() -> None:
    """An undo is a refusal also where repeated lines hide which of them went."""
    old = "x = 1\n" * 4 + "y = 2\n"
    new = "x = 1\n" * 5 + "y = 2\n"
    live = Live(new, old)
    live.session.send()
    live.becomes(new)
    live.becomes("x! = 1\n" + old[6:], actions=2)
    assert live.session.refused
    live.session.withdraw()
    assert live.done() == "x! = 1\n" + old[6:]


def test_an_undo_of_the_last_edits_only() -> None:
    """Of several edits the last ones can be undone together; the first is then taken back."""
    first = OLD.replace("one = 1", "one = 11")
    live = Live(first)
    live.session.send()
    live.becomes(first)
    target = first.replace("three = 3\n", "3 = three\nand = 3\n").replace("four = 4", "4 = four")
    for old, new in (("three = 3\n", "3 = three\nand = 3\n"), ("four = 4", "4 = four")):
        start = OLD.index(old)
        live.session.add(diff(old, new), start)
        live.session.release()
        live.session.send()
        live.becomes(str(live.text).replace(old, new))
    assert str(live.text) == target
    live.becomes(first, actions=1)
    assert live.session.refused
    live.session.withdraw()
    assert live.done() == OLD


def test_who_deletes_a_line_of_glms_has_not_undone_it() -> None:
    """Deleting more than GLM wrote is an edit of the user's, not a refusal."""
    new = OLD.replace("two = 2", "second = 2")
    live = Live(new)
    live.session.send()
    live.becomes(new)
    live.becomes(new.replace("second = 2\n", ""), actions=1)
    assert not live.session.refused
    assert live.session.edits() == []


def test_misplaced_edits_are_known_by_where_the_text_was() -> None:
    """Several edits that landed in a text that had moved on are taken out again, all of them."""
    old = "keep\nabcdef,ghi\nend\n"
    live = Live(old, old)
    live.session.add([Hunk(Span(5, 11), ""), Hunk(Span(12, 16), "")])
    live.session.release()
    sent = live.session.send()
    live.becomes("!\n" + old, actions=1)  # By the lines of before, `keep` is now `abcdef,ghi`.
    base, moved = Text.of(old), live.text
    found = []
    for change in reversed(sent):
        start = same_place(base, change.span.start, moved)
        end = same_place(base, change.span.end, moved)
        found.append(Change(Span(start, end), change.text))
    assert [str(moved.apply(found[:n])) for n in (1, 2)] == [
        "!\nkeepabcdef,ghi\nend\n",
        "!\nabcdef,ghi\nend\n",
    ]
    live.text = moved.apply(found)
    live.session.observe(live.text, found, 2)
    live.session.dropped()
    assert live.done() == "!\nkeep\n,end\n"


def test_misplaced_edits_at_one_place_are_both_known() -> None:
    """Two edits for a long line that met a short one both land at its end, and are taken out."""
    old = "x\nlong line\n"
    live = Live(old, old)
    live.session.add([Hunk(Span(6, 6), "AA"), Hunk(Span(9, 9), "BBB")])
    live.session.release()
    live.session.send()
    live.becomes("!\n" + old, actions=1)  # By the lines of before, `x` is now the long line.
    landed = [Change(Span(3, 3), "BBB"), Change(Span(3, 3), "AA")]
    live.text = live.text.apply(landed)
    live.session.observe(live.text, landed, 2)
    live.session.dropped()
    assert live.done() == "!\nx\nlongAA liBBBne\n"

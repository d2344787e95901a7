"""What a user did, read from a change that was reported as one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glm_lsp.editing.strokes import strokes

CODE = st.text(alphabet="ab \n", max_size=16)


@given(CODE, CODE, st.sampled_from([None, 1, 2, 5]))
def test_the_strokes_give_the_change(old: str, new: str, actions: int | None) -> None:
    """However a change is taken apart, its strokes are ascending and lead to the same text."""
    found = strokes(old, new, actions)
    text = old
    for hunk in reversed(found):
        text = text[: hunk.span.start] + hunk.text + text[hunk.span.end :]
    assert text == new
    ends = [0, *(hunk.span.end for hunk in found)]
    assert all(end <= hunk.span.start for end, hunk in zip(ends, found, strict=False))


@pytest.mark.parametrize(
    ("old", "new", "actions", "expected"),
    [
        ("result = 1", "re!sult = 1", None, ["", "!"]),
        ("result = 1", "!result = 1!", 2, ["", "!", "", "!"]),
        ("total", "tally", None, ["otal", "ally"]),
        ("one\n  two", "\n  X", 2, ["one", "", "two", "X"]),
        ("one\n  two", "one;\n  two;", 2, ["", ";", "", ";"]),
        ("ax = 1\n", "bx = 2\n", 1, ["ax = 1", "bx = 2"]),
        ("ax = 1\n", "bx = 2\n", 2, ["a", "b", "1", "2"]),
        ("ab}\nc", "!ab}x\ny\nc!", None, ["", "!", "", "x\ny", "", "!"]),
    ],
    ids=[
        "typed inside",
        "typed at both ends",
        "a word replaced",
        "a line end stays",
        "only typed",
        "one action",
        "two actions",
        "typed at once",
    ],
)
def test_what_stayed_keeps_its_owner(
    old: str, new: str, actions: int | None, expected: list[str]
) -> None:
    """What is left of the text is kept out, unless it is too little, or there was one action."""
    found = strokes(old, new, actions)
    assert [part for h in found for part in (old[h.span.start : h.span.end], h.text)] == expected

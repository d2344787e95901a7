"""Marks: what is struck out of a question, and what comes back into the answer."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glm_lsp.errors import ExcludedError
from glm_lsp.secrets.marks import MARK, Marks, Restorer

TOKEN = "gh" + "p_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
OTHER = "gh" + "p_" + "Z9y8X7w6V5u4T3s2R1q0P9o8N7m6L5k4J3i2"
CODE = f'first = "{TOKEN}"\nother = "{OTHER}"\nagain = "{TOKEN}"\n'


def test_a_secret_has_one_mark_for_good() -> None:
    """The same secret has the same mark in every question, another secret another one."""
    marks = Marks()
    (text,) = marks.strike([CODE]).texts
    found = re.findall(MARK + r"\w+", text)
    assert len(found) == 3
    assert found[0] == found[2] != found[1]
    assert marks.strike([CODE]).texts == (text,)
    assert Marks().strike([CODE]).texts != (text,)


def test_what_was_once_found_is_struck_wherever_it_stands() -> None:
    """A random value is known by itself, once its name has given it away."""
    marks = Marks()
    value = "a1B2c3D4e5F6g7H8i9J0k1"
    marks.strike([f'password = "{value}"'])
    assert value not in marks.strike([f"bad literal {value}"]).texts[0]


def test_own_keys_are_struck_whatever_they_look_like() -> None:
    """The server's own key is a secret without any shape."""
    assert (
        "plainlowercasekey"
        not in Marks(["plainlowercasekey"]).strike(["plainlowercasekey"]).texts[0]
    )


def test_a_short_password_is_struck_in_its_place_only() -> None:
    """A short password in an address may be a word elsewhere."""
    (text,) = Marks().strike(["db://me:Tr4vel9x@host/ and Tr4vel9x"]).texts
    assert text.endswith("and Tr4vel9x")
    assert "Tr4vel9x@" not in text


def test_a_foreign_secret_is_not_put_back() -> None:
    """Only what stood in the question's own document comes back."""
    struck = Marks().strike([CODE, f"related: {OTHER}"], foreign=[f"related: {OTHER}"])
    assert set(struck.marks.values()) == {TOKEN, OTHER}
    struck = Marks().strike([f'"{TOKEN}"', f"related: {OTHER}"], foreign=[f"related: {OTHER}"])
    assert set(struck.marks.values()) == {TOKEN}
    assert OTHER not in "".join(struck.texts)


def test_a_cursor_within_a_secret() -> None:
    """Where the cursor stands in a secret, nothing can be asked."""
    with pytest.raises(ExcludedError):
        Marks().strike([f"x = {TOKEN[:9]}<hole/>{TOKEN[9:]}"], hole="<hole/>")
    assert Marks().strike([f"x = {TOKEN}<hole/>"], hole="<hole/>").count == 1


@given(st.lists(st.sampled_from([TOKEN, OTHER, MARK, MARK[:5], "S", "x = ", "\n", "é"])), st.data())
def test_what_was_struck_comes_back_in_any_pieces(parts: list[str], data: st.DataObject) -> None:
    """Struck out and put back, a text is what it was, however it is cut on the way."""
    text = " ".join(parts)
    struck = Marks().strike([text])
    (rest,) = struck.texts
    assert TOKEN not in rest
    restorer, back = Restorer(struck.marks), ""
    while rest:
        size = data.draw(st.integers(1, 30))
        back += restorer.feed(rest[:size])
        rest = rest[size:]
        assert text.startswith(back)
    assert back + restorer.rest() == text


def test_an_unknown_mark_stays_as_it_is() -> None:
    """A mark that a model makes up stands for nothing."""
    made_up = f"{MARK}0123456789"
    restorer = Restorer(Marks().strike([CODE]).marks)
    assert restorer.feed(f"x = {made_up};") + restorer.rest() == f"x = {made_up};"

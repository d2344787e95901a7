"""Characters that nobody sees."""

from __future__ import annotations

import pytest

from glm_lsp.characters import escaped, fresh, one_line, unseen, without


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("plain\n\ttext, naïve café, 中文, עברית", id="letters"),
        pytest.param("\u2764\ufe0f 1\ufe0f\u20e3 \U0001f469\u200d\U0001f4bb", id="emoji"),
        pytest.param(
            "\U0001f3f4\u200d\u2620\ufe0f \U0001f9d1\U0001f3fd\u200d\U0001f680", id="joined"
        ),
        pytest.param("می\u200cخواهم", id="Persian"),
        pytest.param("क्\u200dष", id="Hindi"),
    ],
)
def test_what_is_seen(text: str) -> None:
    """Letters of every script and emoji, with the joiners they need, are left as they are."""
    assert escaped(text) == text
    assert fresh("", text) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u202eb", "a\\u202eb"),
        ("a\x1bb\x9bc", "a\\x1bb\\x9bc"),
        ("a\U000e0065", "a\\U000e0065"),
        ("a\rb", "a\\rb"),
        ("a\ufe0f 1\ufe0f", "a\\ufe0f 1\\ufe0f"),
        ("a\u200db \u200cb", "a\\u200db \\u200cb"),
        ("\U0001f469\u200dx", "\U0001f469\\u200dx"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_is_not_seen(text: str, shown: str) -> None:
    """What nobody sees is shown as code would write it, or taken out."""
    assert escaped(text) == shown
    assert not unseen(text).search(without(text))


def test_only_what_is_new_counts() -> None:
    """A text keeps those it has; another one of the same is new, an icon of a font is not."""
    assert fresh("a\u200bb", "x = a\u200bb") == []
    assert fresh("a\u200bb", "a\u200bb\u200b") == ["U+200B"]
    assert fresh("\ue0a0", "\ue0a0 \ue0a0 \ue0b0") == ["U+E0B0"]


def test_a_name_is_one_line() -> None:
    """A name stays on a line, however long it is."""
    assert one_line("a\n\tb\x1b") == "a\\n\\tb\\x1b"
    assert one_line("a" * 500 + "b", 21) == "a" * 10 + "…" + "a" * 9 + "b"

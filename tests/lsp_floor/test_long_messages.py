"""Long messages: read while they arrive, the same as whole ones, and bounded."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glm_lsp.lsp.wire.long_message import Cut, LongMessage

WORDS = st.text(st.sampled_from('a"\\\n/u\u4e2d\U0001f600\x01\ud83d\ude00 '), max_size=30)
TEXTS = WORDS | WORDS.map(lambda words: words * 60)
VALUES = st.recursive(
    TEXTS | st.integers() | st.none() | st.booleans(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)


def read(data: bytes, size: int = 65_536, most: int = 10**6) -> Any:
    """Read a message that arrives in pieces."""
    message = LongMessage(lambda _: None, most)
    for at in range(0, len(data), size):
        message.feed(data[at : at + size])
    return message.read()


@given(VALUES, st.booleans(), st.integers(1, 600))
def test_it_says_the_same_as_one_that_is_read_whole(value: Any, ascii_: bool, size: int) -> None:
    """Escapes, pairs and characters may be cut anywhere."""
    message = {"params": value}
    data = json.dumps(message, ensure_ascii=ascii_).encode("utf-8", "replace")
    assert read(data, size) == json.loads(data)


@pytest.mark.parametrize(
    "data",
    [
        b'{"a": NaN}',
        b'{"a": "' + b"x" * 600,
        b'{"a": "' + b"x" * 600 + b'", "b": NaN}',
        b'{"a": "' + b"x" * 600 + b'\n"}',
        b'{"a": "' + b"x" * 600 + b'\xff"}',
        b'{"a": "' + b"x" * 600 + b"\\u12",
        b"[" * 10,
        b"",
    ],
)
def test_what_is_no_json_is_none(data: bytes) -> None:
    """Neither half a message nor one with a constant passes for a message."""
    with pytest.raises(ValueError):  # noqa: PT011  # As with the json module.
        read(data, 7)


def test_one_that_is_too_long_tells_what_it_is_about() -> None:
    """Its texts are not held, wherever they stand; the rest is."""
    document = {"text": "x" * 5_000, "uri": "file:///a.py", "version": 2}
    message = read(json.dumps({"method": "m", "params": document}).encode(), 100, most=4_999)
    assert isinstance(message, Cut)
    assert message["params"] == {"text": "", "uri": "file:///a.py", "version": 2}


def test_one_of_too_many_values_tells_what_it_is_about() -> None:
    """It is not parsed: that would take longer than the loop may be kept."""
    head = (
        b'{"jsonrpc":"2.0","id":7,"method":"m","params":{"textDocument":{"uri":"file:///a"},"x":['
    )
    message = read(head + b"[]," * 600_000 + b"0]}}")
    assert message == {
        "id": 7,
        "method": "m",
        "params": {"textDocument": {"uri": "file:///a"}},
    }
    assert isinstance(message, Cut)


def test_one_of_too_many_values_tells_which_notebook_it_is_about() -> None:
    """Not which of its cells, whose URIs may come first."""
    cells = b'"change":{"cells":[{"uri":"cell:1"}]}'
    book = b'"notebookDocument":{"version":2,"uri":"file:///a.ipynb"}'
    head = b'{"method":"m","params":{%b,"x":[' % cells
    message = read(head + b"[]," * 600_000 + b"0],%b}}" % book)
    assert message["params"] == {"notebookDocument": {"uri": "file:///a.ipynb"}}


def test_what_is_too_long_is_not_held() -> None:
    """A text of 50 MB takes what the bound allows, and no more."""
    import tracemalloc

    message = LongMessage(lambda _: None, 10**6)
    piece = b"x" * 65_536
    tracemalloc.start()
    message.feed(b'{"a": "')
    for _ in range(800):
        message.feed(piece)
    message.feed(b'"}')
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(message.read(), Cut)
    assert peak < 4 * 10**6

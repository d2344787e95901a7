"""Frames: cut from any stream of bytes, whatever stands between them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glm_lsp.lsp.wire.framing import FrameError, FrameReader, frame

if TYPE_CHECKING:
    from collections.abc import Iterable

BODIES = st.lists(st.binary(max_size=40), max_size=6)


def read(reader: FrameReader, pieces: Iterable[bytes]) -> list[bytes]:
    """Feed a reader piece by piece; look into what is no JSON for frames, as dispatch does."""
    bodies = []
    for piece in pieces:
        reader.feed(piece)
        for body in reader.bodies():
            bodies.append(body)
            try:
                json.loads(body)
            except ValueError:
                reader.resync(body)
    return bodies


@given(BODIES, st.lists(st.integers(1, 60)))
def test_frames_are_cut_wherever_the_stream_breaks(bodies: list[bytes], cuts: list[int]) -> None:
    """The pieces in which bytes arrive make no difference."""
    stream = b"".join(map(frame, bodies))
    pieces = []
    for cut in cuts:
        pieces.append(stream[:cut])
        stream = stream[cut:]
    assert read(FrameReader(), [*pieces, stream]) == bodies


@pytest.mark.parametrize(
    "stream",
    [
        b"content-length:2\r\n\r\n{}",
        b"Content-Type: x; charset=utf-8\r\nContent-Length: 2\r\n\r\n{}",
        b"Content-Length: 2\r\nContent-Type: x\r\n\r\n{}",
        b"a stray line\r\n\r\nContent-Length: 2\r\n\r\n{}",
        b"a stray lineContent-Length: 2\r\n\r\n{}",
        b"Content-Length: -2\r\n\r\nContent-Length: 2\r\n\r\n{}",
        b"Content-Length: 9999999999999\r\n\r\nContent-Length: 2\r\n\r\n{}",
        b"x" * 100_000 + b"\r\n\r\nContent-Length: 2\r\n\r\n{}",
        b"Content-Length: 200\r\n\r\n" + b"x" * 200 + b"Content-Length: 2\r\n\r\n{}",
    ],
)
def test_what_is_no_frame_is_passed_over(stream: bytes) -> None:
    """Headers may come in any order, and garbage before them."""
    for size in (1 + len(stream) // 1000, 7, len(stream)):
        pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
        assert read(FrameReader(limit=100), pieces) == [b"{}"]


@pytest.mark.parametrize("wrong", [-3, -1, 1, 5, 20])
def test_a_wrong_length_costs_one_message(wrong: int) -> None:
    """The messages before and after it are read."""
    bodies = [b'{"a": 1}', b'{"b": 2}', b'{"c": 3}', b'{"d": 4}']
    frames = [frame(body) for body in bodies]
    frames[1] = b"Content-Length: %d\r\n\r\n%b" % (len(bodies[1]) + wrong, bodies[1])
    received = read(FrameReader(), frames)
    assert [body for body in received if body in bodies] == [bodies[0], *bodies[2:]]


def test_text_about_headers_is_no_header() -> None:
    """A document that speaks of frames is carried like any other."""
    body = json.dumps({"text": "Content-Length: 5\r\n\r\n12345"}).encode()
    assert read(FrameReader(), [frame(body)]) == [body]


@pytest.mark.parametrize(
    "stream",
    [
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}",
        b"GET / HTTP/1.1\r\n\r\n",
        b"Content-Length: 2\r\nOrigin: x\r\n\r\n{}",
        b"x" * 100_000,
    ],
)
def test_strictly_read_anything_else_is_an_error(stream: bytes) -> None:
    """Where others than editors can connect, what is no frame ends the connection."""
    reader = FrameReader(strict=True)
    reader.feed(stream)
    with pytest.raises(FrameError):
        list(reader.bodies())


def test_strictly_read_a_frame_is_a_frame() -> None:
    """Both of LSP's headers are known."""
    reader = FrameReader(strict=True)
    stream = b"Content-Type: application/vscode-jsonrpc\r\n" + frame(b"{}") + frame(b"[]")
    assert read(reader, [stream]) == [b"{}", b"[]"]

"""A service that sends too much, too slowly, or something else than was asked for.

Held already, and kept by these tests: lines of data without end, answers that are none, waits
that are absurd, what is refused field after field, and what a request says about the user; they
were bounded, or refused by the parser, before this suite was written.
"""

from __future__ import annotations

import gzip
import sqlite3
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from tests.gateway import Gateway, Pause, Reply, chat_stream, frame, json_reply
from tests.security.rig import CODE, KEY, attacks, bodies, memory, serving, until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.gateway import Step

URI = "file:///project/area.py"
MOST = 8 * 2**20
"""Bytes that an answer may have at the very most before its connection is closed."""


def _delta(text: str, field: str = "content") -> bytes:
    return frame({"choices": [{"index": 0, "delta": {field: text}}]})


class Endless(list[Any]):
    """Steps without an end, of which the gateway sends as many as are read."""

    def __init__(self, step: bytes, most: int = 400 * 2**20, *, first: bytes = b"") -> None:
        super().__init__([first])
        self._step = step
        self._most = most // len(step)

    def __iter__(self) -> Iterator[Any]:
        yield self[0]
        for _ in range(self._most):
            yield self._step


TEXT = "word " * 2_000

ENDLESS: dict[str, tuple[str, bytes, bytes]] = {
    "line": ("A line of data has no end.", b"data: ", b"x" * 65_536),
    "text": ("The answer has no end.", b"", _delta(TEXT)),
    "reasoning": ("The reasoning has no end.", b"", _delta(TEXT, "reasoning_content")),
    "comments": ("There are comments without end.", b"", b": ping\n" * 4_000),
    "events": ("There are empty events without end.", b"", b"data:\n\n" * 4_000),
    "blank": ("There are blank lines without end.", b"", b"\n" * 16_000),
    "ids": ("There are identifiers without end.", b"", b"id: 1\nretry: 1\n\n" * 2_000),
    "lines": ("An event has lines without end.", b"", b"data: x\n" * 4_000),
    "names": ("An event has names without end.", b"", b"event: x\n" * 4_000),
    "no-choices": ("There are chunks that say nothing.", b"", frame({"choices": []}) * 1_000),
    "roles": ("There are chunks of roles alone.", b"", _delta("assistant", "role") * 400),
    "tools": ("There are tool calls that nobody wants.", b"", _delta(TEXT, "tool_calls")),
    "unended": ("There are line ends of one kind alone.", b"", b"data: x\r" * 4_000),
    "error": ("An error page has no end.", b"<html>", b"x" * 65_536),
}


@attacks("first, step", ENDLESS)
def test_an_answer_without_an_end(
    sentence: str, first: bytes, step: bytes, home: Path, gateway: Gateway
) -> None:
    """A service sends on and on: the connection is closed within bounds, memory stays small."""
    status, kind = (500, "text/html") if first == b"<html>" else (200, "text/event-stream")
    gateway.script(Reply(Endless(step, first=first), status, kind))
    with serving(home, gateway, options={"limits": {"timeout": 3}}, level="error") as rig:
        rig.ask(rig.open(URI))
        record = gateway.requests[0]
        until(lambda: record.hung_up is not None or record.finished is not None)
        assert record.finished is None, sentence
        assert record.sent * len(step) < 4 * MOST, sentence  # What lies in sockets counts, too.
        assert memory(rig.client.process.pid) < 250 * 2**20, sentence


def _gzip(data: bytes, times: int = 1) -> bytes:
    for _ in range(times):
        data = gzip.compress(data, 9)
    return data


BOMB = b'data: {"choices":[{"index":0,"delta":{"content":"' + b"a" * (200 * 2**20) + b'"}}]}\n\n'
FEW = b'data: {"choices":[{"index":0,"delta":{"content":"evil"},"finish_reason":"stop"}]}\n\n'


def _packed() -> dict[str, tuple[str, str, bytes, int]]:
    return {
        "gzip": ("It is packed, a thousand times smaller.", "gzip", _gzip(BOMB), 200),
        "gzip-twice": ("It is packed twice.", "gzip, gzip", _gzip(BOMB, 2), 200),
        "deflate": ("It is packed in another way.", "deflate", zlib.compress(BOMB, 9), 200),
        "error": ("An error is packed.", "gzip", _gzip(BOMB), 500),
        "small": ("It is packed, though that was not asked for.", "gzip", _gzip(FEW), 200),
        "unknown": ("It is packed in a way that nobody knows.", "evil", FEW, 200),
    }


_PACKED: dict[str, tuple[str, str, bytes, int]] = {}


@pytest.mark.parametrize("name", ["gzip", "gzip-twice", "deflate", "error", "small", "unknown"])
def test_a_packed_answer(name: str, home: Path, gateway: Gateway) -> None:
    """A service packs its answer, though plain text was asked for: it is not unpacked."""
    if not _PACKED:
        _PACKED.update(_packed())
    sentence, encoding, data, status = _PACKED[name]
    gateway.script(Reply([data], status, headers={"Content-Encoding": encoding}))
    with serving(home, gateway, level="error") as rig:
        rig.ask(rig.open(URI))
        assert "evil" not in rig.explanation(), sentence
        assert memory(rig.client.process.pid) < 250 * 2**20, sentence


def _raw(*steps: Step) -> Reply:
    return Reply(steps, framing="raw")


OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"


def _dripping() -> list[Any]:
    steps: list[Any] = [OK]
    for number in range(400):
        steps += [Pause(0.05), f"X-{number}: y\r\n".encode()]
    return steps


HEADS: dict[str, tuple[str, Any]] = {
    "drip": ("A header comes line by line, never whole.", _dripping()),
    "continue": ("There are interim answers without end.", Endless(b"HTTP/1.1 100 Continue\r\n\r\n" * 1_000)),
    "early-hints": ("There are early hints without end.", Endless(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 1_000)),
    "headers": ("There are headers without end.", Endless(b"X-Evil: 1\r\n" * 4_000, first=OK)),
    "long": ("A header has no end.", Endless(b"x" * 65_536, first=OK + b"X-Evil: ")),
    "status": ("The status line has no end.", Endless(b"x" * 65_536, first=b"HTTP/1.1 200 ")),
    "extension": (
        "The length of a chunk has no end.",
        Endless(b"x" * 65_536, first=OK + b"Transfer-Encoding: chunked\r\n\r\n5;"),
    ),
    "trailers": (
        "There are trailers without end.",
        Endless(b"X: y\r\n" * 4_000, first=OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n"),
    ),
}  # fmt: skip


@attacks("steps", HEADS)
def test_a_head_without_an_end(sentence: str, steps: Any, home: Path, gateway: Gateway) -> None:
    """A service never gets to its answer: it is given up in the time that was set."""
    gateway.script(Reply(steps, framing="raw"))
    with serving(home, gateway, options={"limits": {"timeout": 1}}, level="error") as rig:
        rig.ask(rig.open(URI))
        assert rig.shown(), sentence
        assert memory(rig.client.process.pid) < 250 * 2**20, sentence


def _slow_words() -> list[Any]:
    steps: list[Any] = []
    for _ in range(400):
        steps += [Pause(0.05), _delta("x")]
    return steps


def test_a_connection_that_lingers(home: Path, gateway: Gateway) -> None:
    """A service goes on after its answer's end: the answer counts, nobody waits for the rest."""
    reply = chat_stream("Fine.")
    gateway.script(Reply([*reply.steps, *_slow_words()]))
    with serving(home, gateway, level="error") as rig:
        rig.ask(rig.open(URI))
        assert "Fine." in rig.explanation()


NUMBERS: dict[str, tuple[str, Any]] = {
    "large": ("The tokens do not fit a database.", 10**30),
    "huge": ("The tokens have 300 digits.", 10**300),
    "negative": ("The tokens are fewer than none.", -(10**6)),
    "fraction": ("The tokens are a fraction.", 1e6),
    "infinite": ("The tokens are infinite.", float("inf")),
    "nan": ("The tokens are no number.", float("nan")),
    "text": ("The tokens are a text.", "1000000"),
    "true": ("The tokens are a truth value.", True),
    "list": ("The tokens are a list.", [1, 2]),
    "absurd": ("The tokens are more than any model has.", 10**15),
}


@attacks("tokens", NUMBERS)
def test_absurd_usage(sentence: str, tokens: Any, home: Path, gateway: Gateway) -> None:
    """A service reports absurd usage: it is recorded within reason, and the next one is, too."""
    usage = {"usage": {"prompt_tokens": tokens, "completion_tokens": tokens}}
    steps = [_delta("Fine."), frame({"choices": [{"delta": {}, "finish_reason": "stop"}], **usage})]
    gateway.script([Reply(steps), chat_stream("Fine.", usage=(100, 10, 0))])
    options = {"limits": {"dailyBudget": 1.0}}
    with serving(home, gateway, options=options) as rig:
        uri = rig.open(URI)
        rig.ask(uri)
        status = rig.status()
        assert 0 <= status["tokens"] < 10**7, sentence
        rig.ask(uri)
        assert len(gateway.requests) == 2, sentence
        rig.client.leave()
    found = next((home / "data").rglob("usage.sqlite3"))
    with sqlite3.connect(found) as database:
        rows = database.execute("SELECT prompt, output FROM request").fetchall()
    database.close()
    assert len(rows) == 2, sentence
    assert rows[1] == (100, 10), sentence
    assert all(isinstance(n, int) and 0 <= n < 10**7 for row in rows for n in row), sentence


ECHOES: dict[str, tuple[str, Reply]] = {
    "message": ("The message repeats it.", json_reply(401, {"error": {"code": "1", "message": f"bad key {KEY}"}})),
    "code": ("The code repeats it.", json_reply(401, {"error": {"code": KEY, "message": "x"}})),
    "type": ("The type repeats it.", json_reply(400, {"error": {"type": KEY, "message": "x"}})),
    "param": ("The field's name repeats it.", json_reply(400, {"error": {"param": KEY, "message": "x"}})),
    "bearer": ("The whole header is repeated.", json_reply(403, {"detail": f"Authorization: Bearer {KEY}"})),
    "code-upper": ("The code repeats it in capitals.", json_reply(401, {"error": {"code": KEY.upper(), "message": "x"}})),
    "code-cut": ("The code repeats most of it.", json_reply(401, {"error": {"code": KEY[:40], "message": "x"}})),
    "code-wide": ("The code repeats it with blanks.", json_reply(401, {"error": {"code": " ".join(KEY), "message": "x"}})),
    "header": ("A header repeats it.", Reply([b""], 500, headers={"X-Error": KEY, "Retry-After": KEY})),
    "kind": ("The content type repeats it.", Reply([b"{}"], 200, f"application/{KEY}")),
    "stream": ("An event of a stream repeats it.", Reply([frame({"error": {"code": KEY, "message": KEY}})])),
    "event": ("An event's name repeats it.", Reply([frame("oops", KEY)])),
    "garbage": ("What is no JSON repeats it.", Reply([frame(KEY)])),
    "page": ("A page repeats it.", Reply([f"<html>{KEY}</html>".encode()], 502, "text/html")),
    "status": ("The status line repeats it.", _raw(f"HTTP/1.1 500 {KEY}\r\n\r\n".encode())),
    "not-http": ("What is no HTTP repeats it.", _raw(f"{KEY}\r\n\r\n".encode())),
}  # fmt: skip


@attacks("reply", ECHOES)
def test_a_service_repeats_the_key(
    sentence: str, reply: Reply, home: Path, gateway: Gateway
) -> None:
    """A service's error repeats the key: neither user nor log ever sees it."""
    gateway.script(reply)
    with serving(home, gateway, options={"limits": {"timeout": 1}}) as rig:
        rig.ask(rig.open(URI))
        said = rig.said().lower()
        assert KEY.lower() not in said, sentence
        assert KEY[:38].lower() not in said, sentence
        assert " ".join(KEY).lower()[:60] not in said, sentence


CODES: dict[str, tuple[str, str]] = {
    "osc": ("It writes to a terminal's clipboard.", "\x1b]52;c;ZXZpbA==\x07"),
    "csi": ("It clears a terminal.", "\x1b[2J\x9b2J"),
    "newline": ("It forges a line of the log.", "x\n2026-11-25 12:00:00 INFO glm_lsp: all is well"),
    "return": ("It hides the beginning of a line.", "x\rall is well"),
    "bidi": ("It turns the direction.", "\u202ellew si lla"),
}


@attacks("code", CODES)
def test_an_error_for_the_terminal(sentence: str, code: str, home: Path, gateway: Gateway) -> None:
    """A service's error code holds what a terminal obeys: log and messages show it escaped."""
    gateway.script(json_reply(400, {"error": {"code": code, "message": code}}))
    with serving(home, gateway) as rig:
        rig.ask(rig.open(URI))
        for text in (rig.log(), rig.shown()):
            assert not set(text) & set("\x1b\x07\x9b\r\u202e"), sentence
            assert "\n2026-11-25 12:00:00 INFO" not in text, sentence


STRANGE: dict[str, tuple[str, Reply]] = {
    "deep": ("An event is nested 100,000 times.", Reply([frame("[" * 100_000 + "]" * 100_000)])),
    "deep-object": ("An event's objects are nested.", Reply([frame('{"choices":' * 50_000 + "1" + "}" * 50_000)])),
    "deep-error": ("An error is nested.", Reply([b'{"error":' * 20_000], 400, "application/json")),
    "digits": ("A number has 100,000 digits.", Reply([frame('{"choices":[],"usage":' + "9" * 100_000 + "}")])),
    "types": ("Everything is of the wrong type.", Reply([frame({"choices": {"delta": 1}}), frame({"choices": "x"}), frame({"choices": [1, None, {"delta": []}]})])),
    "many": ("There are 50,000 choices.", Reply([frame({"choices": [{"delta": {"content": "x"}}] * 50_000})])),
    "surrogates": ("There are halves of characters.", Reply([frame('{"choices":[{"delta":{"content":"\\ud800"},"finish_reason":"stop"}]}')])),
    "utf8": ("There are broken bytes.", Reply([b'data: {"choices":[{"delta":{"content":"\xff\xfe"},"finish_reason":"stop"}]}\n\n'])),
    "nul": ("There are NULs.", Reply([b"data: \x00\n\n" * 100, *chat_stream("Fine.").steps])),
    "no-length": ("The length is a lie.", _raw(OK + b"Content-Length: 99999999999\r\n\r\ndata: x\n\n")),
    "two-lengths": ("There are two lengths.", _raw(OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n")),
    "switch": ("It switches to another protocol.", _raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: evil\r\n\r\n")),
    "http2": ("It speaks HTTP/2 at once.", _raw(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")),
}  # fmt: skip


@attacks("reply", STRANGE)
def test_an_answer_that_is_none(sentence: str, reply: Reply, home: Path, gateway: Gateway) -> None:
    """A service's answer is malformed: the question ends, and the next one is answered."""
    good = chat_stream("All is fine.")
    gateway.script([reply, good])
    with serving(home, gateway, options={"limits": {"timeout": 1}}, level="error") as rig:
        uri = rig.open(URI)
        rig.ask(uri)
        gateway.script(good)
        rig.ask(uri)
        assert "All is fine." in rig.explanation(), sentence


@attacks(
    "wait",
    {
        "forever": ("It says a thousand years.", "31536000000"),
        "huge": ("It says a number with 400 digits.", "9" * 400),
        "negative": ("It says a moment in the past.", "-1"),
        "infinite": ("It says infinity.", "inf"),
        "date": ("It says a date far ahead.", "Fri, 31 Dec 9999 23:59:59 GMT"),
        "bad-date": ("It says a date that there is not.", "Fri, 99 Foo 0000 99:99:99 GMT"),
    },
)
def test_a_service_that_asks_us_to_wait(
    sentence: str, wait: str, home: Path, gateway: Gateway
) -> None:
    """A service asks for an absurd wait: the question ends soon, the next one is asked."""
    limited = json_reply(429, {"error": {"code": "1302"}}, headers={"Retry-After": wait})
    gateway.script([limited, chat_stream("All is fine.")])
    with serving(home, gateway) as rig:
        uri = rig.open(URI)
        rig.ask(uri)
        asked = len(gateway.requests)
        gateway.script(chat_stream("All is fine."))
        rig.ask(uri)
        assert asked <= 5, sentence
        assert "All is fine." in rig.explanation(), sentence


def test_a_service_that_refuses_field_after_field(home: Path, gateway: Gateway) -> None:
    """A service refuses another field each time to be asked again and again: twice is enough."""
    names = iter("thinking stream_options temperature top_p stop do_sample max_tokens".split() * 9)

    def refuse(_: Any) -> Reply:
        return json_reply(400, {"error": {"code": "x", "message": f"unknown {next(names)}"}})

    gateway.script(refuse)
    with serving(home, gateway) as rig:
        rig.ask(rig.open(URI))
        assert len(gateway.requests) <= 2


def _names(headers: Mapping[str, str]) -> set[str]:
    return set(headers)


def test_what_a_request_says_about_the_user(home: Path, gateway: Gateway) -> None:
    """A service reads who asks: no request names the user, the machine or a path."""
    with serving(home, gateway) as rig:
        rig.ask(rig.open(f"{home.as_uri()}/secret-client/area.py", CODE))
        sent = bodies(gateway)
        assert str(home) not in sent
        assert "secret-client" not in sent
        assert not _names(gateway.requests[0].headers) & {"referer", "cookie", "from", "origin"}

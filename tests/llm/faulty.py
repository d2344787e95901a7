"""The faults a gateway can show, by name, and the outcome each must have.

Invariant: a fault that leaves open whether a model was at work is answered by one request.
"""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

from attrs import frozen

from glm_lsp import errors
from tests.gateway import (
    Cut,
    Pause,
    Reply,
    Stall,
    Step,
    chat_stream,
    error,
    frame,
    html,
    json_reply,
)
from tests.llm.streams import SAMPLES, messages_stream, responses_stream, stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

TEXT = 'né 😀 {"a": 1}\n'
"""The answer behind every fault: with characters of two and four bytes, and with quotes."""

DATE = "Wed, 21 Oct 2065 07:28:00 GMT"


@frozen
class Fault:
    """One fault.

    Attributes:
        error: what comes of it; None when the whole answer does.
        says: what the sentence holds.
        requests: how many requests the gateway sees.
        stalls: the time-out between tokens must be short, for it will run out.
        usage: the answer's usage arrives.
    """

    replies: Sequence[Reply]
    error: type[errors.GlmError] | None
    says: str = ""
    protocol: str = "chat"
    requests: int = 1
    stalls: bool = False
    usage: bool = True


# Code, HTTP status, our error, words of its sentence, attempts (3 where repeating is safe).
_CODES: Sequence[tuple[str, int, type[errors.GlmError], str, int]] = [
    *[
        (c, 401, errors.AuthenticationError, "refuses the API key from RUNAPI_KEY", 1)
        for c in ("1000", "1001", "1002", "1004")
    ],
    ("1003", 401, errors.AuthenticationError, "has expired", 1),
    ("1005", 401, errors.AuthenticationError, "second factor", 1),
    ("1220", 403, errors.AuthenticationError, "does not let this API key use glm-5.1", 1),
    ("1210", 400, errors.UnsupportedFieldError, "does not take an option", 2),
    ("1211", 400, errors.UnknownModelError, "knows no model “glm-5.1”", 1),
    *[
        (c, 400, errors.InvalidRequestError, "nothing at this address", 1)
        for c in ("1212", "1221", "1222")
    ],
    *[
        (c, 400, errors.InvalidRequestError, "refuses the request", 1)
        for c in ("1213", "1214", "1215")
    ],
    ("1261", 400, errors.PromptTooLongError, "select less code", 1),
    ("1301", 400, errors.UnsafeContentError, "content filter", 1),
    *[(c, 429, errors.RateLimitError, "too many requests at once", 3) for c in ("1302", "1303")],
    ("1305", 429, errors.UnavailableError, "overloaded", 3),
    ("1113", 429, errors.QuotaError, "no balance", 1),
    *[(c, 429, errors.QuotaError, "plan’s limit", 1) for c in ("1308", "1310")],
    ("1309", 429, errors.QuotaError, "has expired", 1),
    ("1311", 429, errors.QuotaError, "does not include glm-5.1", 1),
    ("1313", 429, errors.QuotaError, "fair-use", 1),
    *[(str(c), 429, errors.QuotaError, "plan’s limit", 1) for c in range(1314, 1322)],
    *[(c, 500, errors.UnavailableError, "fails on its side", 3) for c in ("1200", "1230", "1234")],
]

_STATUSES: Sequence[tuple[int, type[errors.GlmError], str, int]] = [
    (400, errors.InvalidRequestError, "refuses the request", 1),
    (401, errors.AuthenticationError, "refuses the API key", 1),
    (402, errors.QuotaError, "no balance", 1),
    (403, errors.AuthenticationError, "does not let this API key", 1),
    (404, errors.InvalidRequestError, "nothing at this address", 1),
    (405, errors.InvalidRequestError, "nothing at this address", 1),
    (408, errors.UnavailableError, "overloaded", 1),
    (409, errors.InvalidRequestError, "refuses the request", 1),
    (410, errors.InvalidRequestError, "nothing at this address", 1),
    (413, errors.PromptTooLongError, "select less code", 1),
    (418, errors.InvalidRequestError, "refuses the request", 1),
    (422, errors.InvalidRequestError, "refuses the request", 1),
    (429, errors.RateLimitError, "too many requests", 3),
    (500, errors.UnavailableError, "fails on its side", 3),
    (501, errors.InvalidRequestError, "does not offer", 1),
    (502, errors.UnavailableError, "fails on its side", 1),
    (503, errors.UnavailableError, "overloaded", 3),
    (504, errors.UnavailableError, "fails on its side", 1),
    (520, errors.UnavailableError, "fails on its side", 1),
    (529, errors.UnavailableError, "overloaded", 3),
]

_BODIES: Mapping[str, tuple[int, Any, type[errors.GlmError], str]] = {
    "RunAPI: out of credits": (
        402,
        {"error": {"code": "insufficient_credits", "message": "m"}},
        errors.QuotaError,
        "no balance",
    ),
    "RunAPI: error as text": (422, {"error": "Bad"}, errors.InvalidRequestError, "refuses"),
    "RunAPI: error as text with fields": (
        422,
        {"error": "Bad", "errors": {"model": ["is missing"]}},
        errors.InvalidRequestError,
        "refuses",
    ),
    "RunAPI: model's limit": (
        400,
        {"error": {"code": "model_limit_exceeded", "message": "m"}},
        errors.PromptTooLongError,
        "select less code",
    ),
    "flat code and message": (
        401,
        {"code": "1002", "message": "m"},
        errors.AuthenticationError,
        "refuses the API key",
    ),
    "numeric code": (
        400,
        {"error": {"code": 1211, "message": "m"}},
        errors.UnknownModelError,
        "knows no",
    ),
    "error in a list": (
        400,
        [{"error": {"code": "1211", "message": "m"}}],
        errors.UnknownModelError,
        "knows no",
    ),
    "wrong path answered with 200": (
        200,
        {"code": 500, "msg": "404 NOT_FOUND", "success": False},
        errors.InvalidRequestError,
        "nothing at this address",
    ),
    "error answered with 200": (
        200,
        {"error": {"code": "1302", "message": "m"}},
        errors.RateLimitError,
        "too many",
    ),
    "JSON instead of a stream": (
        200,
        {"choices": [{"message": {"content": "x"}}]},
        errors.WireError,
        "protocol expected",
    ),
    "OpenAI: wrong key": (
        401,
        {"error": {"code": "invalid_api_key", "message": "m", "type": "x"}},
        errors.AuthenticationError,
        "refuses the API key",
    ),
    "OpenAI: no such model": (
        404,
        {"error": {"code": "model_not_found", "message": "m"}},
        errors.UnknownModelError,
        "knows no model",
    ),
    "OpenAI: quota": (
        429,
        {"error": {"code": "insufficient_quota", "message": "m"}},
        errors.QuotaError,
        "no balance",
    ),
    "vLLM: context length": (
        400,
        {
            "error": {
                "message": "This model's maximum context length is 8192 tokens",
                "type": "BadRequestError",
                "code": 400,
            }
        },
        errors.PromptTooLongError,
        "select less code",
    ),
    "vLLM: no such model": (
        404,
        {"error": {"message": "The model `x` does not exist.", "type": "NotFoundError"}},
        errors.UnknownModelError,
        "knows no model",
    ),
    "llama.cpp: context size": (
        400,
        {"error": {"code": 400, "message": "m", "type": "exceed_context_size_error"}},
        errors.PromptTooLongError,
        "select less code",
    ),
    "a body of another shape": (400, {"oops": [1]}, errors.InvalidRequestError, "refuses"),
    "a body that is a number": (400, 7, errors.InvalidRequestError, "refuses"),
    "a key quoted back": (
        401,
        {"error": {"code": "not-a-key-0123456789", "message": "key not-a-key-0123456789"}},
        errors.AuthenticationError,
        "refuses the API key",
    ),
}


def faults() -> Iterator[tuple[str, Fault]]:
    """Yield every fault with its name."""
    yield from _coded()
    for status, kind, says, requests in _STATUSES:
        reply = Reply([], status, "text/plain")
        yield f"empty {status}", Fault([reply], kind, says, requests=requests)
    for name, (status, body, kind, says) in _BODIES.items():
        requests = 3 if kind is errors.RateLimitError else 1
        yield name, Fault([json_reply(status, body)], kind, says, requests=requests)
    yield from _pages()
    for protocol in SAMPLES:
        yield from _cuts(protocol)
        yield from _shapes(protocol)
        yield from _stalls(protocol)
        yield from _reported(protocol)
    yield from _chat_only()
    yield from _http()
    yield from _retries()


def _coded() -> Iterator[tuple[str, Fault]]:
    for protocol in SAMPLES:
        for code, status, kind, says, requests in _CODES:
            reply = error(status, code)
            if protocol == "messages":  # There the code stands in `type`.
                reply = json_reply(status, {"error": {"message": "m", "type": code}})
            yield (
                f"{protocol}: code {code}",
                Fault([reply], kind, says, protocol, requests=requests),
            )


def _pages() -> Iterator[tuple[str, Fault]]:
    for status, kind, says in (
        (200, errors.WireError, "web page"),
        (400, errors.WireError, "web page"),
        (403, errors.AuthenticationError, "does not let"),
        (404, errors.InvalidRequestError, "nothing at this address"),
        (502, errors.UnavailableError, "fails on its side"),
        (504, errors.UnavailableError, "fails on its side"),
    ):
        yield f"web page with {status}", Fault([html(status)], kind, says)
    disguised = Reply([b"<!DOCTYPE html><p>Hi"], 200, "application/json")
    yield "web page called JSON", Fault([disguised], errors.WireError, "web page")


def _cuts(protocol: str) -> Iterator[tuple[str, Fault]]:
    """Cut after every event, politely and not, up to the one that completes the answer."""
    whole = stream(protocol, TEXT)
    complete = len(whole.steps) - SAMPLES[protocol].last
    for count in range(complete + 1):
        for reset in (False, True):
            name = f"{protocol}: {'reset' if reset else 'cut'} after event {count}"
            reply = whole.cut_after(count, reset=reset)
            yield name, Fault([reply], errors.UnreachableError, "try again", protocol)
        ended = Reply(whole.steps[:count])
        name = f"{protocol}: all well, but over after event {count}"
        yield name, Fault([ended], errors.UnreachableError, "try again", protocol)


def _shapes(protocol: str) -> Iterator[tuple[str, Fault]]:
    """Split and decorate the bytes in ways that must not matter."""
    whole = stream(protocol, TEXT)
    content = b"".join(step for step in whole.steps if isinstance(step, bytes))

    def fine(name: str, steps: Sequence[Step], **fields: Any) -> tuple[str, Fault]:
        return f"{protocol}: {name}", Fault([Reply(steps, **fields)], None, protocol=protocol)

    for size in (1, 2, 3, 7, 100, len(content)):
        pieces = [content[i : i + size] for i in range(0, len(content), size)]
        yield fine(f"pieces of {size} bytes", pieces)
    commented: list[Step] = []
    for step in whole.steps:
        commented += [b": keep-alive\n\n", step]
    yield fine("comments between events", commented)
    yield fine("CRLF line ends", [content.replace(b"\n", b"\r\n")])
    yield fine("no blank after the colon", [content.replace(b"data: ", b"data:")])
    yield fine("a byte order mark of no consequence", [b":\xef\xbb\xbf\n\n", content])
    yield fine("unknown fields", [b"id: 7\nretry: 5\nnonsense: 1\n", content])
    yield fine("events without data", [b"event: ping\n\n", content])
    yield fine("the connection as the end", [content], framing="close")
    yield fine(
        "charset in the content type", [content], content_type="text/event-stream; charset=latin-1"
    )
    yield fine("a content type in capitals", [content], content_type="Text/Event-Stream")
    yield fine("a slow drip that moves", whole.slowly(0.005).steps)


def _stalls(protocol: str) -> Iterator[tuple[str, Fault]]:
    whole = stream(protocol, TEXT)

    def slow(name: str, reply: Reply) -> tuple[str, Fault]:
        fault = Fault([reply], errors.SlowError, "silent for too long", protocol, stalls=True)
        return f"{protocol}: {name}", fault

    yield slow("silence before the headers", Reply([Stall()], framing="raw"))
    yield slow("silence after the headers", whole.stall_after(0))
    yield slow("silence after four events", whole.stall_after(4))
    yield slow("silence within an event", whole.before(4, b"data: {", Stall()))
    comments: list[Step] = [Pause(0.05), b": keep-alive\n\n"] * 400
    yield slow("comments for ever", Reply([*whole.steps[:4], *comments]))
    drip: list[Step] = []
    for byte in b"data: " + b'{"never": "ending' * 30:
        drip += [Pause(0.05), bytes([byte])]
    yield slow("one event, byte by byte, for ever", Reply([*whole.steps[:4], *drip]))


def _reported(protocol: str) -> Iterator[tuple[str, Fault]]:
    """Errors that come as events within a stream; nothing is repeated after them."""
    whole = stream(protocol, TEXT)
    payload = {"type": "error", "error": {"code": "1305", "message": "m"}}

    def reported(name: str, step: bytes, kind: type[errors.GlmError]) -> tuple[str, Fault]:
        reply = Reply([*whole.steps[:4], step])
        return f"{protocol}: {name}", Fault([reply], kind, "", protocol)

    yield reported("an error as data", frame(payload), errors.UnavailableError)
    yield reported("an error as event", frame(payload, "error"), errors.UnavailableError)
    first = Reply([frame(payload, "error")])
    yield f"{protocol}: an error first", Fault([first], errors.UnavailableError, "", protocol)
    yield reported("an event that is not JSON", frame("oops"), errors.WireError)
    yield reported("an event cut within", frame('{"choices":[{"del'), errors.WireError)
    yield reported("an event that is a list", frame("[1]"), errors.WireError)
    yield reported("an event without meaning", frame("{}"), errors.WireError)
    deep = "[" * 100_000
    yield reported("an event nested without end", frame(deep), errors.WireError)
    line = b"data: " + b"x" * 10_000_000
    yield reported("a line of 10 MB", line, errors.WireError)
    zipped = gzip.compress(b"".join(step for step in whole.steps if isinstance(step, bytes)))
    for name, packed in {"gzip": zipped, "broken gzip": zipped[:10] + b"\xff" * 400}.items():
        # Only a plain answer was asked for; what is packed can be a thousand times larger.
        reply = Reply([packed], headers={"Content-Encoding": "gzip"})
        yield f"{protocol}: {name}", Fault([reply], errors.WireError, "protocol", protocol)
    for kind in ("text/plain", "application/octet-stream", "application/json", ""):
        reply = Reply(whole.steps, content_type=kind)
        name = f"{protocol}: a stream called {kind or 'nothing'}"
        yield name, Fault([reply], errors.WireError, "protocol", protocol)


def _chat_only() -> Iterator[tuple[str, Fault]]:
    whole = chat_stream(TEXT, usage=(10, 5, 4))
    body, last, done = whole.steps[:-2], whole.steps[-2], whole.steps[-1]
    yield "duplicate [DONE]", Fault([Reply([*body, last, done, done])], None)
    yield "events after [DONE]", Fault([Reply([*body, last, done, frame("oops")])], None)
    yield "no [DONE]", Fault([Reply([*body, last])], None)
    yield "silence instead of [DONE]", Fault([Reply([*body, last, Stall()])], None)
    yield "a cut instead of [DONE]", Fault([Reply([*body, last, Cut()])], None)
    yield "a reset instead of [DONE]", Fault([Reply([*body, last, Cut(reset=True)])], None)
    yield "garbage instead of [DONE]", Fault([Reply([*body, last, frame("oops")])], None)
    yield "no usage", Fault([chat_stream(TEXT, usage=None)], None, usage=False)
    more = frame({"choices": [{"index": 0, "delta": {"content": "more"}}]})
    yield "text after the finish_reason", Fault([Reply([*body, last, more, done])], None)
    apart = chat_stream(TEXT, usage=(10, 5, 4), usage_apart=True)
    yield "usage on a chunk of its own", Fault([apart], None)
    yield "[DONE] without a finish_reason", Fault([Reply([*body, done])], None, usage=False)
    hollow = [frame({"choices": []}), frame({"choices": [], "usage": None})]
    yield "chunks without choices", Fault([Reply([*hollow, *whole.steps])], None)
    null = frame({"choices": [{"index": 0, "delta": {"role": "assistant", "content": None}}]})
    yield "a null content", Fault([Reply([null, *whole.steps])], None)
    odd = frame({"choices": [{"index": 0, "delta": "odd"}, 7, None]})
    yield "choices of odd shapes", Fault([Reply([odd, *whole.steps])], None)
    for reason, kind in (
        ("network_error", errors.UnavailableError),
        ("model_context_window_exceeded", errors.PromptTooLongError),
    ):
        reply = chat_stream("", finish=reason, usage=None)
        yield f"finish_reason {reason}", Fault([reply], kind)
    failed = responses_stream("", end="response.failed")
    yield "responses: failed", Fault([failed], errors.UnavailableError, "", "responses")
    halfway = messages_stream("")
    reply = Reply(
        [
            *halfway.steps[:-2],
            frame(
                {"type": "error", "error": {"type": "overloaded_error", "message": "m"}}, "error"
            ),
        ]
    )
    yield "messages: overloaded", Fault([reply], errors.UnavailableError, "overloaded", "messages")


def _http() -> Iterator[tuple[str, Fault]]:
    for status in (301, 302, 303, 307, 308):
        reply = Reply([], status, "text/plain", {"Location": "http://127.0.0.1:9/elsewhere"})
        yield (
            f"redirect {status}",
            Fault([reply], errors.WireError, "where the key does not follow"),
        )
    yield "redirect to nowhere", Fault([Reply([], 302)], errors.WireError, "does not follow")

    def raw(name: str, content: bytes, kind: type[errors.GlmError]) -> tuple[str, Fault]:
        return name, Fault([Reply([content], framing="raw")], kind)

    lost = errors.UnreachableError
    yield raw("closed without an answer", b"", lost)
    yield raw("not HTTP at all", b"SSH-2.0-OpenSSH_9.9\r\n\r\n", lost)
    yield raw("a status line cut", b"HTTP/1.1 2", lost)
    yield raw("headers cut", b"HTTP/1.1 200 OK\r\nContent-Ty", lost)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
    yield raw("headers without end", head + b"X: " + b"y" * 300_000, lost)
    event = frame({"choices": [{"index": 0, "delta": {"content": "x"}}]})
    yield raw("less than announced", head + b"Content-Length: 9999\r\n\r\n" + event, lost)
    chunked = head + b"Transfer-Encoding: chunked\r\n\r\n"
    yield raw("a chunk of no length", chunked + b"zz\r\n" + event, lost)
    yield "no content", Fault([Reply([], 204, framing="close")], errors.WireError, "protocol")
    content = b"".join(s for s in chat_stream(TEXT, usage=(10, 5, 4)).steps if isinstance(s, bytes))
    old = b"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + content
    yield "HTTP/1.0", Fault([Reply([old], framing="raw")], None)
    early = b"HTTP/1.1 100 Continue\r\n\r\n" + old.replace(b"1.0", b"1.1", 1)
    yield "100 first", Fault([Reply([early], framing="raw")], None)
    page = Reply([b"x" * 5_000_000], 500, "text/plain")
    yield "an error of 5 MB", Fault([page], errors.UnavailableError, "fails", requests=3)
    stalled = Reply([b'{"error":', Stall()], 401, "application/json")
    yield "an error that stalls", Fault([stalled], errors.AuthenticationError, stalls=True)
    broken = Reply([b'{"error":', Cut()], 401, "application/json")
    yield "an error that is cut", Fault([broken], errors.AuthenticationError)


def _retries() -> Iterator[tuple[str, Fault]]:
    fine = chat_stream(TEXT, usage=(10, 5, 4))
    rate = errors.RateLimitError
    yield "a rate limit, then success", Fault([error(429, "1302"), fine], None, requests=2)
    yield (
        "overloaded twice, then success",
        Fault([error(429, "1305")] * 2 + [fine], None, requests=3),
    )
    yield "503, then success", Fault([Reply([], 503, "text/plain"), fine], None, requests=2)
    soon = error(429, "1302", retry_after="0.01")
    yield "Retry-After in seconds", Fault([soon, fine], None, requests=2)
    late = error(429, "1302", retry_after="3600")
    yield "Retry-After far away", Fault([late, fine], rate, "too many")
    dated = error(429, "1302", retry_after=DATE)
    yield "Retry-After as a distant date", Fault([dated, fine], rate, "too many")
    for value in ("soon", "-5", "inf", "nan", "9" * 400):
        reply = error(429, "1302", retry_after=value)
        yield f"Retry-After: {value[:9]}", Fault([reply, fine], None, requests=2)
    field = error(400, "unsupported_model_capability", "thinking")
    yield "a refused option, then success", Fault([field, fine], None, requests=2)
    named = json_reply(400, {"error": {"message": "Unrecognized argument: stream_options"}})
    yield "a refused option by name", Fault([named, fine], None, requests=2)
    yield (
        "a rate limit, then a cut",
        Fault([error(429, "1302"), fine.cut_after(2)], errors.UnreachableError, requests=2),
    )
    yield (
        "a rate limit, then no balance",
        Fault([error(429, "1302"), error(429, "1113")], errors.QuotaError, requests=2),
    )

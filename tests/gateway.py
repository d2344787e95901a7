"""A scripted, recorded gateway that speaks like GLM's: real HTTP on the loopback interface.

It runs in a thread of the test's process, so any client can talk to it: this package's, an
editor's, a server started as a subprocess. Each request is answered by a `Reply`, which is a
list of steps (bytes, pauses, gates that the test opens, a cut), and is logged with the time
it came, how many pieces were sent, and when the client hung up.

Invariant: leaving the `with` block ends the server, every connection and the thread.

    with Gateway(chat_stream("hello", usage=(3, 1))) as gateway:
        ask(gateway.base_url)
        assert gateway.requests[0].json["model"] == "glm-5.1"
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import define, evolve, field, frozen

if TYPE_CHECKING:
    import ssl
    from types import TracebackType

    from typing_extensions import Self


class Gate:
    """A step that waits until the test calls `open` (from any thread)."""

    def __init__(self) -> None:
        self._open = threading.Event()
        self._waiters: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    def open(self) -> None:
        """Let the reply go on, now and whenever it comes here again."""
        self._open.set()
        for loop, event in list(self._waiters):
            with contextlib.suppress(RuntimeError):  # That gateway has ended.
                loop.call_soon_threadsafe(event.set)

    async def wait(self) -> None:
        """Wait in the gateway's loop."""
        event = asyncio.Event()
        self._waiters.append((asyncio.get_running_loop(), event))
        if not self._open.is_set():
            await event.wait()


@frozen
class Pause:
    """A step that waits for some seconds."""

    seconds: float


@frozen
class Cut:
    """A step that ends the connection in the middle; with `reset`, not politely."""

    reset: bool = False


@frozen
class Stall:
    """A step that sends nothing more, until the client hangs up."""


Step = bytes | Pause | Gate | Cut | Stall


@frozen
class Reply:
    """One answer: a status, headers, and the steps of its body.

    Attributes:
        framing: "chunked"; "close" ends the body with the connection; "raw" sends the steps
            alone, status line and headers included in them.
    """

    steps: Sequence[Step]
    status: int = 200
    content_type: str = "text/event-stream"
    headers: Mapping[str, str] = field(factory=dict)
    framing: str = "chunked"

    def before(self, index: int, *steps: Step) -> Reply:
        """Return the reply with steps put before step `index`."""
        return evolve(self, steps=(*self.steps[:index], *steps, *self.steps[index:]))

    def cut_after(self, count: int, *, reset: bool = False) -> Reply:
        """Return the reply cut after `count` steps."""
        return evolve(self, steps=(*self.steps[:count], Cut(reset)))

    def stall_after(self, count: int) -> Reply:
        """Return the reply that says nothing more after `count` steps."""
        return evolve(self, steps=(*self.steps[:count], Stall()))

    def slowly(self, seconds: float) -> Reply:
        """Return the reply with a pause before each step but the first."""
        steps: list[Step] = []
        for step in self.steps:
            steps += [Pause(seconds), step] if steps else [step]
        return evolve(self, steps=steps)


def frame(payload: Any, event: str = "") -> bytes:
    """Return one event of a stream; a text payload is sent as it is."""
    data = payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False)
    head = f"event: {event}\n" if event else ""
    return f"{head}data: {data}\n\n".encode()


ASKED = "@asked"
"""The name of the model that was asked for, wherever a reply names one."""


def chat_stream(
    text: str,
    *,
    reasoning: str = "",
    reasoning_field: str = "reasoning_content",
    chunk: int = 4,
    usage: tuple[int, int] | tuple[int, int, int] | None = (10, 5, 0),
    usage_apart: bool = False,
    finish: str | None = "stop",
    done: bool = True,
    model: str = ASKED,
) -> Reply:
    """Return a streamed chat answer, as Z.ai sends it, from the model that was asked for.

    `text` and `reasoning` go in pieces of `chunk` characters. `usage` (prompt, output,
    cached) stands on the last chunk beside `finish_reason`, or, `usage_apart`, on a chunk of
    its own with `choices: []`. One step per event.
    """
    head = {"id": "20261123-1", "created": 1795400000, "model": model}

    def event(delta: dict[str, Any], **more: Any) -> dict[str, Any]:
        return {**head, "choices": [{"index": 0, "delta": delta, **more}]}

    events: list[dict[str, Any]] = [
        event({"role": "assistant", reasoning_field: piece}) for piece in _pieces(reasoning, chunk)
    ]
    events += [event({"role": "assistant", "content": piece}) for piece in _pieces(text, chunk)]
    counted = _usage(usage)
    if finish:
        last = event({"role": "assistant", "content": ""}, finish_reason=finish)
        events.append(last | ({} if usage_apart else counted))
    if usage_apart and counted:
        events.append({**head, "choices": [], **counted})
    return Reply([*map(frame, events), *([frame("[DONE]")] if done else [])])


def completion_stream(
    text: str,
    *,
    chunk: int = 4,
    usage: tuple[int, int] | tuple[int, int, int] | None = (10, 5, 0),
    finish: str = "stop",
    model: str = ASKED,
) -> Reply:
    """Return a streamed raw completion (`/completions`)."""
    head = {"id": "cmpl-1", "object": "text_completion", "created": 1795400000, "model": model}
    events: list[dict[str, Any]] = [
        {**head, "choices": [{"index": 0, "text": piece, "finish_reason": None}]}
        for piece in _pieces(text, chunk)
    ]
    events.append(
        {**head, "choices": [{"index": 0, "text": "", "finish_reason": finish}], **_usage(usage)}
    )
    return Reply([*map(frame, events), frame("[DONE]")])


def json_reply(status: int, payload: Any, *, headers: Mapping[str, str] | None = None) -> Reply:
    """Return a JSON answer that is not a stream."""
    body = json.dumps(payload).encode()
    return Reply([body], status, "application/json", headers or {})


def error(
    status: int, code: str, message: str = "said by the service", *, retry_after: str = ""
) -> Reply:
    """Return an error as Z.ai words it: `error(429, "1302")` is its rate limit."""
    headers = {"Retry-After": retry_after} if retry_after else {}
    return json_reply(status, {"error": {"code": code, "message": message}}, headers=headers)


def html(status: int = 502) -> Reply:
    """Return the web page that a proxy in front of the gateway answers with."""
    page = f"<html><head><title>{status}</title></head><body>nginx</body></html>"
    return Reply([page.encode()], status, "text/html")


@define(eq=False)
class Recorded:
    """One request and what became of its answer; times are `time.monotonic()`."""

    method: str
    path: str
    headers: Mapping[str, str]
    content: bytes = field(repr=False)
    arrived: float
    connection: int
    sent: int = 0
    finished: float | None = None
    hung_up: float | None = None

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.content)

    def named(self, step: bytes) -> bytes:
        """Return a step with the model that was asked for where it names `ASKED`."""
        mark = json.dumps(ASKED).encode()
        if len(step) > 10_000 or mark not in step:
            return step
        return step.replace(mark, json.dumps(self.json.get("model", "")).encode())

    @property
    def aborted(self) -> bool:
        """Whether the client hung up before the answer was all sent."""
        return self.finished is None and self.hung_up is not None


Replies = Reply | Sequence[Reply] | Callable[[Any], Reply]


class Gateway:
    """The gateway; use it in a `with` block.

    `replies` is one reply for every request, a sequence (used in order, the last for all
    that follow), or a function of the request's decoded body. Requests other than POST are
    logged and answered with an empty 200.
    """

    def __init__(
        self,
        replies: Replies,
        *,
        host: str = "127.0.0.1",
        tls: ssl.SSLContext | None = None,
        name: str = "",
    ) -> None:
        """Listen at `host`; `tls` encrypts, and `name` is what addresses call the host."""
        self.requests: list[Recorded] = []
        """Every POST, in order of arrival."""
        self.visits: list[Recorded] = []
        """Every other request."""
        self._replies = replies
        self._host = host
        self._tls = tls
        self._name = name or host
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()
        self._connections = 0
        self._asked = 0
        self._server: asyncio.Server | None = None
        self.port = 0

    @property
    def base_url(self) -> str:
        """The base URL to configure; `/chat/completions` is appended by clients."""
        return f"http{'s' if self._tls else ''}://{self._name}:{self.port}/v1"

    def wait_for(self, met: Callable[[Gateway], bool], timeout: float = 10.0) -> None:
        """Wait until something is so in the log.

        Raises:
            AssertionError: it did not become so.
        """
        with self._changed:
            assert self._changed.wait_for(lambda: met(self), timeout), self.requests

    def wait_for_requests(self, count: int = 1, timeout: float = 10.0) -> list[Recorded]:
        """Wait until `count` requests came, and return them."""
        self.wait_for(lambda gateway: len(gateway.requests) >= count, timeout)
        return self.requests[:count]

    def wait_for_hang_up(self, index: int = 0, timeout: float = 10.0) -> Recorded:
        """Wait until the client closed the connection of a request, and return the request."""
        self.wait_for(
            lambda g: len(g.requests) > index and g.requests[index].hung_up is not None, timeout
        )
        return self.requests[index]

    def script(self, replies: Replies) -> None:
        """Answer from now on with other replies."""
        with self._changed:
            self._replies = replies
            self._asked = 0

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _start(self) -> None:
        self._server = await asyncio.start_server(self._accept, self._host, 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        if self._server:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        connection = _Connection(self, reader, writer, self._connections)
        task = self._loop.create_task(connection.run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def note(self, record: Recorded | None = None) -> None:
        """Tell those who wait that the log changed, with a new request or without."""
        with self._changed:
            if record:
                (self.requests if record.method == "POST" else self.visits).append(record)
            self._changed.notify_all()

    def choose(self, record: Recorded) -> Reply:
        """Return the reply to a request."""
        if record.method != "POST":
            return Reply([], content_type="text/plain")
        if isinstance(self._replies, Reply):
            return self._replies
        if callable(self._replies):
            return self._replies(record.json)
        reply = self._replies[min(self._asked, len(self._replies) - 1)]
        self._asked += 1
        return reply


class _Connection:
    """One connection of a client: its requests, one after the other."""

    def __init__(
        self,
        gateway: Gateway,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        number: int,
    ) -> None:
        self._gateway = gateway
        self._reader = reader
        self._writer = writer
        self._number = number
        self._inbox = bytearray()
        self._news = asyncio.Event()
        self._over = False
        self._record: Recorded | None = None

    async def run(self) -> None:
        pump = asyncio.ensure_future(self._pump())
        try:
            while (record := await self._request()) is not None:
                self._record = record
                self._gateway.note(record)
                if not await self._answer(record, self._gateway.choose(record)):
                    break
        finally:
            pump.cancel()
            self._writer.close()
            with contextlib.suppress(Exception):
                await self._writer.wait_closed()

    async def _pump(self) -> None:
        """Read all the time, for only a reader learns that the client hung up."""
        with contextlib.suppress(ConnectionError):
            while data := await self._reader.read(65536):
                self._inbox += data
                self._news.set()
        self._over = True
        self._news.set()
        if self._record and self._record.hung_up is None:
            self._record.hung_up = time.monotonic()
            self._gateway.note()

    async def _until(self, found: Callable[[], bool]) -> bool:
        while not found():
            if self._over:
                return False
            self._news.clear()
            await self._news.wait()
        return True

    async def _request(self) -> Recorded | None:
        if not await self._until(lambda: b"\r\n\r\n" in self._inbox):
            return None
        head, _, rest = bytes(self._inbox).partition(b"\r\n\r\n")
        arrived = time.monotonic()
        first, *lines = head.decode("latin-1").split("\r\n")
        method, path, _ = first.split(" ", 2)
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
        }
        length = int(headers.get("content-length", "0"))
        self._inbox = bytearray(rest)
        if not await self._until(lambda: len(self._inbox) >= length):
            return None
        content = bytes(self._inbox[:length])
        del self._inbox[:length]
        return Recorded(method, path, headers, content, arrived, self._number)

    async def _answer(self, record: Recorded, reply: Reply) -> bool:
        """Send a reply; tell whether the connection goes on."""
        if reply.framing != "raw":
            self._writer.write(_head(reply))
        for step in reply.steps:
            if isinstance(step, Cut):
                await self._end(reset=step.reset)
                return False
            if isinstance(step, bytes):
                piece = step if reply.framing == "raw" else record.named(step)
                await self._piece(piece, reply.framing)
                record.sent += 1
            elif not await self._hold(step):
                return False
            if self._over:
                return False
        if reply.framing == "chunked" and record.method != "HEAD":
            await self._write(b"0\r\n\r\n")
        record.finished = time.monotonic()
        self._gateway.note()
        return reply.framing == "chunked"

    async def _hold(self, step: Pause | Gate | Stall) -> bool:
        """Wait as a step says; tell whether the client is still there."""
        if isinstance(step, Pause):
            waiting: asyncio.Future[Any] = asyncio.ensure_future(asyncio.sleep(step.seconds))
        elif isinstance(step, Gate):
            waiting = asyncio.ensure_future(step.wait())
        else:
            waiting = asyncio.get_running_loop().create_future()
        gone = asyncio.ensure_future(self._until(lambda: False))
        try:
            await asyncio.wait([waiting, gone], return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
            gone.cancel()
        return not self._over

    async def _piece(self, data: bytes, framing: str) -> None:
        if framing == "chunked" and data:
            data = b"%x\r\n%b\r\n" % (len(data), data)
        await self._write(data)

    async def _write(self, data: bytes) -> None:
        with contextlib.suppress(ConnectionError):
            self._writer.write(data)
            await self._writer.drain()

    async def _end(self, *, reset: bool) -> None:
        with contextlib.suppress(ConnectionError):
            await self._writer.drain()
        if reset:
            self._writer.transport.abort()
        else:
            self._writer.close()


def _head(reply: Reply) -> bytes:
    headers = {"Content-Type": reply.content_type, **reply.headers}
    if reply.framing == "chunked":
        headers["Transfer-Encoding"] = "chunked"
    else:
        headers["Connection"] = "close"
    lines = [f"HTTP/1.1 {reply.status} Scripted", *(f"{k}: {v}" for k, v in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _pieces(text: str, size: int) -> Iterable[str]:
    return (text[i : i + size] for i in range(0, len(text), size))


def _usage(counts: tuple[int, int] | tuple[int, int, int] | None) -> dict[str, Any]:
    if counts is None:
        return {}
    prompt, output, *cached = counts
    return {
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": output,
            "total_tokens": prompt + output,
            "prompt_tokens_details": {"cached_tokens": cached[0] if cached else 0},
        }
    }


FAULTS: Mapping[str, tuple[Reply, ...]] = {
    "wrong key": (error(401, "1002"),),
    "unknown model": (error(400, "1211"),),
    "no balance": (error(429, "1113"),),
    "rate limit, then success": (error(429, "1302"), chat_stream("fine")),
    "web page": (html(502),),
    "cut half-way": (chat_stream("half of an answer", chunk=2).cut_after(4),),
    "silent stall": (chat_stream("half of an answer", chunk=2).stall_after(4),),
}
"""The faults every feature must survive; `tests/llm` has many more."""

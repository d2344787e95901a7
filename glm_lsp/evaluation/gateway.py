"""Stands between the server and its service, on this machine alone: asks, keeps, and plays again.

Invariants: what was answered is played, and never asked again; what is asked is within the budget;
no key passes through the server, which knows this gateway only: the relay adds it. Nobody but that
server is answered. A question is
told from others by what it says, not by when it comes.
"""

from __future__ import annotations

import asyncio
import codecs
import json
import secrets
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from attrs import define, frozen

from glm_lsp.evaluation.recording import RecordedAnswer, key_of
from glm_lsp.llm.relay import Held, held
from glm_lsp.llm.types import Usage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from glm_lsp.evaluation.recording import Recording
    from glm_lsp.llm.relay import Relay

_CHARACTERS = 3.0  # Per token, where nobody counts.
_HEAD = 64 * 1024
_MOMENT, _MOMENTS = 0.005, 2_000  # Seconds; within those who hung up does so again.


@frozen
class Exchange:
    """A question and its answer, as far as a report tells of it.

    Attributes:
        first: seconds until the first token; None without one.
        seconds: until the end.
        counted: the service counted the tokens.
        cost: USD; None where no price is known.
        fine: it was answered.
    """

    model: str
    first: float | None
    seconds: float
    usage: Usage
    counted: bool
    cost: float | None
    fine: bool


@define
class Budget:
    """How much may be asked; None for no limit.

    Attributes:
        refused: a question was not asked for it.
    """

    tokens: int | None = None
    dollars: float | None = None
    spent_tokens: int = 0
    spent_dollars: float = 0.0
    refused: bool = False

    def allows(self, tokens: int, cost: float | None) -> bool:
        """Tell whether another question may be asked, and remember a no."""
        fits = self.tokens is None or self.spent_tokens + tokens <= self.tokens
        if self.dollars is not None:
            fits = fits and cost is not None and self.spent_dollars + cost <= self.dollars
        self.refused = self.refused or not fits
        return fits

    def spend(self, usage: Usage, cost: float | None) -> None:
        """Take note of what was asked."""
        self.spent_tokens += usage.prompt + usage.output
        self.spent_dollars += cost or 0.0


class Gateway:
    """An HTTP server on the loopback interface.

    Attributes:
        key: what it wants to hear, as the service's key; another one for each.
        missing: how many questions nobody could answer.
        asked: the keys of the questions that were passed on, in order.
        failed: what kept the service from answering, last.
    """

    def __init__(
        self,
        recording: Recording,
        way: Callable[[], Awaitable[Relay]] | None,
        cost: Callable[[str, Usage], float | None],
        budget: Budget,
    ) -> None:
        """Play `recording`; ask by a `way` that is opened for the first question, if any is.

        `cost` says what a model's answer costs.
        """
        self.key = secrets.token_urlsafe(32)
        self.recording = recording
        self.budget = budget
        self.missing = 0
        self.asked: list[str] = []
        self.failed = ""
        self._way = way
        self._relay: Relay | None = None
        self._cost = cost
        self._exchanges: list[Exchange] = []
        self._server: asyncio.Server | None = None
        self._at_work: set[asyncio.Task[None]] = set()
        self._asking = asyncio.Lock()  # The same question may be asked by two at once.

    @property
    def base_url(self) -> str:
        """Where the server is to ask."""
        assert self._server is not None  # noqa: S101  # It was started.
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"

    def is_refused(self) -> bool:
        """Tell whether the budget is used up."""
        return self.budget.refused

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=_HEAD)

    async def stop(self) -> None:
        """Listen no more; what is being asked is kept first."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for task in tuple(self._at_work):
            task.cancel()
        await asyncio.gather(*self._at_work, return_exceptions=True)
        if server is not None:
            await server.wait_closed()
        if self._relay is not None:
            await self._relay.close()

    async def take(self) -> list[Exchange]:
        """Return the exchanges since the last call, once all of them have ended."""
        while self._at_work:
            await asyncio.wait(tuple(self._at_work))
        taken, self._exchanges = self._exchanges, []
        return taken

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._at_work.add(task)
        task.add_done_callback(self._at_work.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                method, path, _ = head.split(" ", 2)
                length = next(
                    (
                        int(line.partition(":")[2])
                        for line in head.split("\r\n")
                        if line.lower().startswith("content-length:")
                    ),
                    0,
                )
                content = await reader.readexactly(length)
                if method != "POST" or not self._is_ours(head):
                    status = 401 if method == "POST" else 200
                    await _Client(reader, writer).whole(status, "text/plain", "")
                    return
                await self._answer(path.removeprefix("/v1"), content, _Client(reader, writer))
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    def _is_ours(self, head: str) -> bool:
        """Tell whether it is the server that asks: others here may not use the user's key."""
        said = (line.partition(":")[2].strip() for line in head.split("\r\n")[1:])
        return any(each.removeprefix("Bearer ") == self.key for each in said)

    async def _answer(self, path: str, content: bytes, client: _Client) -> None:
        body: dict[str, Any] = json.loads(content)
        key = key_of(path, json.dumps(body, sort_keys=True, ensure_ascii=False))
        async with self._asking:
            answer = self.recording.answer(key)
            if answer is None:
                answer = await self._ask(key, path, content, body, client)
                if answer is None:
                    return
            else:
                await _play(answer, client)
            self._note(body, len(content), answer, await held(path, None, answer.pieces))

    async def _ask(
        self, key: str, path: str, content: bytes, body: dict[str, Any], client: _Client
    ) -> RecordedAnswer | None:
        """Pass a question on, and keep the answer; None where it is not to be asked."""
        model = str(body.get("model", ""))
        most = int(body.get("max_tokens") or body.get("n_predict") or 0)
        prompt = Usage(round(len(content) / _CHARACTERS), most)
        if self._way is None or not self.recording.may_ask:
            self.missing += 1
            await client.whole(400, "application/json", _error("this was not recorded"))
            return None
        if not self.budget.allows(prompt.prompt + prompt.output, self._cost(model, prompt)):
            await client.whole(400, "application/json", _error("the budget is used up"))
            return None
        if self._relay is None:
            self._relay = await self._way()
        self.asked.append(key)
        answer = await self._passed(path, content, client)
        if answer is not None:
            self.recording.add_answer(key, answer)
            got = await held(path, None, answer.pieces)
            usage = got.usage or _estimated(len(content), got)
            self.budget.spend(usage, self._cost(model, usage))
        return answer

    async def _passed(self, path: str, content: bytes, client: _Client) -> RecordedAnswer | None:
        """Pass a question on and its answer back, until either end has had enough."""
        assert self._relay is not None  # noqa: S101  # It was made.
        begun = time.perf_counter()
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        pieces: list[tuple[float, str]] = []
        whole = True
        try:
            async with self._relay.ask(path, content) as passed:
                kind = passed.headers.get("content-type", "")
                await client.head(passed.status, kind)
                async for piece in passed.pieces:
                    at = round(time.perf_counter() - begun, 4)
                    pieces.append((at, decoder.decode(piece)))
                    await client.piece(piece)
                    if client.gone:
                        whole = False
                        break
        except Exception as error:  # Whatever the library raises: the service did not answer.
            self.failed = f"{type(error).__name__}: {error}"
            await client.whole(503, "application/json", _error("the service cannot be reached"))
            return None
        if whole:
            await client.end()
        # What fails now may succeed later: it is not kept.
        status = passed.status
        answer = RecordedAnswer(
            status, kind, tuple(pieces), whole, round(time.perf_counter() - begun, 4)
        )
        if status == 200 or status == 400:
            return answer
        self.failed = f"the service answered {status}"
        self._exchanges.append(Exchange("", None, answer.seconds, Usage(0, 0), True, 0.0, False))
        return None

    def _note(self, body: dict[str, Any], size: int, answer: RecordedAnswer, got: Held) -> None:
        usage = got.usage or _estimated(size, got)
        model = str(body.get("model", ""))
        fine = answer.status == 200 and (got.complete or not answer.whole)
        counted = got.usage is not None
        cost = self._cost(model, usage)
        self._exchanges.append(
            Exchange(model, got.first, answer.seconds, usage, counted, cost, fine)
        )


class _Client:
    """The end of a connection that the server is at.

    Attributes:
        gone: it has hung up.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._begun = False

    @property
    def gone(self) -> bool:
        return self._reader.at_eof() or self._writer.is_closing()

    async def whole(self, status: int, kind: str, text: str) -> None:
        """RecordedAnswer at once, where nothing was answered yet."""
        if not self._begun:
            await self.head(status, kind)
            await self.piece(text.encode())
            await self.end()

    async def head(self, status: int, kind: str) -> None:
        self._begun = True
        head = (f"HTTP/1.1 {status} Evaluated", f"Content-Type: {kind}", "Connection: close")
        await self._write("\r\n".join((*head, "Transfer-Encoding: chunked", "", "")).encode())

    async def piece(self, data: bytes) -> None:
        if data:
            await self._write(b"%x\r\n%b\r\n" % (len(data), data))

    async def end(self) -> None:
        await self._write(b"0\r\n\r\n")

    async def _write(self, data: bytes) -> None:
        with suppress(ConnectionError):
            self._writer.write(data)
            await self._writer.drain()
            await asyncio.sleep(0)  # So that it is noticed that it has hung up.


async def _play(answer: RecordedAnswer, client: _Client) -> None:
    """Give an answer again, as fast as it is taken."""
    await client.head(answer.status, answer.kind)
    for _, text in answer.pieces:
        await client.piece(text.encode())
    if answer.whole:
        await client.end()
        return
    for _ in range(_MOMENTS):
        if client.gone:
            return
        await asyncio.sleep(_MOMENT)


def _estimated(size: int, got: Held) -> Usage:
    return Usage(round(size / _CHARACTERS), round(got.characters / _CHARACTERS))


def _error(message: str) -> str:
    return json.dumps({"error": {"code": "evaluation", "message": message}})

"""The embedded model behind a gateway, and a witness between the two.

The witness is a relay of bytes that changes nothing: it notes what a gateway asked, what the
model answered, and when the gateway closed the connection. When the model stopped working is the
model's own word: the slots that llama.cpp reports as busy.

Invariant: leaving the `with` block ends the model, the relay, every connection and the thread.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import re
import secrets
import threading
import time
import urllib.request
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from attrs import define, field

from glm_lsp.local.embedded import find_weights

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

_REQUEST = re.compile(rb"(?:POST|GET|HEAD) (\S+) HTTP/1\.[01]\r\n")
_SILENT = -1
_POLL = 0.005


@define(eq=False)
class Exchange:
    """One request of a gateway's to the model; times are `time.monotonic()`.

    Attributes:
        asked: the bytes of the request.
        answered: the bytes of the answer so far.
        closed: when the gateway closed the connection.
    """

    path: str
    asked: bytearray = field(factory=bytearray)
    answered: bytearray = field(factory=bytearray)
    closed: float | None = None

    @property
    def body(self) -> dict[str, Any]:
        """The JSON that was asked."""
        found: dict[str, Any] = json.loads(self.asked.partition(b"\r\n\r\n")[2])
        return found

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events of the answer."""
        lines = self.answered.decode(errors="replace").splitlines()
        found = []
        for line in lines:
            with suppress(ValueError):
                found.append(json.loads(line.removeprefix("data: ")))
        return [event for event in found if isinstance(event, dict)]

    @property
    def words(self) -> int:
        """How many pieces of text the model has answered."""
        return sum(
            bool((event.get("choices") or [{}])[0].get("delta", {}).get("content"))
            or event.get("type") in ("response.output_text.delta", "content_block_delta")
            for event in self.events
        )

    @property
    def counts(self) -> tuple[int, int, int] | None:
        """Tokens as the model reported them: prompt, output, cached; None where it did not."""
        counts: dict[str, Any] = {}
        for event in self.events:
            inner = event.get("response") or event.get("message") or {}
            counts |= event.get("usage") or inner.get("usage") or {}
        if not counts:
            return None
        if "cache_read_input_tokens" in counts:  # Messages counts the cached ones beside the input.
            cached = counts["cache_read_input_tokens"]
            return counts["input_tokens"] + cached, counts["output_tokens"], cached
        asked, answered = (
            ("input", "output") if "input_tokens" in counts else ("prompt", "completion")
        )
        details = counts.get(f"{asked}_tokens_details") or {}
        cached = details.get("cached_tokens", 0)
        return counts[f"{asked}_tokens"], counts[f"{answered}_tokens"], cached


class Model:
    """The embedded model; gateways ask it through the relay at `port`.

    Attributes:
        key: what the model wants to hear.
        exchanges: what gateways asked, in order.
    """

    def __init__(self) -> None:
        self.key = secrets.token_urlsafe(24)
        self.exchanges: list[Exchange] = []
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._model: Any = None
        self._upstream = ("", 0)
        self._relay: asyncio.Server | None = None

    def __enter__(self) -> Self:
        library = importlib.import_module("xllamacpp")
        self._model = library.Server(self._parameters(library))
        address = urlsplit(str(self._model.listening_address))
        self._upstream = (address.hostname or "", address.port or 0)
        self._thread.start()
        self._relay = self._run(asyncio.start_server(self._connected, "127.0.0.1", 0))
        self.port = self._relay.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._relay is not None:
            self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        self._model = None  # llama.cpp stops when its last reference goes.

    @property
    def base_url(self) -> str:
        """Where the model is asked through the relay, without a gateway."""
        return f"http://127.0.0.1:{self.port}/v1"

    def busy(self) -> int:
        """Return how many answers the model is working on: llama.cpp's own word."""
        host, port = self._upstream
        question = urllib.request.Request(
            f"http://{host}:{port}/slots", headers={"Authorization": f"Bearer {self.key}"}
        )
        with closing(urllib.request.urlopen(question, timeout=10)) as answer:  # noqa: S310
            return sum(bool(slot["is_processing"]) for slot in json.load(answer))

    def idle_at(self, seconds: float = 10.0) -> float | None:
        """Wait until the model works on nothing; return when it was so, None if never."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not self.busy():
                return time.monotonic()
            time.sleep(_POLL)
        return None

    def _parameters(self, library: Any) -> Any:
        """As `EmbeddedModel` runs it, but that it tells which of its slots are busy."""
        parameters = library.CommonParams()
        parameters.model.path = str(find_weights())
        parameters.n_ctx = 8192
        parameters.n_parallel = 2
        parameters.verbosity = _SILENT
        parameters.api_keys = [self.key]
        parameters.endpoint_slots = True
        parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
        return parameters

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _end(self) -> None:
        assert self._relay is not None
        self._relay.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on one connection of a gateway's, and close both ends when either closes."""
        up_reader, up_writer = await asyncio.open_connection(*self._upstream)
        ours: list[Exchange] = []
        down = asyncio.ensure_future(self._answers(up_reader, writer, ours))
        try:
            while data := await reader.read(65536):
                if found := _REQUEST.match(data):
                    ours.append(Exchange(found[1].decode()))
                    self.exchanges.append(ours[-1])
                if ours:
                    ours[-1].asked += data
                up_writer.write(data)
        except ConnectionError:
            pass
        finally:
            if ours:
                ours[-1].closed = time.monotonic()
            down.cancel()
            up_writer.close()
            writer.close()

    async def _answers(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ours: list[Exchange]
    ) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                if ours:
                    ours[-1].answered += data
                writer.write(data)
        writer.close()

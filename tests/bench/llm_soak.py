"""Fifty streams at once: nothing lost, nothing crossed, the loop stays free, memory flat.

A gateway in a process of its own sends each stream numbered tokens at a model's pace. Each
reader checks every token it gets; a probe measures how late the event loop wakes it up.
On a busy machine the loop is late because others compute: "own" is the part of each lag for
which this loop's own thread used the processor, and what the limit holds for.

    python -m tests.bench.llm_soak [--seconds N] [--streams N]
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import mmap
import random
import statistics
import subprocess
import sys
import time
from array import array
from contextlib import aclosing
from pathlib import Path

from attrs import define, field

from glm_lsp.llm.client import HttpProvider
from glm_lsp.llm.timeouts import Timeouts
from glm_lsp.llm.types import Finish, Message, Request, TextDelta, Usage
from glm_lsp.llm.wires import chat
from glm_lsp.providers import find
from tests.bench.llm_overhead import chunk

LAG_LIMIT = 5e-3
GROWTH_LIMIT = 2_000_000  # Bytes; the readings of the probe alone are some 0.3 MB.
TOKENS = 100
PACE = 0.03


@define
class Seen:
    """What the readers saw."""

    answers: int = 0
    deltas: int = 0
    wrong: int = 0
    lags: array[float] = field(factory=lambda: array("d"))
    own: array[float] = field(factory=lambda: array("d"))
    memory: list[int] = field(factory=list)


def main() -> int:
    """Run the benchmark and judge it."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--seconds", type=float, default=60.0)
    options.add_argument("--streams", type=int, default=50)
    chosen = options.parse_args()
    seen = run(chosen.seconds, chosen.streams)
    print(f"{chosen.streams} streams for {chosen.seconds:g} s")
    print(f"answers {seen.answers}, deltas {seen.deltas}, lost or crossed {seen.wrong}")
    for name, lags in (("all", seen.lags), ("own", seen.own)):
        cuts = statistics.quantiles(lags, n=100)
        median, p99 = cuts[49] * 1e3, cuts[98] * 1e3
        print(f"loop lag, {name}  median {median:.2f} ms, p99 {p99:.2f} ms")
    growth = 0
    if seen.memory:
        # The first third fills caches and pools; then it should stay where it is.
        settled = seen.memory[len(seen.memory) // 3 :]
        growth = settled[-1] - settled[0]
        print(f"resident memory {settled[-1] / 1e6:.1f} MB, growth {growth / 1e6:.2f} MB")
    fine = seen.wrong == 0 and p99 <= LAG_LIMIT * 1e3 and growth <= GROWTH_LIMIT
    return 0 if fine else 1


def run(seconds: float, streams: int) -> Seen:
    """Read from many streams for a while, and return what was seen."""
    command = [sys.executable, "-m", "tests.bench.llm_soak", "--serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as gateway:
        assert gateway.stdout is not None
        url = gateway.stdout.readline().strip()
        try:
            return asyncio.run(_run(url, seconds, streams))
        finally:
            gateway.kill()


async def _run(url: str, seconds: float, streams: int) -> Seen:
    seen = Seen()
    # Time-outs are not what this is about, and machines that run tests may be busy.
    timeouts = Timeouts(connect=60.0, token=60.0, tail=30.0)
    provider = HttpProvider(
        find("local"), chat.WIRE, base_url=url, key=None, concurrency=streams, timeouts=timeouts
    )
    await provider.warm()
    probe = asyncio.create_task(_probe(seen))
    end = time.monotonic() + seconds
    readers = [asyncio.create_task(_read(provider, n, end, seen)) for n in range(streams)]
    weigher = asyncio.create_task(_weigh(seen, seconds / 8))
    await asyncio.gather(*readers)
    probe.cancel()
    weigher.cancel()
    await provider.close()
    return seen


async def _read(provider: HttpProvider, number: int, end: float, seen: Seen) -> None:
    turn = 0
    while time.monotonic() < end:
        turn += 1
        name = f"{number}.{turn}"
        request = Request("m", "soak", (Message("user", name),), max_tokens=TOKENS)
        expected = [f"{name}:{index};" for index in range(TOKENS)]
        got: list[str] = []
        ends = 0
        async with aclosing(provider.stream(request)) as deltas:
            async for delta in deltas:
                if isinstance(delta, TextDelta):
                    got.append(delta.text)
                ends += isinstance(delta, Finish | Usage)
        seen.answers += 1
        seen.deltas += len(got)
        seen.wrong += got != expected or ends != 2


async def _probe(seen: Seen) -> None:
    pause = 0.005
    while True:
        due, worked = time.perf_counter() + pause, time.thread_time()
        await asyncio.sleep(pause)
        lag = max(time.perf_counter() - due, 0.0)
        seen.lags.append(lag)
        seen.own.append(min(lag, time.thread_time() - worked))


async def _weigh(seen: Seen, pause: float) -> None:
    """Note the resident memory now and then, where the system tells it cheaply (Linux)."""
    while True:
        gc.collect()  # What only waits to be collected is no growth.
        if (resident := _resident()) is None:
            return
        seen.memory.append(resident)
        await asyncio.sleep(pause)


def _resident() -> int | None:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return None
    return pages * mmap.PAGESIZE


async def serve() -> None:
    """Be the gateway: every stream numbered, at a model's pace, connections kept."""

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                if head.startswith(b"HEAD"):
                    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                    continue
                length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
                await answer(writer, json.loads(await reader.readexactly(length)))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def answer(writer: asyncio.StreamWriter, body: dict[str, object]) -> None:
        messages = body["messages"]
        assert isinstance(messages, list)
        name = messages[0]["content"]
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n")
        writer.write(b"Transfer-Encoding: chunked\r\n\r\n")
        for index in range(TOKENS):
            await asyncio.sleep(PACE * random.uniform(0.5, 1.5))  # noqa: S311
            send(writer, chunk({"content": f"{name}:{index};"}))
        usage = {"prompt_tokens": 3, "completion_tokens": TOKENS}
        send(writer, chunk({}, "stop"))
        send(writer, f"data: {json.dumps({'choices': [], 'usage': usage})}\n\n".encode())
        send(writer, b"data: [DONE]\n\n")
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    def send(writer: asyncio.StreamWriter, data: bytes) -> None:
        writer.write(b"%x\r\n%b\r\n" % (len(data), data))

    server = await asyncio.start_server(accept, "127.0.0.1", 0, backlog=200)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    if "--serve" in sys.argv:
        asyncio.run(serve())
    else:
        sys.exit(main())

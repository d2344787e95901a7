"""How long a token takes from the wire to the consumer, beside the `openai` package.

A gateway in a process of its own stamps each token with the time at which it writes it (the
monotonic clock is one for all processes of a machine). Both readers take turns, within one
run, on the same gateway. Prints medians and their ratio; exits 1 beyond the limits.

    python -m tests.bench.llm_overhead [--tokens N] [--rounds N]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing

from glm_lsp.llm.connect import connect
from glm_lsp.llm.types import Message, Request, TextDelta
from glm_lsp.settings import Settings

MEDIAN_LIMIT = 0.5e-3
RATIO_LIMIT = 0.7
PACE = 0.003  # Seconds between tokens: faster than any GLM, slow enough to be alone.

Reader = Callable[[str, int], AsyncIterator[str]]


def main() -> int:
    """Run the benchmark and judge it."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--tokens", type=int, default=300)
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args()
    command = [sys.executable, "-m", "tests.bench.llm_overhead", "--serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as gateway:
        assert gateway.stdout is not None
        url = gateway.stdout.readline().strip()
        try:
            mine, theirs = asyncio.run(measure(url, chosen.tokens, chosen.rounds))
        finally:
            gateway.kill()
    ratio = statistics.median(mine) / statistics.median(theirs)
    print(f"tokens per reader        {len(mine)}")
    for name, times in (("glm-lsp", mine), ("openai", theirs)):
        cuts = statistics.quantiles(times, n=100)
        print(
            f"{name:8} wire to delta   median {cuts[49] * 1e3:.3f} ms, p99 {cuts[98] * 1e3:.3f} ms"
        )
    print(f"ratio of medians         {ratio:.2f} (limit {RATIO_LIMIT})")
    return 0 if ratio <= RATIO_LIMIT and statistics.median(mine) <= MEDIAN_LIMIT else 1


async def measure(url: str, tokens: int, rounds: int) -> tuple[list[float], list[float]]:
    """Return the seconds each token took, for our reader and for the package's."""
    times: dict[Reader, list[float]] = {by_ours: [], by_openai: []}
    for number in range(rounds + 1):
        for reader, taken in times.items():
            async for stamp in reader(url, tokens):
                late = time.perf_counter() - float(stamp)
                if number:  # The first round warms up.
                    taken.append(late)
    return times[by_ours], times[by_openai]


async def by_ours(url: str, tokens: int) -> AsyncIterator[str]:
    """Read as the rest of the program does."""
    provider = connect(Settings(provider="local", base_url=url), None)
    request = Request("m", "bench", (Message("user", "go"),), max_tokens=tokens)
    async with aclosing(provider.stream(request)) as deltas:
        async for delta in deltas:
            if isinstance(delta, TextDelta):
                yield delta.text
    await provider.close()


async def by_openai(url: str, tokens: int) -> AsyncIterator[str]:
    """Read with the vendor's package."""
    import openai

    async with openai.AsyncOpenAI(base_url=url, api_key="not-a-key") as client:
        answer = await client.chat.completions.create(
            model="m",
            messages=[{"role": "user", "content": "go"}],
            max_tokens=tokens,
            stream=True,
        )
        async for chunk in answer:
            for choice in chunk.choices:
                if choice.delta.content:
                    yield choice.delta.content


async def serve() -> None:
    """Be the gateway: one stamped token every few milliseconds."""

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        tokens = json.loads(await reader.readexactly(length))["max_tokens"]
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n")
        writer.write(b"Connection: close\r\n\r\n")
        for _ in range(tokens):
            await asyncio.sleep(PACE)
            writer.write(chunk({"content": repr(time.perf_counter())}))
        writer.write(chunk({}, "stop") + b"data: [DONE]\n\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)
    await server.serve_forever()


def chunk(delta: dict[str, str], finish: str | None = None) -> bytes:
    """Return one event of a chat's stream."""
    choice = {"index": 0, "delta": {"role": "assistant", **delta}, "finish_reason": finish}
    event = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return f"data: {json.dumps({**event, 'choices': [choice]})}\n\n".encode()


if __name__ == "__main__":
    if "--serve" in sys.argv:
        asyncio.run(serve())
    else:
        sys.exit(main())

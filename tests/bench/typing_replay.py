"""Real typing, replayed against the completion engine.

    python -m tests.bench.typing_replay [burst] [gateway] [embedded] [cache] [--scale N]

burst     eight keys 80 ms apart against a gateway of 200 ms, each request cancelled as the
          next is made; typing along; the same request again; a stream that does not end
gateway   typing histories against a gateway of 200 ms and 80 tokens a second that foresees
          what is typed half of the time
embedded  the same histories against the embedded model
cache     which share of the prompts the embedded model finds in its prompt cache, for this
          package's prompts and for one with the text before the cursor first
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import time
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING

import attrs
from attrs import define, field

from glm_lsp.completion.engine import Engine
from glm_lsp.completion.types import CompletionRequest, Suggestion, Superseded
from glm_lsp.context.cursor import ContextLimits, context_at
from glm_lsp.errors import GlmError
from glm_lsp.llm.connect import connect
from glm_lsp.llm.credentials import Key as ApiKey
from glm_lsp.llm.timeouts import Timeouts
from glm_lsp.llm.types import Message, Request, TextDelta, Usage
from glm_lsp.local.embedded import EmbeddedModel
from glm_lsp.prompts.completion import HOLE, CompletionQuestion, Kind, render
from glm_lsp.settings import CompletionSettings, ModelSettings, Settings
from glm_lsp.text import Snapshot, Span, Text
from tests.bench.histories import History, histories
from tests.gateway import Gateway, Pause, Reply, Step, chat_stream

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable

    from glm_lsp.llm.types import Delta, Provider

LATENCY = 0.2
MODEL = "glm-4.7"
LOCAL_LIMITS = ContextLimits(40, 1_500, 30, 800)


@define
class Meter:
    """A provider that counts what is asked of the one behind it."""

    inner: Provider
    requests: list[Request] = field(factory=list)
    text: int = 0
    usages: list[Usage] = field(factory=list)

    async def stream(self, request: Request) -> AsyncGenerator[Delta, None]:
        self.requests.append(request)
        async with aclosing(self.inner.stream(request)) as deltas:
            async for delta in deltas:
                if isinstance(delta, TextDelta):
                    self.text += len(delta.text)
                elif isinstance(delta, Usage):
                    self.usages.append(delta)
                yield delta


@asynccontextmanager
async def against(gateway: Gateway) -> AsyncIterator[Meter]:
    """Yield a provider that asks a gateway over HTTP."""
    settings = Settings(provider="custom", models=ModelSettings(completion=MODEL))
    service = connect(settings, ApiKey("not-a-key", "test"), base_url=gateway.base_url)
    await service.warm()
    try:
        yield Meter(service)
    finally:
        await service.close()


@asynccontextmanager
async def embedded() -> AsyncIterator[Meter]:
    """Yield a provider that asks the embedded model."""
    model = EmbeddedModel()
    base_url = await model.start()
    key = ApiKey(model.key, "the embedded model", "local")
    patient = Timeouts(token=600.0)  # On a busy machine it has few seconds of a processor.
    service = connect(Settings(provider="local"), key, base_url=base_url, timeouts=patient)
    try:
        yield Meter(service)
    finally:
        await service.close()
        model.close()


@define
class Outcome:
    """What became of one key's request; `seconds` is None when it was superseded."""

    seconds: float | None
    suggestions: list[Suggestion]
    asked: int


async def timed(engine: Engine, request: CompletionRequest, meter: Meter) -> Outcome:
    """Ask, and measure."""
    start, asked = time.perf_counter(), len(meter.requests)
    try:
        suggestions = await engine.complete(request)
    except (Superseded, asyncio.CancelledError):
        return Outcome(None, [], len(meter.requests) - asked)
    except GlmError as error:
        print(f"  error: {error}", file=sys.stderr)
        return Outcome(None, [], 0)
    return Outcome(time.perf_counter() - start, suggestions, len(meter.requests) - asked)


def request_at(text: str, offset: int) -> CompletionRequest:
    return CompletionRequest(Snapshot("file:///replay.py", 1, "python", Text.of(text)), offset)


def percentile(values: list[float], share: float) -> float:
    """Return a percentile of measured values, 0 when there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def line(name: str, figure: str) -> None:
    print(f"  {name:<62} {figure}", flush=True)


# Eight keys.

BEFORE = "def total(prices):\n    "
TYPED = "return s"
FORESEEN = "return sum(price for price in prices)"


async def burst(
    engine: Engine, meter: Meter, typed: str = TYPED, interval: float = 0.08
) -> list[Outcome]:
    """Type eight keys; each request is cancelled as the next key is typed."""
    tasks: list[asyncio.Task[Outcome]] = []
    for size in range(1, len(typed) + 1):
        if tasks and not tasks[-1].done():
            tasks[-1].cancel()
        text = BEFORE + typed[:size]
        asked = request_at(text + "\n", len(text))
        tasks.append(asyncio.ensure_future(timed(engine, asked, meter)))
        if size < len(typed):
            await asyncio.sleep(interval)
    return await asyncio.gather(*tasks)


def waiting(reply: Reply, seconds: float = LATENCY) -> Reply:
    """Return a reply that begins after the latency."""
    return Reply([Pause(seconds), *reply.steps])


async def measure_burst(rounds: int) -> None:
    print(f"Bursts: 8 keys 80 ms apart, gateway {LATENCY * 1000:.0f} ms, {rounds} rounds")
    bare: list[float] = []
    for name, answer in (("disagrees", "zzz = 0"), ("foresees", FORESEEN[1:])):
        last: list[float] = []
        requests: list[int] = []
        for _ in range(rounds):
            with Gateway(waiting(chat_stream(f"<fill>{answer}</fill>"))) as gateway:
                async with against(gateway) as meter:
                    engine = Engine(meter, MODEL, CompletionSettings())
                    outcomes = await burst(engine, meter)
                    final = outcomes[-1].seconds
                    assert final is not None
                    last.append(final)
                    requests.append(len(gateway.requests))
                    await engine.close()
                    bare.append(await ask_bare(meter))
        line(
            f"model {name}: upstream requests",
            f"at most {max(requests)} (mean {statistics.mean(requests):.1f})",
        )
        line(
            f"model {name}: last key to answer, median / worst",
            f"{statistics.median(last) * 1000:.1f} / {max(last) * 1000:.1f} ms",
        )
    line(
        "for comparison, the gateway asked without the engine",
        f"{statistics.median(bare) * 1000:.1f} / {max(bare) * 1000:.1f} ms",
    )


async def ask_bare(meter: Meter) -> float:
    """Ask the gateway once, without an engine."""
    start = time.perf_counter()
    request = Request(MODEL, "completion", (Message("user", "x"),), max_tokens=8)
    async with aclosing(meter.stream(request)) as deltas:
        async for delta in deltas:
            if isinstance(delta, TextDelta):
                break
    return time.perf_counter() - start


async def measure_known(rounds: int) -> None:
    with Gateway(waiting(chat_stream(f"<fill>{FORESEEN}</fill>"))) as gateway:
        async with against(gateway) as meter:
            engine = Engine(meter, MODEL, CompletionSettings())
            rest = "\n".join(f"def f{i}(a):\n    return a + {i}\n" for i in range(12_500))
            snapshot = Snapshot("file:///big.py", 1, "python", Text.of(BEFORE + "\n\n\n" + rest))
            await engine.complete(CompletionRequest(snapshot, len(BEFORE)))
            along: list[float] = []
            same: list[float] = []
            for _ in range(rounds):
                for size in range(1, len(FORESEEN) - 1):
                    text = snapshot.text.replace(Span(len(BEFORE), len(BEFORE)), FORESEEN[:size])
                    asked = CompletionRequest(attrs.evolve(snapshot, text=text), len(BEFORE) + size)
                    outcome = await timed(engine, asked, meter)
                    assert outcome.suggestions
                    assert outcome.seconds is not None
                    along.append(outcome.seconds)
                    await asyncio.sleep(0)
                outcome = await timed(engine, CompletionRequest(snapshot, len(BEFORE)), meter)
                assert outcome.seconds is not None
                same.append(outcome.seconds)
            print(f"What is known, in a document of {snapshot.text.line_count} lines")
            line("upstream requests", str(len(gateway.requests) - 1))
            line("typing along, p50 / p95", _milliseconds(along))
            line("the same request again, p50 / p95", _milliseconds(same))
            await engine.close()


async def measure_early_stop(rounds: int) -> None:
    """A stream of 400 tokens after the useful part: how many were sent when it was closed."""
    print("Early stop: a stream of 80 tokens a second, 400 tokens after the useful part")
    line_place = (f"{BEFORE}# all of them\n    x = ", "\n    return x\n")
    block_place = (BEFORE, "\n\n\ndef more():\n    pass\n")
    for name, (before, after), useful, shown in (
        ("line", line_place, ["sum", "(prices)", "\n"], "sum(prices)"),
        (
            "block",
            block_place,
            ["if ", "prices:\n", "        return ", "sum(prices)\n", "    return 0", "\n", "\n"],
            "if prices:\n        return sum(prices)\n    return 0",
        ),
    ):
        tokens = ["<fill>", *useful, *(f"x{i} = {i}\n" for i in range(400))]
        steps: list[Step] = []
        for token in tokens:
            steps += [chat_stream(token, chunk=99).steps[0], Pause(1 / 80)]
        surplus: list[int] = []
        for _ in range(rounds):
            with Gateway(Reply(steps)) as gateway:
                async with against(gateway) as meter:
                    engine = Engine(meter, MODEL, CompletionSettings())
                    (suggestion,) = await engine.complete(request_at(before + after, len(before)))
                    assert suggestion.text == shown, suggestion.text
                    record = await asyncio.to_thread(gateway.wait_for_hang_up)
                    surplus.append(record.sent - len(useful) - 1)
                    await engine.close()
        line(
            f"{name}: tokens sent after its end when the connection was closed",
            f"at most {max(surplus)}",
        )


# Replays.


@define
class Figures:
    """What a replay measured."""

    keys: int = 0
    answered: list[float] = field(factory=list)
    without_request: int = 0
    shown: int = 0
    superseded: int = 0


async def replay(
    history: History, engine: Engine, meter: Meter, figures: Figures, most_keys: int
) -> None:
    """Type one history, asking at each key and cancelling the request before it."""
    task: asyncio.Task[Outcome] | None = None
    tasks: list[asyncio.Task[Outcome]] = []
    for number, key in enumerate(history.keys()):
        if number >= most_keys:
            break
        await asyncio.sleep(key.after)
        if task is not None and not task.done():
            task.cancel()
        asked = CompletionRequest(key.snapshot, key.offset)
        task = asyncio.ensure_future(timed(engine, asked, meter))
        tasks.append(task)
    for outcome in await asyncio.gather(*tasks):
        figures.keys += 1
        if outcome.seconds is None:
            figures.superseded += 1
            continue
        figures.answered.append(outcome.seconds)
        figures.without_request += not outcome.asked
        figures.shown += bool(outcome.suggestions)


def oracle(history: History, accuracy: float, seed: int) -> Callable[[object], Reply]:
    """Answer with what is going to be typed, as often as `accuracy` says."""
    chance = random.Random(seed)  # noqa: S311

    def answer(body: object) -> Reply:
        assert isinstance(body, dict)
        prompt = body["messages"][-1]["content"]
        head = prompt.partition(HOLE)[0].rpartition("<above>\n")[2]
        typed = head[head.rfind(history.before[-60:]) + 60 :]
        rest = history.body[len(typed) :] if history.body.startswith(typed) else ""
        if chance.random() >= accuracy:
            rest = "other_" + rest[::-1].replace("\n", " ")[:20]
        line_end = rest.find("\n", 1)
        text = rest[: line_end if line_end > 0 else None]
        reply = chat_stream(f"<fill>{text}</fill>", usage=(len(prompt) // 4, len(text) // 4))
        return waiting(reply.slowly(1 / 80))

    return answer


async def measure_gateway(scale: int) -> None:
    """Several people type at once, each with an engine and a gateway of their own."""
    figures = Figures()
    meters: list[Meter] = []

    async def person(history: History, number: int) -> None:
        with Gateway(oracle(history, 0.5, number)) as gateway:
            async with against(gateway) as meter:
                meters.append(meter)
                engine = Engine(meter, MODEL, CompletionSettings())
                await replay(history, engine, meter, figures, 150)
                await engine.close()

    chosen = histories(6 * scale)
    for start in range(0, len(chosen), 6):
        await asyncio.gather(
            *(person(history, start + i) for i, history in enumerate(chosen[start : start + 6]))
        )
    print(f"Gateway: {LATENCY * 1000:.0f} ms, 80 tokens/s, right half of the time")
    report(figures, meters)


async def measure_embedded(scale: int) -> None:
    figures = Figures()
    async with embedded() as meter:
        for history in histories(2 * scale, seed=2):
            engine = Engine(
                meter, "local", CompletionSettings(), kind="prefix", limits=LOCAL_LIMITS
            )
            await replay(history, engine, meter, figures, 150)
            await engine.close()
        print("Embedded model, raw prefix")
        report(figures, [meter])


def report(figures: Figures, meters: list[Meter]) -> None:
    """Print what a replay measured."""
    requests = [request for meter in meters for request in meter.requests]
    keys = max(1, figures.keys)
    sent = sum(len(_prompt(request)) for request in requests) / 4
    received = sum(meter.text for meter in meters) / 4
    line("keystrokes", f"{figures.keys}, {figures.superseded} superseded by the next key")
    line("keystroke to answer, p50 / p95", _milliseconds(figures.answered))
    line("answered with a suggestion", f"{100 * figures.shown / keys:.0f} % of keystrokes")
    line(
        "answered without a request", f"{100 * figures.without_request / keys:.0f} % of keystrokes"
    )
    line("upstream requests", f"{100 * len(requests) / keys:.1f} per 100 keystrokes")
    line(
        "tokens sent / received (4 characters each)",
        f"{100 * sent / keys:.0f} / {100 * received / keys:.0f} per 100 keystrokes",
    )
    usages = [usage for meter in meters for usage in meter.usages]
    if prompt := sum(usage.prompt for usage in usages):
        cached = sum(usage.cached for usage in usages)
        line(
            "prompt tokens from the model's cache (its own figures)",
            f"{100 * cached / prompt:.1f} % of {prompt} in {len(usages)} requests",
        )


# The prompt cache.


def prefix_first(question: CompletionQuestion, model: str) -> Request:
    """Write the prompt the other way round: the text before the cursor, then the text after."""
    asked = render("chat", question, model)
    context = question.context
    form = (
        f"Language: {context.language}\n<before>\n{context.before}{HOLE}\n</before>\n"
        f"<after>\n{context.after}\n</after>"
    )
    return attrs.evolve(asked, messages=(*asked.messages[:-1], Message("user", form)))


async def measure_cache(scale: int) -> None:
    """Ask at every key, nothing reused on our side: the prompt’s layout alone decides.

    The first prompt, which nothing can be known of, is counted too.
    """

    def layout(kind: Kind) -> Callable[[CompletionQuestion], Request]:
        return lambda question: render(kind, question, "local")

    layouts: list[tuple[str, Callable[[CompletionQuestion], Request]]] = [
        ("raw prefix", layout("prefix")),
        ("chat, text after the cursor first (ours)", layout("chat")),
        ("chat, text before the cursor first", lambda question: prefix_first(question, "local")),
    ]
    print("Prompt cache of the embedded model: every key asks, no reuse on our side")
    for name, write in layouts:
        async with embedded() as meter:
            start = time.perf_counter()
            keys = 0
            for history in histories(scale, seed=3):
                for number, key in enumerate(history.keys()):
                    if number >= 60:
                        break
                    keys += 1
                    context = context_at(key.snapshot, key.offset).within(LOCAL_LIMITS)
                    asked = write(CompletionQuestion(context, "replay.py"))
                    async with aclosing(
                        meter.stream(attrs.evolve(asked, max_tokens=1, stop=None))
                    ) as deltas:
                        async for _ in deltas:
                            pass
            prompt = sum(usage.prompt for usage in meter.usages)
            cached = sum(usage.cached for usage in meter.usages)
            line(
                name,
                f"{100 * cached / prompt:.1f} % of {prompt} prompt tokens cached,"
                f" {(time.perf_counter() - start) / keys * 1000:.0f} ms per key,"
                f" {len(meter.usages)}/{keys} keys counted",
            )


def _prompt(request: Request) -> str:
    return (request.prompt or "") + "".join(message.content for message in request.messages)


def _milliseconds(values: list[float]) -> str:
    return f"{percentile(values, 0.5) * 1000:.2f} / {percentile(values, 0.95) * 1000:.2f} ms"


async def main() -> None:
    parser = argparse.ArgumentParser(description="Replay typing against the completion engine.")
    parser.add_argument("parts", nargs="*", help="burst, gateway, embedded, cache; all if none")
    parser.add_argument("--scale", type=int, default=1, help="how much more to measure")
    given = parser.parse_args()
    parts = given.parts or ["burst", "gateway", "embedded", "cache"]
    if "burst" in parts:
        await measure_burst(5 * given.scale)
        await measure_known(10 * given.scale)
        await measure_early_stop(3 * given.scale)
    if "gateway" in parts:
        await measure_gateway(given.scale)
    if "embedded" in parts:
        await measure_embedded(given.scale)
    if "cache" in parts:
        await measure_cache(given.scale)


if __name__ == "__main__":
    asyncio.run(main())

"""What next edits cost upstream: questions and tokens per 100 edits, and the prompt cache's share.

    python -m tests.bench.next_edits_cost [--scale N]

Functions of real files are typed in again (`tests.bench.histories`), by a clock that is moved, not
waited for; whenever a line that was changed is left, it is asked what would be changed next. An
edit is such a line. The answers of a script (three of four are "none") cost as GLM's would, by four
characters a token. The embedded model then gets the same questions, and says how much of each
prompt it had already; the first of each file, of which nothing can be known, is not counted.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from contextlib import aclosing
from itertools import pairwise
from typing import TYPE_CHECKING

import attrs
from attrs import define, field

from glm_lsp.llm.types import Finish, FinishReason, TextDelta
from glm_lsp.next_edits.eagerness import Eagerness
from glm_lsp.next_edits.foresee import CursorPlace, Foresight
from glm_lsp.text import Text
from tests.bench.histories import histories
from tests.bench.typing_replay import embedded

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from glm_lsp.llm.types import Delta, Provider, Request
    from tests.bench.histories import History

CACHED = 0.95
_CHARACTERS_PER_TOKEN = 4
_HOUR = 60


@define
class Counting:
    """A model of a script that counts what it is asked."""

    requests: list[Request] = field(factory=list)
    answered: int = 0

    async def stream(self, request: Request) -> AsyncGenerator[Delta, None]:
        self.requests.append(request)
        answer = "NONE" if len(self.requests) % 4 else "HIGH @1\n-not there\n+there"
        self.answered += len(answer)
        yield TextDelta(answer)
        yield Finish(FinishReason.STOP)


async def type_in(history: History, foresight: Foresight, now: Callable[[float], None]) -> int:
    """Type a function into its file; return how many lines were changed and left."""
    edits = 0
    before = Text.of(history.before + history.after)
    line, _ = before.position(len(history.before))
    for number, key in enumerate(history.keys()):
        now(key.after)
        if number == 0:
            foresight.opened(attrs.evolve(key.snapshot, text=before))
        at, _ = key.snapshot.text.position(key.offset)
        foresight.changed(key.snapshot, at)
        if at != line:
            edits += 1
            await foresight.foresee(_place(history, key.snapshot, at), "local", _HOUR)
            line = at
    return edits


def _place(history: History, snapshot: object, line: int) -> CursorPlace:
    return CursorPlace(snapshot, line, "replay.py", "insertLeave")  # type: ignore[arg-type]


async def replay(files: int, lines: int, characters: int) -> tuple[int, list[list[Request]], int]:
    """Return the edits, the questions of each file, and the characters of the answers."""
    edits = answered = 0
    questions = []
    for history in histories(files, seed=5):
        clock = [0.0]

        def moved(seconds: float, clock: list[float] = clock) -> None:
            clock[0] += seconds

        model = Counting()
        foresight = Foresight(model, Eagerness(), lambda clock=clock: clock[0])  # type: ignore[misc]
        foresight.show(lines, characters)
        edits += await type_in(history, foresight, moved)
        questions.append(model.requests)
        answered += model.answered
    return edits, questions, answered


async def cached(provider: Provider, questions: list[list[Request]]) -> tuple[int, int, int]:
    """Ask again in order; return tokens from the cache, all tokens, and the requests counted."""
    from glm_lsp.llm.types import Usage

    known = every = count = 0
    for file in questions:
        for number, request in enumerate(file):
            asked = attrs.evolve(request, max_tokens=1)
            async with aclosing(provider.stream(asked)) as deltas:
                async for delta in deltas:
                    if isinstance(delta, Usage) and number:
                        known += delta.cached
                        every += delta.prompt
                        count += 1
    return known, every, count


async def measure(scale: int) -> int:
    """Print the figures; return 1 when the bound is broken."""
    edits, questions, answered = await replay(12 * scale, 60, 6_000)
    requests = [request for file in questions for request in file]
    sent = sum(request.size for request in requests) // _CHARACTERS_PER_TOKEN
    hundred = edits / 100
    print(f"{edits} edits in {len(questions)} files, excerpts of 60 lines on each side")
    print(f"  questions           {len(requests) / hundred:.0f} per 100 edits")
    print(f"  tokens sent         {sent / hundred:,.0f} per 100 edits")
    print(f"  tokens received     {answered / _CHARACTERS_PER_TOKEN / hundred:.0f} per 100 edits")
    same = total = 0
    for file in questions:
        for before, after in pairwise(file):
            one, other = _prompt(before), _prompt(after)
            same += next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
                         min(len(one), len(other)))  # fmt: skip
            total += len(other)
    print(f"  the same as before  {same / max(1, total):.1%} of the characters of a prompt")
    _, small, _ = await replay(3 * scale, 20, 1_500)
    async with embedded() as meter:
        known, every, count = await cached(meter.inner, small)
    share = known / max(1, every)
    print(f"Embedded model, excerpts of 20 lines on each side, {count} questions")
    print(f"  prompt tokens from its cache  {share:.1%} of {every} (at least {CACHED:.0%})")
    return 0 if share >= CACHED else 1


def _prompt(request: Request) -> str:
    return "\0".join(message.content for message in request.messages)


def main(arguments: list[str]) -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--scale", type=int, default=1, help="how much more to measure")
    return asyncio.run(measure(parser.parse_args(arguments).scale))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

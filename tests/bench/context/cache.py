"""Which share of a prompt the embedded model finds in its cache, with the workspace in it.

    python -m tests.bench.context.cache [--functions 3] [--keys 300]

Functions of packages that were in no fit are typed anew in their files, and at every key the model
is asked: the prompts are those of a completion, with a sheet and what is fresh for the line,
written down as for a chat model and as the text that a raw completion goes on with. The shares are
the model's own figures. Its window is small: sheets are smaller than the product's in the same
proportion, and so is what is shown of the file. Each function's first prompt, of which nothing
can be known, is counted apart.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import attrs

from glm_lsp.context.cursor import ContextLimits, context_at
from glm_lsp.project.gather import Gatherer
from glm_lsp.prompts.completion import CompletionQuestion, Kind, ProjectContext, render
from glm_lsp.text import Snapshot, Text
from tests.bench.context.packages import PACKAGES, files
from tests.bench.context.typing import PYTHON, indexed
from tests.bench.typing_replay import Meter, embedded

if TYPE_CHECKING:
    from glm_lsp.llm.types import Request
    from glm_lsp.project.definitions import Definition

LIMITS = ContextLimits(40, 1_500, 15, 500)
KINDS: tuple[Kind, ...] = ("prefix", "chat")
SHEETS = {"without the workspace": (0, 0), "with it": (1_750, 250)}


class Typed(NamedTuple):
    """A function, in its file."""

    name: str
    text: str
    function: Definition


def prompts(
    gatherer: Gatherer, root: Path, typed: Typed, budgets: tuple[int, int], kind: Kind
) -> list[Request]:
    """Return what a model is asked at each key."""
    lines = typed.text.split("\n")
    first, last = typed.function.line, typed.function.last
    found: list[Request] = []
    for line in range(first, last + 1):
        rest = lines[last + 1 :]
        present = "\n".join([*lines[:line], "", *rest])
        project = ProjectContext()
        if any(budgets):
            shown = gatherer.gather(str(root / typed.name), PYTHON, present, line, budgets)
            project = ProjectContext(shown.sheet, shown.fresh)
        indent = len(lines[line]) - len(lines[line].lstrip())
        for key in range(indent, len(lines[line]) + 1):
            head = "\n".join([*lines[:line], lines[line][:key]])
            snapshot = Snapshot("file:///a.py", 1, "python", Text.of("\n".join([head, *rest])))
            context = context_at(snapshot, len(head)).within(LIMITS)
            asked = render(kind, CompletionQuestion(context, typed.name, project=project), "local")
            found.append(asked)
    return found


async def measure(kind: Kind, name: str, every: list[list[Request]]) -> None:
    """Ask at every key of some functions, and print the model's own figures."""
    start = time.perf_counter()
    first = [0, 0]
    rest = [0, 0]
    async with embedded() as meter:
        for asked in every:
            for number, request in enumerate(asked):
                await _ask(meter, request)
                usage = meter.usages[-1]
                tally = rest if number else first
                tally[0] += usage.cached
                tally[1] += usage.prompt
    keys = sum(map(len, every))
    print(
        f"{kind}, {name}: {100 * rest[0] / rest[1]:.2f} % of {rest[1]} tokens cached at"
        f" {keys - len(every)} keys ({100 * (first[0] + rest[0]) / (first[1] + rest[1]):.2f} % with"
        f" the first prompt of {len(every)} functions), {rest[1] / (keys - len(every)):.0f} tokens"
        f" a prompt, {(time.perf_counter() - start) / keys * 1e3:.0f} ms a key",
        flush=True,
    )


async def _ask(meter: Meter, request: Request) -> None:
    short = attrs.evolve(request, max_tokens=1, stop=None)
    async with aclosing(meter.stream(short)) as deltas:
        async for _ in deltas:
            pass


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--functions", type=int, default=3)
    parser.add_argument("--keys", type=int, default=300, help="of each function, at the most")
    given = parser.parse_args()
    dice = random.Random(11)  # noqa: S311
    package = next(each for each in PACKAGES if each.name == "tornado")
    texts = {name: text for name, text in files(package).items() if "test" not in name.lower()}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve() / "work"
        workspace, _ = indexed(texts, root)
        functions = [
            Typed(name, texts[name], each)
            for name in texts
            for each in workspace.index("python").definitions(name)
            if each.kind == "function" and 10 <= each.last - each.line <= 40
        ]
        chosen = dice.sample(functions, given.functions)
        for kind in KINDS:
            for name, budgets in SHEETS.items():
                gatherer = Gatherer(workspace)
                every = [
                    prompts(gatherer, root, each, budgets, kind)[: given.keys] for each in chosen
                ]
                asyncio.run(measure(kind, name, every))


if __name__ == "__main__":
    main()

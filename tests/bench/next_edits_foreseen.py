"""How good GLM's next edits are, by scenarios: shown or quiet, and how near to what was wanted.

    python -m tests.bench.next_edits_foreseen [--embedded]

Without an option the scenarios' own answers are judged, which measures the tests that an answer has
to stand: each must be shown or not as its scenario demands. With `--embedded` the embedded model is
asked; `score` is the same for any provider. F1 is of showing where something was wanted; deltaChrF
compares, by groups of one to six characters, the lines that would go and come with those wanted,
where something was wanted and shown.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections import Counter
from typing import TYPE_CHECKING

from attrs import define

from glm_lsp.prompts.next_edit import read
from glm_lsp.text import common_ends
from tests.bench.typing_replay import embedded
from tests.next_edits.foreseen import Scripted, foreseeable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from glm_lsp.llm.types import Provider
    from tests.next_edits.foreseen import Foreseeable

_LONGEST = 6
_BETA = 2.0
F1, CHRF = 1.0, 0.99


@define
class Score:
    """What came of some scenarios."""

    hits: int = 0
    false_shows: int = 0
    missed: int = 0
    quiet: int = 0
    likeness: float = 0.0

    @property
    def f1(self) -> float:
        """Of showing where something was wanted."""
        wrong = self.false_shows + self.missed
        return 2 * self.hits / max(1, 2 * self.hits + wrong)

    @property
    def delta_chrf(self) -> float:
        """The mean of what was wanted and shown."""
        return self.likeness / max(1, self.hits)


def delta(before: str, after: str) -> str:
    """Return what goes and what comes, without what stays at both ends."""
    start, old_end, new_end = common_ends(before, after)
    return f"-{before[start:old_end]}\n+{after[start:new_end]}"


def chrf(wanted: str, got: str) -> float:
    """Return the F-score of groups of one to six characters, recall counted twice."""
    scores = []
    for size in range(1, _LONGEST + 1):
        one, other = (
            Counter(text[at : at + size] for at in range(len(text) - size + 1))
            for text in (wanted, got)
        )
        if not one and not other:
            continue
        common = sum((one & other).values())
        precision, recall = common / max(1, sum(other.values())), common / max(1, sum(one.values()))
        weighed = _BETA**2 * precision + recall
        scores.append((1 + _BETA**2) * precision * recall / weighed if weighed else 0.0)
    return sum(scores) / max(1, len(scores))


async def score(
    scenarios: Iterable[Foreseeable], provider: Callable[[Foreseeable], Provider]
) -> Score:
    """Ask about every scenario, and count."""
    total = Score()
    for scenario in scenarios:
        edit, _ = await scenario.run(provider(scenario))
        if scenario.quiet:
            total.false_shows += edit is not None
            total.quiet += edit is None
            continue
        wanted = read(scenario.answer)
        if edit is None or wanted is None:
            total.missed += 1
            continue
        total.hits += 1
        would = delta("\n".join(wanted.before).strip(), "\n".join(wanted.after).strip())
        total.likeness += chrf(would, delta(edit.before.strip(), edit.after.strip()))
    return total


def tell(name: str, total: Score) -> None:
    """Print the figures."""
    print(f"{name}: wanted and shown {total.hits}, not shown {total.missed};")
    print(f"  quiet where it should be {total.quiet}, shown all the same {total.false_shows}")
    print(f"  show/quiet F1 {total.f1:.3f}, deltaChrF {total.delta_chrf:.3f}")


async def measure(*, with_model: bool) -> int:
    """Print the figures; return 1 when a bound is broken."""
    scenarios = list(foreseeable())
    scripted = await score(scenarios, lambda scenario: Scripted(scenario.answer))
    tell("Scripted answers", scripted)
    if with_model:
        async with embedded() as meter:
            tell("The embedded model", await score(scenarios, lambda _: meter))
    return 0 if scripted.f1 >= F1 and scripted.delta_chrf >= CHRF else 1


def main(arguments: list[str]) -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--embedded", action="store_true", help="ask the embedded model, too")
    return asyncio.run(measure(with_model=parser.parse_args(arguments).embedded))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

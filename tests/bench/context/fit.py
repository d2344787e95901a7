"""Fits what each sign is worth, and prints the table of `glm_lsp/project/weights.py`.

    python -m tests.bench.context.fit [--places 100] [--write]

On packages that no other measurement looks at. A place's names compete with the others that
might have been shown there: the logarithm of a softmax over them is made larger, by Adagrad. The
trees that order the names that are found so are fitted by `fit_trees.py`, afterwards.
"""

from __future__ import annotations

import argparse
import math
import random
import re
from pathlib import Path
from typing import TYPE_CHECKING

from glm_lsp.project import weights as table
from glm_lsp.project.score import Scorer
from tests.bench.context.packages import PACKAGES, files
from tests.bench.context.places import LANGUAGES, indexed, places

if TYPE_CHECKING:
    from collections.abc import Iterator

_BEST, _CHANCE = 250, 80
"""Names that a true one competes with: those that came near, and some of all others."""
_EPOCHS = 25
_RATE = 0.15
_KEPT = 2e-4

Example = tuple[list[dict[str, float]], list[dict[str, float]]]


def examples(count: int, dice: random.Random) -> Iterator[Example]:
    """Yield the signs of the true names and of others, for each place of the packages."""
    for package in PACKAGES:
        if not package.fitted:
            continue
        language = LANGUAGES[package.suffixes[0]]
        texts = files(package)
        index = indexed(texts, language)
        many = count * 2 if language == "python" else count
        for place, hole in places(texts, language, index, many, seed=7):
            with hole as here:
                scorer = Scorer(index, here)
                order = scorer.likely()
                features = {s: f for s, f in scorer.features().items() if s != "cursor"}
                true = [name for name in place.truth if name in order]
                rest = order[_BEST:]
                others = order[:_BEST] + dice.sample(rest, min(_CHANCE, len(rest)))

                def signs(
                    name: str, given: dict[str, dict[str, float]] = features
                ) -> dict[str, float]:
                    return {sign: of[name] for sign, of in given.items() if name in of}

                if true:
                    wanted = set(true)
                    yield (
                        [signs(name) for name in true],
                        [signs(name) for name in others if name not in wanted],
                    )
        print(f"  {package.name}: {len(texts)} files", flush=True)


def fit(data: list[Example], dice: random.Random) -> dict[str, float]:
    """Return the weights under which the true names come first."""
    weights = dict(table.WEIGHTS)
    grown = dict.fromkeys(weights, 1.0)
    for epoch in range(_EPOCHS):
        dice.shuffle(data)
        loss = 0.0
        for true, others in data:
            worth = [_score(weights, each) for each in others]
            for each in true:
                own = _score(weights, each)
                top = max(own, *worth) if worth else own
                powers = [math.exp(value - top) for value in worth]
                mine = math.exp(own - top)
                total = sum(powers) + mine
                loss -= math.log(mine / total)
                slope: dict[str, float] = {}
                for sign, value in each.items():
                    slope[sign] = slope.get(sign, 0.0) + value
                for signs, power in (*zip(others, powers, strict=True), (each, mine)):
                    share = power / total
                    if share > 1e-5:
                        for sign, value in signs.items():
                            slope[sign] = slope.get(sign, 0.0) - share * value
                for sign, value in slope.items():
                    step = value - _KEPT * weights.get(sign, 0.0)
                    grown[sign] = grown.get(sign, 1.0) + step * step
                    change = _RATE * step / math.sqrt(grown[sign])
                    weights[sign] = weights.get(sign, 0.0) + change
        print(f"  epoch {epoch}: {loss / max(1, len(data)):.4f}", flush=True)
    return weights


def _score(weights: dict[str, float], signs: dict[str, float]) -> float:
    return sum(weights.get(sign, 0.0) * value for sign, value in signs.items())


def written(weights: dict[str, float]) -> str:
    """Return the table as it stands in the module."""
    rows, row = [], "   "
    for sign, value in sorted(weights.items()):
        entry = f' "{sign}": {value:.3f},'
        if len(row) + len(entry) > 100:
            rows.append(row)
            row = "   "
        row += entry
    return "WEIGHTS = {\n" + "\n".join([*rows, row]) + "\n}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--places", type=int, default=100)
    parser.add_argument("--write", action="store_true", help="into the module")
    given = parser.parse_args()
    dice = random.Random(3)  # noqa: S311
    data = list(examples(given.places, dice))
    found = written(fit(data, dice))
    print(found)
    if given.write:
        path = Path(table.__file__)
        path.write_text(
            re.sub(r"WEIGHTS = \{.*?\n\}", found, path.read_text("utf-8"), flags=re.DOTALL)
        )


if __name__ == "__main__":
    main()

"""Fits the trees that score names, and writes `glm_lsp/project/trees.json`.

    python -m tests.bench.context.fit_trees [--places 70] [--trees 100] [--leaves 12]

On packages that no other measurement looks at. A place's names compete with others that came near
and some of all the rest. LightGBM grows the trees: fetched by pip, into an environment of its own
in `.cache`; the product and its tests know nothing of it.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import venv
from array import array
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glm_lsp.project import trees as evaluator
from glm_lsp.project.score import Scorer
from tests.bench.context.packages import CACHE, PACKAGES, files
from tests.bench.context.places import LANGUAGES, indexed, together

if TYPE_CHECKING:
    from collections.abc import Iterator

LIGHTGBM = "lightgbm>=4.5,<5"
_BEST, _CHANCE = 300, 80
"""Names that a true one competes with."""
_FINEST = 0.001
"""What a step of a leaf is worth at the least: the file is the smaller."""
_BOLDER = 1.4
"""What trees say is too cautious for packages they have not seen: by cross-validation."""
FAMILIES = ("python", "javascript", "go", "rust")
"""Where they are better than a sum of weights, by cross-validation; Java has too few places."""

Signs = dict[str, dict[str, float]]


def examples(count: int, dice: random.Random) -> Iterator[tuple[Signs, list[str], frozenset[str]]]:
    """Yield the signs of each place of the packages, its names, and which of them were used."""
    for package in PACKAGES:
        if not package.fitted:
            continue
        language = LANGUAGES[package.suffixes[0]]
        texts = files(package)
        index = indexed(texts, language)
        for place, here in together(texts, language, index, count, seed=11):
            scorer = Scorer(index, here)
            likely = scorer.likely()
            rest = likely[_BEST:]
            others = likely[:_BEST] + dice.sample(rest, min(_CHANCE, len(rest)))
            used = place.truth.intersection(likely)
            if used:
                yield scorer.features(), sorted(used.union(others)), used
        print(f"  {package.name}: {len(texts)} files", flush=True)


def grown(count: int, dice: random.Random, settings: dict[str, int]) -> dict[str, Any]:
    """Return the trees as LightGBM tells them, and the names of their signs."""
    numbers: dict[str, int] = {}
    sizes, labels, cells = array("i"), array("b"), array("f")
    given = list(examples(count, dice))
    for features, _, _ in given:
        for sign in features:
            numbers.setdefault(sign, len(numbers))
    for features, names, used in given:
        sizes.append(len(names))
        labels.extend(name in used for name in names)
        for name in names:
            cells.extend(features.get(sign, {}).get(name, 0.0) for sign in numbers)
    with tempfile.TemporaryDirectory() as folder:
        for file, values in (("sizes", sizes), ("labels", labels), ("cells", cells)):
            Path(folder, file).write_bytes(values.tobytes())
        grower = Path(__file__).with_name("grow.py")
        command = (str(_environment()), "-I", str(grower), folder, json.dumps(settings))
        told = subprocess.run(command, capture_output=True, check=True).stdout
    return {"signs": list(numbers), "trees": json.loads(told)}


def written(signs: list[str], trees: list[dict[str, Any]]) -> str:
    """Return trees as they stand in the file: thresholds by sign, and leaves in small steps."""
    thresholds: dict[str, set[float]] = {}
    leaves: list[list[float]] = []

    def gather(node: dict[str, Any], values: list[float]) -> None:
        if "leaf_value" in node and "left_child" not in node:
            values.append(node["leaf_value"])
            return
        assert node["decision_type"] == "<="
        thresholds.setdefault(signs[node["split_feature"]], set()).add(_rounded(node))
        gather(node["left_child"], values)
        gather(node["right_child"], values)

    for tree in trees:
        leaves.append([])
        gather(tree, leaves[-1])
    unit = max(
        _FINEST, sum(max(some) - min(some) for some in leaves) / (evaluator.MOST - len(leaves))
    )
    conditions = {sign: sorted(some) for sign, some in sorted(thresholds.items())}
    every = [(sign, each) for sign, some in conditions.items() for each in some]
    number = {condition: at for at, condition in enumerate(every)}

    def small(node: dict[str, Any], least: float) -> Any:
        if "left_child" not in node:
            return round((node["leaf_value"] - least) / unit)
        at = number[signs[node["split_feature"]], _rounded(node)]
        return [at, small(node["left_child"], least), small(node["right_child"], least)]

    rows = [small(tree, min(some)) for tree, some in zip(trees, leaves, strict=True)]
    by = "tests/bench/context/fit_trees.py"
    head = (
        f'"families":{_short(FAMILIES)},"written by":{json.dumps(by)},"unit":{_BOLDER * unit:.5g}'
    )
    table = ",\n".join(f"{json.dumps(sign)}:{_short(some)}" for sign, some in conditions.items())
    lines = ",\n".join(map(_short, rows))
    return f'{{{head},\n"conditions":{{\n{table}}},\n"trees":[\n{lines}]}}\n'


def _short(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _rounded(node: dict[str, Any]) -> float:
    value = float(f"{node['threshold']:.4g}")
    return 0.0 if abs(value) < 1e-20 else value


def _environment() -> Path:
    folder = CACHE.parent / "trees"
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not (folder / ".ready").exists():
        venv.create(folder, with_pip=True, clear=True)
        install = (str(python), "-m", "pip", "install", "-q", LIGHTGBM)
        subprocess.run(install, capture_output=True, check=True)
        (folder / ".ready").touch()
    return python


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--places", type=int, default=70)
    parser.add_argument("--trees", type=int, default=100)
    parser.add_argument("--leaves", type=int, default=12)
    own = Path(evaluator.__file__).with_name("trees.json")
    parser.add_argument("--file", type=Path, default=own, help="what is written")
    given = parser.parse_args()
    dice = random.Random(3)  # noqa: S311
    found = grown(given.places, dice, {"trees": given.trees, "leaves": given.leaves})
    given.file.write_text(written(found["signs"], found["trees"]), "utf-8")
    print(f"{given.file.stat().st_size} bytes")


if __name__ == "__main__":
    main()

"""LightGBM grows trees: a process of its own, in an environment of its own.

    python grow.py FOLDER SETTINGS

The folder holds `sizes` (names of each place), `labels` (which were used) and `cells` (their signs,
row by row); the trees come out as JSON. It is run by `fit_trees.py`.

What is made smaller is what the linear fit makes smaller: of each name that was used, the negative
logarithm of its share in a softmax over it and all that were not used at its place.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    np: Any = importlib.import_module("numpy")
    lightgbm: Any = importlib.import_module("lightgbm")
    folder, settings = Path(sys.argv[1]), json.loads(sys.argv[2])
    sizes = np.fromfile(folder / "sizes", dtype=np.int32)
    labels = np.fromfile(folder / "labels", dtype=np.int8)
    cells = np.fromfile(folder / "cells", dtype=np.float32).reshape(len(labels), -1)
    ends = np.cumsum(sizes)

    def slopes(scores: Any, _: Any) -> tuple[Any, Any]:
        first, second = np.zeros_like(scores), np.zeros_like(scores)
        for start, end in zip(ends - sizes, ends, strict=True):
            used = labels[start:end] > 0
            powers = np.exp(scores[start:end] - scores[start:end].max())
            others = np.where(used, 0.0, powers)
            totals = others.sum() + powers[used]
            share = powers[used] / totals
            lost, again = others * (1 / totals).sum(), others**2 * (1 / totals**2).sum()
            first[start:end], second[start:end] = lost, lost - again
            first[start:end][used], second[start:end][used] = share - 1, share * (1 - share)
        return first, np.maximum(second, 1e-6)

    parameters = {
        "objective": slopes,
        "num_leaves": settings["leaves"],
        "learning_rate": 0.1,
        "max_bin": 31,
        "min_child_samples": 5,
        "lambda_l2": 1.0,
        "seed": 1,
        "deterministic": True,
        "num_threads": 1,
        "verbose": -1,
    }
    data = lightgbm.Dataset(cells, labels, group=sizes, params=parameters)
    found = lightgbm.train(parameters, data, settings["trees"]).dump_model()
    print(json.dumps([tree["tree_structure"] for tree in found["tree_info"]]))


if __name__ == "__main__":
    main()

"""The trees that order names: many at once as one alone, and the file that is shipped."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from glm_lsp.languages import language_named
from glm_lsp.project import trees
from glm_lsp.project.facts import facts_of
from glm_lsp.project.index import Index
from glm_lsp.project.place import here_at
from glm_lsp.project.score import Scorer
from glm_lsp.project.trees import MOST, Node, Trees, fitted
from glm_lsp.project.weights import WEIGHTS

SHIPPED: dict[str, Any] = json.loads(
    Path(trees.__file__).with_name("trees.json").read_text("utf-8")
)


def alone(node: Node, conditions: list[tuple[str, float]], values: dict[str, float]) -> int:
    """Return what a tree says of one name, step by step."""
    while not isinstance(node, int):
        sign, threshold = conditions[node[0]]
        node = node[2] if values.get(sign, 0.0) > threshold else node[1]
    return node


def random_tree(dice: random.Random, conditions: int, leaves: int) -> Node:
    if leaves == 1:
        return dice.randrange(400)
    left = dice.randrange(1, leaves)
    parts = (random_tree(dice, conditions, some) for some in (left, leaves - left))
    return [dice.randrange(conditions), *parts]


def test_they_say_what_each_name_would_be_told_alone() -> None:
    """All at once is as one after the other, with names that lack signs, and below zero too."""
    dice = random.Random(5)  # noqa: S311
    thresholds = {"near": [0.0, 0.2, 0.7], "own": [-0.7, 0.5], "sum": [-1.5, -0.25, 0.5]}
    conditions = [(sign, each) for sign, some in thresholds.items() for each in some]
    forest = [random_tree(dice, len(conditions), 9) for _ in range(30)]
    names = [f"name_{number}" for number in range(300)]
    often = {"near": 0.8, "own": 0.45, "sum": 0.4}
    values = {
        name: {sign: dice.uniform(-2, 1) for sign in thresholds if dice.random() < often[sign]}
        for name in names
    }
    signs = {
        sign: {name: given[sign] for name, given in values.items() if sign in given}
        for sign in thresholds
    }
    signs["near"]["another"] = 0.9
    expected = {
        name: 0.5 * sum(alone(tree, conditions, values[name]) for tree in forest) for name in names
    }
    assert len(set(expected.values())) > 10
    assert Trees(thresholds, forest, 0.5).worth(names, signs) == expected


def test_a_value_that_equals_a_threshold_is_not_greater() -> None:
    """As where the trees were grown: at most the threshold is one way, more the other."""
    tree = Trees({"near": [0.5]}, [[0, 1, 2]], 1.0)
    signs = {"near": {"equal": 0.5, "more": 0.51}}
    assert tree.worth(["equal", "more"], signs) == {"equal": 1.0, "more": 2.0}
    many = tree.worth(["equal", "more", "one", "two", "three"], signs)
    assert many == {"equal": 1.0, "more": 2.0, "one": 1.0, "two": 1.0, "three": 1.0}


def test_no_names_are_nothing() -> None:
    """Where nothing may be shown there is nothing to order."""
    assert fitted().worth([], {}) == {}


def test_what_all_trees_say_of_a_name_fits_its_lane() -> None:
    """The greatest sum that the file allows does not flow over into another name's."""

    def greatest(node: Node) -> int:
        return node if isinstance(node, int) else max(greatest(node[1]), greatest(node[2]))

    assert 0 < sum(map(greatest, SHIPPED["trees"])) <= MOST
    for each in SHIPPED["conditions"].values():
        assert each == sorted(set(each))
        assert len(each) <= trees._MOST_THRESHOLDS


def test_the_file_names_signs_that_there_are() -> None:
    """A sign that is called something else now would count as lacking, and nobody would notice."""
    kinds = {"class", "field", "function", "parameter"}
    described = {"popular", "rarity", "many", "private", *kinds}
    assert set(SHIPPED["conditions"]) <= WEIGHTS.keys() | described | {"cursor"}


def test_scores_are_what_the_trees_say() -> None:
    """Each name that may be among the best has a score, by all its signs."""
    python = language_named("python")
    index = Index("python")
    text = "class Circle:\n    def area_within(self): ...\n    def _hidden(self): ...\n"
    use = "from shapes import Circle\n\n\ndef use(first: Circle):\n    first.\n"
    index.replace("shapes.py", facts_of(python, text))
    index.replace("use.py", facts_of(python, use))
    here = here_at("use.py", use.split("\n"), 4, index.definitions("use.py"))
    scorer = Scorer(index, here)
    scores = scorer.scores()
    conditions = [(sign, each) for sign, some in SHIPPED["conditions"].items() for each in some]
    features = scorer.features()
    assert {"area_within", "_hidden"} <= scores.keys() == set(scorer.likely())
    for name, score in scores.items():
        values = {sign: given[name] for sign, given in features.items() if name in given}
        said = sum(alone(tree, conditions, values) for tree in SHIPPED["trees"])
        assert score == SHIPPED["unit"] * said

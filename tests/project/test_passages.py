"""Which words stand together, while files come, change and go."""

from __future__ import annotations

import random
from array import array
from itertools import accumulate

from glm_lsp.project.passages import Passages


def held(passages: list[list[int]]) -> array[int]:
    """Return the places of words as facts say them."""
    ends = accumulate(map(len, passages))
    return array("H", [len(passages), *ends, *(place for each in passages for place in each)])


def test_it_says_the_same_after_any_changes_as_if_built_anew() -> None:
    """However often files are replaced and removed, only what they hold now is found."""
    dice = random.Random(5)  # noqa: S311
    words = [f"word_{number}" for number in range(60)]
    changed = Passages()
    files: dict[str, tuple[list[str], list[list[int]]]] = {}
    for _ in range(2_500):
        path = f"{dice.randrange(12)}.py"
        if dice.random() < 0.1:
            files.pop(path, None)
            changed.remove(path)
            continue
        files[path] = (
            dice.sample(words, 8),
            [dice.sample(range(8), 3) for _ in range(dice.randrange(4))],
        )
        changed.replace(path, files[path][0], held(files[path][1]))
    anew = Passages()
    for path, (said, passages) in files.items():
        anew.replace(path, said, held(passages))
    for word in words:
        assert sorted(changed.holding(word)) == sorted(anew.holding(word))
        assert changed.spread(word) == anew.spread(word)
    for path, (said, passages) in files.items():
        found = [changed.words(number) for number in changed.of(path)]
        assert found == [[said[place] for place in passage] for passage in passages]
    assert len(changed) < 2_500


def test_passages_that_hold_most_of_the_wanted_words() -> None:
    """The best come first; the file itself is left out."""
    passages = Passages()
    passages.replace("own.py", ["round", "shape"], held([[0, 1]]))
    passages.replace("both.py", ["round", "shape"], held([[0, 1]]))
    passages.replace("one.py", ["round", "other"], held([[0, 1]]))
    for number in range(20):
        passages.replace(f"{number}.py", [f"filler_{number}"], held([[0]]))
    found = passages.alike({"round": 1.0, "shape": 1.0}, "own.py", 5)
    assert [passages.path_of(number) for _, number in found] == ["both.py", "one.py"]

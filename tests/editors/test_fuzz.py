"""Keys in the very lines that GLM is changing, in real Neovim: cases by name, and the fuzz."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

import pytest

from tests.editors.fuzz.plan import Plan, named
from tests.editors.fuzz.typist import Stroke, split
from tests.editors.fuzz.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.editors.setup_editors import Found

pytestmark = pytest.mark.editor

_SHARE = 40
_FIRST = 3090211900
"""The share in CI is the same each time; `make fuzz-neovim` takes fresh seeds."""
RUNS = 40 * int(os.environ.get("GLM_TEST_SCALE", "1"))

SUM = [
    ("def add(total, items):\n",),
    ("    total = total + items\n", "    total += items\n"),
    ("    checked = bool(items)\n    first = 1\n    second = 2\n    third = 3\n",),
    ("    log = total + 1\n", "    log = total - 1\n"),
    ("    return total\n",),
]
GROWN = [
    ("def add(total, items):\n",),
    ("    first = items\n",),
    ("", "    one(items)\n    two(items)\n    three(items)\n    four(items)\n"),
    ("    second = items\n",),
    ("    log = total + 1\n", "    log = total - 1\n"),
    ("    return total\n",),
]
TWINS = [
    ("def add(total, items):\n",),
    ("    log(items)\n    log(items)\n", "    log(items)\n    log.debug(items)\n"),
    ("    return total\n",),
]
LAST = [
    ("def add(total, items):\n",),
    ("    total = total + items\n", "    total += items\n"),
    ("    checked = bool(items)\n    first = 1\n    second = 2\n    third = 3\n",),
    ("    return total + 0\n", "    return total\n"),
]


@pytest.fixture(scope="module")
def worker(editor: Callable[[str], Found]) -> Iterator[Worker]:
    """Yield a Neovim with the real server."""
    editor("nvim")
    with Worker() as worker:
        yield worker


def text_after(
    worker: Worker, change: list[tuple[str, ...]], keys: str, *, when: str, shown: str = ""
) -> tuple[str, bool]:
    """Type once the answer has come to `when`; return the text at the end, and if it was said.

    Judged besides as the fuzz judges. `shown` must be in the text before the first key.
    """
    scenario, reply = named(change, when)
    plan = Plan(
        scenario,
        [Stroke(split(keys), 0)],
        pace=0,
        reply=reply,
        delay=0,
        until=shown,
    )
    run = worker.follow(plan)
    assert not run.faults
    return str(run.record["text"]), bool(run.record["messages"])


HEAD = "def add(total, items):\n"
KEPT = "    first = 1\n    second = 2\n    third = 3\n"
REST = f"    checked = bool(items)\n{KEPT}    log = total - 1\n    return total\n"
OLD = "    total = total + items\n"
NEW = "    total += items\n"


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        pytest.param("2Gdd", HEAD + REST, id="dd"),
        pytest.param(
            "2Gddp",
            HEAD + REST.replace("(items)\n", f"(items)\n{OLD}", 1),
            id="ddp",
        ),
        pytest.param("2Gcctotal = 1<Esc>", f"{HEAD}    total = 1\n{REST}", id="cc"),
        pytest.param(
            "2GJJ",
            f"{HEAD}    total = total + items checked = bool(items) first = 1\n"
            "    second = 2\n    third = 3\n    log = total - 1\n    return total\n",
            id="JJ",
        ),
    ],
)
def test_a_line_that_is_about_to_change(worker: Worker, keys: str, text: str) -> None:
    """The line is the user's, the rest is done, and what was left out is said."""
    assert text_after(worker, SUM, keys, when=NEW) == (text, True)


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        pytest.param("2Gdd", HEAD + REST, id="dd"),
        pytest.param("2Gddp", HEAD + REST.replace("(items)\n", f"(items)\n{NEW}", 1), id="ddp"),
        pytest.param("2Gcctotal = 1<Esc>", f"{HEAD}    total = 1\n{REST}", id="cc"),
    ],
)
def test_a_line_that_has_changed_already(worker: Worker, keys: str, text: str) -> None:
    """The new line is the user's to change, the rest is done, and nothing needs to be said."""
    came = text_after(worker, SUM, keys, when="    log", shown=NEW)
    assert came == (text, False)


def test_joining_a_changed_line_with_one_that_is_to_change(worker: Worker) -> None:
    """The second change's line is joined to the first's: that one is left out, and said."""
    came = text_after(worker, SUM, "2G6J", when="    log", shown=NEW)
    joined = "    total += items checked = bool(items) first = 1 second = 2 third = 3"
    assert came == (f"{HEAD}{joined} log = total + 1\n    return total\n", True)


def test_deleting_the_last_line_while_it_changes(worker: Worker) -> None:
    """The last line stays deleted, and nothing is inserted in its place."""
    text = f"{HEAD}{NEW}    checked = bool(items)\n{KEPT}"
    assert text_after(worker, LAST, "Gdd", when="    return", shown=NEW) == (text, True)


def test_joining_lines_beside_a_hunk_that_streams(worker: Worker) -> None:
    """The lines that GLM writes stay out whole, or in whole, when a neighbour is joined."""
    before = "def add(total, items):\n    first = items second = items\n"
    rest = "    log = total - 1\n    return total\n"
    assert text_after(worker, GROWN, "2GJ", when="    one") == (before + rest, True)
    assert text_after(worker, GROWN, "2GJ", when="    three") == (before + rest, True)


@pytest.mark.parametrize("line", [2, 3])
def test_deleting_one_of_two_equal_lines(worker: Worker, line: int) -> None:
    """The other one stays, and is never a mixture; the second is the one that GLM changes."""
    text, said = text_after(worker, TWINS, f"{line}Gdd", when="    log.debug")
    assert said
    assert text == "def add(total, items):\n    log(items)\n    return total\n"


def test_random_keys(worker: Worker) -> None:
    """Whoever types whatever: no mixture, nothing lost, an end, and a way back."""
    first = secrets.randbelow(10**9) if RUNS > _SHARE else _FIRST
    runs = [worker.run(seed) for seed in range(first, first + RUNS)]
    odd = {run.seed: run.faults for run in runs if run.faults}
    again = " ".join(map(str, odd))
    assert not odd, f"python -m tests.editors.fuzz --replay {again}\n{odd}"
    assert sum(run.edits for run in runs) > RUNS

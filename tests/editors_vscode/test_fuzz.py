"""Keys in the very lines that GLM is changing, in real VS Code: cases by name, and the fuzz."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

import pytest

from tests.editors.fuzz.plan import named
from tests.editors_vscode.fuzz.typist import Stroke
from tests.editors_vscode.fuzz.worker import Plan, Worker, as_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.editor

_SHARE = 4
_FIRST = 405599400
"""The share in CI is the same each time; `make fuzz-vscode` takes fresh seeds."""
RUNS = max(1, round(4 * float(os.environ.get("GLM_TEST_SCALE", "1"))))

HEAD = "def add(total, items):\n"
OLD = "    total = total + items\n"
NEW = "    total += items\n"
KEPT = "    checked = bool(items)\n"
SUM = [(HEAD,), (OLD, NEW), (KEPT,), ("    log = total + 1\n", "    log = total - 1\n")]
SUM += [("    return total\n",)]
REST = "    log = total - 1\n    return total\n"
DONE = "    done = True\n"
LAST = [(HEAD,), (OLD, NEW), (KEPT,), (DONE,), ("    return total + 0\n", "    return total\n")]
TWINS = [
    (HEAD,),
    ("    log(items)\n    log(items)\n", "    log(items)\n    log.debug(items)\n"),
    ("    return total\n",),
]


@pytest.fixture(scope="module")
def worker(ready: None) -> Iterator[Worker]:
    """A VS Code with the real server."""
    with Worker() as worker:
        yield worker


def text_after(
    worker: Worker,
    change: list[tuple[str, ...]],
    line: int,
    *keys: str,
    when: str,
    shown: str = "",
) -> tuple[str, bool]:
    """Type in a line once the answer has come to `when`; return the text, and if it was said.

    Judged besides as the fuzz judges. `shown` must be in the text before the first key.
    """
    scenario, reply = named(change, when)
    plan = Plan(
        scenario,
        as_lines(scenario),
        [Stroke((line - 1, 0), keys, 0)],
        pace=0.05,  # VS Code cuts and pastes some time after the key.
        reply=reply,
        delay=0,
        until=shown,
    )
    run = worker.follow(plan)
    assert not run.faults
    return str(run.record["text"]), bool(run.record["messages"])


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        pytest.param(["Control+Shift+K"], HEAD + KEPT + REST, id="delete the line"),
        pytest.param(
            ["Control+x", "ArrowDown", "Control+v"], HEAD + KEPT + OLD + REST, id="cut and paste"
        ),
        pytest.param(
            ["Home", "Shift+End", "'total = 1"],
            f"{HEAD}    total = 1\n{KEPT}{REST}",
            id="write another one",
        ),
        pytest.param(
            ["End", "Delete", "Delete", "Delete", "Delete", "Delete"],
            f"{HEAD}{OLD.rstrip()}{KEPT.lstrip()}{REST}",
            id="join it with the next",
        ),
    ],
)
def test_a_line_that_is_about_to_change(worker: Worker, keys: list[str], text: str) -> None:
    """The line is the user's, the rest is done, and what was left out is said."""
    assert text_after(worker, SUM, 2, *keys, when=NEW) == (text, True)


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        pytest.param(["Control+Shift+K"], HEAD + KEPT + REST, id="delete the line"),
        pytest.param(["Alt+ArrowDown"], HEAD + KEPT + NEW + REST, id="move it down"),
        pytest.param(["End", "'  # mine"], f"{HEAD}{NEW[:-1]}  # mine\n{KEPT}{REST}", id="add"),
    ],
)
def test_a_line_that_has_changed_already(worker: Worker, keys: list[str], text: str) -> None:
    """The new line is the user's to change, the rest is done, and nothing needs to be said."""
    assert text_after(worker, SUM, 2, *keys, when="    return", shown=NEW) == (text, False)


def test_moving_a_neighbour_over_a_line_that_is_about_to_change(worker: Worker) -> None:
    """VS Code moves the line below over it, so the line is GLM's to change, and is changed."""
    came = text_after(worker, SUM, 2, "Alt+ArrowDown", when=NEW)
    assert came == (HEAD + KEPT + NEW + REST, False)


def test_deleting_the_last_line_while_it_changes(worker: Worker) -> None:
    """The last line stays deleted, and nothing is inserted in its place."""
    came = text_after(worker, LAST, 5, "Control+Shift+K", when="    return", shown=NEW)
    assert came == (f"{HEAD}{NEW}{KEPT}{DONE}", True)


@pytest.mark.parametrize("line", [2, 3])
def test_deleting_one_of_two_equal_lines(worker: Worker, line: int) -> None:
    """The other one stays, and is never a mixture; the second is the one that GLM changes."""
    came = text_after(worker, TWINS, line, "Control+Shift+K", when="    log.debug")
    assert came == (f"{HEAD}    log(items)\n    return total\n", True)


def test_random_keys(worker: Worker) -> None:
    """Whoever types whatever: no mixture, nothing lost, an end, and a way back."""
    first = secrets.randbelow(10**9) if RUNS > _SHARE else _FIRST
    runs = [worker.run(seed) for seed in range(first, first + RUNS)]
    odd = {run.seed: run.faults for run in runs if run.faults}
    again = " ".join(map(str, odd))
    assert not odd, f"python -m tests.editors_vscode.fuzz --replay {again}\n{odd}"

"""Patterns of exclusions that take for ever to match."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from glm_lsp.context.ignore import Exclusions
from glm_lsp.context.patterns import Patterns
from tests.security.rig import CODE, attacks, bodies, serving

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.gateway import Gateway

LISTS: dict[str, list[str]] = {
    "stars": ["*a" * 30 + "b"] * 100,
    "as many stars as may be": ["*a" * 10 + "b"] * 1_000,
    "folders": ["**/" * 40 + "x"] * 100,
    "as many folders as may be": ["**/a" * 9 + "/**/b"] * 1_000,
    "characters": ["*" + "a?" * 100 + "b"] * 100,
    "choices": ["[a-z]*" * 30 + "!"] * 100,
    "brackets": ["[" * 240 + "*"] * 1_000,
    "long": ["x" * 1_000] * 1_000,
    "names": [f"name{number}" for number in range(10_000)],
    "suffixes": [f"*.x{number}" for number in range(10_000)],
    "taken back": ["!" + "*a" * 30] * 1_000,
}
NAMES = ("src/area.py", f"{'a' * 250}/{'a/' * 60}a", "a/" * 245, "a" * 4_000, "a/" * 100_000)
WITHIN = 0.1
"""Seconds of CPU on a busy machine; ten milliseconds on an idle one."""


@attacks(
    "lines", {name: (f"A list is slow to match: {name}.", lines) for name, lines in LISTS.items()}
)
def test_slow_lists(sentence: str, lines: list[str]) -> None:
    """A list is read, and any name judged by it, at once."""
    patterns = Patterns(lines)
    assert _seconds(lambda: Patterns(lines)) < WITHIN, sentence
    for name in NAMES:
        assert _seconds(partial(patterns.excludes, name)) < WITHIN, sentence


def _seconds(run: Callable[[], object]) -> float:
    """Return the CPU time of a run, the best of three: tests leave much garbage to collect."""
    took = []
    for _ in range(3):
        started = time.process_time()
        run()
        took.append(time.process_time() - started)
    return min(took)


def test_a_list_of_what_just_may_be() -> None:
    """A setting is asked about on the event loop, by each of a document's names."""
    folders = [f"**/{letter}{number}*/**/z" for letter in "abc" for number in range(40)]
    exclusions = Exclusions([folders])
    uris = (f"file:///a/b/c/d/e/f/g/h/i/j/k/area{number}.py" for number in range(3))
    assert _seconds(lambda: exclusions.excludes(next(uris))) < 0.02
    assert not exclusions.excludes("file:///a/b/c/d/e/f/g/h/i/j/k/area.py")


def test_exclusions_that_are_slow(home: Path, gateway: Gateway) -> None:
    """A workspace excludes by patterns that are slow to match: the server goes on, and says so."""
    slow = [
        "area*a*a" + "*a" * 30 + "b",
        "q" + "**/" * 40 + "x",
        "z" + "[a-z]*" * 30 + "!",
        *["x" * 1_000] * 1_000,
    ]
    values = {"context": {"exclude": slow}}
    with serving(home, gateway, configuration=values, level="error") as rig:
        rig.ask(rig.open(f"file:///{'a' * 200}/{'a/' * 60}area.py"))
        assert rig.status()["jobs"] == []
        assert "stays on your machine" in rig.shown()
        assert "glm.context.exclude: pattern 1 has more than 10 *" in rig.shown()
        assert not gateway.requests
        rig.ask(rig.open("file:///src/other.py"))
        assert gateway.requests


def test_a_slow_gitignore(home: Path, project: Path, gateway: Gateway) -> None:
    """A `.gitignore` is slow to match: completions go on, what it may mean stays, the log says so."""
    (project / ".git").mkdir()
    (project / ".gitignore").write_text("# ours\n" + "notes" + "*a" * 30 + "b\n", "utf-8")
    with serving(home, gateway, root=project) as rig:
        rig.open((project / f"notes{'a' * 200}.py").as_uri(), CODE.replace("circle", "canary"))
        rig.complete(rig.open((project / "a.py").as_uri()), "return ")
        assert gateway.requests
        assert "canary" not in bodies(gateway)
        assert ".gitignore:2: this pattern has more than 10 *" in rig.log()

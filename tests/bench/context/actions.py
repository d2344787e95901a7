"""How much of what an action needs from other files its prompt shows; others say what it needs.

    python -m tests.bench.context.actions [--language python] [--functions 40] [--misses]

On packages that were in no fit. Definitions: of the calls in a function whose callee is, as jedi
or TypeScript's server says, a function or a class defined in another file of the workspace, how
many have that definition (file and line) in the prompt of `explain`? Callers: of functions that
these servers find one to eight calls of, outside of themselves, how many of these lines are in
the prompt of `refactor`? Lines of the target's own file count when they are shown around it.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from glm_lsp.actions.plan import Plan, Task, plan, wanted_of
from glm_lsp.actions.profile import ModelProfile
from glm_lsp.actions.registry import ACTIONS
from glm_lsp.languages import language_named
from glm_lsp.project.consult import consult
from glm_lsp.text import Snapshot, Span, Text
from tests.bench.context.oracles import Jedi, Place, TypeScript
from tests.bench.context.packages import PACKAGES, files
from tests.bench.context.typing import indexed

if TYPE_CHECKING:
    from glm_lsp.project.definitions import Definition
    from glm_lsp.project.workspace import Workspace
    from glm_lsp.prompts.actions import Reference

GLM = ModelProfile(model="glm-5.1", window=200_000, max_output=128_000)
_SUFFIXES = {"python": ".py", "typescript": ".ts"}
_TESTS = ("test", "example", "docs/", "bundled", "dtslint")
_MOST_CALLERS = 8


class Bench:
    """One package."""

    def __init__(self, texts: dict[str, str], root: Path, language: str) -> None:
        self.texts = texts
        self.root = root
        self.language = language_named(language)
        self.workspace: Workspace
        self.workspace, _ = indexed(texts, root)
        self.oracle: Jedi | TypeScript
        self.oracle = Jedi(root) if language == "python" else TypeScript(root)
        self.seconds: list[float] = []

    def functions(self, count: int, seed: int) -> list[tuple[str, Definition]]:
        """Return some functions, each as likely as any other."""
        index = self.workspace.index(self.language.family)
        found = [
            (path, each)
            for path in sorted(self.texts)
            if not any(word in path.lower() for word in _TESTS)
            for each in index.definitions(path)
            if each.kind == "function" and 4 <= each.last - each.line <= 80
        ]
        random.Random(seed).shuffle(found)  # noqa: S311
        return found[:count]

    def planned(self, path: str, each: Definition, action: str) -> Plan:
        """Return the question of an action on a function."""
        text = self.texts[path]
        place = self.root / path
        snapshot = Snapshot(place.as_uri(), 1, self.language.name, Text.of(text))
        start = snapshot.text.line_start(each.line)
        start += len(snapshot.text.line(each.line)) - len(snapshot.text.line(each.line).lstrip())
        task = Task(ACTIONS[action], snapshot, Span(start, start))
        wanted = wanted_of(task, GLM)
        assert wanted is not None
        begun = time.perf_counter()
        shown = consult(self.workspace, str(place), self.language, text, wanted)
        self.seconds.append(time.perf_counter() - begun)
        found = [e._replace(uri=(self.root / e.path).as_uri()) for e in shown]
        return plan(task, GLM, found)

    def definitions(self, path: str, each: Definition) -> tuple[int, list[set[Place]]]:
        """Return how many wanted definitions there are, and those that are not shown."""
        planned = self.planned(path, each, "explain")
        text = planned.task.snapshot.text
        first, last = (text.position(at)[0] for at in (planned.target.start, planned.target.end))
        asked = planned.request.messages[1].content
        shown = [r for r in planned.references if r.part == "definition" and r.text in asked]
        wanted = list(map(set, {frozenset(p) for p in self._called(path, first, last)}))
        missed = [w for w in wanted if not any(self._shows(r, w) for r in shown)]
        return len(wanted), missed

    def _shows(self, reference: Reference, wanted: set[Place]) -> bool:
        """Tell whether one of the wanted lines is shown; a constructor is within its class."""
        first, last = reference.line, reference.last
        for place in wanted:
            if place.path != reference.path or not first <= place.line <= last:
                continue
            line = self.texts.get(place.path, "").split("\n")[place.line].strip()
            if place.line <= first + 1 or line.partition("(")[0] in reference.text:
                return True
        return False

    def _called(self, path: str, first: int, last: int) -> list[frozenset[Place]]:
        return [frozenset(p) for p in self.oracle.called(path, self.texts[path], first, last)]

    def callers(self, path: str, each: Definition) -> tuple[int, list[Place]]:
        """Return how many callers there are, and those that are not shown."""
        line = self.texts[path].split("\n")[each.line]
        column = line.find(each.name)
        if column < 0 or each.name.startswith("__"):
            return 0, []
        inside = range(each.line, each.last + 1)
        wanted = {
            place
            for place in self.oracle.callers(path, each.line, column)
            if place.path in self.texts and not (place.path == path and place.line in inside)
        }
        if not 1 <= len(wanted) <= _MOST_CALLERS:
            return 0, []
        planned = self.planned(path, each, "refactor")
        asked = planned.request.messages[1].content
        missed = []
        for place in wanted:
            content = self.texts[place.path].split("\n")[place.line].strip()[:150]
            shown = any(
                r.path == place.path and r.line <= place.line <= r.last and content in r.text
                for r in planned.references
            )
            if not shown and not (place.path == path and content in asked):
                missed.append(place)
        return len(wanted), missed


def measure(language: str, given: argparse.Namespace) -> None:
    """Print a line for each package, and one for all."""
    totals = [0, 0, 0, 0]
    for package in PACKAGES:
        if _SUFFIXES[language] not in package.suffixes or package.fitted:
            continue
        if given.package not in package.name:
            continue
        with tempfile.TemporaryDirectory() as folder:
            root = (Path(folder) / "work").resolve()
            bench = Bench(files(package), root, language)
            figures = _measured(bench, given)
            bench.oracle.close()
        slow = sorted(bench.seconds)
        p95 = slow[int(len(slow) * 0.95)] if slow else 0.0
        print(f"{package.name} (p95 {p95 * 1e3:.0f} ms): {_line(figures)}", flush=True)
        totals = [a + b for a, b in zip(totals, figures, strict=True)]
    print(f"{language}: {_line(totals)}")


def _measured(bench: Bench, given: argparse.Namespace) -> tuple[int, int, int, int]:
    wanted = shown = calls = called = 0
    misses, callers = given.misses, given.callers
    chosen = bench.functions(given.functions, given.seed)
    for number, (path, each) in enumerate(chosen):
        total, missed = bench.definitions(path, each)
        wanted, shown = wanted + total, shown + total - len(missed)
        for places in missed if misses else ():
            print("  definition", f"{path}:{each.line + 1}", each.name, sorted(places))
        if number >= callers:
            continue
        total, away = bench.callers(path, each)
        calls, called = calls + total, called + total - len(away)
        for place in away if misses else ():
            print("  caller of", f"{path}:{each.line + 1}", each.name, place)
    return shown, wanted, called, calls


def _line(figures: tuple[int, ...] | list[int]) -> str:
    shown, wanted, called, calls = figures
    return (
        f"definitions {100 * shown / max(1, wanted):.1f} % of {wanted},"
        f" callers {100 * called / max(1, calls):.1f} % of {calls}"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--language", action="append", choices=list(_SUFFIXES))
    parser.add_argument("--functions", type=int, default=60)
    parser.add_argument("--callers", type=int, default=30, help="functions whose callers are asked")
    parser.add_argument("--package", default="", help="only those with this in their name")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--misses", action="store_true", help="print each miss")
    given = parser.parse_args()
    for language in given.language or list(_SUFFIXES):
        measure(language, given)


if __name__ == "__main__":
    main()

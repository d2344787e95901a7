"""What is shown while a line is typed: how much of it is needed, and how much of a prompt stays.

    python -m tests.bench.context.typing [--functions 40]

Functions of packages that were in no fit are typed anew, line by line, in their files: at each
line what the index shows is compared with the names that the line comes to use, and each key's
prompt with the one before it. Besides it says what an index costs, and a question.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from glm_lsp.completion.question import PROJECT_CHARACTERS
from glm_lsp.context.cursor import LIMITS, context_at
from glm_lsp.context.workspace_files import WorkspaceFiles
from glm_lsp.languages import language_named
from glm_lsp.project.facts import WORD
from glm_lsp.project.gather import Gatherer
from glm_lsp.project.place import ABOVE, BELOW, KEYWORDS
from glm_lsp.project.store import FactsStore
from glm_lsp.project.workspace import Workspace
from glm_lsp.prompts.completion import CompletionQuestion, ProjectContext, render
from glm_lsp.text import Snapshot, Text
from tests.bench.context.packages import PACKAGES, files
from tests.bench.context.places import identifiers

if TYPE_CHECKING:
    from glm_lsp.project.definitions import Definition

PYTHON = language_named("python")
_FRESH = PROJECT_CHARACTERS // 8


class Figures(NamedTuple):
    """Names that were wanted and shown, characters of prompts and those that stayed, and times."""

    wanted: int
    shown: int
    characters: int
    stayed: int
    seconds: list[float]


def indexed(texts: dict[str, str], root: Path) -> tuple[Workspace, float]:
    """Write a package to the disk and index it; return the seconds that it took."""
    for name, text in texts.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    store = FactsStore(root.parent / "index.sqlite3")
    workspace = Workspace(WorkspaceFiles((), [root]), store, lambda _: None)
    start = time.process_time()
    workspace.start()
    while workspace.step():
        pass
    return workspace, time.process_time() - start


def typed(gatherer: Gatherer, root: Path, name: str, text: str, function: Definition) -> Figures:
    """Type one function anew: its lines are out, and come one by one."""
    lines = text.split("\n")
    first, last = function.line, function.last
    code = identifiers("python", text)
    wanted = shown = characters = stayed = 0
    seconds: list[float] = []
    before = ""
    for line in range(first, last + 1):
        head = [*lines[:line], ""]
        rest = lines[last + 1 :]
        present = "\n".join([*head, *rest])
        start = time.process_time()
        found = gatherer.gather(
            str(root / name), PYTHON, present, line, (PROJECT_CHARACTERS - _FRESH, _FRESH)
        )
        seconds.append(time.process_time() - start)
        around = "\n".join([*lines[max(0, line - ABOVE) : line], *rest[:BELOW]])
        near = set(WORD.findall(around)) | KEYWORDS
        known = gatherer._workspace.index("python")
        true = {
            each
            for each in code.get(line, set()) - near
            if WORD.fullmatch(each) and (each in known.by_name or each in known.by_parameter)
        }
        wanted += len(true)
        shown += len(true & set(WORD.findall(f"{found.sheet}\n{found.fresh}")))
        project = ProjectContext(found.sheet, found.fresh)
        for key in range(len(lines[line]) - len(lines[line].lstrip()), len(lines[line]) + 1):
            now = prompt(head[:-1], lines[line][:key], rest, project)
            if before:
                characters += len(now)
                stayed += common(before, now)
            before = now
    return Figures(wanted, shown, characters, stayed, seconds)


def prompt(above: list[str], line: str, below: list[str], project: ProjectContext) -> str:
    """Return what a chat model is asked at the end of a line that is being typed."""
    head = "\n".join([*above[-400:], line])
    text = Text.of("\n".join([head, *below[:80]]))
    snapshot = Snapshot("file:///a.py", 1, "python", text)
    context = context_at(snapshot, len(head)).within(LIMITS)
    asked = render("chat", CompletionQuestion(context, "a.py", project=project), "glm-4.7")
    return "".join(message.content for message in asked.messages)


def common(one: str, other: str) -> int:
    """Return how many characters two texts begin with together."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[:middle] == other[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--functions", type=int, default=40, help="of each package")
    given = parser.parse_args()
    dice = random.Random(11)  # noqa: S311
    every: list[Figures] = []
    for package in PACKAGES:
        if package.fitted or package.suffixes != (".py",):
            continue
        texts = {n: t for n, t in files(package).items() if "test" not in n.lower()}
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder).resolve() / "work"
            workspace, took = indexed(texts, root)
            gatherer = Gatherer(workspace)
            functions = [
                (name, each)
                for name in texts
                for each in workspace.index("python").definitions(name)
                if each.kind == "function" and 4 <= each.last - each.line <= 40
            ]
            chosen = dice.sample(functions, min(given.functions, len(functions)))
            figures = [typed(gatherer, root, n, texts[n], each) for n, each in chosen]
            every += figures
            size = sum(map(len, texts.values())) / 2**20
            print(f"{package.name}: {len(texts)} files, {size:.1f} MB indexed in {took:.1f} s")
            print(f"  {said(figures)}", flush=True)
    print(said(every))


def said(figures: list[Figures]) -> str:
    """Return the figures as a line."""
    wanted, shown, characters, stayed = (
        max(1, sum(getattr(f, name) for f in figures))
        for name in ("wanted", "shown", "characters", "stayed")
    )
    seconds = sorted(each for f in figures for each in f.seconds)
    p95 = seconds[int(len(seconds) * 0.95)] * 1e3
    median = seconds[len(seconds) // 2] * 1e3
    return (
        f"{100 * shown / wanted:.1f} % of {wanted} names, {100 * stayed / characters:.2f} % of the"
        f" prompt stays; a question takes {median:.0f} ms of a processor, p95 {p95:.0f} ms"
    )


if __name__ == "__main__":
    main()

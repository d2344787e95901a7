"""Whether what the workspace defines helps a model to write the true next line.

    python -m tests.bench.context.likelihood [--model FILE.gguf] [--places 300] [--budget 1500]
        [--language python] [--seed 5]

Lines of packages that were in no fit are taken out before anything is indexed. A model's
log-probability of each, and whether it is what the model would write, are asked with prompts laid
out as a raw completion's: without project context, with passages of the same size by the Jaccard
index of the files in the folder, with the signatures of the index in front (ours), and, of every
fourth place, with an eighth of them just before the line. Differences are paired, with their 95 %
intervals by the bootstrap over places.

The model is the embedded one, unless a GGUF file is given. PyTorch reads it, for llama.cpp's server
tells no probabilities of a prompt: fetched by pip, into an environment of its own in `.cache`.
What was asked is kept there, so that a run that was interrupted goes on.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import statistics
import subprocess
import sys
import time
import venv
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from glm_lsp.context.cursor import ContextLimits, context_at
from glm_lsp.languages import language_named
from glm_lsp.local.embedded import find_weights
from glm_lsp.project.pack import Sheet, pack
from glm_lsp.project.score import Scorer
from glm_lsp.prompts.completion import CompletionQuestion, ProjectContext, Related, render
from glm_lsp.text import Snapshot, Text
from tests.bench.context.packages import CACHE, PACKAGES, files
from tests.bench.context.places import LANGUAGES, indexed, places
from tests.bench.context.recall import alike

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glm_lsp.project.index import Index
    from glm_lsp.project.place import Here

PACKED = ("torch==2.13.0+cpu", "torch"), ("transformers", "gguf", "accelerate")
"""What reads a model; of the first group the first that there is."""
ABOVE = ContextLimits(lines_above=30, characters_above=1_000)
WITHOUT, JACCARD, OURS, SPLIT = "without", "jaccard", "ours", "an eighth before the line"
_SPLIT_OF = 4
_DRAWS = 4_000


class Asked(NamedTuple):
    """A line, and the prompts that end before it, by what they show."""

    line: str
    prompts: dict[str, str]


def prompts(
    texts: dict[str, str], index: Index, here: Here, language: str, budget: int
) -> dict[str, str]:
    """Return the prompts for a place; each ends with the line above it."""
    scorer = Scorer(index, here)
    scores = scorer.scores()

    def sheet(characters: int, shown: frozenset[str] = here.near) -> Sheet:
        return pack(index, scorer, here, scores, characters, Sheet(shown=shown))

    context = _context(here, language)

    def written(project: ProjectContext, related: tuple[Related, ...] = ()) -> str:
        question = CompletionQuestion(context, here.path, related=related, project=project)
        return (render("prefix", question, "local").prompt or "").removesuffix("\n")

    first = sheet(budget * 7 // 8)
    fresh = sheet(budget // 8, here.near | first.names)
    return {
        WITHOUT: written(ProjectContext()),
        JACCARD: written(ProjectContext(), passages(texts, here, budget)),
        OURS: written(ProjectContext(sheet(budget).text())),
        SPLIT: written(ProjectContext(first.text())) + _commented(fresh.text(), language),
    }


def _commented(text: str, language: str) -> str:
    mark = language_named(language).line_comments[0]
    return "".join(f"\n{mark} {line}" for line in text.split("\n"))


def _context(here: Here, language: str) -> Any:
    head = "".join(f"{line}\n" for line in here.lines[: here.line])
    text = Text.of("\n".join(here.lines))
    snapshot = Snapshot("file:///a", 1, language, text)
    return context_at(snapshot, len(head)).within(ABOVE)


def passages(texts: dict[str, str], here: Here, budget: int) -> tuple[Related, ...]:
    """Return the passages most alike, of the files beside; the best is nearest to the line."""
    taken: list[Related] = []
    for passage in alike(texts, here):
        if budget <= 0:
            break
        taken.append(Related("", passage[:budget]))
        budget -= len(passage) + 2
    return tuple(reversed(taken))


def asked(languages: list[str], count: int, budget: int, seed: int) -> list[Asked]:
    """Return places of every package, mixed, so that a part of them stands for all."""
    found: list[Asked] = []
    chosen = [
        (package, language)
        for language in languages
        for package in PACKAGES
        if not package.fitted and LANGUAGES[package.suffixes[0]] == language
    ]
    each = -(-count // len(chosen))
    for package, language in chosen:
        texts = files(package)
        index = indexed(texts, language)
        for place, hole in places(texts, language, index, each, seed):
            line = texts[place.path].split("\n")[place.line]
            with hole as here:
                found.append(Asked(line, prompts(texts, index, here, language, budget)))
        print(f"{package.name}: {len(texts)} files", flush=True)
    random.Random(seed).shuffle(found)  # noqa: S311
    return found[:count]


class Model:
    """A GGUF model in a process of its own."""

    def __init__(self, weights: Path) -> None:
        command = [_environment(), "-I", Path(__file__).with_name("model_scores.py"), weights]
        self._process = subprocess.Popen(
            [*map(str, command)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._answer()

    def ask(self, before: str, after: str) -> dict[str, Any]:
        """Return the log-probabilities of a text's tokens, and whether it is the likeliest."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"before": before, "after": after}) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def _environment() -> Path:
    folder = CACHE.parent / "likelihood"
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if (folder / ".ready").exists():
        return python
    venv.create(folder, with_pip=True, clear=True)
    alternatives, rest = PACKED
    install = (str(python), "-m", "pip", "install", "-q")
    for each in alternatives:
        if not subprocess.run((*install, each), capture_output=True, check=False).returncode:
            break
    subprocess.run((*install, *rest), capture_output=True, check=True)
    (folder / ".ready").touch()
    return python


def scored(model: Model, every: list[Asked], kept: Path) -> Iterator[dict[str, Any]]:
    """Yield what the model says of each place, from what was kept where there is any."""
    rows = [json.loads(row) for row in kept.read_text().splitlines()] if kept.exists() else []
    yield from rows
    with kept.open("a") as file:
        for number, place in enumerate(every[len(rows) :], len(rows)):
            row: dict[str, Any] = {"characters": len(place.line)}
            for way, prompt in place.prompts.items():
                if way == SPLIT and number % _SPLIT_OF:
                    continue
                said = model.ask(prompt, f"\n{place.line}")
                row["tokens"] = len(said["logprobs"])
                row[way] = {"sum": sum(said["logprobs"]), "exact": said["exact"]}
            file.write(json.dumps(row) + "\n")
            file.flush()
            yield row


def report(rows: list[dict[str, Any]]) -> None:
    """Print each way's means, and the differences that ours makes."""
    for way in (WITHOUT, JACCARD, OURS, SPLIT):
        some = [row for row in rows if way in row]
        if not some:
            continue
        tokens, characters = (sum(row[n] for row in some) for n in ("tokens", "characters"))
        total = sum(row[way]["sum"] for row in some)
        exact = sum(row[way]["exact"] for row in some)
        print(
            f"  {way}: {total / tokens:.3f} a token, {total / characters:.4f} a character;"
            f" {exact} of {len(some)} lines written exactly"
        )
    for one, other in ((OURS, WITHOUT), (OURS, JACCARD), (JACCARD, WITHOUT), (OURS, SPLIT)):
        some = [row for row in rows if one in row and other in row]
        if len(some) > 1:
            print(f"  {one} against {other}: {_difference(some, one, other)}")


def _difference(rows: list[dict[str, Any]], one: str, other: str) -> str:
    """Say how many nats more a token and a character has, with intervals."""
    dice = random.Random(1)  # noqa: S311
    more = [row[one]["sum"] - row[other]["sum"] for row in rows]
    sizes = {name: [row[name] for row in rows] for name in ("tokens", "characters")}
    drawn: dict[str, list[float]] = {name: [] for name in sizes}
    for _ in range(_DRAWS):
        picked = dice.choices(range(len(rows)), k=len(rows))
        total = sum(more[i] for i in picked)
        for name, size in sizes.items():
            drawn[name].append(total / sum(size[i] for i in picked))
    told = []
    for name, values in drawn.items():
        values.sort()
        low, high = values[int(0.025 * _DRAWS)], values[int(0.975 * _DRAWS)]
        told.append(f"{sum(more) / sum(sizes[name]):+.4f} a {name[:-1]} [{low:+.4f}, {high:+.4f}]")
    better = sum(each > 0 for each in more)
    line = f"median {statistics.median(more):+.2f} a line"
    return f"{', '.join(told)}; {line}, better in {better} of {len(more)}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", type=Path)
    parser.add_argument("--places", type=int, default=300)
    parser.add_argument("--budget", type=int, default=1_500, help="characters of context")
    parser.add_argument("--language", action="append", choices=list(LANGUAGES.values()))
    parser.add_argument("--seed", type=int, default=5)
    given = parser.parse_args()
    weights = given.model or find_weights()
    every = asked(given.language or ["python"], given.places, given.budget, given.seed)
    name = hashlib.sha256(json.dumps([weights.name, every]).encode()).hexdigest()[:16]
    model = Model(weights)
    start, rows = time.monotonic(), []
    for row in scored(model, every, CACHE / f"likelihood-{name}.jsonl"):
        rows.append(row)
        if len(rows) % 25 == 0 and len(rows) < len(every):
            print(f"{len(rows)} places after {time.monotonic() - start:.0f} s", flush=True)
            report(rows)
            sys.stdout.flush()
    model.close()
    print(f"{weights.name}, {len(rows)} places, {given.budget} characters of context")
    report(rows)


if __name__ == "__main__":
    main()

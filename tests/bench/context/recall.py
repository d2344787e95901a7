"""How many of the names that the next line uses, and that are not in sight, a prompt shows.

    python -m tests.bench.context.recall [--language python] [--places 150] [--budgets 8000 16000]

For each package that was in no fit: a line is taken out before anything is indexed; of the names
that it uses, that the lines around do not show and that the workspace defines, how many are in a
context of at most so many characters? Beside it, in the same run, passages by the Jaccard index of
the files in the same folder, and passages of the whole workspace by BM25.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from glm_lsp.project.facts import WORD
from glm_lsp.project.pack import Sheet, pack
from glm_lsp.project.score import Scorer
from tests.bench.context.packages import PACKAGES, files
from tests.bench.context.places import LANGUAGES, indexed, places

if TYPE_CHECKING:
    from glm_lsp.project.index import Index
    from glm_lsp.project.place import Here

_PASSAGE = 20


def ours(index: Index, here: Here, budget: int) -> set[str]:
    """Return the names that definitions and signatures show."""
    scorer = Scorer(index, here)
    sheet = pack(index, scorer, here, scorer.scores(), budget, Sheet(shown=here.near))
    text = sheet.text()
    assert len(text) <= budget
    return set(WORD.findall(text))


def alike(texts: dict[str, str], here: Here) -> list[str]:
    """Return the passages of the files beside, by the Jaccard index, the most alike first."""
    folder = here.path.rpartition("/")[0]
    wanted = set(WORD.findall("\n".join(here.lines[max(0, here.line - 30) : here.line + 30])))
    found = []
    for path, text in texts.items():
        if path == here.path or path.rpartition("/")[0] != folder:
            continue
        lines = text.split("\n")
        for start in range(0, len(lines), _PASSAGE):
            passage = "\n".join(lines[start : start + _PASSAGE])
            words = set(WORD.findall(passage))
            found.append((len(words & wanted) / max(1, len(words | wanted)), passage))
    return [passage for _, passage in sorted(found, reverse=True)]


def by_bm25(texts: dict[str, str], index: Index, here: Here, budget: int) -> set[str]:
    """Return the names in the passages that BM25 finds, of the whole workspace."""
    wanted: Counter[str] = Counter(
        WORD.findall("\n".join(here.lines[max(0, here.line - 12) : here.line + 6]))
    )
    alike = index.passages.alike(dict.fromkeys(wanted, 1.0), here.path, 60)
    passages = []
    for _, number in alike:
        path = index.passages.path_of(number)
        start = (number - index.passages.of(path).start) * _PASSAGE
        passages.append("\n".join(texts[path].split("\n")[start : start + _PASSAGE]))
    return _filled(passages, budget)


def _filled(passages: list[str], budget: int) -> set[str]:
    text = ""
    for passage in passages:
        text += passage + "\n"
        if len(text) >= budget:
            break
    return set(WORD.findall(text[:budget]))


def measure(language: str, count: int, budgets: list[int], *, seed: int, fitted: bool) -> None:
    """Print a line for each package, and one for all."""
    suffix = next(suffix for suffix, name in LANGUAGES.items() if name == language)
    total: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for package in PACKAGES:
        if suffix not in package.suffixes or package.fitted != fitted:
            continue
        texts = files(package)
        index = indexed(texts, language)
        hits: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        spent = []
        for place, hole in places(texts, language, index, count, seed):
            with hole as here:
                for budget in budgets:
                    start = time.perf_counter()
                    shown = {f"ours {budget}": ours(index, here, budget)}
                    spent.append(time.perf_counter() - start)
                    shown[f"jaccard {budget}"] = _filled(alike(texts, here), budget)
                    shown[f"bm25 {budget}"] = by_bm25(texts, index, here, budget)
                    for name, names in shown.items():
                        for table in (hits, total):
                            table[name][0] += len(place.truth & names)
                            table[name][1] += len(place.truth)
        spent.sort()
        slow = f"p95 {spent[int(len(spent) * 0.95)] * 1e3:.0f} ms" if spent else ""
        print(f"{package.name} ({len(texts)} files, {slow}): {_line(hits)}", flush=True)
    print(f"{language}: {_line(total)}")


def _line(hits: dict[str, list[int]]) -> str:
    return ", ".join(f"{name} {100 * a / max(1, b):.1f} %" for name, (a, b) in hits.items())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--language", action="append", choices=list(LANGUAGES.values()))
    parser.add_argument("--places", type=int, default=150)
    parser.add_argument("--budgets", type=int, nargs="+", default=[8000])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fitted", action="store_true", help="the packages of the fit instead")
    given = parser.parse_args()
    for language in given.language or list(LANGUAGES.values()):
        measure(language, given.places, given.budgets, seed=given.seed, fitted=given.fitted)


if __name__ == "__main__":
    main()

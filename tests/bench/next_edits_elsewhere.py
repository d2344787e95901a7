"""What is offered to be changed in other files, held against what people changed there.

    python -m tests.bench.next_edits_elsewhere [PACKAGE …] [--show N] [--fitted] [--speed]

The packages and releases of `tests.bench.next_edits`: the earlier release is a workspace with its
index; each file that changed is changed, hunk by hunk, and after each it is asked what waits in
the others. What is offered first is right when the later release says so in that line, wrong when
the line or its file stayed, or the line became something else. An answer is
timed from the changes to the lines, as the server does it, but for the pipe between the processes.
`--speed` only times: functions, methods and parameters of a workspace of 1,000 files are renamed.
"""

from __future__ import annotations

import argparse
import random
import re
import statistics
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from glm_lsp.languages import code_named
from glm_lsp.next_edits.elsewhere import ChangedDocument, waiting_in, wishes
from glm_lsp.next_edits.history import DocumentHistory
from glm_lsp.project.lines import Lines
from glm_lsp.text import Change, Span, Text
from tests.bench.next_edits import FITTED, RELEASES, Release, Totals, change_of
from tests.bench.pairs import fetch
from tests.project.rig import indexed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glm_lsp.next_edits.waiting_line import WaitingLine
    from glm_lsp.project.workspace import Workspace

PRECISION, SECONDS = 0.95, 0.02
_DEFINED = re.compile(r"^([ ]*(?:def|class)[ ]+|[ ]*def[ ]+\w+\((?:self, )?)(\w{4,})", re.MULTILINE)


def texts(package: str, version: str) -> dict[str, str]:
    with zipfile.ZipFile(fetch(package, version)) as archive:
        names = [name for name in archive.namelist() if name.endswith(".py")]
        return {name: archive.read(name).decode("utf-8", "replace") for name in names}


def walk(
    root: Path, workspace: Workspace, releases: dict[str, Release], totals: Totals
) -> Iterator[float]:
    """Change every file in turn; yield how long each answer took."""
    language = code_named("python")
    assert language is not None
    finder = Lines(workspace)
    shown: set[tuple[str, int, str]] = set()
    for name, release in releases.items():
        text = Text.of("\n".join(release.old))
        history = DocumentHistory(text)
        grown = 0
        for first, end, start, stop in release.hunks:
            change = change_of(text, first + grown, end + grown, release.new[start:stop])
            text = text.replace(change.span, change.text)
            history.changed(text, [change])
            grown += stop - start - (end - first)
            lines = str(text).split("\n")
            changes = history.line_changes()
            began = time.process_time()
            given = [wish for _, wish in wishes([ChangedDocument(lines, "python", changes)])]
            home = str(root / name)
            sought = [wish.sought._replace(home=home) for wish in given]
            found = finder.find(home, language, str(text), sought) if sought else []
            offers = list(waiting_in(found, given))
            if sought:
                yield time.process_time() - began
            for place, each in offers[:1]:
                judge(place.removeprefix(f"{root}/"), each, releases, shown, totals)


def judge(
    name: str,
    each: WaitingLine,
    releases: dict[str, Release],
    shown: set[tuple[str, int, str]],
    totals: Totals,
) -> None:
    """Count an offer, once."""
    if (name, each.line, each.after) in shown:
        return
    shown.add((name, each.line, each.after))
    release = releases.get(name)
    outcome = release.outcome(each.line, each) if release is not None else "wrong"
    totals.outcomes[outcome] += 1
    if outcome == "wrong":
        totals.wrong.append((name, each, outcome))


def measure(package: str, versions: Sequence[str], totals: Totals) -> tuple[int, list[float]]:
    """Go through a package's releases; return its most files, and the seconds of answers."""
    most = 0
    seconds: list[float] = []
    before = texts(package, versions[0])
    for version in versions[1:]:
        after = texts(package, version)
        releases = {
            name: Release(name, before[name].split("\n"), text.split("\n"))
            for name, text in after.items()
            if before.get(name, text) != text and before[name].count("\n") < 4_000
        }
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder).resolve()
            for name, text in before.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text, "utf-8", newline="")
            workspace = indexed(root, most=10_000)
            most = max(most, workspace.count)
            seconds += walk(root, workspace, releases, totals)
        before = after
    return most, seconds


def time_renames(files: int = 1_000, questions: int = 200) -> list[float]:
    """Rename functions, methods and parameters of many files; return the seconds of answers."""
    every = {
        f"{package}/{name}": text
        for package, versions in RELEASES.items()
        for name, text in texts(package, versions[-1]).items()
    }
    chance = random.Random(7)  # noqa: S311
    chosen = chance.sample(sorted(every), min(files, len(every)))
    seconds: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        for name in chosen:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(every[name], "utf-8", newline="")
        workspace = indexed(root, most=10_000)
        finder = Lines(workspace)
        language = code_named("python")
        assert language is not None
        while len(seconds) < questions:
            name = chance.choice(chosen)
            defined = list(_DEFINED.finditer(every[name]))
            if not defined:
                continue
            found = chance.choice(defined)
            text = Text.of(every[name])
            history = DocumentHistory(text)
            change = Change(Span(*found.span(2)), f"{found.group(2)}_anew")
            text = text.replace(change.span, change.text)
            history.changed(text, [change])
            began = time.process_time()
            document = ChangedDocument(str(text).split("\n"), "python", history.line_changes())
            given = [wish for _, wish in wishes([document])]
            home = str(root / name)
            sought = [wish.sought._replace(home=home) for wish in given]
            list(waiting_in(finder.find(home, language, str(text), sought), given))
            if given:
                seconds.append(time.process_time() - began)
    return seconds


def main(arguments: list[str]) -> int:
    """Print the figures; return 1 when a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("packages", nargs="*", help="these alone")
    parser.add_argument("--show", type=int, default=0, help="so many of what was wrong")
    parser.add_argument("--fitted", action="store_true", help="the packages of the rules")
    parser.add_argument("--speed", action="store_true", help="time answers at 1,000 files")
    options = parser.parse_args(arguments)
    if options.speed:
        took = time_renames()
        slow = statistics.quantiles(took, n=20)[-1]
        print(f"1,000 files, {len(took)} renames: median {statistics.median(took) * 1e3:.1f} ms,")
        print(f"  95 of 100 within {slow * 1e3:.1f} ms (at most {SECONDS * 1e3:.0f})")
        return 0 if slow <= SECONDS else 1
    every = FITTED if options.fitted else RELEASES
    totals = Totals()
    seconds: list[float] = []
    for package in options.packages or every:
        most, took = measure(package, every[package], totals)
        seconds += took
        slow = statistics.quantiles(took, n=20)[-1] * 1e3 if len(took) > 1 else 0.0
        right, wrong = totals.outcomes["right"], totals.outcomes["wrong"]
        print(
            f"{package}: {most} files, {len(took)} questions, 95 of 100 within {slow:.1f} ms;"
            f" so far right {right}, wrong {wrong}",
            flush=True,
        )
    right, wrong = totals.outcomes["right"], totals.outcomes["wrong"]
    precision = right / max(1, right + wrong)
    slow = statistics.quantiles(seconds, n=20)[-1]
    print(f"precision {precision:.1%} of {right + wrong} (at least {PRECISION:.0%})")
    print(f"one answer, 95 of 100 within {slow * 1e3:.1f} ms (at most {SECONDS * 1e3:.0f})")
    for name, each, _ in totals.wrong[: options.show]:
        print(f"\n{name}:{each.line + 1}\n - {each.before.strip()}\n + {each.after.strip()}")
    return 0 if precision >= PRECISION and slow <= SECONDS else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

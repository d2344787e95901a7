"""What is offered to be changed next, held against what people changed next.

    python -m tests.bench.next_edits [--files N] [--show N]

Consecutive releases of packages on PyPI (fetched when it runs, kept in `.cache/`): each file that
changed is changed again, hunk by hunk from the top down, and after each it is asked what waits:
the next place, as an editor shows it, for whoever goes past one is shown no more of its kind; an
identical place counts as found that was in the list of what waits.
What is shown is right when the later release has that change in that line, and wrong when the
line stayed or became something else; where it is gone nothing can be told. An identical place is a
line of code that says, token by token, what lines say that were changed in two hunks before, and
that the release changes in the same way; in a hunk with more or fewer lines than before it is a
guess which line became which, so that there the whole hunk has to be the same (the share with those
guesses is printed, too). No rule was fitted on these packages.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
import zipfile
from collections import Counter, defaultdict
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from attrs import define, field

from glm_lsp.languages.lexer import masked
from glm_lsp.next_edits.history import DocumentHistory
from glm_lsp.next_edits.patterns import replacements, tokens
from glm_lsp.next_edits.suggest import waiting
from glm_lsp.text import Change, Span, Text
from tests.bench.pairs import fetch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from glm_lsp.next_edits.waiting_line import WaitingLine

RELEASES = {
    "django": ("4.1.13", "4.2.16", "5.0.9", "5.1.2"),
    "sphinx": ("5.3.0", "6.2.1", "7.2.6", "7.4.7"),
    "virtualenv": ("20.16.7", "20.21.1", "20.25.3"),
    "networkx": ("2.8.8", "3.0", "3.1", "3.2.1"),
    "celery": ("5.2.7", "5.3.6", "5.4.0"),
    "scrapy": ("2.8.0", "2.9.0", "2.10.1", "2.11.2"),
    "fastapi": ("0.88.0", "0.95.2", "0.103.2", "0.110.3"),
    "marshmallow": ("3.14.1", "3.19.0", "3.22.0", "3.26.1"),
    "setuptools": ("65.7.0", "67.8.0", "69.5.1", "72.2.0"),
    "dask": ("2023.1.1", "2023.6.1", "2023.12.1"),
}
FITTED = {
    "httpx": ("0.23.3", "0.24.1", "0.25.2", "0.26.0", "0.27.2"),
    "flask": ("2.0.3", "2.1.3", "2.2.5", "2.3.3", "3.0.3"),
    "rich": ("12.6.0", "13.0.1", "13.3.5", "13.7.1"),
    "click": ("8.0.4", "8.1.0", "8.1.8"),
    "werkzeug": ("2.0.3", "2.1.2", "2.2.3", "2.3.8", "3.0.6"),
    "pytest": ("7.0.1", "7.2.2", "7.4.4", "8.0.2", "8.2.2"),
    "urllib3": ("1.26.20", "2.0.7", "2.2.3"),
    "starlette": ("0.20.4", "0.25.0", "0.30.0", "0.36.3"),
    "pip": ("22.3.1", "23.0.1", "23.3.2", "24.0"),
}
"""Packages that the rules were made on, for those who make better ones: `--fitted`."""

PRECISION, FOUND, SECONDS = 0.95, 0.90, 0.02
_LONGEST = 4_000  # Lines.
_NEAR = 3


@define
class Totals:
    """What came of all files."""

    outcomes: Counter[str] = field(factory=Counter)
    identical: int = 0
    found: int = 0
    alike: int = 0
    found_alike: int = 0
    seconds: list[float] = field(factory=list)
    wrong: list[tuple[str, WaitingLine, str]] = field(factory=list)
    missed: list[tuple[str, str, str]] = field(factory=list)
    hunks: int = 0


@define
class Release:
    """One file in two releases: its hunks, and which line became which."""

    name: str
    old: list[str] = field(repr=False)
    new: list[str] = field(repr=False)
    hunks: list[tuple[int, int, int, int]] = field(init=False, repr=False)
    partner: dict[int, int] = field(factory=dict, repr=False)
    hunk_of: dict[int, int] = field(factory=dict, repr=False)

    def __attrs_post_init__(self) -> None:
        matcher = SequenceMatcher(None, self.old, self.new, autojunk=False)
        self.hunks = [op[1:] for op in matcher.get_opcodes() if op[0] != "equal"]
        for number, hunk in enumerate(self.hunks):
            self.hunk_of |= dict.fromkeys(range(hunk[0], hunk[1]), number)
            self.partner |= dict(_partners(self.old, self.new, hunk))

    def outcome(self, line: int, wanted: WaitingLine) -> str:
        """Tell what became of a line of the earlier release: right, wrong or gone."""
        if wanted.end - wanted.line > 1 or "\n" in wanted.after:
            return self._outcome_of_lines(line, wanted)
        if line not in self.hunk_of:
            return "wrong"
        if line not in self.partner:
            _, _, first, end = self.hunks[self.hunk_of[line]]
            there = {text.strip() for text in self.new[first:end]}
            if wanted.after.strip() in there:
                return "right"
            return "wrong" if wanted.before.strip() in there else "gone"
        now = self.new[self.partner[line]]
        if tokens(now) == tokens(wanted.after):
            return "right"
        words = ("\0start", *tokens(now), "\0end")
        done = all(
            _holds(words, (each.left[-1], *each.new, each.right[0]))
            and not _holds(words, (each.left[-1], *each.old, each.right[0]))
            for each in replacements(wanted.before, wanted.after)
        )
        return "right" if done else "wrong"

    def _outcome_of_lines(self, line: int, wanted: WaitingLine) -> str:
        """Tell the same of several lines: right when their hunk says all that they would say."""
        hunks = {self.hunk_of.get(at) for at in range(line, line + wanted.end - wanted.line)}
        changed = [self.hunks[number] for number in hunks if number is not None]
        there = [text.strip() for _, _, first, end in changed for text in self.new[first:end]]
        said = [each.strip() for each in wanted.after.split("\n")]
        was = {each.strip() for each in wanted.before.split("\n")}
        return "right" if there and set(said) <= {*there, *was} else "wrong"


def _holds(words: Sequence[str], part: Sequence[str]) -> bool:
    size = len(part)
    return any(tuple(words[at : at + size]) == tuple(part) for at in range(len(words) - size + 1))


def _partners(
    old: Sequence[str], new: Sequence[str], hunk: tuple[int, int, int, int]
) -> Iterator[tuple[int, int]]:
    first, end, start, stop = hunk
    if end - first == stop - start:
        yield from zip(range(first, end), range(start, stop), strict=True)
    elif max(end - first, stop - start) <= 60:
        for line in range(first, end):
            ratios = [
                (SequenceMatcher(None, old[line], new[at], autojunk=False).ratio(), -at)
                for at in range(start, stop)
            ]
            likeness, at = max(ratios, default=(0.0, 0))
            if likeness > 0.7:
                yield line, -at
                start = 1 - at


def releases(packages: Mapping[str, Sequence[str]]) -> Iterator[Release]:
    """Yield the files that changed, in at least two places."""
    for package, versions in packages.items():
        before: dict[str, str] = {}
        for version in versions:
            with zipfile.ZipFile(fetch(package, version)) as archive:
                names = [name for name in archive.namelist() if name.endswith(".py")]
                after = {name: archive.read(name).decode("utf-8", "replace") for name in names}
            for name, text in after.items():
                if before.get(name, text) != text and before[name].count("\n") < _LONGEST:
                    lines = before[name].split("\n"), text.split("\n")
                    release = Release(f"{package} {version}: {name}", *lines)
                    if len(release.hunks) > 1:
                        yield release
            before = after


def walk(release: Release, totals: Totals) -> None:
    """Change a file hunk by hunk; ask what waits after each."""
    text = Text.of("\n".join(release.old))
    history = DocumentHistory(text)
    shown: set[tuple[int, str]] = set()
    known: set[int] = set()
    grown = 0
    for first, end, start, stop in release.hunks[:-1]:
        change = change_of(text, first + grown, end + grown, release.new[start:stop])
        text = text.replace(change.span, change.text)
        history.changed(text, [change])
        grown += stop - start - (end - first)
        began = time.process_time()
        changes, blocks = history.line_changes(), tuple(history.blocks())
        found = waiting(text, "python", changes, history.taken_back(), blocks)
        totals.seconds.append(time.process_time() - began)
        ahead = [each for each in found if each.line >= stop]
        known |= {at - grown for each in ahead for at in range(each.line, each.end)}
        ahead = sorted(found, key=lambda each: (each.line < stop, each.line))
        for each in ahead[:1]:
            line = each.line - grown if each.line >= stop else -1 - each.line
            if (line, each.after) not in shown:
                shown.add((line, each.after))
                outcome = release.outcome(line, each) if line >= 0 else "wrong"
                totals.outcomes[outcome] += 1
                if outcome == "wrong":
                    totals.wrong.append((release.name, each, outcome))
    totals.hunks += len(release.hunks)
    _count_identical(release, known, totals)


def change_of(text: Text, first: int, end: int, new: Sequence[str]) -> Change:
    """Return the change that turns lines into others."""
    if first >= text.line_count:
        return Change(Span(len(text), len(text)), "".join("\n" + line for line in new))
    start = text.line_start(first)
    if end < text.line_count:
        return Change(Span(start, text.line_start(end)), "".join(line + "\n" for line in new))
    return Change(Span(start, len(text)), "\n".join(new))


def _count_identical(release: Release, known: set[int], totals: Totals) -> None:
    code = masked("\n".join(release.old), "python").split("\n")
    seen: dict[object, set[int]] = defaultdict(set)  # In which hunks.
    for line in sorted(release.partner):
        number = release.hunk_of[line]
        after = release.new[release.partner[line]]
        change = tuple(each.near(_NEAR) for each in replacements(release.old[line], after))
        if not change or not code[line].strip():
            continue
        first, end, start, stop = release.hunks[number]
        same = end - first == stop - start
        key: object = (tokens(release.old[line]), change)
        was, became = release.old[first:end], release.new[start:stop]
        whole = (line - first, tuple(map(tokens, was)), tuple(map(tokens, became)))
        exact = key if same else whole
        if len(seen[key] - {number}) >= 2:
            totals.alike += 1
            totals.found_alike += line in known
        if len(seen[exact] - {number}) >= 2:
            totals.identical += 1
            totals.found += line in known
            if line not in known:
                totals.missed.append((release.name, release.old[line], after))
        seen[key].add(number)
        seen[exact].add(number)


def main(arguments: list[str]) -> int:
    """Print the figures; return 1 when a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--files", type=int, default=0, help="so many, drawn by lot; 0: all")
    parser.add_argument("--show", type=int, default=0, help="so many of what was wrong")
    parser.add_argument("--fitted", action="store_true", help="the packages of the rules")
    options = parser.parse_args(arguments)
    every = list(releases(FITTED if options.fitted else RELEASES))
    if options.files:
        every = random.sample(every, min(options.files, len(every)))
    totals = Totals()
    for release in every:
        walk(release, totals)
    right, wrong = totals.outcomes["right"], totals.outcomes["wrong"]
    precision, share = right / max(1, right + wrong), totals.found / max(1, totals.identical)
    slow = statistics.quantiles(totals.seconds, n=20)[-1]
    print(f"{len(every)} files, {totals.hunks} hunks, {sum(totals.outcomes.values())} offers")
    print(f"  right {right}, wrong {wrong}, gone {totals.outcomes['gone']}")
    print(f"  precision                      {precision:.1%} (at least {PRECISION:.0%})")
    print(f"  identical places found         {share:.1%} of {totals.identical}")
    guessed = totals.found_alike / max(1, totals.alike)
    print(f"    with lines of hunks that grew {guessed:.1%} of {totals.alike}")
    print(f"  one answer, 95 of 100 within   {slow * 1e3:.1f} ms (at most {SECONDS * 1e3:.0f})")
    random.shuffle(totals.wrong)
    for name, each, _ in totals.wrong[: options.show]:
        print(f"\n{name}, after {each.done}\n - {each.before.strip()}\n + {each.after.strip()}")
    random.shuffle(totals.missed)
    for name, before, after in totals.missed[: options.show]:
        print(f"\n{name}, missed\n - {before.strip()}\n + {after.strip()}")
    return 0 if precision >= PRECISION and share >= FOUND and slow <= SECONDS else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Scenarios of a repository's own history: what its authors did, to be done again.

- **complete**: the lines that a commit added are hidden, and belong at the cursor; every other one
  is silent: the cursor stands behind a line of the file as it was left.
- **next**: a commit that made one change in several places; the first half of them was made, and
  the rest waits. Every other one is silent: all of them were made.
- **fix**: a commit that changed a file and its tests; the file is as it was before, and the tests,
  which pass with the commit and fail without it, say what is wrong.

Invariant: the same commit gives the same scenarios; nothing of the repository runs but its tests,
contained.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from glm_lsp.evaluation.checks import verdict_of
from glm_lsp.evaluation.git import Commit, CommitTree, commits, hunks, text_at
from glm_lsp.evaluation.sandbox import ENDLESS
from glm_lsp.evaluation.scenario import PYTHON, Check, LineChange, Scenario
from glm_lsp.languages import language_of_file
from glm_lsp.text import Span, Text, common_ends

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from glm_lsp.evaluation.git import CommitHunk
    from glm_lsp.evaluation.recording import Recording

_COUNT = 6
_COMMITS = 400
_LONGEST = 200_000  # Characters of a file.
_MOST_LINES = 8  # Of a hidden hunk.
_MOST_FIXED = 30  # Lines of a fix, and of what stands between its hunks.
_FIXES = 2  # The most that are looked for unasked: it takes tests, run twice, to find one.
_TRIES = 6  # Commits looked at for one.
_SECONDS = 30.0  # That its tests may take.
_MOST_TESTS = 3  # Files of tests that are run for one.
_TEST = re.compile(r"(?:^|/)(?:test_[^/]*|[^/]*_test|[^/]*[.]test|[^/]*_spec)\.\w+$")
_FAILED = re.compile(r"^E\s+(.+)$", re.MULTILINE)
_WORD = re.compile(r"\w")
_PYTEST = f"{PYTHON} -m pytest -q -x --no-header --tb=short -p no:cacheprovider"


def scenarios(
    repository: Path,
    commit: str,
    features: Sequence[str],
    count: int | None,
    tests: str,
    recording: Recording,
) -> Iterator[Scenario]:
    """Yield scenarios up to a commit; what tests say of them is kept in a recording.

    `tests` is the program that runs tests, before their paths; "" for pytest.

    Raises:
        GlmError: git cannot read the repository.
    """
    history = _History(repository, list(commits(repository, commit, _COMMITS)))
    most = count or _COUNT
    if "complete" in features:
        yield from _first(most, history.completions())
    if "next" in features:
        yield from _first(most, history.next_edits())
    if "fix" in features:
        command = tuple((tests or _PYTEST).split())
        most = count or _FIXES
        yield from _first(most, history.fixes(command, recording, most * _TRIES))


def _first(most: int, found: Iterator[Scenario]) -> Iterator[Scenario]:
    for _, scenario in zip(range(most), found, strict=False):
        yield scenario


class _History:
    def __init__(self, repository: Path, found: list[Commit]) -> None:
        self._repository = repository
        self._commits = found

    def completions(self) -> Iterator[Scenario]:
        """Yield hidden hunks, one a commit, every other one silent."""
        hide = True
        for commit in self._commits:
            found = self._hidden(commit) if hide else self._finished(commit)
            if found is not None:
                hide = not hide
                yield found

    def next_edits(self) -> Iterator[Scenario]:
        """Yield commits that made a change in several places of a file."""
        quiet = False
        for commit in self._commits:
            for path in _code(commit):
                before = text_at(self._repository, commit.parent, path)
                if before is None or len(before) > _LONGEST:
                    continue
                changes = _line_changes(before, hunks(self._repository, commit, path))
                alike = _alike(changes)
                if len(alike) < 3:
                    continue
                made = alike if quiet else alike[: max(2, len(alike) // 2)]
                yield Scenario(
                    title=_title(commit, path),
                    feature="next",
                    language=language_of_file(PurePosixPath(path)).name,
                    path=path,
                    text=before,
                    edits=tuple(made),
                    waits=() if quiet else tuple(alike[len(made) :]),
                    quiet=quiet,
                )
                quiet = not quiet
                break

    def fixes(
        self, command: tuple[str, ...], recording: Recording, tries: int
    ) -> Iterator[Scenario]:
        """Yield commits whose tests fail without what they changed in one file."""
        for commit in self._commits:
            tests = tuple(path for path in commit.paths if _TEST.search(path))
            sources = [path for path in _code(commit) if not _in_tests(path)]
            if not 0 < len(tests) <= _MOST_TESTS or len(sources) != 1 or tries <= 0:
                continue
            path = sources[0]
            old = text_at(self._repository, commit.parent, path)
            new = text_at(self._repository, commit.name, path)
            if old is None or new is None or len(old) > _LONGEST:
                continue
            place = _fixed(old, hunks(self._repository, commit, path))
            if place is None:
                continue
            tries -= 1
            tree, check = CommitTree(self._repository, commit.name), Check((*command, *tests))
            without = verdict_of(recording, check, {path: old}, tree, _SECONDS)
            if without.passed is not False or ENDLESS in without.said:
                continue
            if not verdict_of(recording, check, {path: new}, tree, _SECONDS).passed:
                continue
            said = _FAILED.search(without.said)
            yield Scenario(
                title=_title(commit, path),
                feature="fix",
                language=language_of_file(PurePosixPath(path)).name,
                path=path,
                text=old,
                place=place,
                asks=f"a test fails: {said[1][:300] if said else commit.subject}",
                wanted=new,
                check=check,
                tree=tree,
            )

    def _hidden(self, commit: Commit) -> Scenario | None:
        """Hide the first lines that a commit added."""
        for path in _code(commit):
            text = text_at(self._repository, commit.name, path)
            if text is None or len(text) > _LONGEST:
                continue
            for hunk in hunks(self._repository, commit, path):
                after = hunk.after
                if hunk.before or not 1 <= len(after) <= _MOST_LINES or not after[0].strip():
                    continue
                first = after[0]
                # The indentation and the first word are typed already.
                typed = re.match(r"\s*\w+[ (.]?", first)
                if typed is None or not _WORD.search(first[typed.end() :]):
                    continue
                whole = Text.of(text)
                start = whole.line_start(hunk.new) + typed.end()
                hidden = "\n".join(after)[typed.end() :].rstrip()
                end = start + len(hidden)
                if text[start:end] != hidden:
                    continue
                return Scenario(
                    title=_title(commit, path),
                    feature="complete",
                    language=language_of_file(PurePosixPath(path)).name,
                    path=path,
                    text=text[:start] + text[end:],
                    place=Span(start, start),
                    wanted=hidden,
                    tree=CommitTree(self._repository, commit.name),
                )
        return None

    def _finished(self, commit: Commit) -> Scenario | None:
        """Put the cursor behind the last line that a commit wrote, with code below it."""
        for path in _code(commit):
            text = text_at(self._repository, commit.name, path)
            if text is None or len(text) > _LONGEST:
                continue
            whole = Text.of(text)
            for hunk in hunks(self._repository, commit, path):
                last = hunk.new + len(hunk.after) - 1
                if not hunk.after or last + 1 >= whole.line_count:
                    continue
                line, below = whole.line(last).rstrip("\n"), whole.line(last + 1)
                if not _WORD.search(line) or not below.strip():
                    continue
                start = whole.line_start(last) + len(line)
                return Scenario(
                    title=_title(commit, path),
                    feature="complete",
                    language=language_of_file(PurePosixPath(path)).name,
                    path=path,
                    text=text,
                    place=Span(start, start),
                    wanted="",
                    quiet=True,
                    tree=CommitTree(self._repository, commit.name),
                )
        return None


def _code(commit: Commit) -> Iterator[str]:
    """Yield the paths of a commit that are code with a grammar."""
    for path in commit.paths:
        if language_of_file(PurePosixPath(path)).grammar is not None and not path.endswith(".json"):
            yield path


def _in_tests(path: str) -> bool:
    return bool(_TEST.search(path)) or PurePosixPath(path).parts[0] in ("tests", "test", "spec")


def _title(commit: Commit, path: str) -> str:
    return f"{commit.name[:8]} {path}"


def _line_changes(before: str, found: Sequence[CommitHunk]) -> list[LineChange]:
    """Return what became of single lines that stand in a text once."""
    counts = Counter(line.strip() for line in before.split("\n"))
    changes: list[LineChange] = []
    for hunk in found:
        if len(hunk.before) != len(hunk.after):
            continue
        for old, new in zip(hunk.before, hunk.after, strict=True):
            lead = old[: len(old) - len(old.lstrip())]
            if counts[old.strip()] == 1 and new.startswith(lead) and old.strip() != new.strip():
                changes.append((old.strip(), (new[len(lead) :],)))
    return changes


def _alike(changes: Sequence[LineChange]) -> list[LineChange]:
    """Return the changes that put the same in the place of the same, most of them."""
    kinds: dict[tuple[str, str], list[LineChange]] = {}
    for old, (new,) in changes:
        start, old_end, new_end = common_ends(old, new)
        kinds.setdefault((old[start:old_end], new[start:new_end]), []).append((old, (new,)))
    return max(kinds.values(), key=len, default=[])


def _fixed(old: str, found: Sequence[CommitHunk]) -> Span | None:
    """Return the lines that a fix is about; None where it is too large."""
    if not found or sum(len(each.before) + len(each.after) for each in found) > _MOST_FIXED:
        return None
    first, last = found[0].old, found[-1].old + max(len(found[-1].before), 1) - 1
    text = Text.of(old)
    last = min(last, text.line_count - 1)
    if last - first > _MOST_FIXED or first > last:
        return None
    return Span(text.line_start(first), text.line_span(last).end)

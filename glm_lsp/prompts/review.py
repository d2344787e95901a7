"""How a review is asked for: code behind its line numbers, findings a line each.

Invariant: every line that a finding may name stands in the question behind its own number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

from glm_lsp.prompts.actions import Section, fenced

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

REVIEWER_RULES = """\
You review code for a programmer inside their editor.

- Report what is wrong or will go wrong: mistakes, unhandled cases, races, leaks, unsafe use, broken
  promises of the code's own words. No praise, no summary, nothing about taste or layout.
- Reply with one finding a line, the gravest first, at most twelve, each in this form:
  LINE: severity: what is wrong, and why, in one sentence
  LINE is the number in front of the code's line, or two numbers as 12-14 for several lines; where
  several files are shown, it is FILE:LINE. severity is error, warning or info.
- Report only what you are sure of. If there is nothing, reply with the single word: none"""

_AROUND = 8
"""Unchanged lines that are shown on both sides of changed ones."""


@frozen
class ChangedText:
    """A file that differs from the last commit's: its lines now, which of them are new."""

    path: str
    language: str
    lines: Sequence[str] = field(repr=False)
    fresh: Sequence[tuple[int, int]] = ()
    """Half-open ranges of lines, from 0; an empty one is where lines were removed."""


def changes_sections(rules: str, files: Sequence[ChangedText], task: str) -> tuple[Section, ...]:
    """Return what a question about changed files consists of."""
    shown = (Section("target", _of_file(file)) for file in files)
    return (Section("instructions", rules), *shown, Section("task", task))


def _of_file(file: ChangedText) -> str:
    width = len(str(len(file.lines)))
    text = "\n".join(_changed_lines(file, width))
    return (
        f"File: {file.path}\nChanged lines have a + behind their number; the others are for"
        f" reference.\n{fenced(text, file.language)}"
    )


def _changed_lines(file: ChangedText, width: int) -> Iterator[str]:
    fresh = {line for first, end in file.fresh for line in range(first, end)}
    shown = {
        line
        for first, end in file.fresh
        for line in range(max(0, first - _AROUND), min(len(file.lines), end + _AROUND))
    }
    before = -1
    for line in sorted(shown):
        if before >= 0 and line > before + 1:
            yield "..."
        mark = "+" if line in fresh else " "
        yield f"{line + 1:>{width}}{mark}| {file.lines[line]}"
        before = line

"""Scenarios of next edits: a file, the edits so far, and what waits, or silence.

    == title (language)
    the file's lines
    -- edits
    - a line that stands there once, without its indentation
    + what it becomes; none: it goes; more than one: it becomes several
    -- waits
    - a line that waits
    + what it would become

`-- silence` in place of `-- waits` demands that nothing is offered.
"""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

from attrs import field, frozen

from glm_lsp.next_edits.history import DocumentHistory
from glm_lsp.next_edits.suggest import waiting
from glm_lsp.text import Change, Span, Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FOLDER = Path(__file__).parent / "scenarios"
_HEADING = re.compile(r"^== (.+) \((\w+)\)$", re.MULTILINE)

Edit = tuple[str, tuple[str, ...]]


@frozen
class Scenario:
    """One scenario; `waits` is empty where silence is demanded."""

    title: str
    language: str
    text: str = field(repr=False)
    edits: tuple[Edit, ...] = field(repr=False)
    waits: tuple[Edit, ...] = field(repr=False)

    def run(self) -> list[tuple[str, str]]:
        """Make the edits, and return what waits then: each line, and what it would become."""
        text = Text.of(self.text)
        history = DocumentHistory(text)
        for before, after in self.edits:
            change = change_of(text, before, after)
            text = text.replace(change.span, change.text)
            history.changed(text, [change])
        changes, blocks = history.line_changes(), tuple(history.blocks())
        found = waiting(text, self.language, changes, history.taken_back(), blocks)
        return [(dedent(each.before).strip(), dedent(each.after).strip()) for each in found]


def scenarios() -> Iterator[Scenario]:
    """Yield the scenarios of all files."""
    for path in sorted(FOLDER.glob("*.txt")):
        parts = _HEADING.split(path.read_text("utf-8"))
        for title, language, body in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
            yield _read(f"{path.stem}: {title}", language, body)


def _read(title: str, language: str, body: str) -> Scenario:
    text, _, rest = body.strip("\n").partition("\n-- edits\n")
    edits, demand, waits = re.split(r"^-- (waits|silence)\n?", rest + "\n", flags=re.MULTILINE)
    return Scenario(
        title,
        language,
        text + "\n",
        tuple(edits_of(edits.split("\n"))),
        tuple(edits_of(waits.split("\n"))) if demand == "waits" else (),
    )


def edits_of(lines: Sequence[str]) -> Iterator[Edit]:
    """Yield the edits that lines say."""
    before: str | None = None
    after: list[str] = []
    for line in [*lines, "- "]:
        if line.startswith("- "):
            if before is not None:
                yield before, tuple(after)
            before, after = line[2:].strip(), []
        elif line.startswith("+ "):
            after.append(line[2:])


def change_of(text: Text, before: str, after: tuple[str, ...]) -> Change:
    """Return the change of the first line that says `before`, its indentation kept."""
    numbers = [n for n, line in enumerate(text.lines()) if line.strip() == before]
    assert numbers, before
    line = text.line(numbers[0])
    lead = line[: len(line) - len(line.lstrip())]
    start = text.line_start(numbers[0])
    end = "\n" if line.endswith("\n") else ""
    return Change(Span(start, start + len(line)), "".join(lead + each + end for each in after))

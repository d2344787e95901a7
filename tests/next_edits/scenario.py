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

from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

from glm_lsp.evaluation.scenario import changed, in_files
from glm_lsp.next_edits.history import DocumentHistory
from glm_lsp.next_edits.suggest import waiting
from glm_lsp.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glm_lsp.evaluation.scenario import Scenario

FOLDER = Path(__file__).parent / "scenarios"


def scenarios() -> Iterator[Scenario]:
    """Yield the scenarios of all files."""
    return in_files(FOLDER)


def waits_after(scenario: Scenario) -> list[tuple[str, str]]:
    """Make the edits, and return what waits then: each line, and what it would become."""
    text = Text.of(scenario.text)
    history = DocumentHistory(text)
    for before, after in scenario.edits:
        change = changed(text, before, after)
        text = text.replace(change.span, change.text)
        history.changed(text, [change])
    changes, blocks = history.line_changes(), tuple(history.blocks())
    found = waiting(text, scenario.language, changes, history.taken_back(), blocks)
    return [(dedent(each.before).strip(), dedent(each.after).strip()) for each in found]

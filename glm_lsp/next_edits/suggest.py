"""What remains to be changed in a document after what the user changed, without asking a model.

Invariant: no line is found twice, none that the user has given its old text back, and none that
would get back what the user has just taken from it. It costs some milliseconds and may run in a
thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp.editing.lines import contents
from glm_lsp.languages.lexer import masked
from glm_lsp.next_edits.identical import identical
from glm_lsp.next_edits.renamed import renamed_away
from glm_lsp.next_edits.repeated import repeated
from glm_lsp.text import common_ends

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from glm_lsp.next_edits.history import ChangedBlock, ChangedLine
    from glm_lsp.next_edits.waiting_line import WaitingLine
    from glm_lsp.text import Text

LONGEST = 500_000
"""Characters of a document in which anything is looked for."""


def waiting(
    text: Text,
    language: str,
    changes: Sequence[ChangedLine],
    unwanted: Collection[tuple[str, str]] = (),
    blocks: Sequence[ChangedBlock] = (),
    elsewhere: Sequence[ChangedLine] = (),
) -> list[WaitingLine]:
    """Return the lines of a document that wait for a change, from the top down.

    `changes` and `blocks` are what its history tells of it, `elsewhere` what those of other
    documents tell; `unwanted` are lines, before and after, that the user took back or refused:
    nobody else gets what differs between them either.
    """
    if not (changes or blocks or elsewhere) or len(text) > LONGEST:
        return []
    lines = contents(text)
    code = masked("\n".join(lines), language).split("\n")
    refused = {_difference(before, after) for before, after in unwanted}
    found: dict[int, WaitingLine] = {}
    taken: set[int] = set()
    for each in (
        *renamed_away(lines, code, changes),
        *identical(lines, code, changes, blocks, elsewhere),
        *repeated(lines, code, changes, elsewhere),
    ):
        own = range(each.line, each.end)
        if not taken.isdisjoint(own) or _undoes(each, changes):
            continue
        if _difference(each.before, each.after) not in refused:
            found[each.line] = each
            taken.update(own)
    return [found[line] for line in sorted(found)]


def _undoes(candidate: WaitingLine, changes: Sequence[ChangedLine]) -> bool:
    """Tell whether a candidate would give a line back what was taken from it."""
    return any(
        change.line == candidate.line and change.before == candidate.after for change in changes
    )


def _difference(before: str, after: str) -> tuple[str, str]:
    start, old_end, new_end = common_ends(before, after)
    return before[start:old_end].strip(), after[start:new_end].strip()

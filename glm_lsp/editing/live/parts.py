"""What a change consists of: parts, which are whole lines, and the hunks they make up.

Invariant: a part replaces, inserts or removes whole lines; the parts of one replacement come in
the order of the original and do not overlap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

from glm_lsp.editing.lines import LineEdit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@define(eq=False)
class Part:
    """One line edit of a change.

    Attributes:
        number: how many came before it.
        made: our edit has brought it into the document, and none has taken it back.
        edited: the user wrote something else in place of some of its lines.
    """

    number: int
    edit: LineEdit
    hunk: Hunk = field(repr=False)
    made: bool = False
    edited: bool = False


@define(eq=False)
class Hunk:
    """Parts that no unchanged line divides.

    Attributes:
        number: what it is called by within its change.
        open: more parts may come.
        withdrawn: it is to be taken back.
        kept: it is the user's from now on.
    """

    number: int
    parts: list[Part] = field(factory=list, repr=False)
    open: bool = True
    withdrawn: bool = False
    kept: bool = False

    @property
    def after(self) -> list[str]:
        """The lines it writes."""
        return [line for part in self.parts for line in part.edit.lines]

    @property
    def complete(self) -> bool:
        """Whether all of it has come, and is in the document unless the user took it out."""
        return not self.open and all(part.made for part in self.parts)


def divided(edits: Iterable[LineEdit]) -> Iterator[LineEdit]:
    """Yield the least edits that can be done for themselves: an insertion's lines are such."""
    for edit in edits:
        if edit.end > edit.first:
            yield edit
        else:
            yield from (LineEdit(edit.first, edit.first, (line,)) for line in edit.lines)

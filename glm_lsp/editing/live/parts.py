"""What a change consists of: parts, which are whole lines, and the hunks they make up.

Invariant: a part replaces, inserts or removes whole lines; the parts of one replacement come in
the order of the original and do not overlap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

if TYPE_CHECKING:
    from glm_lsp.editing.lines import LineEdit


@define(eq=False)
class Part:
    """One line edit of a change.

    Attributes:
        is_line: it makes one line another.
        made: our edit has brought it into the document, and none has taken it back.
        edited: the user wrote something else in place of some of its lines.
    """

    edit: LineEdit
    hunk: Hunk = field(repr=False)
    is_line: bool
    made: bool = False
    edited: bool = False

    def note(self, made: bool) -> None:
        """Take note of whether it is made."""
        self.hunk.made += made - self.made
        self.made = made


@define(eq=False)
class Hunk:
    """Parts that no unchanged line divides.

    Attributes:
        number: what it is called by within its change.
        made: how many of its parts are.
        open: more parts may come.
        withdrawn: it is to be taken back.
        kept: it is the user's from now on.
    """

    number: int
    parts: list[Part] = field(factory=list, repr=False)
    made: int = 0
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
        return not self.open and self.made == len(self.parts)

"""A line, or some lines that stand together, that are to be changed next, and why."""

from __future__ import annotations

from attrs import field, frozen


@frozen
class WaitingLine:
    """A line, or lines that stand together, that wait for the change that others have had.

    Attributes:
        line: the number of the first in the document.
        before, after: what they say, and what they would say, without the last line's end.
        old, new: what would be replaced in it; the same in all lines of one change.
        done: how many places have had the change.
    """

    line: int
    before: str = field(repr=False)
    after: str = field(repr=False)
    old: str
    new: str
    done: int

    @property
    def end(self) -> int:
        """The number of the line behind it."""
        return self.line + self.before.count("\n") + 1

"""A line that is to be changed next, and why."""

from __future__ import annotations

from attrs import field, frozen


@frozen
class WaitingLine:
    """A line that waits for the change that others have had.

    Attributes:
        line: its number in the document.
        before, after: what it says, and what it would say, without line end.
        old, new: what would be replaced in it; the same in all lines of one change.
        done: how many places have had the change.
    """

    line: int
    before: str = field(repr=False)
    after: str = field(repr=False)
    old: str
    new: str
    done: int

"""What other tools say of a change: which problems it left, and which it made.

Invariant: what was reported before is not the change's, and what the user's own hand may have
brought is not either; in doubt a problem is nobody's.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from attrs import frozen

from glm_lsp.actions.offers import short

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glm_lsp.actions.offers import Diagnostic

_WARNING = 2  # As in LSP; what is less is advice, and breaks nothing.


class Placed(NamedTuple):
    """A problem and where it stands in the document with the change.

    Attributes:
        line: from 0; None for one whose line the change replaced.
        on_change: its line is one that the change replaced or wrote.
    """

    problem: Diagnostic
    line: int | None
    on_change: bool

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it the same problem in another place."""
        return self.problem.source, self.problem.code, self.problem.message


@frozen
class Consequences:
    """The problems that a change was to mend and left, and those that it made."""

    left: tuple[Placed, ...] = ()
    made: tuple[Placed, ...] = ()

    @property
    def problems(self) -> tuple[Diagnostic, ...]:
        """All of them, by their places."""
        every = {placed.problem for placed in (*self.left, *self.made)}
        return tuple(sorted(every, key=lambda problem: (problem.span, problem.message)))

    def __str__(self) -> str:
        parts = []
        if self.left:
            parts.append("left its problem" if len(self.left) == 1 else f"left {len(self.left)}")
        if self.made:
            count = len(self.made)
            parts.append("made a new one" if count == 1 else f"made {count} new ones")
        if not self.left:
            parts = [part.replace("new one", "new problem") for part in parts]
        elif len(self.left) > 1:
            parts[0] += " of its problems"
        first = (*self.left, *self.made)[0]
        line = f" (line {first.line + 1})" if first.line is not None else ""
        return f"GLM's change {' and '.join(parts)}: “{short(first.problem.message)}”{line}."


def consequences(
    about: Sequence[Placed], before: Sequence[Placed], after: Sequence[Placed], *, alone: bool
) -> Consequences:
    """Compare what is reported of a document without and with a change.

    `about` are the problems that it was to mend; `alone`: nothing but the change has changed the
    document, so that a new problem anywhere in it is the change's.
    """
    left = _left(about, after)
    extra = _growth(before, after)
    if not alone:
        extra &= _growth(*([p for p in each if p.on_change] for each in (before, after)))
    made: list[Placed] = []
    # What stands on the change itself is rather its doing than what stands elsewhere.
    for placed in sorted(after, key=lambda placed: not placed.on_change):
        if placed in left or extra[placed.key] <= 0 or placed.problem.severity > _WARNING:
            continue
        if alone or placed.on_change:
            extra[placed.key] -= 1
            made.append(placed)
    return Consequences(tuple(left), tuple(sorted(made, key=lambda p: p.problem.span)))


def _left(about: Sequence[Placed], after: Sequence[Placed]) -> list[Placed]:
    left: list[Placed] = []
    for wanted in about:
        for placed in after:
            there = placed.on_change if wanted.line is None else placed.line == wanted.line
            if there and placed.key == wanted.key and placed not in left:
                left.append(placed)
                break
    return left


def _growth(before: Sequence[Placed], after: Sequence[Placed]) -> Counter[tuple[str, str, str]]:
    return Counter(p.key for p in after) - Counter(p.key for p in before)

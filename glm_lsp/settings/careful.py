"""What a later layer of settings may do to an earlier one: only protect more.

A workspace's settings come after the user's, and in most editors mixed with them. So each setting
that protects names a rule here; it is used where an earlier layer had set the same key.

Invariant: no rule returns what protects less than what stood before; each is idempotent, since
editors give the same settings twice.
"""

from __future__ import annotations

CAREFUL = ("stream", "auto", "once", "confirm")
"""How edits are delivered, the most careful last."""


def lowest(before: float | None, after: float | None) -> float | None:
    """Return the lower bound; None is no bound."""
    given = [bound for bound in (before, after) if bound is not None]
    return min(given) if given else None


def off_wins(before: bool, after: bool) -> bool:
    """Return whether both want it."""
    return before and after


def union(before: tuple[str, ...], after: tuple[str, ...]) -> tuple[str, ...]:
    """Return all of both."""
    return tuple(dict.fromkeys((*before, *after)))


def more_careful(before: str, after: str) -> str:
    """Return the more careful way to deliver an edit."""
    return max(before, after, key=CAREFUL.index)


def manual_wins(before: str, after: str) -> str:
    """Return "manual" where either says so."""
    return before if before == "manual" else after


def both(before: str, after: str) -> str:
    """Return both texts; the one that holds the other is enough."""
    if before.strip() in after:
        return after
    return before if after.strip() in before else f"{before.strip()}\n\n{after.strip()}"

"""What an action shows of other places of the workspace: what fits, and is not shown anyhow.

Invariant: with what stands around the target it never is more than the budget; the same excerpts
give the same references.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp.context.gather import gather
from glm_lsp.prompts.actions import Reference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glm_lsp.actions.profile import ModelProfile
    from glm_lsp.project.wanted import Excerpt
    from glm_lsp.text import Snapshot, Span


def cost(each: Reference) -> int:
    """Return the most characters that a reference takes, its file's name included."""
    return len(each.text) + len(each.path) + 8


def references_of(
    snapshot: Snapshot, target: Span, profile: ModelProfile, shown: Sequence[Excerpt]
) -> tuple[Reference, ...]:
    """Return what of the excerpts fits, without what stands around the target anyhow."""
    code = snapshot.slice(target)
    left = profile.elsewhere(code)
    found: list[Reference] = []
    for each in shown:
        reference = Reference(*each)
        if cost(reference) <= left:
            found.append(reference)
            left -= cost(reference)
    for _ in range(2):  # What is left out lets the lines around be more.
        budget = profile.budget(code) - sum(map(cost, found))
        around = gather(snapshot, target, budget, profile.roots)
        first = around.first_line - 1 - around.before.count("\n")
        last = around.first_line + code.count("\n") + around.after.count("\n")
        seen = range(first, last)
        found = [each for each in found if each.uri != snapshot.uri or each.line not in seen]
    return tuple(found)

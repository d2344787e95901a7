"""What an action promises about the code that it leaves behind.

Invariant: a promise follows from the plan alone; it is a value and may outlive the answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp.context.outline import Grammar
from glm_lsp.editing.answer import Promise, Site

if TYPE_CHECKING:
    from glm_lsp.actions.plan import Plan


def promise_of(plan: Plan) -> Promise:
    """Return what a plan's action promises."""
    task = plan.task
    preset = task.action.preset(task.preset)
    return Promise(
        Grammar(task.snapshot.language),
        careful=(preset or task.action).careful,
        comments_only=task.action.comments_only,
        heeds=task.action.heeds,
        instruction=task.instruction,
        problems=tuple(problem.message for problem in task.diagnostics),
        places=tuple(
            task.snapshot.text.position(problem.span.start)[0] for problem in task.diagnostics
        ),
        part=plan.part,
    )


def site_of(plan: Plan) -> Site:
    """Return the target of a plan in its file."""
    snapshot = plan.task.snapshot
    return Site.of(str(snapshot.text), plan.target, promise_of(plan), snapshot.newline)

"""What an action promises about the code that it leaves behind.

Invariant: a promise follows from the plan alone; it is a value and may outlive the answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp.context.outline import Grammar
from glm_lsp.editing.answer import Promise, Site
from glm_lsp.text import Span

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
        gone=plan.asking.mark if plan.asking is not None and plan.asking.does else "",
    )


def site_of(plan: Plan) -> Site:
    """Return the target of a plan in its file, as the question shows it."""
    snapshot, target = plan.task.snapshot, plan.target
    text = snapshot.text
    if plan.hidden is not None:
        text = text.replace(plan.hidden, "")
        target = Span(target.start, target.end - len(plan.hidden))
    return Site.of(str(text), target, promise_of(plan), snapshot.newline)

"""From a command to a question: which code, which context, which request.

Invariant: planning reads one snapshot and asks no model; a plan is a value, so that retry
means running the same plan on a newer snapshot.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from glm_lsp.actions.comments import asking_at
from glm_lsp.actions.references import cost, references_of
from glm_lsp.characters import beginning, called, one_line, without
from glm_lsp.context.cells import cells_above
from glm_lsp.context.gather import gather
from glm_lsp.context.scope import (
    commented,
    enclosing,
    enclosing_each,
    part,
    whole_lines,
    with_comment,
)
from glm_lsp.errors import ReplyError
from glm_lsp.llm.types import Request
from glm_lsp.project.wanted import Wanted
from glm_lsp.prompts.actions import (
    ActionQuestion,
    Finding,
    Reference,
    Section,
    render,
    sections_of,
)
from glm_lsp.text import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from glm_lsp.actions.comments import Asking
    from glm_lsp.actions.offers import Diagnostic
    from glm_lsp.actions.profile import ModelProfile
    from glm_lsp.actions.registry import Action
    from glm_lsp.context.cells import CellsAbove
    from glm_lsp.context.gather import Surroundings
    from glm_lsp.project.wanted import Excerpt
    from glm_lsp.text import Snapshot, Text

_MOST_PROBLEMS = 100
"""Of one question."""

_MOST_LABEL = 80
"""Characters of who reports a problem, and by which code."""

_MOST_CODE = 400_000
"""Characters; some 130,000 tokens, which leaves GLM's window room for the answer."""

_MOST_INSTRUCTION = 8_000
"""Characters of what the user asks in their own words."""

_RUN = re.compile(r"""[^\s"'`]{16,}""")
"""What is as long as a key, without a blank or a quote."""


@frozen
class Task:
    """What the user asked for: an action on a selection of a document.

    Attributes:
        part: the target is exactly the whole lines of the selection.
        comment: a comment there says what to do, and ends in `AI!` or `AI?`.
        above: the cells above the document, the nearest last, where it is a notebook's.
    """

    action: Action
    snapshot: Snapshot
    selection: Span
    diagnostics: tuple[Diagnostic, ...] = ()
    preset: str = ""
    instruction: str = ""
    part: bool = False
    comment: bool = False
    above: tuple[Snapshot, ...] = ()


@frozen
class Plan:
    """A question ready to be asked, and the span its answer is about.

    Attributes:
        part: the target is a part of a definition, chosen by the user.
        sections: what the question consists of; none where it is brief.
        references: what it shows of elsewhere in the workspace.
        asking: the comment that asks for it, which goes with what it asks to be done.
        hidden: what the question does not show of the target: that comment.
    """

    task: Task
    target: Span
    title: str
    request: Request
    part: bool = False
    sections: tuple[Section, ...] = field(default=(), repr=False)
    references: tuple[Reference, ...] = field(default=(), repr=False)
    asking: Asking | None = None
    hidden: Span | None = None

    @property
    def original(self) -> str:
        """The target's text."""
        return self.task.snapshot.slice(self.target)


def wanted_of(task: Task, profile: ModelProfile) -> Wanted | None:
    """Return what to ask the workspace's index about a task; None when nothing would be shown."""
    target, _, _ = _target(task)
    most = profile.elsewhere(task.snapshot.slice(target))
    if most <= 0 or task.snapshot.notebook:
        return None
    text = task.snapshot.text
    wants = task.action.wants
    return Wanted(
        first=text.position(target.start)[0],
        last=text.position(target.end)[0],
        bodies="bodies" in wants,
        callers="callers" in wants,
        tests="tests" in wants,
        style="style" in wants,
        characters=most,
    )


def plan(task: Task, profile: ModelProfile, shown: Sequence[Excerpt] = ()) -> Plan:
    """Choose the target and the context, and phrase the question.

    `shown` is what the workspace has for it, most wanted first: what fits is shown.

    Raises:
        ReplyError: there is nothing there to work on.
    """
    action, asking = task.action, _asking(task)
    target, name, is_part = _target(task)
    code, hidden = _shown_code(task.snapshot, target, asking)
    if not code.strip():
        raise ReplyError("There is no code here: select some, or put the cursor inside a function.")
    if len(code) > _MOST_CODE:
        raise ReplyError("This is too much code for one question: select less of it.")
    references = references_of(task.snapshot, target, profile, shown)
    left = profile.budget(code) - sum(map(cost, references))
    around, above = _around(task, target, left, profile.roots)
    chosen = task.snapshot.slice(_whole(task.snapshot.text, task.selection))
    question = ActionQuestion(
        wording=action.wording,
        code=code,
        around=around,
        above=above.text,
        references=references,
        problems=_problems(task.snapshot, task.diagnostics),
        selected="" if is_part or chosen.strip() in ("", code.strip()) else chosen,
        part_of=_part_of(name) if is_part else "",
        preset_task=preset.task if (preset := action.preset(task.preset)) is not None else "",
        instruction=beginning(asking.words if asking else task.instruction, _MOST_INSTRUCTION),
        house_rules=profile.house_rules,
        numbered=action.answer == "findings",
    )

    def shorter() -> Request:
        """Return the question without what stands around the code."""
        around = gather(task.snapshot, target, 0, profile.roots)
        bare = evolve(question, around=around, above="", references=())
        return evolve(request, messages=render(bare, brief=profile.brief))

    request = _request(task, profile, question, above, shorter)
    subject = called(name) or around.path
    title = f"{action.doing} a part of {subject}" if is_part else f"{action.doing} {subject}"
    sections = () if profile.brief else sections_of(question)
    if asking is not None and asking.does:
        task = evolve(task, instruction=asking.words)  # What it promises depends on the words.
    return Plan(task, target, title, request, is_part, sections, references, asking, hidden)


def _asking(task: Task) -> Asking | None:
    if not task.comment or task.part:
        return None
    return asking_at(task.snapshot.text, task.selection.start, task.snapshot.language)


def _shown_code(snapshot: Snapshot, target: Span, asking: Asking | None) -> tuple[str, Span | None]:
    """Return the target's code without the comment that asks, and where that stands.

    Where nothing but the comment is there, it is shown: the code takes its place.
    """
    code = snapshot.slice(target)
    if asking is None or not asking.does:
        return code, None
    hidden = Span(max(asking.span.start, target.start), min(asking.span.end, target.end))
    shown = snapshot.slice(Span(target.start, hidden.start)) + snapshot.slice(
        Span(hidden.end, target.end)
    )
    return (shown, hidden) if shown.strip() else (code, None)


def _request(
    task: Task,
    profile: ModelProfile,
    question: ActionQuestion,
    above: CellsAbove,
    shorter: Callable[[], Request],
) -> Request:
    action, references = task.action, question.references
    return Request(
        model=profile.model,
        feature=action.name,
        documents=(
            *(task.snapshot.uri, task.snapshot.file, *above.uris),
            *dict.fromkeys(each.uri for each in references if each.uri),
        ),
        foreign=(*filter(None, (above.text,)), *(each.text for each in references)),
        puts_back=action.answer == "edit",
        messages=render(question, brief=profile.brief),
        max_tokens=_most_output(task, profile, question.code),
        temperature=0.2 if not profile.brief else 0.0,
        thinking=action.thinks if profile.thinking == "auto" else profile.thinking == "on",
        shorter=shorter,
    )


def _part_of(name: str) -> str:
    return called(name) if 0 < len(name) <= _MOST_LABEL else "a definition"


def _around(
    task: Task, target: Span, budget: int, roots: tuple[Path, ...]
) -> tuple[Surroundings, CellsAbove]:
    """Return what stands around the target in its document, and in the cells above that."""
    around = gather(task.snapshot, target, budget, roots)
    left = budget - len(around.before) - len(around.after)
    return around, cells_above(task.above, task.snapshot, left)


def _target(task: Task) -> tuple[Span, str, bool]:
    """Return the span to work on, what it defines or lies in, and whether it is a part of that."""
    text = task.snapshot.text
    if task.part:
        scope = enclosing(task.snapshot, task.selection)
        return whole_lines(text, task.selection), scope.name, True
    if (asking := _asking(task)) is not None:
        meant = commented(task.snapshot, asking.span, behind=asking.behind)
        return meant.span, meant.name, False
    if task.action.offered == "problem" and len(task.diagnostics) > 1:
        places = [diagnostic.span for diagnostic in task.diagnostics]
        spans = [scope.span for scope in enclosing_each(task.snapshot, places)]
        whole = Span(min(s.start for s in spans), max(s.end for s in spans))
        return whole_lines(text, whole), "", False
    selection = task.diagnostics[0].span if task.diagnostics else task.selection
    if task.action.part:
        chosen = part(task.snapshot, task.selection)
        if chosen is not None:
            return chosen.span, chosen.name, True
    scope = enclosing(task.snapshot, selection)
    if task.action.comments:
        return with_comment(task.snapshot, scope), scope.name, False
    return scope.span, scope.name, False


def _whole(text: Text, selection: Span) -> Span:
    """Return a selection, and all of what it holds the half of, if that may be a secret."""
    start, end = selection.start, selection.end
    for edge in (start, end):
        line = text.line_span(text.position(edge)[0])
        column, content = edge - line.start, text.slice(line)
        for run in _RUN.finditer(content):
            if run.start() < column < run.end() and any(map(str.isdigit, run.group())):
                start, end = min(start, line.start + run.start()), max(end, line.start + run.end())
    return Span(start, end)


def _problems(snapshot: Snapshot, diagnostics: Sequence[Diagnostic]) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            snapshot.text.position(d.span.start)[0] + 1,
            _indented(d.message),
            # Whole or not at all: half a secret would not be known as one.
            one_line(d.label) if len(d.label) <= _MOST_LABEL else "",
        )
        for d in diagnostics[:_MOST_PROBLEMS]
    )


def _indented(message: str) -> str:
    """Return a message whose further lines cannot pass for anything but lines of a message."""
    return "\n    ".join(without(message.replace("\r\n", "\n")).splitlines())


def _most_output(task: Task, profile: ModelProfile, code: str) -> int:
    """Allow for the code, and for what a thinking model says to itself before."""
    action = task.action
    wanted = action.tokens + int(action.tokens_of_code * len(code) / profile.characters_per_token)
    if not profile.brief:
        wanted += 16_000
    else:
        wanted = min(wanted, profile.window // 4)
    return min(wanted, profile.max_output)

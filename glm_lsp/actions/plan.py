"""From a command to a question: which code, which context, which request.

Invariant: planning reads one snapshot and asks no model; a plan is a value, so that retry
means running the same plan on a newer snapshot.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from glm_lsp.characters import beginning, called, one_line, without
from glm_lsp.context.cells import cells_above
from glm_lsp.context.gather import gather
from glm_lsp.context.scope import enclosing, enclosing_each, part, whole_lines, with_comment
from glm_lsp.errors import ReplyError
from glm_lsp.llm.types import Request
from glm_lsp.prompts.actions import ActionQuestion, Finding, HouseRules, render
from glm_lsp.text import Span

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from glm_lsp.actions.offers import Diagnostic
    from glm_lsp.actions.registry import Action
    from glm_lsp.context.cells import CellsAbove
    from glm_lsp.context.gather import Surroundings
    from glm_lsp.settings import Thinking
    from glm_lsp.text import Snapshot, Text

CHARACTERS_PER_TOKEN = 3.0
"""A cautious rule of thumb for code; real tokenisers give 3 to 4."""

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

_SMALL_WINDOW = 10_000
"""Tokens. A model with less gets the brief prompt."""


@frozen
class Task:
    """What the user asked for: an action on a selection of a document.

    Attributes:
        part: the target is exactly the whole lines of the selection.
        above: the cells above the document, the nearest last, where it is a notebook's.
    """

    action: Action
    snapshot: Snapshot
    selection: Span
    diagnostics: tuple[Diagnostic, ...] = ()
    preset: str = ""
    instruction: str = ""
    part: bool = False
    above: tuple[Snapshot, ...] = ()


@frozen
class ModelProfile:
    """The model and the user's wishes that shape a question.

    Attributes:
        window: the model's context window in tokens.
        max_output: the most tokens it answers with.
        max_context: the most tokens of code to send along, None for a share of the window.
        house_rules: standing instructions, from the settings and AGENTS.md.
        characters_per_token: how long a token of code is for this model.
    """

    model: str
    window: int
    max_output: int
    max_context: int | None = None
    thinking: Thinking = "auto"
    house_rules: HouseRules = field(factory=HouseRules, repr=False)
    roots: tuple[Path, ...] = ()
    characters_per_token: float = CHARACTERS_PER_TOKEN


@frozen
class Plan:
    """A question ready to be asked, and the span its answer is about.

    Attributes:
        part: the target is a part of a definition, chosen by the user.
    """

    task: Task
    target: Span
    title: str
    request: Request
    part: bool = False

    @property
    def original(self) -> str:
        """The target's text."""
        return self.task.snapshot.slice(self.target)


def plan(task: Task, profile: ModelProfile) -> Plan:
    """Choose the target and the context, and phrase the question.

    Raises:
        ReplyError: there is nothing there to work on.
    """
    action = task.action
    target, name, is_part = _target(task)
    code = task.snapshot.slice(target)
    if not code.strip():
        raise ReplyError("There is no code here: select some, or put the cursor inside a function.")
    if len(code) > _MOST_CODE:
        raise ReplyError("This is too much code for one question: select less of it.")
    brief = profile.window < _SMALL_WINDOW
    around, above = _around(task, target, 0 if brief else _budget(profile, code), profile.roots)
    chosen = task.snapshot.slice(_whole(task.snapshot.text, task.selection))
    question = ActionQuestion(
        wording=action.wording,
        code=code,
        around=around,
        above=above.text,
        problems=_problems(task.snapshot, task.diagnostics),
        selected="" if is_part or chosen.strip() in ("", code.strip()) else chosen,
        part_of=_part_of(name) if is_part else "",
        preset_task=preset.task if (preset := action.preset(task.preset)) is not None else "",
        instruction=beginning(task.instruction, _MOST_INSTRUCTION),
        house_rules=profile.house_rules,
    )

    def shorter() -> Request:
        """Return the question without what stands around the code."""
        bare = evolve(question, around=gather(task.snapshot, target, 0, profile.roots), above="")
        return evolve(request, messages=render(bare, brief=brief))

    request = Request(
        model=profile.model,
        feature=action.name,
        documents=(task.snapshot.uri, task.snapshot.file, *above.uris),
        foreign=(above.text,) if above.text else (),
        puts_back=action.answer not in ("prose", "file"),
        messages=render(question, brief=brief),
        max_tokens=_most_output(task, profile, code),
        temperature=0.2 if not brief else 0.0,
        thinking=action.thinks if profile.thinking == "auto" else profile.thinking == "on",
        shorter=shorter,
    )
    subject = called(name) or around.path
    subject = f"a part of {subject}" if is_part else subject
    return Plan(task, target, f"{action.doing} {subject}", request, is_part)


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


def _budget(profile: ModelProfile, code: str) -> int:
    """Return how many characters may surround the code: a quarter of the window at most."""
    tokens = profile.window // 4 if profile.max_context is None else profile.max_context
    tokens = min(tokens, 24_000 if profile.max_context is None else tokens)
    return max(0, int(tokens * profile.characters_per_token) - len(code))


def _most_output(task: Task, profile: ModelProfile, code: str) -> int:
    """Allow for the code, and for what a thinking model says to itself before."""
    action = task.action
    wanted = action.tokens + int(action.tokens_of_code * len(code) / profile.characters_per_token)
    if profile.window >= _SMALL_WINDOW:
        wanted += 16_000
    else:
        wanted = min(wanted, profile.window // 4)
    return min(wanted, profile.max_output)

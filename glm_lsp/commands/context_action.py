"""`glm-lsp context --action`: what an action would show to GLM, section by section.

Invariant: nothing is sent; the sections are what would be, with secrets struck out of them.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from rich.table import Table
from rich.text import Text as Shown

from glm_lsp.actions.plan import Plan, Task, plan, wanted_of
from glm_lsp.actions.profile import profile_of
from glm_lsp.actions.registry import ACTIONS, Action
from glm_lsp.actions.sent import sent
from glm_lsp.characters import escaped
from glm_lsp.errors import GlmError
from glm_lsp.llm import catalogue
from glm_lsp.project.knowledge import Folders, Knowledge
from glm_lsp.project.process import IndexProcess
from glm_lsp.prompts.actions import HouseRules
from glm_lsp.timeout import timeout

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from rich.console import Console

    from glm_lsp.actions.profile import ModelProfile
    from glm_lsp.context.workspace_files import WorkspaceFiles
    from glm_lsp.project.extent import Extent
    from glm_lsp.project.wanted import Excerpt, Wanted
    from glm_lsp.settings.layers import Loaded
    from glm_lsp.text import Snapshot, Span

    Answer = TypeVar("Answer")

_INDEXED_WITHIN, _ANSWERED_WITHIN = 120.0, 10.0  # Seconds.
_MOST_RULES = 8_000
_STYLES = {
    "instructions": "dim",
    "definition": "cyan",
    "caller": "magenta",
    "test": "green",
    "style": "green",
    "target": "bold",
    "task": "yellow",
}


async def asked(
    folders: Folders, snapshot: Snapshot, work: Callable[[Knowledge], Coroutine[Any, Any, Answer]]
) -> tuple[Answer | None, Extent | None]:
    """Ask an index of its own, once it is complete; None when it takes too long.

    Beside the answer comes how much the index holds.
    """
    started: list[IndexProcess] = []

    def start(begin: dict[str, Any], hear: Callable[[dict[str, Any]], None]) -> IndexProcess:
        started.append(IndexProcess(begin, hear))
        return started[-1]

    knowledge = Knowledge(start)
    knowledge.configure(folders)
    knowledge.opened(snapshot)
    try:
        async with timeout(_INDEXED_WITHIN):
            await knowledge.indexed()
        async with timeout(_ANSWERED_WITHIN):
            answer = await work(knowledge)
            return answer, knowledge.extent
    except asyncio.TimeoutError:
        return None, knowledge.extent
    finally:
        knowledge.close()
        for process in started:
            process.join()


def show_action(
    console: Console,
    loaded: Loaded,
    name: str,
    snapshot: Snapshot,
    selection: Span,
    files: WorkspaceFiles,
    folders: Folders | None,
) -> Extent | None:
    """Print what an action, or a refactoring by name, would send about a selection.

    Returns how much the index holds, where one was asked.

    Raises:
        GlmError: there is no such action, or nothing there to work on.
    """
    action, preset = _named(name)
    task = Task(action, snapshot, selection, preset=preset)
    profile = _profile(loaded, files)
    wanted = wanted_of(task, profile)
    found: tuple[Excerpt, ...] = ()
    extent = None
    if wanted is not None and folders is not None:
        given, extent = asyncio.run(asked(folders, snapshot, partial(_consult, snapshot, wanted)))
        found = given or ()
    _print(console, plan(task, profile, found))
    return extent


async def _consult(snapshot: Snapshot, wanted: Wanted, knowledge: Knowledge) -> tuple[Excerpt, ...]:
    return await knowledge.consult(snapshot, wanted)


def _named(name: str) -> tuple[Action, str]:
    # What a commit's message would show is staged in a repository, and not in a file.
    listed = [action for action in ACTIONS.values() if action.offered != "message"]
    for action in listed:
        if action.name == name:
            return action, ""
        if action.preset(name) is not None:
            return action, name
    known = [action.name for action in listed]
    known += [preset.name for action in listed for preset in action.presets]
    raise GlmError(f"There is no action {name!r}: there are {', '.join(known)}.")


def _profile(loaded: Loaded, files: WorkspaceFiles) -> ModelProfile:
    settings = loaded.settings
    local = settings.provider == "local" and settings.base_url is None
    model = catalogue.find(catalogue.EMBEDDED if local else settings.models.actions)
    rules = (loaded.instructions.strip(), files.read("AGENTS.md", _MOST_RULES).strip())
    house_rules = HouseRules(loaded.own_instructions, "\n\n".join(filter(None, rules)))
    return profile_of(model, settings, house_rules, files.roots)


def _print(console: Console, planned: Plan) -> None:
    sizes: dict[str, int] = {}
    for section in sent(planned):
        sizes[section.name] = sizes.get(section.name, 0) + len(section.text)
        style = _STYLES.get(section.name, "")
        for line in section.text.split("\n"):
            console.print(Shown(escaped(line), style=style), soft_wrap=True)
        console.print()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("shown to GLM", "from", "because"):
        table.add_column(column)
    table.add_column("characters", justify="right")
    for name, size in sizes.items():
        table.add_row(name, "", "", f"{size:,}", style="bold")
        for each in planned.references:
            if each.part == name:
                place = escaped(f"{each.path}:{each.line + 1}")
                table.add_row("", Shown(place), Shown(escaped(each.reason)), f"{len(each.text):,}")
    table.add_row("all", "", "", f"{sum(sizes.values()):,}", style="bold")
    console.print(table)
    if not planned.references:
        console.print("Nothing of other files is shown.", style="dim")

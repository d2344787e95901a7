"""`glm-lsp context`: what a completion at a line, or an action, would show to GLM, with reasons.

Invariant: nothing is sent. What stays on the machine is not shown either, and secrets are struck
out as they would be.
"""

from __future__ import annotations

import asyncio
import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text as Shown

from glm_lsp.characters import escaped
from glm_lsp.commands.context_action import asked, show_action
from glm_lsp.completion.question import room
from glm_lsp.context.cursor import context_at
from glm_lsp.context.gather import display_path
from glm_lsp.context.workspace_files import WorkspaceFiles
from glm_lsp.errors import ExcludedError, GlmError
from glm_lsp.languages import language_of_file
from glm_lsp.llm.seal import Seal
from glm_lsp.project.knowledge import Folders, Knowledge, Known
from glm_lsp.prompts.completion import CompletionQuestion, ProjectContext, kind_of, render
from glm_lsp.text import Snapshot, Span, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glm_lsp.llm.types import Request
    from glm_lsp.project.extent import Extent
    from glm_lsp.settings.layers import Loaded

_PLACE = re.compile(r"(?P<file>.+?):(?P<line>\d{1,9})(?::(?P<column>\d{1,9})|-(?P<last>\d{1,9}))?")
_PART = re.compile(r"<(?P<end>/?)(?P<name>project|below|above|line|related)[ >]")
_REASONS = {
    "near": "in code like this",
    "wide": "in code like this",
    "first": "in code like this",
    "own_near": "used further away in this file",
    "own": "used further away in this file",
    "own_definition": "defined in this file",
    "imported_name": "imported by name",
    "imported": "of an imported file",
    "folder": "in the same folder",
    "scope": "of the class around",
    "base": "of a base class",
    "typed": "of the type of something here",
    "guessed": "of a class named like something here",
    "called": "of what is called here",
    "parts": "named like something here",
    "twin": "in a function of the same name",
    "popular": "used in many files",
}
_STYLES = {"project": "cyan", "below": "dim", "above": "", "line": "bold", "related": "magenta"}


def run(place: str, loaded: Loaded, *, action: str = "", console: Console | None = None) -> int:
    """Show what would be shown to GLM at a place. Returns the exit code.

    `place` is FILE:LINE, FILE:LINE:COLUMN or, for an action, FILE:LINE-LINE.

    Raises:
        GlmError: the place cannot be read, or its file stays on this machine; there is no such
            action, or nothing there for it.
    """
    console = console or Console()
    found = _PLACE.fullmatch(place)
    if found is None or (found["last"] and not action):
        raise GlmError("Say where: FILE:LINE, FILE:LINE:COLUMN or, with --action, FILE:LINE-LINE.")
    path, line = Path(found["file"]).resolve(), int(found["line"])
    root = _root(path)
    files = WorkspaceFiles(loaded.exclusions, (root,))
    snapshot = _snapshot(path, files)
    offset = _offset(snapshot.text, line, int(found["column"]) if found["column"] else None)
    context = loaded.settings.context
    folders = None
    if context.project and context.related_files:
        folders = Folders((root,), (), tuple(map(tuple, files.patterns)))
    if action:
        last = int(found["last"]) if found["last"] else line
        end = _offset(snapshot.text, last, None) if found["last"] else offset
        start = _offset(snapshot.text, line, 1) if found["last"] else offset
        selection = Span(start, max(start, end))
        extent = show_action(console, loaded, action, snapshot, selection, files, folders)
    else:
        extent = _show_completion(console, loaded, snapshot, offset, root, folders)
    if extent is not None:
        console.print(extent.said(), style="yellow" if extent.too_many else "dim")
    return 0


def _show_completion(
    console: Console,
    loaded: Loaded,
    snapshot: Snapshot,
    offset: int,
    root: Path,
    folders: Folders | None,
) -> Extent | None:
    known, extent = Known(), None
    if folders is not None:
        _, most = room(loaded.settings.context.max_tokens)
        work = partial(_ask, snapshot, offset, most)
        given, extent = asyncio.run(asked(folders, snapshot, work)) if most > 0 else (None, None)
        known = given or known
    request = _request(loaded, snapshot, offset, known, root)
    _show(console, Seal(None).sealed(request)[0], known)
    return extent


def _snapshot(path: Path, files: WorkspaceFiles) -> Snapshot:
    if files.keeps(path.as_uri()):
        raise ExcludedError(f"{path.name} stays on your machine: nothing of it is sent.")
    try:
        text = Text.of(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise GlmError(f"{path} cannot be read: {error}") from error
    return Snapshot(path.as_uri(), 1, language_of_file(path).name, text)


def _root(path: Path) -> Path:
    """Return the folder of the file's repository; else the present one, if the file is in it."""
    top = next((each for each in path.parents if (each / ".git").exists()), None)
    here = Path.cwd()
    return top or (here if path.is_relative_to(here) else path.parent)


def _offset(text: Text, line: int, column: int | None) -> int:
    """Return the offset of a line's column, both from 1; of its end without a column."""
    if not 1 <= line <= text.line_count:
        raise GlmError(f"There is no line {line}: the file has {text.line_count}.")
    start = text.line_start(line - 1)
    length = len(text.line(line - 1).rstrip("\r\n"))
    return start + (length if column is None else min(max(column - 1, 0), length))


async def _ask(snapshot: Snapshot, offset: int, characters: int, knowledge: Knowledge) -> Known:
    return await knowledge.ask(snapshot, offset, characters, reasons=True)


def _request(loaded: Loaded, snapshot: Snapshot, offset: int, known: Known, root: Path) -> Request:
    settings = loaded.settings
    question = CompletionQuestion(
        context=context_at(snapshot, offset).within(room(settings.context.max_tokens)[0]),
        path=display_path(snapshot.file, (root,)),
        project=ProjectContext(known.sheet, known.fresh, known.uris),
    )
    kind = kind_of(settings.completion.prompt, settings.provider)
    return render(kind, question, settings.models.completion)


def _show(console: Console, request: Request, known: Known) -> None:
    """Print a table of the parts and their sizes, and the question itself."""
    text = request.messages[-1].content if request.messages else request.prompt or ""
    lines = list(_parted(text))
    sizes = {"instructions and examples": sum(len(m.content) for m in request.messages[:-1])}
    for part, line in lines:
        sizes[part or "about the file"] = sizes.get(part or "about the file", 0) + len(line) + 1
    if request.suffix:
        sizes["below"] = len(request.suffix)
    for part, line in lines:
        shown = Shown(escaped(line), style=_STYLES.get(part, "dim"))
        if reason := _reason(line, part, known):
            shown.append(f"  {reason}", style="yellow")
        console.print(shown, soft_wrap=True)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("shown to GLM")
    table.add_column("characters", justify="right")
    for part, size in sizes.items():
        table.add_row(part, f"{size:,}")
    table.add_row("all", f"{sum(sizes.values()):,}", style="bold")
    console.print()
    console.print(table)
    if not known.sheet:
        console.print("Nothing of the workspace is shown.", style="dim")


def _parted(text: str) -> Iterator[tuple[str, str]]:
    """Yield the part that each line belongs to, and the line."""
    part = ""
    for line in text.split("\n"):
        mark = _PART.match(line)
        if mark is not None and not mark["end"]:
            part = mark["name"]
        yield part, line
        if mark is not None and mark["end"]:
            part = ""


def _reason(line: str, part: str, known: Known) -> str:
    sign = known.reasons.get(line.strip().removesuffix(":"), "") if part in ("project", "") else ""
    return f"{_REASONS.get(sign, sign)}, {len(line) + 1}" if sign else ""

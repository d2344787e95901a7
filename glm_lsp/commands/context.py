"""`glm-lsp context`: what a completion at a line would show to GLM, each piece with its reason.

Invariant: nothing is sent. What stays on the machine is not shown either, and secrets are struck
out as they would be.
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text as Shown

from glm_lsp.characters import escaped
from glm_lsp.completion.question import PROJECT_CHARACTERS
from glm_lsp.context.cursor import LIMITS, context_at
from glm_lsp.context.gather import display_path
from glm_lsp.context.workspace_files import WorkspaceFiles
from glm_lsp.errors import ExcludedError, GlmError
from glm_lsp.languages import language_of_file
from glm_lsp.llm.seal import Seal
from glm_lsp.project.knowledge import Folders, Knowledge, Known
from glm_lsp.project.process import IndexProcess
from glm_lsp.prompts.completion import CompletionQuestion, ProjectContext, kind_of, render
from glm_lsp.text import Snapshot, Text
from glm_lsp.timeout import timeout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from glm_lsp.llm.types import Request
    from glm_lsp.project.extent import Extent
    from glm_lsp.settings.layers import Loaded

_PLACE = re.compile(r"(?P<file>.+?):(?P<line>\d{1,9})(?::(?P<column>\d{1,9}))?")
_INDEXED_WITHIN, _ANSWERED_WITHIN = 120.0, 10.0  # Seconds.
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


def run(place: str, loaded: Loaded, *, console: Console | None = None) -> int:
    """Show what would be shown to GLM at FILE:LINE or FILE:LINE:COLUMN. Returns the exit code.

    Raises:
        GlmError: the place cannot be read, or its file stays on this machine.
    """
    console = console or Console()
    path, line, column = _read(place)
    root = _root(path)
    files = WorkspaceFiles(loaded.exclusions, (root,))
    if files.keeps(path.as_uri()):
        raise ExcludedError(f"{path.name} stays on your machine: nothing of it is sent.")
    try:
        text = Text.of(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise GlmError(f"{path} cannot be read: {error}") from error
    snapshot = Snapshot(path.as_uri(), 1, language_of_file(path).name, text)
    offset = _offset(text, line, column)
    known, extent = Known(), None
    context = loaded.settings.context
    if context.project and context.related_files:
        folders = Folders((root,), (), tuple(map(tuple, files.patterns)))
        known, extent = asyncio.run(_ask(folders, snapshot, offset))
    request = _request(loaded, snapshot, offset, known, root)
    _show(console, Seal(None).sealed(request)[0], known)
    if extent is not None:
        console.print(extent.said(), style="yellow" if extent.too_many else "dim")
    return 0


def _read(place: str) -> tuple[Path, int, int | None]:
    found = _PLACE.fullmatch(place)
    if found is None:
        raise GlmError("Say where: FILE:LINE or FILE:LINE:COLUMN.")
    column = found["column"]
    return Path(found["file"]).resolve(), int(found["line"]), int(column) if column else None


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


async def _ask(folders: Folders, snapshot: Snapshot, offset: int) -> tuple[Known, Extent | None]:
    """Ask an index of its own, once it is complete; return how much it holds, too."""
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
            known = await knowledge.ask(snapshot, offset, PROJECT_CHARACTERS, reasons=True)
            return known, knowledge.extent
    except asyncio.TimeoutError:
        return Known(), knowledge.extent
    finally:
        knowledge.close()
        for process in started:
            process.join()


def _request(loaded: Loaded, snapshot: Snapshot, offset: int, known: Known, root: Path) -> Request:
    settings = loaded.settings
    question = CompletionQuestion(
        context=context_at(snapshot, offset).within(LIMITS),
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

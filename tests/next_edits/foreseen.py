"""Scenarios of what GLM foresees: a file, the edits so far, its answer, and what is shown of it.

    == title (language)
    the file's lines
    -- edits
    - a line that stands there
    + what it becomes; none: it goes; more than one: it becomes several
    -- cursor 3
    -- refused
    - a line that was refused before
    + what it would have become
    -- answer
    what the model says
    -- shown

`-- quiet: REASON` in place of `-- shown` demands that nothing is shown, and says why. A report that
a user writes (`glm.reportNextEdit`) has this form, too.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from glm_lsp.evaluation.scenario import changed, line_changes
from glm_lsp.llm.types import Finish, FinishReason, TextDelta
from glm_lsp.next_edits.eagerness import Eagerness
from glm_lsp.next_edits.foresee import CursorPlace, Foresight
from glm_lsp.prompts.next_edit import read
from glm_lsp.text import Snapshot, Text

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator

    from glm_lsp.evaluation.scenario import LineChange
    from glm_lsp.llm.types import Delta, Provider, Request
    from glm_lsp.next_edits.waiting_line import WaitingLine

FOLDER = Path(__file__).parent / "foreseen"
_HEADING = re.compile(r"^== (.+) \((\w+)\)$", re.MULTILINE)
_PART = re.compile(r"^-- (edits|cursor|refused|answer|shown|quiet)\b:?[ ]?(.*)$\n?", re.MULTILINE)
URI = "file:///work/scenario"


class Scripted:
    """A model that says one thing, in pieces.

    Attributes:
        asked: the questions so far.
        closed: how many of its streams were closed before their end.
    """

    def __init__(self, answer: str, piece: int = 5) -> None:
        self.answer = answer
        self.asked: list[Request] = []
        self.closed = 0
        self._piece = piece

    async def stream(self, request: Request) -> AsyncGenerator[Delta, None]:
        self.asked.append(request)
        done = False
        try:
            for at in range(0, len(self.answer), self._piece):
                yield TextDelta(self.answer[at : at + self._piece])
            yield Finish(FinishReason.STOP)
            done = True
        finally:
            self.closed += not done


@frozen
class Foreseeable:
    """One scenario; `quiet` is why nothing is shown, "" where something is."""

    title: str
    language: str
    text: str = field(repr=False)
    edits: tuple[LineChange, ...] = field(repr=False)
    cursor: int
    refused: tuple[LineChange, ...] = field(repr=False)
    answer: str = field(repr=False)
    quiet: str

    async def run(self, provider: Provider) -> tuple[WaitingLine | None, str]:
        """Make the edits, ask, and return what is shown and why nothing is."""
        foresight = Foresight(provider, Eagerness(), lambda: 0.0)
        snapshot = Snapshot(URI, 1, self.language, Text.of(self.text))
        foresight.opened(snapshot)
        for before, after in self.edits:
            change = changed(snapshot.text, before, after)
            text = snapshot.text.replace(change.span, change.text)
            snapshot = evolve(snapshot, version=2, text=text)
            foresight.changed(snapshot, 0)
        unwanted = [(before, after[0]) for before, after in self.refused]
        line = self.cursor - 1
        place = CursorPlace(snapshot, line, "scenario", "insertLeave", unwanted=unwanted)
        edit = await foresight.foresee(place, "scripted", 10)
        return edit, foresight.silent

    def wanted(self) -> tuple[str, ...]:
        """Return the lines that come, as the answer says them; none where silence is demanded."""
        found = read(self.answer)
        return found.after if found is not None and not self.quiet else ()


def foreseeable() -> Iterator[Foreseeable]:
    """Yield the scenarios of all files."""
    for path in sorted(FOLDER.glob("*.txt")):
        parts = _HEADING.split(path.read_text("utf-8"))
        for title, language, body in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
            yield _read(f"{path.stem}: {title}", language, body)


def _read(title: str, language: str, body: str) -> Foreseeable:
    text, *rest = _PART.split(body.lstrip("\n"))
    parts = {kind: (said, held) for kind, said, held in zip(*[iter(rest)] * 3, strict=True)}
    return Foreseeable(
        title,
        language,
        text,
        tuple(line_changes(parts["edits"][1].split("\n"))),
        int(parts["cursor"][0]),
        tuple(line_changes(parts.get("refused", ("", ""))[1].split("\n"))),
        parts["answer"][1],
        parts["quiet"][0] if "quiet" in parts else "",
    )

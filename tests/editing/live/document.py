"""A document whose editor does at once what it is told."""

from __future__ import annotations

from glm_lsp.editing.diff import StreamingDiff
from glm_lsp.editing.lines import contents
from glm_lsp.editing.live.session import EditSession
from glm_lsp.text import Change, Snapshot, Span, Text

ORIGINAL = "import os\n\n\ndef area(width, height):\n    return width * heigth\n\n\nx = 1\n"
FIXED = ORIGINAL.replace("heigth", "height")
RETURN = "    return width * heigth\n"


class Document:
    """A document whose editor does at once what it is told."""

    def __init__(self, text: str) -> None:
        self.text = Text.of(text)
        self.session = EditSession(Snapshot("file:///a.py", 1, "python", self.text))

    def __str__(self) -> str:
        return str(self.text)

    def plan(self, replacement: str) -> None:
        """Have GLM answer the whole document anew."""
        difference = StreamingDiff(contents(self.text))
        self.session.add([*difference.feed(replacement), *difference.finish()])
        self.session.close()

    def apply(self) -> None:
        """Do what is to be done now."""
        self.report(self.session.send()[::-1])

    def replace(self, old: str, new: str) -> None:
        """Do as a user who replaces the first `old` by `new`."""
        start = str(self.text).index(old)
        self.report([Change(Span(start, start + len(old)), new)])

    def type(self, before: str, text: str) -> None:
        """Do as a user who types in front of some words."""
        start = str(self.text).index(before)
        self.report([Change(Span(start, start), text)])

    def report(self, changes: list[Change]) -> None:
        """Tell the session what changed."""
        self.text = self.text.apply(changes)
        self.session.observe(self.text, changes)

    def undo(self, hunk: int | None = None) -> None:
        """Have GLM's change taken back."""
        self.session.withdraw(hunk)
        self.apply()

"""Writes lines of an answer as the file writes its own, while they arrive.

Invariant: what is written has the indentation of the lines that it replaces, the file's line
ends, and the blank lines and last line end with which the replaced text began and ended.
"""

from __future__ import annotations

import re

from glm_lsp.editing.answer.indent import Reindenter


class Writer:
    """Writes one replacement, line by line."""

    def __init__(self, original: str, newline: str, unit: str = "") -> None:
        core = original.rstrip()
        self._newline = newline
        self._indent = Reindenter(original, unit)
        self._ahead = original[: len(original) - len(original.lstrip())] if core else ""
        self._ahead = re.sub(r"[ \t]*\Z", "", self._ahead)
        ended = not original or any(end in original[len(core) :] for end in "\r\n")
        self._behind = newline if ended else ""
        self._blank = 0

    def write(self, line: str) -> str:
        """Take the next line, without its end; return what is certain now."""
        return "".join(map(self._ended, self._indent.take(line)))

    def _ended(self, line: str) -> str:
        """Return a line with what stands between it and the one before."""
        if not line:
            self._blank += 1
            return ""
        text = self._ahead + self._newline * self._blank + line + self._behind
        self._ahead = "" if self._behind else self._newline
        self._blank = 0
        return text
